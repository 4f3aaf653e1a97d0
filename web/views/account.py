"""One's own account: password, open sessions, and tokens for scripts."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kb.accounts.api_tokens import Token
from kb.errors import AccountError
from kb.model.permissions import Right, Scope
from web.context import addresses, current_site
from web.middleware import auth

blueprint = Blueprint("own", __name__)

# What a token may be for, in the words of the form.
SCOPES = {
    Scope.SEARCH: "Search and read",
    Scope.CREATE: "Create drafts from text",
    Scope.UPLOAD: "Upload files as drafts",
    Scope.PUBLISH: "Publish and retire",
    Scope.READ_LOG: "Read what was searched and what was done",
    Scope.EXPORT: "Export and import articles",
}


@blueprint.get("/account")
@auth.needs(Right.READ)
def show() -> ResponseReturnValue:
    """Show somebody their account."""
    return _page()


@blueprint.post("/account/password")
@auth.needs(Right.READ)
def change_password() -> ResponseReturnValue:
    """Change the password; every session ends, and this browser begins a new one by signing in."""
    site, me = current_site(), auth.signed_in()
    try:
        # The old one is asked for again: a session may have been left open.
        site.sessions.confirm(me.name, request.form.get("old", ""), origin=auth.origin())
        site.accounts.set_password(me.name, request.form.get("new", ""), by=auth.acting())
    except AccountError as error:
        return _page(error)
    return redirect(addresses().sign_in(addresses().account()), HTTPStatus.SEE_OTHER)


@blueprint.post("/account/sessions/<number>/end")
@auth.needs(Right.READ)
def end_session(number: str) -> ResponseReturnValue:
    """End one of one's own sessions."""
    current_site().sessions.end(auth.signed_in().name, number, by=auth.acting())
    return redirect(addresses().account(), HTTPStatus.SEE_OTHER)


@blueprint.post("/account/tokens")
@auth.needs(Right.READ)
def make_token() -> ResponseReturnValue:
    """Make a token and show it, once."""
    form = request.form
    try:
        scopes = [Scope(scope) for scope in form.getlist("scope")]
        ends_on = date.fromisoformat(form["ends_on"]) if form.get("ends_on") else None
    except ValueError:
        return _page(
            AccountError("Choose purposes and a day from the form.", code="choice-invalid")
        )
    try:
        token = current_site().tokens.make(
            auth.signed_in().name, form.get("label", ""), scopes, ends_on=ends_on,
            by=auth.acting(),
        )  # fmt: skip
    except AccountError as error:
        return _page(error)
    return _page(made=token)


@blueprint.post("/account/tokens/<int:number>/end")
@auth.needs(Right.READ)
def end_token(number: int) -> ResponseReturnValue:
    """End a token."""
    current_site().tokens.end(auth.signed_in().name, number, by=auth.acting())
    return redirect(addresses().account(), HTTPStatus.SEE_OTHER)


def _page(fault: AccountError | None = None, *, made: Token | None = None) -> ResponseReturnValue:
    site, me = current_site(), auth.signed_in()
    present = auth.session()
    page = render_template(
        "account/account.html",
        me=me,
        fault=fault,
        made=made,
        scopes=SCOPES,
        sessions=site.sessions.of(me.name),
        present=present.number if present else "",
        tokens=site.tokens.of(me.name),
    )
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK)
