"""Mapping between database rows and domain values, with editor tags applied.

The functions run inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from functools import cache, lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, and_, bindparam, exists, func, select

from kb.errors import NotFoundError
from kb.model.article import Article, Metadata, Section
from kb.model.passage import Evidence, Passage, Tag
from kb.model.records import ArticleRecord, ArticleStatus, ArticleSummary
from kb.storage.schema import articles, editor_tags, passages, versions

BATCH_SIZE = 200  # ids per statement, well below the parameter limit of every database

T = TypeVar("T")


# Adapters are built on first use, because each takes milliseconds.
@cache
def _metadata_adapter() -> TypeAdapter[Metadata]:
    return TypeAdapter(Metadata)


@cache
def _sections_adapter() -> TypeAdapter[tuple[Section, ...]]:
    return TypeAdapter(tuple[Section, ...])


@cache
def _passage_adapter() -> TypeAdapter[Passage]:
    return TypeAdapter(Passage)


# Versions never change, so parsed passages can be cached: about 4 kB each, 16 MB per process.
@lru_cache(maxsize=4_096)
def parse_passage(content: str) -> Passage:
    """Parse the `content` column of `passages`."""
    return _passage_adapter().validate_json(content)


@lru_cache(maxsize=4_096)
def _parse_metadata(content: str) -> Metadata:
    return _metadata_adapter().validate_json(content)


_PUBLISHED = and_(
    articles.c.id == passages.c.article_id, articles.c.published_version == passages.c.version
)


# Built once, because building a statement takes longer than running it on SQLite.
_SELECT_EDITOR_TAGS = (
    select(editor_tags)
    .where(editor_tags.c.passage_id.in_(bindparam("ids", expanding=True)))
    .order_by(editor_tags.c.tag)
)


def map_row(kind: type[T], row: Row[Any], /, **values: Any) -> T:
    """Return a value of the dataclass `kind` from the columns that are named like its fields.

    `values` are the fields whose column is missing or has another format.
    """
    columns = row._mapping
    names = [field.name for field in fields(kind) if field.name in columns]  # type: ignore[arg-type]
    return kind(**{name: columns[name] for name in names} | values)


def get_article_row(connection: Connection, article_id: str) -> Row[Any]:
    """Return the row of an article. Raises `NotFoundError`."""
    statement = select(articles).where(articles.c.id == strip_nul(article_id))
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError("article", article_id)
    return row


def strip_nul(name: str) -> str:
    """Replace NUL characters in an external identifier before it is used in a query.

    PostgreSQL rejects NUL. Stored identifiers never contain it, so the result matches nothing.
    """
    return name.replace("\0", "\ufffd")


def get_version_row(connection: Connection, article_id: str, number: int) -> Row[Any]:
    """Return the row of an existing version."""
    return connection.execute(
        select(versions).where(versions.c.article_id == article_id, versions.c.number == number)
    ).one()


def map_article(row: Row[Any]) -> Article:
    """Return the article stored in a row of `versions`."""
    return Article(
        row.title,
        _sections_adapter().validate_json(row.sections),
        _parse_metadata(row.metadata),
    )


def article_columns(article: Article) -> dict[str, str]:
    """Return the columns of `versions` that `map_article` reads."""
    return {
        "title": article.title,
        "metadata": _metadata_adapter().dump_json(article.metadata, exclude_defaults=True).decode(),
        "sections": _sections_adapter().dump_json(article.sections, exclude_defaults=True).decode(),
    }


def passage_rows(article_id: str, number: int, passages: Iterable[Passage]) -> list[dict[str, Any]]:
    """Return the rows of `passages` of one version, as `load_passages` reads them."""
    return [
        {
            "article_id": article_id,
            "version": number,
            "ordinal": ordinal,
            "id": passage.id,
            "content": _passage_adapter().dump_json(passage, exclude_defaults=True).decode(),
        }
        for ordinal, passage in enumerate(passages)
    ]


def apply_confirmation(metadata: Metadata, row: Row[Any]) -> Metadata:
    """Return the metadata with the review dates of a later confirmation, if there is one."""
    if row.confirmed_on is None or (metadata.reviewed and metadata.reviewed > row.confirmed_on):
        return metadata
    return replace(metadata, reviewed=row.confirmed_on, review_due=row.confirmed_due)


def _apply_article_confirmation(article: Article, row: Row[Any]) -> Article:
    return replace(article, metadata=apply_confirmation(article.metadata, row))


def load_record(connection: Connection, row: Row[Any], number: int) -> ArticleRecord:
    """Return one version of an article with its passages."""
    version = get_version_row(connection, row.id, number)
    passages = apply_editor_tags(connection, load_passages(connection, row.id, number))
    return ArticleRecord(
        id=row.id,
        status=ArticleStatus(row.status),
        version=number,
        article=_apply_article_confirmation(map_article(version), row),
        passages=tuple(passages),
        warnings=tuple(json.loads(version.warnings)),
        differences=tuple(json.loads(version.differences)),
        coverage=version.coverage,
        created_at=version.created_at,
        published_at=row.published_at,
        published_version=row.published_version,
        retired_reason=row.retired_reason,
        replaced_by=row.replaced_by,
    )


def load_passages(connection: Connection, article_id: str, number: int) -> list[Passage]:
    """Return the passages of a version in order, with automatic tags only."""
    contents = connection.execute(
        select(passages.c.content)
        .where(passages.c.article_id == article_id, passages.c.version == number)
        .order_by(passages.c.ordinal)
    ).scalars()
    return [parse_passage(content) for content in contents]


def apply_editor_tags(connection: Connection, passages: Sequence[Passage]) -> list[Passage]:
    """Return the passages with editor tags applied to the automatic ones."""
    tag_rows = _load_editor_tags(connection, [passage.id for passage in passages])
    return [_apply_tag_rows(passage, tag_rows.get(passage.id, ())) for passage in passages]


def _load_editor_tags(
    connection: Connection, passage_ids: Sequence[str]
) -> dict[str, list[Row[Any]]]:
    """Return the rows of `editor_tags` by passage id, for passages that have any."""
    tag_rows: dict[str, list[Row[Any]]] = defaultdict(list)
    for batch in iter_batches(passage_ids):
        for row in connection.execute(_SELECT_EDITOR_TAGS, {"ids": batch}):
            tag_rows[row.passage_id].append(row)
    return tag_rows


def _apply_tag_rows(passage: Passage, tag_rows: Sequence[Row[Any]]) -> Passage:
    if not tag_rows:
        return passage
    decided = {row.tag for row in tag_rows}
    tags = [tag for tag in passage.tags if tag.tag not in decided]
    tags += [
        Tag(row.tag, 1.0, Evidence.EDITOR, f"set by {row.actor}") for row in tag_rows if row.present
    ]
    return replace(passage, tags=tuple(tags))


def select_summaries() -> Select[Any]:
    """Select the columns for `map_summary`, from the published version or else the latest."""
    number = func.coalesce(articles.c.published_version, articles.c.latest_version)
    return select(
        articles, versions.c.title, versions.c.metadata, versions.c.passages, versions.c.number
    ).join(versions, and_(versions.c.article_id == articles.c.id, versions.c.number == number))


def map_summary(row: Row[Any]) -> ArticleSummary:
    """Return the summary for a row of `select_summaries`."""
    return ArticleSummary(
        id=row.id,
        title=row.title,
        status=ArticleStatus(row.status),
        version=row.number,
        metadata=apply_confirmation(_parse_metadata(row.metadata), row),
        published_at=row.published_at,
        updated_at=row.updated_at,
        passage_count=row.passages,
    )


# Few passages have editor tags, so these are fetched only where they exist.
_HAS_EDITOR_TAGS = exists().where(editor_tags.c.passage_id == passages.c.id).label("spoken_of")

# Metadata is read once per article, not once per passage.
_SELECT_PUBLISHED = (
    select(passages.c.id, passages.c.article_id, passages.c.content, _HAS_EDITOR_TAGS)
    .join(articles, _PUBLISHED)
    .where(passages.c.id.in_(bindparam("ids", expanding=True)))
)
_SELECT_SUMMARIES = select_summaries().where(articles.c.id.in_(bindparam("ids", expanding=True)))


def load_published_passages(
    connection: Connection, ids: Iterable[str]
) -> dict[str, tuple[ArticleSummary, Passage]]:
    """Return the published passages among `ids`, each with its article."""
    passages = [
        row
        for batch in iter_batches(sorted(set(ids)))
        for row in connection.execute(_SELECT_PUBLISHED, {"ids": batch})
    ]
    summaries = {
        row.id: map_summary(row)
        for batch in iter_batches(sorted({row.article_id for row in passages}))
        for row in connection.execute(_SELECT_SUMMARIES, {"ids": batch})
    }
    tag_rows = _load_editor_tags(connection, [row.id for row in passages if row.spoken_of])
    return {
        row.id: (
            summaries[row.article_id],
            _apply_tag_rows(parse_passage(row.content), tag_rows.get(row.id, ())),
        )
        for row in passages
    }


_SELECT_PASSAGES = (
    select(passages.c.id, passages.c.content, _HAS_EDITOR_TAGS)
    .join(articles, _PUBLISHED)
    .where(articles.c.id == bindparam("article_id"))
    .order_by(passages.c.ordinal)
)


_SELECT_FIRST = (
    select(passages.c.article_id, passages.c.id)
    .join(articles, _PUBLISHED)
    .where(articles.c.id.in_(bindparam("ids", expanding=True)), passages.c.ordinal == 0)
)


def load_first_passages(connection: Connection, article_ids: Iterable[str]) -> dict[str, str]:
    """Return the id of the first passage of each published article."""
    return {
        row.article_id: row.id
        for batch in iter_batches(sorted(set(article_ids)))
        for row in connection.execute(_SELECT_FIRST, {"ids": batch})
    }


def load_tagged_passages(
    connection: Connection, article_id: str, tags: Collection[str]
) -> list[Passage]:
    """Return the passages of a published article that have one of `tags`, in order."""
    contents = connection.execute(_SELECT_PASSAGES, {"article_id": strip_nul(article_id)}).all()
    tag_rows = _load_editor_tags(connection, [row.id for row in contents if row.spoken_of])
    # Parsing is far slower than a text search, so skip passages without the name of a tag.
    names = [f'"{tag}"' for tag in tags]
    tagged = [
        _apply_tag_rows(parse_passage(row.content), tag_rows.get(row.id, ()))
        for row in contents
        if row.id in tag_rows or any(name in row.content for name in names)
    ]
    return [passage for passage in tagged if any(tag.tag in tags for tag in passage.tags)]


def load_published_article(
    connection: Connection, article_id: str
) -> tuple[ArticleSummary, list[Passage]] | None:
    """Return a published article with all its passages in order; None if it is not published."""
    contents = connection.execute(_SELECT_PASSAGES, {"article_id": strip_nul(article_id)}).all()
    summary = connection.execute(_SELECT_SUMMARIES, {"ids": [article_id]}).one_or_none()
    if not contents or summary is None:
        return None
    tag_rows = _load_editor_tags(connection, [row.id for row in contents if row.spoken_of])
    return map_summary(summary), [
        _apply_tag_rows(parse_passage(row.content), tag_rows.get(row.id, ())) for row in contents
    ]


def iter_batches(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `ids` in batches that fit into one statement."""
    for start in range(0, len(ids), BATCH_SIZE):
        yield ids[start : start + BATCH_SIZE]
