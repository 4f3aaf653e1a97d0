"""From what was read to a version of an article, with its original bytes."""

from __future__ import annotations

from ingest.drafts import from_json, submission
from ingest.processing import Draft
from kb.editorial.import_jobs import Item, Kind
from kb.errors import RefusedError, SourceError
from kb.model.corrections import Correction
from kb.storage.article_writer import Saved
from kb.storage.audit_log import By
from kb.storage.ingest_originals import Portion
from kb.storage.source_files import FOLDER
from web.context import Site
from web.server.import_worker import original_of


def save_item(site: Site, item: Item, *, own: bool = False, by: By) -> Saved:
    """Save an item as a draft of its article; with `own` as an article of its own.

    Raises `ConflictError` for an edit of a version that is not the newest any more, and
    `SourceError` when the bytes that it was made from are gone.
    """
    if item.kind is Kind.EDIT and item.made_from is not None:
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
    saved = keep_draft(site, draft, content, item.corrections, source_key=key, by=by)
    site.jobs.saved(item.number, saved.article_id)
    return saved


def keep_draft(
    site: Site,
    draft: Draft,
    original: bytes,
    corrections: tuple[Correction, ...] = (),
    *,
    source_key: str = "",
    by: By,
) -> Saved:
    """Save what was read as a draft, with the bytes that it was read from.

    Raises `RefusedError` when the database does not take it.
    """
    with Portion(site.settings.home / FOLDER) as portion:
        portion.write(draft.source_sha256, original)
        made = submission(draft, corrections, source_key=source_key, by=by)
        (saved,) = site.store.save_all([made])
        if isinstance(saved, RefusedError):
            raise saved
        portion.keep([draft.source_sha256])
    return saved
