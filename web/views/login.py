"""Login and logout.

Every login creates a new session key, which prevents session fixation. The redirect after login is
limited to paths of this site, which prevents open redirects.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from kb.accounts.sessions import Session
from kb.errors import AccountError, ForbiddenError, KnowledgeBaseError, LoginThrottledError
from web.context import current_services, urls
from web.middleware import auth

blueprint = Blueprint("login", __name__)
CROSS_SITE_ERROR = ForbiddenError(
    "This form was not sent from this site. Open it on this site and send it again.",
    code="not-from-here",
)


@blueprint.get("/sign-in")
@auth.public
def sign_in() -> ResponseReturnValue:
    """Show the login form, or redirect a user who is already signed in."""
    next_path = safe_redirect_path(request.args.get("next", ""))
    if auth.current_user() is not None:
        return redirect(next_path or urls().desk(), HTTPStatus.SEE_OTHER)
    return show_page(next_path)


@blueprint.post("/sign-in")
@auth.public
def submit() -> ResponseReturnValue:
    """Start a session, or show the form with the error."""
    next_path, name = safe_redirect_path(request.form.get("next", "")), request.form.get("name", "")
    if not auth.is_same_origin(request.headers, request.host):
        return show_page(next_path, name, CROSS_SITE_ERROR, HTTPStatus.FORBIDDEN)
    password = request.form.get("password", "")
    try:
        session = current_services().accounts.sessions.sign_in(
            name, password, origin=auth.client_address()
        )
    except LoginThrottledError as error:
        page = show_page(next_path, name, error, HTTPStatus.TOO_MANY_REQUESTS)
        page.headers["Retry-After"] = str(error.seconds)
        return page
    except AccountError as error:
        return show_page(next_path, name, error, HTTPStatus.UNPROCESSABLE_ENTITY)
    return start_session(session, next_path)


@blueprint.post("/sign-out")
@auth.public
def sign_out() -> ResponseReturnValue:
    """End the session and delete its cookie."""
    session = auth.current_session()
    if session is not None:
        sessions = current_services().accounts.sessions
        sessions.end_session(session.user.name, session.number, actor=auth.current_actor())
    response = redirect(urls().home(), HTTPStatus.SEE_OTHER)
    response.delete_cookie(auth.cookie_name(), secure=auth.is_secure(), httponly=True)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def start_session(session: Session, next_path: str) -> BaseResponse:
    """Return a redirect that sets the session cookie."""
    response = redirect(next_path or urls().desk(), HTTPStatus.SEE_OTHER)
    auth.set_session_cookie(response, session)
    response.headers["Cache-Control"] = "no-store"
    return response


def safe_redirect_path(text: str) -> str:
    """Return `text` if it is a path of this site, else an empty string.

    Browsers treat a backslash as a slash and ignore tabs and line breaks, so "/\\\\host" and
    "/\\t/host" would lead to another site.
    """
    fits = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if fits and text.isprintable() else ""


def show_page(
    next_path: str,
    name: str = "",
    error: KnowledgeBaseError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Return the login page, with the error if any."""
    settings = current_services().settings
    page = render_template(
        "account/sign-in.html",
        wanted=next_path,
        name=name,
        error=error,
        single_sign_on=bool(settings.oidc_issuer),
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
