"""Account page of the signed-in user: password, sessions and API tokens."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue

from kb.accounts.api_tokens import ApiToken
from kb.errors import AccountError
from kb.model.permissions import Permission, TokenScope
from web.context import current_services, urls
from web.middleware import auth
from web.views.notices import redirect_with_notice

blueprint = Blueprint("account", __name__)

# Labels of the token scopes on the form.
SCOPES = {
    TokenScope.SEARCH: "Search and read",
    TokenScope.CREATE: "Create drafts from text",
    TokenScope.UPLOAD: "Upload files as drafts",
    TokenScope.PUBLISH: "Publish and retire",
    TokenScope.READ_LOG: "Read the query log and the audit log",
    TokenScope.EXPORT: "Export and import articles",
}


@blueprint.get("/account")
@auth.requires(Permission.READ)
def show() -> ResponseReturnValue:
    """Show the account page."""
    return _page()


@blueprint.post("/account/password")
@auth.requires(Permission.READ)
def change_password() -> ResponseReturnValue:
    """Change the password, which ends all sessions, and redirect to the login page."""
    site, user = current_services(), auth.require_user()
    try:
        # The current password is required because a session may have been left open.
        site.accounts.sessions.authenticate(
            user.name, request.form.get("old", ""), origin=auth.client_address()
        )
        site.accounts.users.set_password(
            user.name, request.form.get("new", ""), actor=auth.current_actor()
        )
    except AccountError as error:
        return _page(error)
    return redirect_with_notice(urls().sign_in(urls().account()), "password-changed")


@blueprint.post("/account/sessions/<number>/end")
@auth.requires(Permission.READ)
def end_session(number: str) -> ResponseReturnValue:
    """End a session of the signed-in user."""
    current_services().accounts.sessions.end_session(
        auth.require_user().name, number, actor=auth.current_actor()
    )
    return redirect_with_notice(urls().account(), "session-ended")


@blueprint.post("/account/tokens")
@auth.requires(Permission.READ)
def make_token() -> ResponseReturnValue:
    """Create an API token and show its key once."""
    form = request.form
    try:
        scopes = [TokenScope(scope) for scope in form.getlist("scope")]
        ends_on = date.fromisoformat(form["ends_on"]) if form.get("ends_on") else None
    except ValueError:
        return _page(
            AccountError(
                "The scopes or the expiry date are not valid. Choose them from the form.",
                code="choice-invalid",
            )
        )
    try:
        token = current_services().accounts.tokens.create(
            auth.require_user().name, form.get("label", ""), scopes, ends_on=ends_on,
            actor=auth.current_actor(),
        )  # fmt: skip
    except AccountError as error:
        return _page(error)
    return _page(token=token)


@blueprint.post("/account/tokens/<int:number>/end")
@auth.requires(Permission.READ)
def end_token(number: int) -> ResponseReturnValue:
    """Revoke an API token."""
    current_services().accounts.tokens.revoke(
        auth.require_user().name, number, actor=auth.current_actor()
    )
    return redirect_with_notice(urls().account(), "token-ended")


def _page(
    error: AccountError | None = None, *, token: ApiToken | None = None
) -> ResponseReturnValue:
    site, user = current_services(), auth.require_user()
    session = auth.current_session()
    page = render_template(
        "account/account.html",
        me=user,
        error=error,
        new_token=token,
        scopes=SCOPES,
        sessions=site.accounts.sessions.list_sessions(user.name),
        present=session.number if session else "",
        tokens=site.accounts.tokens.list_tokens(user.name),
    )
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK)
