"""Writes article versions: new, corrected or restored.

The functions run inside a write transaction of the caller, often thousands of times in a row.
Statements are therefore built once, and the cost per article does not grow with the database:
every lookup uses a key or an index.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count, islice
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, select, update

from kb.model.article import Article
from kb.model.corrections import Correction
from kb.model.passage import Passage
from kb.model.passage_matching import assign_ids
from kb.model.records import ArticleStatus
from kb.model.source_differences import remaining_differences
from kb.storage import change_feed, correction_store, mappers, publication
from kb.storage.audit_log import Actor
from kb.storage.change_feed import PendingChange, PendingEntry
from kb.storage.correction_store import CorrectedArticle, apply_on_save
from kb.storage.near_duplicates import record_bands
from kb.storage.schema import articles, passages, versions

MAX_ID_LENGTH = 80  # characters of an article id, which is part of its URL
ID_BATCH = 10  # candidate ids per statement; few titles are shared by more articles

BY_KEY = select(articles).where(articles.c.source_key == bindparam("key"))
USED_IDS = select(articles.c.id).where(articles.c.id.in_(bindparam("ids", expanding=True)))
PASSAGE_IDS = select(passages.c.id).where(passages.c.article_id == bindparam("article")).distinct()
SAME_TITLE = (
    select(articles.c.id)
    .join(
        versions,
        and_(
            versions.c.article_id == articles.c.id,
            versions.c.number == articles.c.latest_version,
        ),
    )
    .where(
        func.lower(versions.c.title).in_(bindparam("titles", expanding=True)),
        articles.c.id != bindparam("article"),
    )
    .order_by(articles.c.id)
    .limit(1)
)
ADD_ARTICLE, ADD_VERSION, ADD_PASSAGES = insert(articles), insert(versions), insert(passages)
CHANGE_ARTICLE = update(articles).where(articles.c.id == bindparam("article"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRequest:
    """A request to save an article. `source_key` identifies the article it is a version of.

    With `publish`, the version is published; without it, the published version does not change. A
    retired article is never published this way. Stored corrections of the article are applied
    first, then `corrections`. `differences` are those of the fidelity check; the caller decides
    whether to publish in spite of them. Those that the corrections settle are not stored.
    """

    article: Article
    passages: tuple[Passage, ...]
    source_key: str
    source_sha256: str
    coverage: float
    warnings: tuple[str, ...]
    publish: bool
    actor: Actor
    corrections: tuple[Correction, ...] = ()  # made before the first save
    detail: str = ""  # origin, for the audit log
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """Result of saving an article. `notes` are messages for the user who added it."""

    article_id: str
    version: int
    status: str  # added, updated, unchanged
    passages: tuple[Passage, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestVersion:
    """The latest version of an article as saved, without editor tags and confirmed dates."""

    status: ArticleStatus
    request: SaveRequest
    corrections: tuple[Correction, ...]


def load_latest(connection: Connection, row: Row[Any], actor: Actor) -> LatestVersion:
    """Return the latest version of an article with its corrections."""
    return LatestVersion(
        status=ArticleStatus(row.status),
        request=_request_from_version(connection, row, row.latest_version, actor),
        corrections=correction_store.list_corrections(connection, row.id),
    )


def save_article(
    connection: Connection, submission: SaveRequest
) -> tuple[SaveResult, list[PendingEntry]]:
    """Apply the stored corrections and save an article as a new version, unless unchanged.

    Returns the result and the changes and audit events that the caller appends.
    """
    row = connection.execute(BY_KEY, {"key": submission.source_key}).one_or_none()
    existing = correction_store.list_corrections(connection, row.id) if row is not None else ()
    corrected = apply_on_save(
        submission.article, submission.passages, (*existing, *submission.corrections)
    )
    saved, changes = _save_corrected(connection, with_corrections(submission, corrected), row)
    if submission.corrections:
        correction_store.add_corrections(
            connection, saved.article_id, submission.corrections, submission.actor
        )
        correction_store.add_tags(connection, saved.passages, corrected.tags, submission.actor)
    return replace(saved, notes=(*corrected.notes, *saved.notes)), changes


def with_corrections(submission: SaveRequest, corrected: CorrectedArticle) -> SaveRequest:
    """Return the request with corrected content, without the differences that it settles."""
    return replace(
        submission,
        article=corrected.article,
        passages=corrected.passages,
        warnings=(*submission.warnings, *corrected.notes),
        differences=remaining_differences(
            submission.differences, submission.article, corrected.article
        ),
    )


def _save_corrected(
    connection: Connection, submission: SaveRequest, row: Row[Any] | None
) -> tuple[SaveResult, list[PendingEntry]]:
    if row is None:
        return _add_new_article(connection, submission)
    if row.status == ArticleStatus.RETIRED and submission.publish:
        note = f"The article is retired. Run `kb publish {row.id}` to publish it again."
        saved, changes = update_article(connection, replace(submission, publish=False), row)
        return replace(saved, notes=(note, *saved.notes)), changes
    return update_article(connection, submission, row)


def _add_new_article(
    connection: Connection, submission: SaveRequest
) -> tuple[SaveResult, list[PendingEntry]]:
    article = submission.article
    article_id = find_free_id(connection, article.metadata.id or article.title)
    now = datetime.now(UTC)
    insert_article(connection, article_id, submission.source_key, latest=1, now=now)
    passages = _assign_passage_ids(article_id, (), submission.passages, used_ids=set())
    alike = write_version(connection, article_id, 1, submission, passages=passages, now=now)
    changes: list[PendingEntry] = [PendingChange(article_id, "saved", submission.actor)]
    if submission.publish:
        changes.extend(
            publication.set_published(connection, article_id, 1, actor=submission.actor, now=now)
        )
    notes = (*_same_title_warnings(connection, article_id, submission.article.title), *alike)
    saved = SaveResult(
        article_id=article_id, version=1, status="added", passages=passages, notes=notes
    )
    return saved, changes


def insert_article(
    connection: Connection, article_id: str, source_key: str, *, latest: int, now: datetime
) -> None:
    """Insert the row of a new article, as a draft."""
    connection.execute(
        ADD_ARTICLE,
        {
            "id": article_id,
            "source_key": source_key,
            "status": ArticleStatus.DRAFT,
            "latest_version": latest,
            "published_version": None,
            "published_at": None,
            "updated_at": now,
            "retired_reason": "",
            "replaced_by": "",
        },
    )


def update_article(
    connection: Connection, submission: SaveRequest, row: Row[Any]
) -> tuple[SaveResult, list[PendingEntry]]:
    """Save the next version of an existing article, unless unchanged.

    Returns the result and the changes and audit events that the caller appends.
    """
    changes: list[PendingEntry] = []
    old = mappers.load_passages(connection, row.id, row.latest_version)
    number, passages, status = row.latest_version, tuple(old), "unchanged"
    notes: tuple[str, ...] = ()
    now = datetime.now(UTC)
    if not _is_unchanged(connection, row, submission, old):
        number, status = row.latest_version + 1, "updated"
        used_ids = set(connection.execute(PASSAGE_IDS, {"article": row.id}).scalars())
        passages = _assign_passage_ids(row.id, old, submission.passages, used_ids)
        notes = write_version(connection, row.id, number, submission, passages=passages, now=now)
        changed = {"latest_version": number, "updated_at": now}
        connection.execute(CHANGE_ARTICLE.values(changed), {"article": row.id})
        changes.append(PendingChange(row.id, "saved", submission.actor, submission.detail))
    if submission.publish and row.published_version != number:
        status = "updated"
        changes.extend(
            publication.set_published(
                connection,
                row.id,
                number,
                actor=submission.actor,
                now=now,
                detail=submission.detail,
            )
        )
    saved = SaveResult(
        article_id=row.id, version=number, status=status, passages=passages, notes=notes
    )
    return saved, changes


def find_free_id(connection: Connection, base: str, reserved: Collection[str] = ()) -> str:
    """Return an unused id derived from a name, with a number appended if necessary."""
    name = unicodedata.normalize("NFKD", base).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", name).strip("-")[:MAX_ID_LENGTH].strip("-") or "article"
    candidates = chain((slug,), (f"{slug}-{number}" for number in count(2)))
    while True:
        ids = list(islice(candidates, ID_BATCH))
        taken = {*reserved, *connection.execute(USED_IDS, {"ids": ids}).scalars()}
        for candidate in ids:
            if candidate not in taken:
                return candidate


def _same_title_warnings(connection: Connection, article_id: str, title: str) -> Iterator[str]:
    """Yield a warning if another article has the same title, which suggests a duplicate."""
    # SQLite lowercases only ASCII, so search for both forms of a title with an "É".
    in_ascii = "".join(char.lower() if char.isascii() else char for char in title)
    parameters = {"titles": [title.lower(), in_ascii], "article": article_id}
    duplicate = connection.execute(SAME_TITLE, parameters).scalar_one_or_none()
    if duplicate is not None:
        yield f"Another article has the same title: {duplicate}. Retire one if they are the same."


def _is_unchanged(
    connection: Connection, row: Row[Any], submission: SaveRequest, old: Sequence[Passage]
) -> bool:
    if tuple(replace(passage, id="") for passage in old) != submission.passages:
        return False
    return (
        mappers.map_article(mappers.get_version_row(connection, row.id, row.latest_version))
        == submission.article
    )


def _assign_passage_ids(
    article_id: str, old: Sequence[Passage], new: Sequence[Passage], used_ids: set[str]
) -> tuple[Passage, ...]:
    ids = assign_ids(article_id, old, new, used_ids)
    return tuple(replace(passage, id=id_) for passage, id_ in zip(new, ids, strict=True))


def write_version(
    connection: Connection,
    article_id: str,
    number: int,
    submission: SaveRequest,
    *,
    passages: Sequence[Passage],
    now: datetime,
) -> tuple[str, ...]:
    """Insert a version with its passages. Returns warnings about near-duplicates."""
    connection.execute(
        ADD_VERSION,
        {
            "article_id": article_id,
            "number": number,
            **mappers.article_columns(submission.article),
            "warnings": json.dumps(submission.warnings, ensure_ascii=False),
            "differences": json.dumps(submission.differences, ensure_ascii=False),
            "passages": len(passages),
            "coverage": submission.coverage,
            "source_sha256": submission.source_sha256,
            "created_at": now,
            "created_by": submission.actor.name,
        },
    )
    contents = mappers.passage_rows(article_id, number, passages)
    if contents:
        connection.execute(ADD_PASSAGES, contents)
    return tuple(record_bands(connection, article_id, passages))


def save_correction(
    connection: Connection, row: Row[Any], corrections: Sequence[Correction], actor: Actor
) -> SaveResult:
    """Save the latest version with corrections; lost corrections are listed in the notes."""
    base = _request_from_version(connection, row, row.latest_version, actor)
    corrected = apply_on_save(base.article, base.passages, corrections)
    again = with_corrections(base, corrected)
    bare = tuple(replace(passage, id="") for passage in again.passages)
    saved, changes = update_article(connection, replace(again, passages=bare), row)
    change_feed.append_changes(connection, changes)
    correction_store.add_corrections(connection, row.id, corrections, actor)
    tagged = correction_store.add_tags(connection, saved.passages, corrected.tags, actor)
    if tagged and saved.status == "unchanged":
        change_feed.append_changes(connection, [PendingChange(row.id, "tagged", actor)])
    return replace(saved, notes=(*corrected.notes, *saved.notes))


def restore_version(connection: Connection, row: Row[Any], number: int, actor: Actor) -> int:
    """Save an earlier version as the latest and return its number.

    Passages keep their ids, so that links and editor tags remain valid.
    """
    again = _request_from_version(connection, row, number, actor)
    now, number_of_copy = datetime.now(UTC), int(row.latest_version) + 1
    write_version(connection, row.id, number_of_copy, again, passages=again.passages, now=now)
    changed = {"latest_version": number_of_copy, "updated_at": now}
    connection.execute(CHANGE_ARTICLE.values(changed), {"article": row.id})
    detail = f"version {number} again, as version {number_of_copy}"
    change_feed.append_changes(connection, [PendingChange(row.id, "saved", actor, detail)])
    return number_of_copy


def _request_from_version(
    connection: Connection, row: Row[Any], number: int, actor: Actor
) -> SaveRequest:
    """Return a request that saves a stored version again."""
    old = mappers.get_version_row(connection, row.id, number)
    return SaveRequest(
        article=mappers.map_article(old),
        passages=tuple(mappers.load_passages(connection, row.id, number)),
        source_key=row.source_key,
        source_sha256=old.source_sha256,
        coverage=old.coverage,
        warnings=tuple(json.loads(old.warnings)),
        differences=tuple(json.loads(old.differences)),
        publish=False,
        actor=actor,
    )
