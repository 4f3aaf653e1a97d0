"""Lists for browsing: published articles with headings and tags, activity, and versions.

Passages are parsed without their text, which is much faster: topic pages show only headings and
links.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, and_, func, select

from kb.model.records import ArticleStatus, ArticleSummary, VersionSummary
from kb.storage import mappers
from kb.storage.schema import articles, change_feed_table, editor_tags, passages, versions

PUBLIC_CHANGES = ("published", "retired")  # kinds of changes that readers see


@dataclass(frozen=True, slots=True)
class _TagKey:
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outline:
    """The parsed parts of a stored passage."""

    id: str
    heading_path: tuple[str, ...]
    tags: tuple[_TagKey, ...] = ()


@cache
def _outline_adapter() -> TypeAdapter[_Outline]:
    return TypeAdapter(_Outline)


@dataclass(frozen=True, slots=True)
class PassageRef:
    """A published passage without its text. `tags` exclude ancestors."""

    passage_id: str
    heading_path: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArticleOutline:
    """A published article and its passages in reading order."""

    article: ArticleSummary
    passages: tuple[PassageRef, ...]


class ActivityKind(StrEnum):
    """Kind of activity, as shown to readers."""

    NEW = "new"
    CHANGED = "changed"
    BACK = "back"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class ActivityItem:
    """One event of an article. `last` is true if it is the latest one.

    `reason` and `replacement` are set only if the article is still retired.
    """

    event: ActivityKind
    at: datetime
    article: ArticleSummary
    last: bool
    reason: str = ""
    replacement: ArticleSummary | None = None


def list_outlines(connection: Connection, ids: Iterable[str] | None) -> list[ArticleOutline]:
    """Return the published articles among `ids`, or all if None, in no particular order."""
    if ids is None:
        ids_query = select(articles.c.id).where(articles.c.published_version.is_not(None))
        ids = connection.execute(ids_query).scalars()
    outlines: list[ArticleOutline] = []
    for batch in mappers.iter_batches(sorted(set(ids))):
        refs = _load_passage_refs(connection, batch)
        statement = mappers.select_summaries().where(
            articles.c.id.in_(batch), articles.c.published_version.is_not(None)
        )
        outlines += [
            ArticleOutline(mappers.map_summary(row), tuple(refs[row.id]))
            for row in connection.execute(statement)
        ]
    return outlines


def _load_passage_refs(
    connection: Connection, article_ids: Iterable[str]
) -> dict[str, list[PassageRef]]:
    published = and_(
        articles.c.id == passages.c.article_id,
        articles.c.published_version == passages.c.version,
    )
    found_rows = connection.execute(
        select(passages.c.article_id, passages.c.content)
        .join(articles, published)
        .where(passages.c.article_id.in_(article_ids))
        .order_by(passages.c.article_id, passages.c.ordinal)
    ).all()
    parsed = [(row.article_id, _outline_adapter().validate_json(row.content)) for row in found_rows]
    editor_tags_by_passage = _load_editor_tags(connection, [outline.id for _, outline in parsed])
    refs: dict[str, list[PassageRef]] = defaultdict(list)
    for article_id, outline in parsed:
        keys = {tag.tag: True for tag in outline.tags} | editor_tags_by_passage[outline.id]
        tags = tuple(key for key, is_present in keys.items() if is_present)
        refs[article_id].append(PassageRef(outline.id, outline.heading_path, tags))
    return refs


def _load_editor_tags(connection: Connection, ids: list[str]) -> dict[str, dict[str, bool]]:
    """Return the editor tags by passage id: whether each tag is present."""
    editor_tags_by_passage: dict[str, dict[str, bool]] = defaultdict(dict)
    for batch in mappers.iter_batches(ids):
        for row in connection.execute(
            select(editor_tags).where(editor_tags.c.passage_id.in_(batch))
        ):
            editor_tags_by_passage[row.passage_id][row.tag] = row.present
    return editor_tags_by_passage


def list_versions(connection: Connection, article_id: str) -> list[VersionSummary]:
    """Return the versions of an article, latest first."""
    statement = (
        select(versions)
        .where(versions.c.article_id == article_id)
        .order_by(versions.c.number.desc())
    )
    return [
        VersionSummary(row.number, row.title, row.created_by, row.created_at, row.passages)
        for row in connection.execute(statement)
    ]


def list_activity(
    connection: Connection, *, offset: int, limit: int
) -> tuple[list[ActivityItem], int]:
    """Return a page of activity, latest first, and the total number of items."""
    is_public = change_feed_table.c.kind.in_(PUBLIC_CHANGES)
    total = connection.execute(
        select(func.count()).select_from(change_feed_table).where(is_public)
    ).scalar_one()
    page = connection.execute(
        select(change_feed_table)
        .where(is_public)
        .order_by(change_feed_table.c.seq.desc())
        .limit(limit)
        .offset(offset)
    ).all()
    ids = {row.article_id for row in page}
    history: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(
        select(change_feed_table)
        .where(is_public, change_feed_table.c.article_id.in_(ids))
        .order_by(change_feed_table.c.seq)
    ):
        history[row.article_id].append(row)
    states = {
        row.id: row for row in connection.execute(select(articles).where(articles.c.id.in_(ids)))
    }
    mentioned = {*ids, *(row.replaced_by for row in states.values() if row.replaced_by)}
    summaries = {
        row.id: mappers.map_summary(row)
        for row in connection.execute(
            mappers.select_summaries().where(articles.c.id.in_(mentioned))
        )
    }
    items = [
        _build_activity_item(row, history[row.article_id], states[row.article_id], summaries)
        for row in page
    ]
    return items, int(total)


def _build_activity_item(
    change: Row[Any],
    history: list[Row[Any]],
    state: Row[Any],
    summaries: dict[str, ArticleSummary],
) -> ActivityItem:
    """Return the activity for a change, given the article's earlier changes."""
    article, last = summaries[state.id], history[-1].seq == change.seq
    if change.kind == "retired":
        replacement = summaries.get(state.replaced_by) if last else None
        if replacement is not None and replacement.status is not ArticleStatus.PUBLISHED:
            replacement = None
        reason = state.retired_reason if last else ""
        return ActivityItem(ActivityKind.RETIRED, change.at, article, last, reason, replacement)
    before = next((row.kind for row in reversed(history) if row.seq < change.seq), "")
    event = {"": ActivityKind.NEW, "published": ActivityKind.CHANGED, "retired": ActivityKind.BACK}[
        before
    ]
    return ActivityItem(event, change.at, article, last)
