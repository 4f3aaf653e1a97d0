"""Preview of an unsaved draft: corrections, metadata and saving.

Each correction is a separate form and is stored immediately, so that a reload or an expired session
loses nothing. Only saving creates a version.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ingest.drafts import draft_from_record, from_json, to_json
from ingest.processing import Draft
from kb.editorial.import_jobs import ImportItem, ItemKind, ItemState
from kb.errors import CorrectionError, EditConflictError, KnowledgeBaseError, WorkflowStateError
from kb.model.corrections import (
    METADATA_KINDS,
    Correction,
    CorrectionKind,
    apply_corrections,
    validate_correction,
)
from kb.model.permissions import Permission
from kb.model.version_diff import ArticleDiff, compare_versions
from web.context import current_services, urls
from web.middleware import auth
from web.middleware.rate_limit import max_body_size
from web.services.save_draft import save_item
from web.view_models.draft_preview import build_preview
from web.views.editorial.imports import require_item
from web.views.notices import redirect_with_notice

blueprint = Blueprint("draft_editor", __name__)

MAX_TEXT_BYTES = 500_000  # form size of the longest editable text, URL-encoded


@dataclass(frozen=True, slots=True)
class EditConflict:
    """Concurrent changes of two users to the same version."""

    saved: ArticleDiff
    own: ArticleDiff
    made_from: int
    latest: int
    actor: str


@blueprint.post("/desk/articles/<article_id>/edit")
@auth.requires(Permission.WRITE)
def start_edit(article_id: str) -> ResponseReturnValue:
    """Start a draft from the latest version of an article."""
    site = current_services()
    latest = site.editorial.workflow.get_status(article_id).version
    record = site.store.article(article_id, latest)
    draft = to_json(draft_from_record(record))
    title = record.article.title
    _, item = site.editorial.jobs.create_edit(
        article_id, title, draft, latest, actor=auth.current_actor()
    )
    return redirect(urls().item(item), HTTPStatus.SEE_OTHER)


@blueprint.get("/desk/drafts/<int:number>")
@auth.requires(Permission.WRITE)
def show(number: int) -> ResponseReturnValue:
    """Show the preview of a draft."""
    return _page(require_item(number))


@blueprint.post("/desk/drafts/<int:number>/correct")
@auth.requires(Permission.WRITE)
@max_body_size(MAX_TEXT_BYTES)
def add_correction(number: int) -> ResponseReturnValue:
    """Store one correction."""
    item, form = require_item(number), request.form
    try:
        kind = CorrectionKind(form.get("what", ""))
    except ValueError:
        unknown = CorrectionError(
            "The form has an unknown kind of correction. Reload the page and try again.",
            code="correction-unknown",
        )
        return _page(item, unknown, HTTPStatus.UNPROCESSABLE_ENTITY)
    correction = Correction(
        kind,
        tuple(line for line in _normalize_newlines(form.get("place", "")).split("\n") if line),
        _normalize_newlines(form.get("old", "")),
        _normalize_newlines(form.get("new", "")),
    )
    draft = _load_draft(item)
    try:
        corrections = _add_correction(draft, item.corrections, validate_correction(correction))
    except CorrectionError as error:
        return _page(item, error, HTTPStatus.UNPROCESSABLE_ENTITY, typed=correction)
    current_services().editorial.jobs.set_corrections(number, corrections)
    anchor = request.form.get("anchor", "")
    location = urls().item(number) + (f"#{anchor}" if anchor.isalnum() else "")
    return redirect_with_notice(location, "corrected")


@blueprint.post("/desk/drafts/<int:number>/facts")
@auth.requires(Permission.WRITE)
@max_body_size(MAX_TEXT_BYTES)
def save_metadata(number: int) -> ResponseReturnValue:
    """Store the changed metadata as corrections: title, topics, codes and so on."""
    item = require_item(number)
    draft = _load_draft(item)
    corrections = item.corrections
    now = apply_corrections(draft.article, draft.passages, corrections).article
    try:
        for kind in METADATA_KINDS:
            new = _normalize_newlines(request.form.get(kind.value, ""))
            correction = validate_correction(Correction(kind, new=new))
            if correction.new != format_metadata(now.title, now.metadata, kind):
                corrections = _add_correction(draft, corrections, correction)
    except CorrectionError as error:
        return _page(item, error, HTTPStatus.UNPROCESSABLE_ENTITY)
    current_services().editorial.jobs.set_corrections(number, corrections)
    return redirect_with_notice(urls().item(number), "metadata-changed")


@blueprint.post("/desk/drafts/<int:number>/undo/<int:index>")
@auth.requires(Permission.WRITE)
def undo_correction(number: int, index: int) -> ResponseReturnValue:
    """Undo a correction."""
    item = require_item(number)
    corrections = [
        correction for position, correction in enumerate(item.corrections) if position != index
    ]
    current_services().editorial.jobs.set_corrections(number, corrections)
    return redirect_with_notice(urls().item(number), "correction-undone")


@blueprint.post("/desk/drafts/<int:number>/save")
@auth.requires(Permission.WRITE)
def save(number: int) -> ResponseReturnValue:
    """Save the draft as a new version of its article."""
    item = require_item(number)
    if item.state is not ItemState.READY:
        raise WorkflowStateError(
            f"This draft is already {item.state}. Reload the page.", code=f"already-{item.state}"
        )
    if item.kind is ItemKind.EDIT and not item.corrections:
        nothing = WorkflowStateError(
            "There are no changes to save. Edit the draft first.", code="nothing-corrected"
        )
        return _page(item, nothing, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        site = current_services()
        saved = save_item(
            site.store,
            site.editorial.jobs,
            site.settings.home,
            item,
            as_new_article=request.form.get("as") == "own",
            actor=auth.current_actor(),
        )
    except EditConflictError as error:
        return _page(item, error, HTTPStatus.CONFLICT, conflict=_edit_conflict(item))
    return redirect_with_notice(urls().desk_article(saved.article_id), "draft-saved")


@blueprint.post("/desk/drafts/<int:number>/rebase")
@auth.requires(Permission.WRITE)
def rebase(number: int) -> ResponseReturnValue:
    """Apply the corrections of this draft to a version that another user saved."""
    item, site = require_item(number), current_services()
    latest = site.editorial.workflow.get_status(item.article_id).version
    record = site.store.article(item.article_id, latest)
    site.editorial.jobs.rebase(number, to_json(draft_from_record(record)), latest)
    return redirect_with_notice(urls().item(number), "draft-rebased")


def format_metadata(title: str, metadata: object, kind: CorrectionKind) -> str:
    """Return a metadata value as the text of its form field, one line per list item."""
    value = title if kind is CorrectionKind.TITLE else getattr(metadata, kind.value)
    if isinstance(value, tuple):
        return "\n".join(value)
    return str(value or "")


def _load_draft(item: ImportItem) -> Draft:
    if not item.draft:
        raise WorkflowStateError(
            f"There is no draft to show: {item.reason or item.state}.", code="no-draft"
        )
    return from_json(item.draft)


def _add_correction(
    draft: Draft, corrections: tuple[Correction, ...], added: Correction
) -> tuple[Correction, ...]:
    """Return the corrections with one more. Raises `CorrectionError` if it cannot be applied."""
    if added.what in METADATA_KINDS:
        corrections = tuple(
            correction for correction in corrections if correction.what is not added.what
        )
    corrections = (*corrections, added)
    if added in apply_corrections(draft.article, draft.passages, corrections).lost:
        raise CorrectionError(
            "The text that you edited is no longer in the draft. Reload the page.",
            code="place-gone",
        )
    return corrections


def _edit_conflict(item: ImportItem) -> EditConflict:
    """Return the changes of the saved version and of this draft to their common version."""
    site = current_services()
    latest = site.store.versions(item.article_id)[0]
    base = from_json(item.draft)
    saved = site.store.article(item.article_id, latest.number)
    corrected = apply_corrections(base.article, base.passages, item.corrections)
    return EditConflict(
        compare_versions(base.article, base.passages, saved.article, saved.passages),
        compare_versions(base.article, base.passages, corrected.article, corrected.passages),
        item.made_from or 0,
        latest.number,
        latest.author,
    )


def _page(
    item: ImportItem,
    error: KnowledgeBaseError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    typed: Correction | None = None,
    conflict: EditConflict | None = None,
) -> ResponseReturnValue:
    site, draft = current_services(), _load_draft(item)
    site.editorial.checks.sync()
    preview = build_preview(draft, item, site.taxonomy, site.editorial.checks, site.today())
    metadata = preview.article.metadata
    existing = site.store.find_id_by_source_key(draft.source_key) if draft.source_key else None
    page = render_template(
        "editorial/draft.html",
        item=item,
        draft=draft,
        preview=preview,
        facts={
            kind.value: format_metadata(preview.article.title, metadata, kind)
            for kind in METADATA_KINDS
        },
        existing=existing,
        error=error,
        typed=typed,
        conflict=conflict,
        open=item.state is ItemState.READY,
        taxonomy=site.taxonomy,
    )
    return make_response(page, status)


def _normalize_newlines(text: str) -> str:
    return text.replace("\r\n", "\n")
