"""Who somebody is by the word of a server in front that signs people in itself.

Its header is believed only from an address that the settings name, only once, and only as long as
it comes: the session that a browser gets with it ends when the header does.
"""

from __future__ import annotations

import logging

from flask import request

from kb.accounts.sessions import ExternalIdentity, Session
from kb.errors import AccountError, ForbiddenError
from kb.model.permissions import Role, User, normalise_user_name
from web.context import current_services

ISSUER = "proxy"
PEER = "werkzeug.proxy_fix.orig"  # where the address that connects stands once it was replaced

log = logging.getLogger(__name__)


def session() -> Session | None:
    """Return a new session of whom the server in front vouches for, None where it does not."""
    vouched = _vouched()
    if vouched is None:
        return None
    try:
        return current_services().accounts.sessions.admit(
            vouched, origin=request.remote_addr or "unknown"
        )
    except AccountError as error:
        raise ForbiddenError(f"The server in front says who you are, but: {error}") from error


def vouches_for(found: Session) -> bool:
    """Whether the present request comes with the header that the session began with."""
    vouched = _vouched()
    return vouched is not None and vouched.person.name == found.person.name


def roles_of(groups: list[str]) -> frozenset[Role]:
    """Return the roles of these groups; reader where none has any."""
    table = current_services().settings.directory_roles
    return frozenset(table[group] for group in groups if group in table) or frozenset(
        (Role.READER,)
    )


def _vouched() -> ExternalIdentity | None:
    settings = current_services().settings
    if not settings.proxy_user_header:
        return None
    name = request.headers.get(settings.proxy_user_header, "")
    if not name:
        return None
    if _peer() not in settings.trusted_proxies:
        log.warning("A header that says who somebody is came from a stranger; it is not believed.")
        return None
    for header in filter(None, (settings.proxy_user_header, settings.proxy_groups_header)):
        _refuse_if_doubled(header)
    try:
        known = normalise_user_name(name)
    except AccountError as error:
        raise ForbiddenError(str(error)) from error
    said = request.headers.get(settings.proxy_groups_header, "")
    groups = [group.strip() for group in said.split("|")] if settings.proxy_groups_header else []
    person = User(name=known, shown=name.strip(), roles=roles_of(groups))
    return ExternalIdentity(ISSUER, known, person)


def _refuse_if_doubled(header: str) -> None:
    """Refuse a header of which one may be the client's own; servers join two with a comma."""
    given = request.headers.getlist(header)
    if len(given) > 1 or any("," in value for value in given):
        raise ForbiddenError(f"The header {header} came more than once.")


def _peer() -> str:
    """Return the address that connects, whatever it forwards."""
    before = request.environ.get(PEER, {})
    return str(before.get("REMOTE_ADDR") or request.environ.get("REMOTE_ADDR") or "")
