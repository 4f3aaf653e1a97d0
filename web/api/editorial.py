"""What scripts of the content team do over the API: add, publish, retire, read what is kept.

It is the same way as at the desk: what is sent is read by the same readers, becomes a draft, and is
published only when somebody has approved it (`kb.editorial.workflow`). A script is known by the token of a
person, and may what the token's scopes say and the person may.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Blueprint, request
from werkzeug.exceptions import UnsupportedMediaType

from ingest.clipboard import clean_html
from ingest.drafts import DraftResult
from kb.errors import NotFoundError, RejectedError, SourceError, WorkflowStateError
from kb.model.permissions import Permission, TokenScope
from web import schemas
from web.api.registry import JSON, Routes
from web.context import current_services
from web.middleware import auth
from web.middleware.rate_limit import MAX_UPLOAD_BYTES, max_body_size
from web.params import (
    DAYS,
    STEPS,
    STEPS_BEFORE,
    ParameterError,
    audit_log_parameters,
    log_parameters,
    read_asked,
    read_name,
    read_number,
    upload_parameters,
)
from web.presentation.serializers import step_json
from web.services.save_draft import save_draft

blueprint = Blueprint("api_editorial", __name__, url_prefix="/api/v1")
routes = Routes(blueprint)

BYTES = "application/octet-stream"
MAX_BODY_BYTES = 2_000_000  # bytes of a text that is sent as JSON


@routes.post("/articles", takes=JSON, problems=(ParameterError, SourceError))
@max_body_size(MAX_BODY_BYTES)
@auth.requires(Permission.WRITE, scope=TokenScope.CREATE)
def create_article() -> schemas.AddedArticlesResponse:
    """Make a draft of a text: JSON with `title`, and `html` or `text`."""
    sent = _object()
    title, html, text = (_text(sent, name) for name in ("title", "html", "text"))
    if not title.strip():
        raise ParameterError("title", "must be a text that is not empty")
    page = clean_html(html, text, title.strip())
    return _added(f"{title.strip()[:200]}.html", page)


@routes.post(
    "/files", takes=BYTES, parameters=upload_parameters, problems=(ParameterError, SourceError)
)
@max_body_size(MAX_UPLOAD_BYTES)
@auth.requires(Permission.WRITE, scope=TokenScope.UPLOAD)
def upload_file() -> schemas.AddedArticlesResponse:
    """Make drafts of a file: HTML, DOCX, PDF, Markdown, text, XML or a ZIP of these."""
    name = read_name(request.args)
    if request.mimetype != BYTES:
        raise UnsupportedMediaType(f"Send the file as {BYTES}.")
    return _added(name, request.get_data())


@routes.post(
    "/articles/<article_id>/publish", takes="", problems=(NotFoundError, WorkflowStateError)
)
@auth.requires(Permission.PUBLISH, scope=TokenScope.PUBLISH)
def publish_article(article_id: str) -> schemas.WorkflowStatusResponse:
    """Let the newest version be found; somebody else must have approved it."""
    way = current_services().editorial.workflow
    way.publish(article_id, way.standing(article_id).version, by=auth.current_actor())
    return _standing(article_id)


@routes.post(
    "/articles/<article_id>/retire",
    takes=JSON,
    problems=(NotFoundError, WorkflowStateError, ParameterError),
)
@auth.requires(Permission.PUBLISH, scope=TokenScope.PUBLISH)
def retire_article(article_id: str) -> schemas.WorkflowStatusResponse:
    """Let an article be found no more: JSON with `reason`, and `replaced_by` or nothing."""
    sent = _object()
    reason = _text(sent, "reason").strip()
    if not reason:
        raise ParameterError("reason", "must say why, for whoever follows an old link")
    replaced_by = _text(sent, "replaced_by").strip()
    current_services().editorial.workflow.retire(
        article_id, reason=reason, replaced_by=replaced_by, by=auth.current_actor()
    )
    return _standing(article_id)


@routes.get("/searches", parameters=log_parameters, problems=(ParameterError,))
@auth.requires(Permission.WRITE, scope=TokenScope.READ_LOG)
def searches() -> schemas.QueryStatsListResponse:
    """Say what was searched and what came of it, without who did."""
    days = read_number(request.args, "days", DAYS)
    found = current_services().analytics.query_stats.since(days)
    return {
        "days": days,
        "searches": [
            {
                "q": one.text,
                "times": one.times,
                "found": one.found,
                "changed": one.changed,
                "opened": one.opened,
                "helped": one.helped,
                "not_helped": one.failed,
                "days": one.days,
                "last": one.last.isoformat(),
            }
            for one in found
        ],
    }


@routes.get("/audit-log", parameters=audit_log_parameters, problems=(ParameterError,))
@auth.requires(Permission.ADMINISTER, scope=TokenScope.READ_LOG)
def audit_log() -> schemas.AuditLogResponse:
    """Say who did what, when and from where, the newest first."""
    store, args = current_services().store, request.args
    before = read_number(args, "before", STEPS_BEFORE)
    limit = read_number(args, "limit", STEPS)
    steps = store.trail(read_asked(args), before=before, limit=limit)
    return {"steps": [step_json(step) for step in steps]}


@routes.get("/trail", parameters=audit_log_parameters, problems=(ParameterError,), deprecated=True)
@auth.requires(Permission.ADMINISTER, scope=TokenScope.READ_LOG)
def trail() -> schemas.AuditLogResponse:
    """Return the entries of the audit log. Use `/api/v1/audit-log` instead."""
    return audit_log()


def _object() -> dict[str, Any]:
    if request.mimetype != JSON:
        raise UnsupportedMediaType(f"Send the body as {JSON}.")
    try:
        sent = json.loads(request.get_data())
    except ValueError as error:
        raise ParameterError("body", f"is no JSON ({error})") from error
    if not isinstance(sent, dict):
        raise ParameterError("body", "must be a JSON object")
    return sent


def _text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name, "")
    if not isinstance(value, str):
        raise ParameterError(name, "must be a text")
    return value


def _added(name: str, content: bytes) -> schemas.AddedArticlesResponse:
    """Read what was sent and keep each article of it as a draft."""
    with tempfile.TemporaryDirectory(prefix="kb-sent-") as folder:
        path = Path(folder) / "sent"
        path.write_bytes(content)
        return {
            "articles": [
                _kept(one)
                for one in current_services().editorial.draft_reader.read_file(path, name)
            ]
        }


def _kept(found: DraftResult) -> schemas.AddedArticleResponse:
    """Keep an article as a draft; return what became of it."""
    draft = found.draft
    if draft is None:
        return _rejected(found.source, found.reason)
    try:
        site, by = current_services(), auth.current_actor()
        saved = save_draft(site.store, site.settings.home, draft, found.content, by=by)
    except RejectedError as error:
        return _rejected(found.source, str(error))
    return {
        "source": found.source,
        "status": saved.status,
        "article_id": saved.article_id,
        "title": draft.article.title,
        "version": saved.version,
        "passages": len(saved.passages),
        "tags": dict(Counter(tag.tag for each in saved.passages for tag in each.tags)),
        "coverage": draft.coverage,
        "warnings": [*draft.warnings, *saved.notes, *draft.findings],
        "error": None,
    }


def _rejected(source: str, reason: str) -> schemas.AddedArticleResponse:
    return {
        "source": source, "status": "rejected", "article_id": "", "title": "", "version": 0,
        "passages": 0, "tags": {}, "coverage": 0.0, "warnings": [], "error": reason,
    }  # fmt: skip


def _standing(article_id: str) -> schemas.WorkflowStatusResponse:
    found = current_services().editorial.workflow.standing(article_id)
    return {
        "id": found.article_id,
        "title": found.title,
        "state": found.state.value,
        "version": found.version,
        "published_version": found.found,
        "schedules": [
            {"version": one.version, "at": one.at.isoformat()} for one in found.schedules
        ],
    }
