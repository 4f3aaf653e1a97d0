"""Authentication and authorisation, enforced on the server regardless of what the UI shows.

Decorators on a view declare its requirements: `requires` (a permission, and a scope for tokens),
`public` (no account, even if `require_sign_in` is set) and `csrf_exempt`. All other views are
open to readers. A browser is identified by its session cookie, a script by its API token. Every
request of a session that changes data must carry the CSRF token of the session.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from markupsafe import Markup
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from kb.accounts.api_tokens import TOKEN_PREFIX
from kb.accounts.sessions import Session
from kb.errors import AuthenticationRequiredError, ForbiddenError
from kb.model.permissions import Permission, TokenScope, User
from kb.settings import Settings
from kb.storage.audit_log import Actor
from web.context import current_services
from web.middleware import proxy_auth

View = TypeVar("View", bound=Callable[..., Any])

# Attributes that the decorators set on a view.
REQUIREMENT, PUBLIC, CSRF_EXEMPT = "requirement", "is_public", "is_csrf_exempt"

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Permission that a view requires, and the scope that an API token needs for it.

    Without a scope, the view cannot be called with a token.
    """

    permission: Permission
    scope: TokenScope | None = None


def requires(permission: Permission, *, scope: TokenScope | None = None) -> Callable[[View], View]:
    """Restrict a view to users with `permission`, and to tokens with `scope`."""

    def mark(view: View) -> View:
        setattr(view, REQUIREMENT, Requirement(permission, scope))
        return view

    return mark


def public(view: View) -> View:
    """Keep a view accessible without an account, even if `require_sign_in` is set."""
    setattr(view, PUBLIC, True)
    return view


def csrf_exempt(view: View) -> View:
    """Exempt a view from the CSRF check. Only for calls by other systems that change no data."""
    setattr(view, CSRF_EXEMPT, True)
    return view


def set_up(app: Flask, settings: Settings) -> None:
    """Authenticate and authorise every request to `app`."""
    default = Requirement(Permission.READ, TokenScope.SEARCH) if settings.require_sign_in else None

    def authorize() -> None:
        g.session, g.user, g.scopes = _find_session() or proxy_auth.session(), None, None
        if g.session is not None:
            g.user = g.session.user
        elif token := _find_token():
            g.user, g.scopes = token
        view = app.view_functions.get(request.endpoint or "")
        requirement = getattr(view, REQUIREMENT, None)
        if requirement is None and not getattr(view, PUBLIC, False):
            requirement = default
        if requirement is not None:
            _check_requirement(requirement)
        is_checked = request.method not in SAFE_METHODS and not getattr(view, CSRF_EXEMPT, False)
        if g.session is not None and is_checked:
            _check_csrf_token(g.session)

    app.before_request(authorize)
    app.after_request(_set_private_headers)
    app.context_processor(_template_context)


def current_user() -> User | None:
    """Return the user of the current request, or None for an anonymous reader."""
    user: User | None = g.get("user")
    return user


def current_session() -> Session | None:
    """Return the browser session of the current request, or None."""
    session: Session | None = g.get("session")
    return session


def require_user() -> User:
    """Return the user of the current request; raises `AuthenticationRequiredError`."""
    user = current_user()
    if user is None:
        raise AuthenticationRequiredError
    return user


def current_actor() -> Actor:
    """Return the user and address of the current request, for the audit log."""
    return Actor(require_user().name, client_address())


def client_address() -> str:
    """Return the IP address of the client."""
    return request.remote_addr or "unknown"


def is_allowed(permission: str) -> bool:
    """Return whether the user of the current request has a permission."""
    user = current_user()
    return user is not None and user.has_permission(Permission(permission))


def csrf_field() -> Markup:
    """Return the hidden form field with the CSRF token; empty without a session."""
    session = current_session()
    if session is None:
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, session.csrf)


def cookie_name() -> str:
    """Return the name of the session cookie.

    The prefix ``__Host-`` prevents other hosts of the domain from setting it.
    """
    return "__Host-kb" if is_secure() else "kb"


def set_session_cookie(response: BaseResponse, session: Session) -> None:
    """Set the session cookie."""
    # No expiry: the browser deletes it on exit, and the server ends the session in any case.
    response.set_cookie(
        cookie_name(), session.key, secure=is_secure(), httponly=True, samesite="Lax"
    )


def is_secure() -> bool:
    """Return whether browsers reach the site over HTTPS, directly or through a reverse proxy."""
    public = current_services().settings.public_url
    return public.startswith("https:") if public else request.is_secure


def is_same_origin(headers: Headers, host: str) -> bool:
    """Return whether a form was submitted from a page of this host."""
    fetched = headers.get("Sec-Fetch-Site")
    if fetched is not None:
        return fetched == "same-origin"
    # A reverse proxy may terminate TLS, so the scheme is not compared.
    return urlsplit(headers.get("Origin", "")).netloc == host


def _find_session() -> Session | None:
    key = request.cookies.get(cookie_name(), "")
    session = current_services().accounts.sessions.find_session(key) if key else None
    # A session of the reverse proxy is valid only while the proxy sends its header.
    if (
        session is not None
        and session.issuer == proxy_auth.ISSUER
        and not proxy_auth.is_confirmed(session)
    ):
        return None
    return session


def _find_token() -> tuple[User, frozenset[TokenScope]] | None:
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    # Health records send their own access tokens, which are ignored.
    if kind.lower() != "bearer" or not key.startswith(TOKEN_PREFIX):
        return None
    owner_and_token = current_services().accounts.tokens.authenticate(key.strip())
    if owner_and_token is None:
        raise AuthenticationRequiredError
    return owner_and_token[0], owner_and_token[1].scopes


def _check_requirement(requirement: Requirement) -> None:
    """Raise `AuthenticationRequiredError` or `ForbiddenError` if the requirement is not met."""
    user = require_user()
    if not user.has_permission(requirement.permission):
        raise ForbiddenError(
            f"Your account does not have the permission {requirement.permission}. "
            "Ask an administrator for another role."
        )
    if g.scopes is not None and requirement.scope not in g.scopes:
        if requirement.scope is None:
            raise ForbiddenError("Tokens cannot be used here. Sign in with a browser instead.")
        raise ForbiddenError(
            f"This token does not have the scope {requirement.scope}. Create a token with it."
        )


def _check_csrf_token(session: Session) -> None:
    token = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    if not hmac.compare_digest(token.encode(), session.csrf.encode()):
        raise ForbiddenError(
            "This form does not belong to your current session. Copy what you wrote, go back, "
            "reload the page and submit the form again."
        )


def _set_private_headers(response: Response) -> Response:
    """Set the cookie of a new session, and prevent shared caching of pages of signed-in users."""
    session = current_session()
    if session is not None and session.key:  # set only if this request created the session
        set_session_cookie(response, session)
    if g.get("user") is not None:
        response.headers["Cache-Control"] = "private, no-store"
    if response.mimetype == "text/html":
        response.vary.add("Cookie")
    return response


def _template_context() -> dict[str, object]:
    return {"user": current_user(), "may": is_allowed, "csrf_field": csrf_field}
