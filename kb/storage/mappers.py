"""Rows of the tables as values of the domain, inside a transaction that someone else opened.

`kb.storage.article_store` decides what is read and written when; here stands how a row becomes an article, a
passage or a summary, and that what editors said of a passage's tags lies over what tagging found.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, and_, bindparam, exists, func, select

from kb.errors import NotFoundError
from kb.model.article import Article, Metadata, Section
from kb.model.passage import Evidence, Passage, Tag
from kb.model.records import ArticleRecord, ArticleStatus, ArticleSummary
from kb.storage.schema import articles, editor_tags, passages, versions

BATCH = 200  # ids in one statement: far below every database's limit of parameters

T = TypeVar("T")


# Made at the first use: a list of articles needs one of them, and each takes milliseconds.
@cache
def _metadata_adapter() -> TypeAdapter[Metadata]:
    return TypeAdapter(Metadata)


@cache
def _sections_adapter() -> TypeAdapter[tuple[Section, ...]]:
    return TypeAdapter(tuple[Section, ...])


@cache
def _passage_adapter() -> TypeAdapter[Passage]:
    return TypeAdapter(Passage)


# A version never changes, so what was read of one holds for as long as it is asked for. Some 4 kB
# each: 16 MB in a process.
@lru_cache(maxsize=4_096)
def read_passage(content: str) -> Passage:
    """Return the passage that a row holds."""
    return _passage_adapter().validate_json(content)


@lru_cache(maxsize=4_096)
def _metadata(content: str) -> Metadata:
    return _metadata_adapter().validate_json(content)


_PUBLISHED = and_(
    articles.c.id == passages.c.article_id, articles.c.published_version == passages.c.version
)


# Made once: a search runs them, and making a statement takes longer than SQLite needs for it.
_SAID = (
    select(editor_tags)
    .where(editor_tags.c.passage_id.in_(bindparam("ids", expanding=True)))
    .order_by(editor_tags.c.tag)
)


def article_row(connection: Connection, article_id: str) -> Row[Any]:
    """Return the row of an article; raises `NotFoundError`."""
    statement = select(articles).where(articles.c.id == strip_nul(article_id))
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError("article", article_id)
    return row


def strip_nul(name: str) -> str:
    """Return a name that came from outside so that every database can be asked for it.

    PostgreSQL refuses a NUL; no name of ours holds one, so without it nothing else is found.
    """
    return name.replace("\0", "\ufffd")


def version_row(connection: Connection, article_id: str, number: int) -> Row[Any]:
    """Return the row of a version that is known to exist."""
    return connection.execute(
        select(versions).where(versions.c.article_id == article_id, versions.c.number == number)
    ).one()


def article_of(row: Row[Any]) -> Article:
    """Return the article that a row of `versions` holds."""
    return Article(
        row.title,
        _sections_adapter().validate_json(row.sections),
        _metadata(row.metadata),
    )


def article_columns(article: Article) -> dict[str, str]:
    """Return the columns of `versions` that `article_of` reads."""
    return {
        "title": article.title,
        "metadata": _metadata_adapter().dump_json(article.metadata, exclude_defaults=True).decode(),
        "sections": _sections_adapter().dump_json(article.sections, exclude_defaults=True).decode(),
    }


def passage_rows(article_id: str, number: int, kept: Iterable[Passage]) -> list[dict[str, Any]]:
    """Return the rows of `passages` of one version, as `passages_of` reads them."""
    return [
        {
            "article_id": article_id,
            "version": number,
            "ordinal": ordinal,
            "id": passage.id,
            "content": _passage_adapter().dump_json(passage, exclude_defaults=True).decode(),
        }
        for ordinal, passage in enumerate(kept)
    ]


def confirmed(metadata: Metadata, row: Row[Any]) -> Metadata:
    """Lay the last review without a change over what a version says of its review."""
    if row.confirmed_on is None or (metadata.reviewed and metadata.reviewed > row.confirmed_on):
        return metadata
    return replace(metadata, reviewed=row.confirmed_on, review_due=row.confirmed_due)


def _confirmed(article: Article, row: Row[Any]) -> Article:
    return replace(article, metadata=confirmed(article.metadata, row))


def record(connection: Connection, row: Row[Any], number: int) -> ArticleRecord:
    """Return one version of the article whole."""
    version = version_row(connection, row.id, number)
    kept = with_editor_tags(connection, passages_of(connection, row.id, number))
    return ArticleRecord(
        id=row.id,
        status=ArticleStatus(row.status),
        version=number,
        article=_confirmed(article_of(version), row),
        passages=tuple(kept),
        warnings=tuple(json.loads(version.warnings)),
        coverage=version.coverage,
        created_at=version.created_at,
        published_at=row.published_at,
        published_version=row.published_version,
        retired_reason=row.retired_reason,
        replaced_by=row.replaced_by,
    )


def passages_of(connection: Connection, article_id: str, number: int) -> list[Passage]:
    """Return the passages of a version in order, with the tags that tagging found."""
    contents = connection.execute(
        select(passages.c.content)
        .where(passages.c.article_id == article_id, passages.c.version == number)
        .order_by(passages.c.ordinal)
    ).scalars()
    return [read_passage(content) for content in contents]


def with_editor_tags(connection: Connection, kept: Sequence[Passage]) -> list[Passage]:
    """Lay what editors said over what tagging found."""
    said = _said(connection, [passage.id for passage in kept])
    return [_overlaid(passage, said.get(passage.id, ())) for passage in kept]


def _said(connection: Connection, passage_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Return what editors said of the tags of each passage that they said something of."""
    said: dict[str, list[Row[Any]]] = defaultdict(list)
    for batch in batches(passage_ids):
        for row in connection.execute(_SAID, {"ids": batch}):
            said[row.passage_id].append(row)
    return said


def _overlaid(passage: Passage, said: Sequence[Row[Any]]) -> Passage:
    if not said:
        return passage
    spoken_for = {row.tag for row in said}
    tags = [tag for tag in passage.tags if tag.tag not in spoken_for]
    tags += [
        Tag(row.tag, 1.0, Evidence.EDITOR, f"set by {row.actor}") for row in said if row.present
    ]
    return replace(passage, tags=tuple(tags))


def summary_statement() -> Select[Any]:
    """Select what `summary` needs: the published version, else the newest."""
    shown = func.coalesce(articles.c.published_version, articles.c.latest_version)
    return select(
        articles, versions.c.title, versions.c.metadata, versions.c.passages, versions.c.number
    ).join(versions, and_(versions.c.article_id == articles.c.id, versions.c.number == shown))


def summary(row: Row[Any]) -> ArticleSummary:
    """Return the summary that a row of `summary_statement` holds."""
    return ArticleSummary(
        id=row.id,
        title=row.title,
        status=ArticleStatus(row.status),
        version=row.number,
        metadata=confirmed(_metadata(row.metadata), row),
        published_at=row.published_at,
        updated_at=row.updated_at,
        passages=row.passages,
    )


# Editors have spoken of few passages: only for those is it asked what they said.
_SPOKEN_OF = exists().where(editor_tags.c.passage_id == passages.c.id).label("spoken_of")

# What an article says of itself is read once for it, not once for each of its passages.
_FOUND = (
    select(passages.c.id, passages.c.article_id, passages.c.content, _SPOKEN_OF)
    .join(articles, _PUBLISHED)
    .where(passages.c.id.in_(bindparam("ids", expanding=True)))
)
_THEIR_ARTICLES = summary_statement().where(articles.c.id.in_(bindparam("ids", expanding=True)))


def published_passages(
    connection: Connection, ids: Iterable[str]
) -> dict[str, tuple[ArticleSummary, Passage]]:
    """Return the passages of published versions among `ids`, each with its article."""
    found = [
        row
        for batch in batches(sorted(set(ids)))
        for row in connection.execute(_FOUND, {"ids": batch})
    ]
    summaries = {
        row.id: summary(row)
        for batch in batches(sorted({row.article_id for row in found}))
        for row in connection.execute(_THEIR_ARTICLES, {"ids": batch})
    }
    said = _said(connection, [row.id for row in found if row.spoken_of])
    return {
        row.id: (
            summaries[row.article_id],
            _overlaid(read_passage(row.content), said.get(row.id, ())),
        )
        for row in found
    }


_CONTENTS = (
    select(passages.c.id, passages.c.content, _SPOKEN_OF)
    .join(articles, _PUBLISHED)
    .where(articles.c.id == bindparam("article_id"))
    .order_by(passages.c.ordinal)
)


def tagged_passages(
    connection: Connection, article_id: str, tags: Collection[str]
) -> list[Passage]:
    """Return the passages of a published article that have one of `tags`, in their order."""
    contents = connection.execute(_CONTENTS, {"article_id": strip_nul(article_id)}).all()
    said = _said(connection, [row.id for row in contents if row.spoken_of])
    # Reading a passage takes far longer than looking whether a tag's name stands in it at all.
    names = [f'"{tag}"' for tag in tags]
    kept = [
        _overlaid(read_passage(row.content), said.get(row.id, ()))
        for row in contents
        if row.id in said or any(name in row.content for name in names)
    ]
    return [passage for passage in kept if any(tag.tag in tags for tag in passage.tags)]


def batches(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut `ids` into pieces that fit into one statement."""
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
