"""For administrators: everybody's accounts, and the trail of what was done."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from kb.errors import AccountError
from kb.model.permissions import Permission, Role, TokenScope, User, read_roles
from kb.storage.audit_log import AuditEntry
from web import schemas
from web.context import current_services, urls
from web.middleware import auth
from web.params import STEPS_BEFORE, read_asked, read_number
from web.presentation.serializers import step_json
from web.views.notices import redirect_with_notice

blueprint = Blueprint("admin", __name__)

STEPS = 50  # on a page of the trail
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # by which a spreadsheet takes a cell for a program


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account and how many sessions it has open."""

    person: User
    sessions: int


@blueprint.get("/desk/accounts")
@auth.requires(Permission.ADMINISTER)
def list_users() -> ResponseReturnValue:
    """Show all accounts."""
    return _accounts()


@blueprint.post("/desk/accounts")
@auth.requires(Permission.ADMINISTER)
def add_user() -> ResponseReturnValue:
    """Make an account."""
    form = request.form
    try:
        person = User(
            name=form.get("name", "").strip().lower(),
            shown=form.get("shown", "").strip() or form.get("name", "").strip(),
            roles=read_roles(form.getlist("role")),
            email=form.get("email", "").strip(),
        )
        current_services().accounts.users.add(
            person, form.get("password", ""), by=auth.current_actor()
        )
    except AccountError as error:
        return _accounts(error)
    return redirect_with_notice(urls().desk("accounts"), "account-added")


@blueprint.post("/desk/accounts/<name>/roles")
@auth.requires(Permission.ADMINISTER)
def set_roles(name: str) -> ResponseReturnValue:
    """Change what somebody may do."""
    try:
        roles = read_roles(request.form.getlist("role"))
        current_services().accounts.users.set_roles(name, roles, by=auth.current_actor())
    except AccountError as error:
        return _accounts(error)
    return redirect_with_notice(urls().desk("accounts"), "roles-saved")


@blueprint.post("/desk/accounts/<name>/state")
@auth.requires(Permission.ADMINISTER)
def set_status(name: str) -> ResponseReturnValue:
    """Let an account in no more, or again."""
    disabled = request.form.get("disabled") == "1"
    try:
        current_services().accounts.users.set_disabled(name, disabled, by=auth.current_actor())
    except AccountError as error:
        return _accounts(error)
    return redirect_with_notice(urls().desk("accounts"), "account-changed")


@blueprint.get("/desk/trail")
@auth.requires(Permission.ADMINISTER)
def show_audit_log() -> ResponseReturnValue:
    """Show what was done, the newest first."""
    before = read_number(request.args, "before", STEPS_BEFORE)
    asked = read_asked(request.args)
    steps = current_services().store.trail(asked, before=before, limit=STEPS + 1)
    return render_template(
        "admin/audit-log.html",
        steps=steps[:STEPS],
        more=steps[STEPS - 1].number if len(steps) > STEPS else None,
        trail=asked,
    )


@blueprint.get("/desk/trail.<kind>")
@auth.requires(Permission.ADMINISTER, scope=TokenScope.READ_LOG)
def export_audit_log(kind: str) -> ResponseReturnValue:
    """Return the trail as a file."""
    steps = current_services().store.trail(read_asked(request.args), limit=None)
    if kind == "csv":
        return _file(_csv(steps), "text/csv", "trail.csv")
    if kind == "jsonl":
        return _file(_lines(steps), "application/jsonl", "trail.jsonl")
    return "", HTTPStatus.NOT_FOUND


def _csv(steps: list[AuditEntry]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(schemas.AuditEntryResponse.__annotations__)
    for step in steps:
        cells = map(str, step_json(step).values())
        writer.writerow(f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells)
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _lines(steps: list[AuditEntry]) -> Iterator[str]:
    for step in steps:
        yield json.dumps(step_json(step), ensure_ascii=False) + "\n"


def _file(parts: Iterator[str], mimetype: str, name: str) -> Response:
    response = Response(parts, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _accounts(fault: AccountError | None = None) -> ResponseReturnValue:
    site = current_services()
    rows = [
        UserRow(person, len(site.accounts.sessions.of(person.name)))
        for person in site.accounts.users.people()
    ]
    page = render_template("admin/users.html", rows=rows, roles=list(Role), fault=fault)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK)
