"""Redirects from the desk's former URLs, so that bookmarks and links in emails keep working."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from web.context import urls

blueprint = Blueprint("legacy_urls", __name__)

# Former path below /desk and its current one; docs/renames.md lists them.
MOVED = {
    "accounts": "users",
    "add": "import",
    "board": "search-report",
    "due": "reviews-due",
    "items": "drafts",
    "jobs": "imports",
    "trail": "audit-log",
    "trail.csv": "audit-log.csv",
    "trail.jsonl": "audit-log.jsonl",
}
FORMER = f"/desk/<any({', '.join(map(repr, MOVED))}):former>"


@blueprint.route(FORMER, methods=["GET", "POST"])
@blueprint.route(f"{FORMER}/<path:rest>", methods=["GET", "POST"])
def moved(former: str, rest: str = "") -> ResponseReturnValue:
    """Redirect to the current URL, keeping the method and query."""
    target = urls().desk(MOVED[former] + (f"/{rest}" if rest else ""))
    query = request.query_string.decode("ascii", "replace")
    return redirect(f"{target}?{query}" if query else target, HTTPStatus.PERMANENT_REDIRECT)
