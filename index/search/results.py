"""What a search answers: our own values, whichever engine found them.

`web.presentation.serializers` turns them into the JSON of the contract; the pages show the same values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kb.model.passage import Passage
from kb.model.records import ArticleSummary, ReviewState

MAX_MORE_PASSAGES = 5  # further passages of the same article in a hit

Snippet = tuple[tuple[str, bool], ...]  # (text, whether it matched), in reading order


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search as a person asks it.

    Several `tags` widen (any of them), as do several `topics`; tags and topics together narrow.
    `sort` is ``relevance`` or ``date`` (newest review first). `literal` searches for the words
    as they stand: nothing is relaxed, corrected or widened by synonyms.
    """

    q: str
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    limit: int = 10
    offset: int = 0
    sort: str = "relevance"
    literal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryEcho:
    """What was made of the query.

    `relaxed` is None, ``any`` (nothing had all the words) or ``fuzzy`` (nothing had any of them,
    and words spelt alike were searched: `corrected` is what). `synonyms` are pairs of what was
    typed and what was searched as well. `did_you_mean` are whole queries that find something and
    may be meant; they were not searched. `notes` are sentences.
    """

    q: str
    parsed: str
    corrected: str | None = None
    relaxed: str | None = None
    did_you_mean: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedWords:
    """The words of the text that matched, by how they came to match."""

    exact: tuple[str, ...] = ()
    synonym: tuple[str, ...] = ()
    fuzzy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchExplanation:
    """Why a passage was found: for each field, the words that stand there; and what else counted.

    `missing` are typed words that the passage does not have; `overdue` tells that an overdue review
    cost it rank.
    """

    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    missing: tuple[str, ...] = ()
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """The best passage of one article; `more` holds the next best of the same article."""

    score: float
    article: ArticleSummary
    review_state: ReviewState
    passage: Passage
    snippet: Snippet
    matched: MatchedWords
    more_in_article: int
    more: tuple[Passage, ...]
    why: MatchExplanation = MatchExplanation()
    pinned: bool = False  # the content team has put it first for this query


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """One value of a facet; `count` is the number of articles that choosing it would show."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResponse:
    """The answer to a `SearchRequest`; `total` counts articles, `total_passages` passages.

    Where few articles have all the words, `also` goes on with articles that have some of them; they
    are in no count. `safety` are the safety passages of the first hit's article, in its order.
    """

    query: QueryEcho
    total: int
    total_passages: int
    limit: int
    offset: int
    took_ms: float
    engine: str
    generation: int
    as_of: datetime
    hits: tuple[SearchHit, ...]
    partial_hits: tuple[SearchHit, ...] = ()
    safety: tuple[Passage, ...] = ()
    tag_facet: tuple[FacetValue, ...]
    topic_facet: tuple[FacetValue, ...]
    partial: bool = False  # the time limit ended the search early
