"""What a search answers: our own values, whichever engine found them.

`web.contract` turns them into the JSON of the contract; the pages show the same values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kb.passage import Passage
from kb.record import ArticleSummary, ReviewState

Snippet = tuple[tuple[str, bool], ...]  # (text, whether it matched), in reading order


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search as a person asks it.

    Several `tags` widen (any of them), as do several `topics`; tags and topics together narrow.
    `sort` is ``relevance`` or ``date`` (newest review first).
    """

    q: str
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    limit: int = 10
    offset: int = 0
    sort: str = "relevance"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryEcho:
    """What was made of the query. `relaxed` is None or ``any``; `notes` are sentences."""

    q: str
    parsed: str
    corrected: str | None = None
    relaxed: str | None = None
    synonyms: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The words of the text that matched, by how they came to match."""

    exact: tuple[str, ...] = ()
    synonym: tuple[str, ...] = ()
    fuzzy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """The best passage of one article; `more` holds the next best of the same article."""

    score: float
    article: ArticleSummary
    review_state: ReviewState
    passage: Passage
    snippet: Snippet
    matched: Matched
    more_in_article: int
    more: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """One value of a facet; `count` is the number of articles that choosing it would show."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """The answer to a `SearchRequest`; `total` counts articles, `total_passages` passages."""

    query: QueryEcho
    total: int
    total_passages: int
    limit: int
    offset: int
    took_ms: float
    engine: str
    generation: int
    as_of: datetime
    hits: tuple[Hit, ...]
    tag_facet: tuple[FacetValue, ...]
    topic_facet: tuple[FacetValue, ...]
    partial: bool = False  # the time limit ended the search early
