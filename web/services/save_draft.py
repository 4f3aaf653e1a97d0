"""Saving of a draft as a new version of its article, together with its source file."""

from __future__ import annotations

from pathlib import Path

from ingest.drafts import from_json, to_save_request
from ingest.processing import Draft
from kb.editorial.import_jobs import ImportItem, ImportJobStore, ItemKind
from kb.errors import RejectedError, SourceError
from kb.model.corrections import Correction
from kb.storage.article_store import ArticleStore
from kb.storage.article_writer import SaveResult
from kb.storage.audit_log import Actor
from kb.storage.source_files import SOURCES_FOLDER, SourceFileBatch
from web.services.import_files import original_file


def save_item(
    store: ArticleStore,
    jobs: ImportJobStore,
    home: Path,
    item: ImportItem,
    *,
    as_new_article: bool = False,
    actor: Actor,
) -> SaveResult:
    """Save an import item or an edit as a draft version, and mark the item as saved.

    With `as_new_article` a new article is created even if one with the same source exists.
    Raises `EditConflictError` if the edited version is no longer the latest, and `SourceError` if
    the source file is missing.
    """
    if item.kind is ItemKind.EDIT and item.made_from is not None:
        saved = store.correct(item.article_id, item.made_from, item.corrections, actor=actor)
        jobs.mark_saved(item.number, saved.article_id)
        return saved
    draft = from_json(item.draft)
    path = original_file(home, item.job, draft.source_sha256)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(
            item.source,
            "is no longer on this machine.",
            "Upload it again.",
            code="original-missing",
        ) from error
    key = f"desk:{item.job}-{item.number}" if as_new_article else ""
    saved = save_draft(store, home, draft, content, item.corrections, source_key=key, actor=actor)
    jobs.mark_saved(item.number, saved.article_id)
    return saved


def save_draft(
    store: ArticleStore,
    home: Path,
    draft: Draft,
    source: bytes,
    corrections: tuple[Correction, ...] = (),
    *,
    source_key: str = "",
    actor: Actor,
) -> SaveResult:
    """Save `draft` as a new version, and its `source` bytes in ``KB_HOME``.

    Raises `RejectedError` if the database rejects the draft.
    """
    with SourceFileBatch(home / SOURCES_FOLDER) as batch:
        batch.write(draft.source_sha256, source)
        request = to_save_request(draft, corrections, source_key=source_key, actor=actor)
        (saved,) = store.save_all([request])
        if isinstance(saved, RejectedError):
            raise saved
        batch.commit([draft.source_sha256])
    return saved
