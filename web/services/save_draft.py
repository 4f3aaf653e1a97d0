"""From what was read to a version of an article, with its original bytes."""

from __future__ import annotations

from ingest.drafts import from_json, to_save_request
from ingest.processing import Draft
from kb.editorial.import_jobs import ImportItem, ItemKind
from kb.errors import RejectedError, SourceError
from kb.model.corrections import Correction
from kb.storage.article_writer import SaveResult
from kb.storage.audit_log import Actor
from kb.storage.source_files import FOLDER, SourceFileBatch
from web.context import Services
from web.server.import_worker import original_of


def save_item(site: Services, item: ImportItem, *, own: bool = False, by: Actor) -> SaveResult:
    """Save an item as a draft of its article; with `own` as an article of its own.

    Raises `ConflictError` for an edit of a version that is not the newest any more, and
    `SourceError` when the bytes that it was made from are gone.
    """
    if item.kind is ItemKind.EDIT and item.made_from is not None:
        saved = site.store.correct(item.article_id, item.made_from, item.corrections, by=by)
        site.jobs.saved(item.number, saved.article_id)
        return saved
    draft = from_json(item.draft)
    path = original_of(site.settings.home, item.job, draft.source_sha256)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(
            item.source,
            "is not on this machine any more.",
            "Upload it again.",
            code="original-missing",
        ) from error
    key = f"desk:{item.job}-{item.number}" if own else ""
    saved = save_draft(site, draft, content, item.corrections, source_key=key, by=by)
    site.jobs.saved(item.number, saved.article_id)
    return saved


def save_draft(
    site: Services,
    draft: Draft,
    original: bytes,
    corrections: tuple[Correction, ...] = (),
    *,
    source_key: str = "",
    by: Actor,
) -> SaveResult:
    """Save what was read as a draft, with the bytes that it was read from.

    Raises `RejectedError` when the database does not take it.
    """
    with SourceFileBatch(site.settings.home / FOLDER) as portion:
        portion.write(draft.source_sha256, original)
        made = to_save_request(draft, corrections, source_key=source_key, by=by)
        (saved,) = site.store.save_all([made])
        if isinstance(saved, RejectedError):
            raise saved
        portion.keep([draft.source_sha256])
    return saved
