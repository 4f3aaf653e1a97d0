"""Authentication through a trusted reverse proxy that signs users in.

The header with the user name is trusted only from the addresses in `trusted_proxies` and only if it
occurs once. A session that was created from the header ends when the header is no longer sent.
"""

from __future__ import annotations

import logging

from flask import request

from kb.accounts.sessions import ExternalIdentity, Session
from kb.errors import AccountError, ForbiddenError
from kb.model.permissions import Role, User, normalise_user_name
from web.context import current_services

ISSUER = "proxy"
ORIGINAL_ENVIRON = "werkzeug.proxy_fix.orig"  # values before ProxyFix replaced them

log = logging.getLogger(__name__)


def session() -> Session | None:
    """Return a new session for the user that the proxy has authenticated, or None."""
    identity = _identity()
    if identity is None:
        return None
    try:
        return current_services().accounts.sessions.sign_in_external(
            identity, origin=request.remote_addr or "unknown"
        )
    except AccountError as error:
        raise ForbiddenError(
            f"The reverse proxy signed you in, but your account was rejected. {error}"
        ) from error


def is_confirmed(session: Session) -> bool:
    """Return whether the proxy still sends the user of `session` with the current request."""
    identity = _identity()
    return identity is not None and identity.user.name == session.user.name


def roles_of(groups: list[str]) -> frozenset[Role]:
    """Return the roles of `groups` by the setting `group_roles`; reader if there are none."""
    table = current_services().settings.group_roles
    return frozenset(table[group] for group in groups if group in table) or frozenset(
        (Role.READER,)
    )


def _identity() -> ExternalIdentity | None:
    settings = current_services().settings
    if not settings.proxy_user_header:
        return None
    name = request.headers.get(settings.proxy_user_header, "")
    if not name:
        return None
    if _peer() not in settings.trusted_proxies:
        log.warning("Ignored a user name header from an address that is not a trusted proxy.")
        return None
    for header in filter(None, (settings.proxy_user_header, settings.proxy_groups_header)):
        _reject_repeated(header)
    try:
        user_name = normalise_user_name(name)
    except AccountError as error:
        raise ForbiddenError(str(error)) from error
    value = request.headers.get(settings.proxy_groups_header, "")
    groups = [group.strip() for group in value.split("|")] if settings.proxy_groups_header else []
    user = User(name=user_name, display_name=name.strip(), roles=roles_of(groups))
    return ExternalIdentity(ISSUER, user_name, user)


def _reject_repeated(header: str) -> None:
    """Reject a repeated header, since one value may come from the client.

    Some servers join repeated headers with a comma.
    """
    values = request.headers.getlist(header)
    if len(values) > 1 or any("," in value for value in values):
        raise ForbiddenError(
            f"The header {header} occurs more than once. Configure the proxy to replace it."
        )


def _peer() -> str:
    """Return the address of the TCP peer, regardless of forwarding headers."""
    original = request.environ.get(ORIGINAL_ENVIRON, {})
    return str(original.get("REMOTE_ADDR") or request.environ.get("REMOTE_ADDR") or "")
