"""Who makes a request, and whether they may: refused here on the server, whatever a page shows.

A view that needs a right says so with `needs`; everything else is open to readers, unless
`read_needs_account` is set. A browser is known by the cookie of its session, a script by a token
that it sends along. Every change that a session makes carries the session's own token (a page of
another site does not know it).
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

from kb.accounts.api_tokens import TOKEN_MARK
from kb.accounts.sessions import Session
from kb.errors import AuthenticationRequiredError, ForbiddenError
from kb.model.permissions import Permission, TokenScope, User
from kb.settings import Settings
from kb.storage.audit_log import Actor
from web.context import current_services
from web.middleware import proxy_auth

View = TypeVar("View", bound=Callable[..., Any])

NEED = "needed_right"  # the attribute of a view that holds its `Requirement`
OPEN = ("health.", "login.", "static_file")  # endpoints that nobody needs an account for
# Called by records from elsewhere, without a session; what they send changes nothing here.
FOR_RECORDS = ("infobutton.", "cds_hooks.")
SAFE = ("GET", "HEAD", "OPTIONS")
FIELD, HEADER = "csrf", "X-CSRF-Token"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a view needs: a right, and the scope with which a token will do."""

    right: Permission
    scope: TokenScope | None = None


def requires(right: Permission, *, scope: TokenScope | None = None) -> Callable[[View], View]:
    """Let only those with a right use a view; a script only with the scope, if there is one."""

    def mark(view: View) -> View:
        setattr(view, NEED, Requirement(right, scope))
        return view

    return mark


def set_up(app: Flask, settings: Settings) -> None:
    """Find out who makes each request to `app`, and refuse what they may not do."""
    reading = (
        Requirement(Permission.READ, TokenScope.SEARCH) if settings.read_needs_account else None
    )

    def admit() -> None:
        g.session, g.person, g.scopes = _session() or proxy_auth.session(), None, None
        if g.session is not None:
            g.person = g.session.person
        elif token := _bearer():
            g.person, g.scopes = token
        need = need_of(app, request.endpoint or "") or (
            None if (request.endpoint or "").startswith(OPEN) else reading
        )
        if need is not None:
            _check(need)
        if g.session is not None and request.method not in SAFE:
            _check_sent_from_here(g.session)

    app.before_request(admit)
    app.after_request(_keep_private)
    app.context_processor(_words)


def need_of(app: Flask, endpoint: str) -> Requirement | None:
    """Return what a view needs beyond what all pages do."""
    return getattr(app.view_functions.get(endpoint), NEED, None)


def current_user() -> User | None:
    """Return who makes the present request, None for a reader without an account."""
    found: User | None = g.get("person")
    return found


def current_session() -> Session | None:
    """Return the session of the present request."""
    found: Session | None = g.get("session")
    return found


def is_signed_in() -> User:
    """Return who makes the present request; raises `AuthenticationRequiredError`."""
    found = current_user()
    if found is None:
        raise AuthenticationRequiredError
    return found


def current_actor() -> Actor:
    """Return who makes the present request and from where, for the trail."""
    return Actor(is_signed_in().name, origin())


def origin() -> str:
    """Return the address that the present request comes from."""
    return request.remote_addr or "unknown"


def is_allowed(right: str) -> bool:
    """Whether who makes the present request has a right."""
    found = current_user()
    return found is not None and found.may(Permission(right))


def csrf_field() -> Markup:
    """Return the field that a form of somebody signed in sends along."""
    found = current_session()
    if found is None:
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, found.csrf)


def cookie_name() -> str:
    """Return the name of the cookie; with __Host- no other host can set it."""
    return "__Host-kb" if is_secure() else "kb"


def keep_key(response: BaseResponse, found: Session) -> None:
    """Give the browser the key of its session."""
    # Without a time, so that it goes with the browser; the server ends it in any case.
    response.set_cookie(cookie_name(), found.key, secure=is_secure(), httponly=True, samesite="Lax")


def is_secure() -> bool:
    """Whether readers reach the site encrypted: here, or at a server in front."""
    public = current_services().settings.public_url
    return public.startswith("https:") if public else request.is_secure


def is_same_origin(headers: Headers, host: str) -> bool:
    """Return whether a form was submitted from a page of this host."""
    fetched = headers.get("Sec-Fetch-Site")
    if fetched is not None:
        return fetched == "same-origin"
    # A reverse proxy may terminate TLS, so the scheme is not compared.
    return urlsplit(headers.get("Origin", "")).netloc == host


def _session() -> Session | None:
    key = request.cookies.get(cookie_name(), "")
    found = current_services().sessions.session(key) if key else None
    # Whom a server in front vouched for is signed in as long as it does.
    if (
        found is not None
        and found.issuer == proxy_auth.ISSUER
        and not proxy_auth.vouches_for(found)
    ):
        return None
    return found


def _bearer() -> tuple[User, frozenset[TokenScope]] | None:
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    # A health record sends tokens of its own, which say nothing here.
    if kind.lower() != "bearer" or not key.startswith(TOKEN_MARK):
        return None
    found = current_services().tokens.bearer(key.strip())
    if found is None:
        raise AuthenticationRequiredError
    return found[0], found[1].scopes


def _check(need: Requirement) -> None:
    found = current_user()
    if found is None:
        raise AuthenticationRequiredError
    if not found.may(need.right):
        raise ForbiddenError(
            f"Your account may not do this: it takes the right to {need.right}. "
            "Ask an administrator for another role."
        )
    if g.scopes is not None and need.scope not in g.scopes:
        wanted = need.scope or "none"
        raise ForbiddenError(f"This token does not hold the scope that it takes: {wanted}.")


def _check_sent_from_here(found: Session) -> None:
    if (request.endpoint or "").startswith(FOR_RECORDS):
        return
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not hmac.compare_digest(given.encode(), found.csrf.encode()):
        raise ForbiddenError(
            "This form was not sent from a page of this session. Go back, load the page again and "
            "send it once more; copy what you wrote first."
        )


def _keep_private(response: Response) -> Response:
    """Let no cache keep what was made for somebody, or hand it to somebody else."""
    found = current_session()
    if found is not None and found.key:  # it has begun with this request
        keep_key(response, found)
    if g.get("person") is not None:
        response.headers["Cache-Control"] = "private, no-store"
    if response.mimetype == "text/html":
        response.vary.add("Cookie")
    return response


def _words() -> dict[str, object]:
    return {"person": current_user(), "may": is_allowed, "csrf_field": csrf_field}
