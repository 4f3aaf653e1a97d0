"""Builders of documents and requests for engine tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from index.document import IndexDocument
from index.engine import Engine, EngineRequest, EngineResult
from index.query.parser import add_filters, parse

DIGEST = "test-tags"
REVIEWED = date(2025, 1, 1)


def document(
    passage_id: str,
    body: str = "",
    *,
    title: str = "",
    heading: str = "",
    named: str = "",
    labels: str = "",
    tags: Sequence[str] = (),
    topics: Sequence[str] = (),
    reviewed: date = REVIEWED,
    due: date | None = None,
) -> IndexDocument:
    """Return a document; the part of the passage id before the dot is the article id."""
    return IndexDocument(
        passage_id=passage_id,
        article_id=passage_id.partition(".")[0],
        texts={"title": title, "heading": heading, "body": body, "topics": named, "tags": labels},
        tags=tuple(tags),
        topics=tuple(topics),
        reviewed=reviewed,
        due=due,
    )


def batch_of(*documents: IndexDocument) -> dict[str, list[IndexDocument]]:
    """Return the documents grouped by article."""
    batch: dict[str, list[IndexDocument]] = {}
    for found in documents:
        batch.setdefault(found.article_id, []).append(found)
    return batch


def build(engine: Engine, *documents: IndexDocument, checkpoint: int = 1) -> None:
    """Build an index of these documents."""
    with engine.try_acquire_writer() as writer:
        assert writer is not None
        assert writer.rebuild([batch_of(*documents)], checkpoint) == {}


def apply(
    engine: Engine, *documents: IndexDocument, checkpoint: int, gone: Sequence[str] = ()
) -> None:
    """Replace the documents of these articles; the articles in `gone` lose theirs."""
    with engine.try_acquire_writer() as writer:
        assert writer is not None
        assert writer.apply(batch_of(*documents) | {name: [] for name in gone}, checkpoint) == {}


def search(
    engine: Engine,
    q: str,
    *,
    tags: tuple[str, ...] = (),
    topics: tuple[str, ...] = (),
    match_all: bool = True,
    limit: int = 10,
    offset: int = 0,
    sort: str = "relevance",
) -> EngineResult:
    """Search the engine with a query as a user types it."""
    query = add_filters(parse(q), tags, topics)
    ask = EngineRequest(query=query, match_all=match_all, limit=limit, offset=offset, sort=sort)
    return engine.search(ask)


def found_passages(engine: Engine, q: str, *, match_all: bool = True) -> set[str]:
    """Return the ids of all matching passages."""
    found = search(engine, q, match_all=match_all, limit=1_000)
    passages = [id_ for group in found.groups for id_ in group.passages]
    assert len(passages) == len(set(passages)) == found.passages
    assert len(found.groups) == found.articles
    return set(passages)
