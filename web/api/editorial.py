"""Editorial endpoints of the API: drafts, publishing, query statistics and audit log.

Submitted sources go through the same readers as in the editorial area and become drafts; they are
published only after approval (`kb.editorial.workflow`). A request is limited by the scopes of its
token and by the permissions of the token's owner.
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
from web.api.registry import JSON, Routes
from web.context import current_services
from web.middleware import auth
from web.middleware.rate_limit import MAX_UPLOAD_BYTES, max_body_size
from web.params import (
    AUDIT_BEFORE,
    AUDIT_LIMIT,
    AUDIT_LOG_PARAMETERS,
    DAYS,
    QUERY_STATS_PARAMETERS,
    UPLOAD_PARAMETERS,
    ParameterError,
    read_audit_filter,
    read_name,
    read_number,
)
from web.presentation.serializers import serialize_audit_entry
from web.schemas.editorial import (
    AddedArticleResponse,
    AddedArticlesResponse,
    AuditLogResponse,
    NewArticleRequest,
    QueryStatsListResponse,
    RetireRequest,
    WorkflowStatusResponse,
)
from web.services.save_draft import save_draft

blueprint = Blueprint("api_editorial", __name__, url_prefix="/api/v1")
routes = Routes(blueprint)

BYTES = "application/octet-stream"
MAX_JSON_BYTES = 2_000_000


@routes.route(
    "/articles",
    method="post",
    request_type=JSON,
    request_schema=NewArticleRequest,
    problems=(ParameterError, SourceError),
)
@max_body_size(MAX_JSON_BYTES)
@auth.requires(Permission.WRITE, scope=TokenScope.CREATE)
def create_article() -> AddedArticlesResponse:
    """Create a draft from JSON with `title` and either `html` or `text`."""
    body = _read_object()
    title, html, text = (_read_string(body, name) for name in ("title", "html", "text"))
    if not title.strip():
        raise ParameterError("title", "must not be empty")
    page = clean_html(html, text, title.strip())
    return _create_drafts(f"{title.strip()[:200]}.html", page)


@routes.route(
    "/files",
    method="post",
    request_type=BYTES,
    parameters=UPLOAD_PARAMETERS,
    problems=(ParameterError, SourceError),
)
@max_body_size(MAX_UPLOAD_BYTES)
@auth.requires(Permission.WRITE, scope=TokenScope.UPLOAD)
def upload_file() -> AddedArticlesResponse:
    """Create drafts from a file: HTML, DOCX, PDF, Markdown, text, XML or a ZIP of these."""
    name = read_name(request.args)
    if request.mimetype != BYTES:
        raise UnsupportedMediaType(f"The content type is not supported. Send the file as {BYTES}.")
    return _create_drafts(name, request.get_data())


@routes.route(
    "/articles/<article_id>/publish",
    method="post",
    request_type="",
    problems=(NotFoundError, WorkflowStateError),
)
@auth.requires(Permission.PUBLISH, scope=TokenScope.PUBLISH)
def publish_article(article_id: str) -> WorkflowStatusResponse:
    """Publish the latest version of an article; another user must have approved it."""
    workflow = current_services().editorial.workflow
    workflow.publish(
        article_id, workflow.get_status(article_id).version, actor=auth.current_actor()
    )
    return _status_json(article_id)


@routes.route(
    "/articles/<article_id>/retire",
    method="post",
    request_type=JSON,
    request_schema=RetireRequest,
    problems=(NotFoundError, WorkflowStateError, ParameterError),
)
@auth.requires(Permission.PUBLISH, scope=TokenScope.PUBLISH)
def retire_article(article_id: str) -> WorkflowStatusResponse:
    """Retire an article: JSON with `reason` and optionally `replaced_by`, an article id."""
    body = _read_object()
    reason = _read_string(body, "reason").strip()
    if not reason:
        raise ParameterError(
            "reason", "must not be empty; it is shown to readers who follow an old link"
        )
    replaced_by = _read_string(body, "replaced_by").strip()
    current_services().editorial.workflow.retire(
        article_id, reason=reason, replaced_by=replaced_by, actor=auth.current_actor()
    )
    return _status_json(article_id)


@routes.route("/searches", parameters=QUERY_STATS_PARAMETERS, problems=(ParameterError,))
@auth.requires(Permission.WRITE, scope=TokenScope.READ_LOG)
def searches() -> QueryStatsListResponse:
    """List the recent queries with their results, without users."""
    days = read_number(request.args, "days", DAYS)
    queries = current_services().analytics.query_stats.list_recent(days)
    return {
        "days": days,
        "searches": [
            {
                "q": query.text,
                "times": query.times,
                "found": query.found,
                "changed": query.changed,
                "opened": query.opened,
                "helped": query.helped,
                "not_helped": query.failed,
                "days": query.days,
                "last": query.last.isoformat(),
            }
            for query in queries
        ],
    }


@routes.route("/audit-log", parameters=AUDIT_LOG_PARAMETERS, problems=(ParameterError,))
@auth.requires(Permission.ADMINISTER, scope=TokenScope.READ_LOG)
def audit_log() -> AuditLogResponse:
    """List the entries of the audit log, most recent first."""
    store, args = current_services().store, request.args
    before = read_number(args, "before", AUDIT_BEFORE)
    limit = read_number(args, "limit", AUDIT_LIMIT)
    entries = store.list_audit_entries(read_audit_filter(args), before=before, limit=limit)
    return {"steps": [serialize_audit_entry(entry) for entry in entries]}


@routes.route(
    "/trail", parameters=AUDIT_LOG_PARAMETERS, problems=(ParameterError,), deprecated=True
)
@auth.requires(Permission.ADMINISTER, scope=TokenScope.READ_LOG)
def trail() -> AuditLogResponse:
    """Return the entries of the audit log. Use `/api/v1/audit-log` instead."""
    return audit_log()


def _read_object() -> dict[str, Any]:
    """Return the JSON object in the body of the request."""
    if request.mimetype != JSON:
        raise UnsupportedMediaType(f"The content type is not supported. Send the body as {JSON}.")
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise ParameterError("body", f"is not valid JSON ({error})") from error
    if not isinstance(body, dict):
        raise ParameterError("body", "must be a JSON object")
    return body


def _read_string(body: dict[str, Any], name: str) -> str:
    """Return a string field, or an empty string if it is missing."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise ParameterError(name, "must be a string")
    return value


def _create_drafts(name: str, content: bytes) -> AddedArticlesResponse:
    """Read a source file and save each of its articles as a draft."""
    with tempfile.TemporaryDirectory(prefix="kb-sent-") as folder:
        path = Path(folder) / "sent"
        path.write_bytes(content)
        return {
            "articles": [
                _save(result)
                for result in current_services().editorial.draft_reader.read_file(path, name)
            ]
        }


def _save(result: DraftResult) -> AddedArticleResponse:
    """Save one article as a draft and return the result."""
    draft = result.draft
    if draft is None:
        return _rejected(result.source, result.reason)
    try:
        site, actor = current_services(), auth.current_actor()
        saved = save_draft(site.store, site.settings.home, draft, result.content, actor=actor)
    except RejectedError as error:
        return _rejected(result.source, str(error))
    return {
        "source": result.source,
        "status": saved.status,
        "article_id": saved.article_id,
        "title": draft.article.title,
        "version": saved.version,
        "passages": len(saved.passages),
        "tags": dict(Counter(tag.tag for passage in saved.passages for tag in passage.tags)),
        "coverage": draft.coverage,
        "warnings": [*draft.warnings, *saved.notes, *draft.findings],
        "errors": list(draft.differences),
        "error": None,
    }


def _rejected(source: str, reason: str) -> AddedArticleResponse:
    return {
        "source": source, "status": "rejected", "article_id": "", "title": "", "version": 0,
        "passages": 0, "tags": {}, "coverage": 0.0, "warnings": [], "errors": [],
        "error": reason,
    }  # fmt: skip


def _status_json(article_id: str) -> WorkflowStatusResponse:
    status = current_services().editorial.workflow.get_status(article_id)
    return {
        "id": status.article_id,
        "title": status.title,
        "state": status.state.value,
        "version": status.version,
        "published_version": status.published_version,
        "schedules": [
            {"version": schedule.version, "at": schedule.at.isoformat()}
            for schedule in status.schedules
        ],
    }
