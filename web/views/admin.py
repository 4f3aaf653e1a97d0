"""Administration pages: users and the audit log."""

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
from kb.model.permissions import Permission, Role, TokenScope, User, parse_roles
from kb.storage.audit_log import AuditEntry
from web.context import current_services, urls
from web.middleware import auth
from web.params import AUDIT_BEFORE, read_audit_filter, read_number
from web.presentation.serializers import serialize_audit_entry
from web.schemas.editorial import AuditEntryResponse
from web.views.notices import redirect_with_notice

blueprint = Blueprint("admin", __name__)

ENTRIES_PER_PAGE = 50
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets run such cells as formulas


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user and the number of open sessions."""

    user: User
    sessions: int


@blueprint.get("/desk/users")
@auth.requires(Permission.ADMINISTER)
def list_users() -> ResponseReturnValue:
    """Show all users."""
    return _users_page()


@blueprint.post("/desk/users")
@auth.requires(Permission.ADMINISTER)
def add_user() -> ResponseReturnValue:
    """Create an account."""
    form = request.form
    try:
        user = User(
            name=form.get("name", "").strip().lower(),
            display_name=form.get("shown", "").strip() or form.get("name", "").strip(),
            roles=parse_roles(form.getlist("role")),
            email=form.get("email", "").strip(),
        )
        current_services().accounts.users.add(
            user, form.get("password", ""), actor=auth.current_actor()
        )
    except AccountError as error:
        return _users_page(error)
    return redirect_with_notice(urls().desk("users"), "account-added")


@blueprint.post("/desk/users/<name>/roles")
@auth.requires(Permission.ADMINISTER)
def set_roles(name: str) -> ResponseReturnValue:
    """Replace the roles of a user."""
    try:
        roles = parse_roles(request.form.getlist("role"))
        current_services().accounts.users.set_roles(name, roles, actor=auth.current_actor())
    except AccountError as error:
        return _users_page(error)
    return redirect_with_notice(urls().desk("users"), "roles-saved")


@blueprint.post("/desk/users/<name>/state")
@auth.requires(Permission.ADMINISTER)
def set_status(name: str) -> ResponseReturnValue:
    """Disable or enable an account."""
    disabled = request.form.get("disabled") == "1"
    try:
        current_services().accounts.users.set_disabled(name, disabled, actor=auth.current_actor())
    except AccountError as error:
        return _users_page(error)
    return redirect_with_notice(urls().desk("users"), "account-changed")


@blueprint.get("/desk/audit-log")
@auth.requires(Permission.ADMINISTER)
def show_audit_log() -> ResponseReturnValue:
    """Show the audit log, newest entries first."""
    before = read_number(request.args, "before", AUDIT_BEFORE)
    criteria = read_audit_filter(request.args)
    entries = current_services().store.list_audit_entries(
        criteria, before=before, limit=ENTRIES_PER_PAGE + 1
    )
    return render_template(
        "admin/audit-log.html",
        entries=entries[:ENTRIES_PER_PAGE],
        more=entries[ENTRIES_PER_PAGE - 1].number if len(entries) > ENTRIES_PER_PAGE else None,
        criteria=criteria,
    )


@blueprint.get("/desk/audit-log.<kind>")
@auth.requires(Permission.ADMINISTER, scope=TokenScope.READ_LOG)
def export_audit_log(kind: str) -> ResponseReturnValue:
    """Return the matching entries as a CSV or JSON Lines file."""
    entries = current_services().store.list_audit_entries(
        read_audit_filter(request.args), limit=None
    )
    if kind == "csv":
        return _attachment(_csv_rows(entries), "text/csv", "trail.csv")
    if kind == "jsonl":
        return _attachment(_json_lines(entries), "application/jsonl", "trail.jsonl")
    return "", HTTPStatus.NOT_FOUND


def _csv_rows(entries: list[AuditEntry]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(AuditEntryResponse.__annotations__)
    for entry in entries:
        cells = map(str, serialize_audit_entry(entry).values())
        writer.writerow(f"'{cell}" if cell.startswith(FORMULA_PREFIXES) else cell for cell in cells)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _json_lines(entries: list[AuditEntry]) -> Iterator[str]:
    for entry in entries:
        yield json.dumps(serialize_audit_entry(entry), ensure_ascii=False) + "\n"


def _attachment(parts: Iterator[str], mimetype: str, name: str) -> Response:
    response = Response(parts, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _users_page(error: AccountError | None = None) -> ResponseReturnValue:
    site = current_services()
    rows = [
        UserRow(user, len(site.accounts.sessions.list_sessions(user.name)))
        for user in site.accounts.users.list_users()
    ]
    page = render_template("admin/users.html", rows=rows, roles=list(Role), error=error)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK)
