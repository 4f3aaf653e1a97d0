"""What scripts of the content team do over the API: add, publish, retire, read what is kept.

It is the same way as at the desk: what is sent is read by the same readers, becomes a draft, and is
published only when somebody has approved it (`kb.reviewing`). A script is known by the token of a
person, and may what the token's scopes say and the person may.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Blueprint, request
from werkzeug.exceptions import UnsupportedMediaType

from ingest.checking import load_rules
from ingest.drafting import Drafter, Found, pasted, submission
from ingest.originals import Portion
from kb.errors import NotFoundError, RefusedError, SourceError, StateError
from kb.originals import FOLDER
from kb.people import Right, Scope
from kb.trail import Asked
from web import guard, shapes
from web.limits import UPLOAD_MOST, takes
from web.parameters import (
    DAYS,
    STEPS,
    STEPS_BEFORE,
    ParameterError,
    log_parameters,
    read_day,
    read_name,
    read_number,
    trail_parameters,
    upload_parameters,
)
from web.routes import JSON, Routes
from web.site import current_site
from web.wording import timestamp

blueprint = Blueprint("scripts", __name__, url_prefix="/api/v1")
routes = Routes(blueprint)

BYTES = "application/octet-stream"
CREATE_MOST = 2_000_000  # bytes of a text that is sent as JSON


@routes.post("/articles", takes=JSON, problems=(ParameterError, SourceError))
@takes(CREATE_MOST)
@guard.needs(Right.WRITE, scope=Scope.CREATE)
def create_article() -> shapes.Outcomes:
    """Make a draft of a text: JSON with `title`, and `html` or `text`."""
    sent = _object()
    title, html, text = (_text(sent, name) for name in ("title", "html", "text"))
    if not title.strip():
        raise ParameterError("title", "must be a text that is not empty")
    page = pasted(html, text, title.strip())
    return _added(f"{title.strip()[:200]}.html", page)


@routes.post(
    "/files", takes=BYTES, parameters=upload_parameters, problems=(ParameterError, SourceError)
)
@takes(UPLOAD_MOST)
@guard.needs(Right.WRITE, scope=Scope.UPLOAD)
def upload_file() -> shapes.Outcomes:
    """Make drafts of a file: HTML, DOCX, PDF, Markdown, text, XML or a ZIP of these."""
    name = read_name(request.args)
    if request.mimetype != BYTES:
        raise UnsupportedMediaType(f"Send the file as {BYTES}.")
    return _added(name, request.get_data())


@routes.post("/articles/<article_id>/publish", takes="", problems=(NotFoundError, StateError))
@guard.needs(Right.PUBLISH, scope=Scope.PUBLISH)
def publish_article(article_id: str) -> shapes.Standing:
    """Let the newest version be found; somebody else must have approved it."""
    way = current_site().reviewing
    way.publish(article_id, way.standing(article_id).version, by=guard.acting())
    return _standing(article_id)


@routes.post(
    "/articles/<article_id>/retire",
    takes=JSON,
    problems=(NotFoundError, StateError, ParameterError),
)
@guard.needs(Right.PUBLISH, scope=Scope.PUBLISH)
def retire_article(article_id: str) -> shapes.Standing:
    """Let an article be found no more: JSON with `reason`, and `replaced_by` or nothing."""
    sent = _object()
    reason = _text(sent, "reason").strip()
    if not reason:
        raise ParameterError("reason", "must say why, for whoever follows an old link")
    replaced_by = _text(sent, "replaced_by").strip()
    current_site().store.retire(
        article_id, reason=reason, replaced_by=replaced_by, by=guard.acting()
    )
    return _standing(article_id)


@routes.get("/searches", parameters=log_parameters, problems=(ParameterError,))
@guard.needs(Right.WRITE, scope=Scope.READ_LOG)
def searches() -> shapes.SearchCounts:
    """Say what was searched and what came of it, without who did."""
    days = read_number(request.args, "days", DAYS)
    found = current_site().searches.since(days)
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


@routes.get("/trail", parameters=trail_parameters, problems=(ParameterError,))
@guard.needs(Right.ADMINISTER, scope=Scope.READ_LOG)
def trail() -> shapes.Trail:
    """Say who did what, when and from where, the newest first."""
    store, args = current_site().store, request.args
    asked = Asked(
        name=args.get("name", ""),
        action=args.get("action", ""),
        about=args.get("about", ""),
        since=read_day(args, "since"),
        until=read_day(args, "until"),
    )
    before = read_number(args, "before", STEPS_BEFORE)
    steps = store.trail(asked, before=before or None, limit=read_number(args, "limit", STEPS))
    return {
        "whole": store.trail_is_whole(),
        "steps": [
            {
                "number": step.number,
                "at": timestamp(step.at),
                "name": step.deed.by.name,
                "origin": step.deed.by.origin,
                "action": step.deed.action,
                "about": step.deed.about,
                "detail": step.deed.detail,
            }
            for step in steps
        ],
    }


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


def _added(name: str, content: bytes) -> shapes.Outcomes:
    """Read what was sent and keep each article of it as a draft."""
    site = current_site()
    drafter = Drafter(
        site.taxonomy, load_rules(site.settings.home), fetch_private=site.settings.fetch_private
    )
    with tempfile.TemporaryDirectory(prefix="kb-sent-") as folder:
        path = Path(folder) / "sent"
        path.write_bytes(content)
        return {"articles": list(_saved(drafter.file(path, name)))}


def _saved(found: Iterable[Found]) -> Iterable[shapes.Added]:
    site, by = current_site(), guard.acting()
    for one in found:
        if one.draft is None:
            yield _rejected(one.source, one.reason)
            continue
        draft = one.draft
        with Portion(site.settings.home / FOLDER) as portion:
            portion.write(draft.source_sha256, one.original)
            (saved,) = site.store.save_all([submission(draft, (), by=by)])
            if isinstance(saved, RefusedError):
                yield _rejected(one.source, str(saved))
                continue
            portion.keep([draft.source_sha256])
        yield {
            "source": one.source,
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


def _rejected(source: str, reason: str) -> shapes.Added:
    return {
        "source": source, "status": "rejected", "article_id": "", "title": "", "version": 0,
        "passages": 0, "tags": {}, "coverage": 0.0, "warnings": [], "error": reason,
    }  # fmt: skip


def _standing(article_id: str) -> shapes.Standing:
    found = current_site().reviewing.standing(article_id)
    return {
        "id": found.article_id,
        "title": found.title,
        "state": found.state.value,
        "version": found.version,
        "published_version": found.found,
    }
