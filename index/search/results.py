"""Search requests and responses, independent of the engine.

`web.presentation.serializers` converts them to the JSON of the API; pages use them directly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kb.model.passage import Passage
from kb.model.records import ArticleSummary, ReviewState

MAX_MORE_PASSAGES = 5  # further passages of the same article in a hit

Snippet = tuple[tuple[str, bool], ...]  # (text, is a match) in reading order


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A user's search.

    Results match any of `tags` and any of `topics`; if both are given, both must match. `sort` is
    ``relevance`` or ``date`` (latest review first). `literal` disables relaxation, spelling
    correction and synonyms.
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
    """How the query was interpreted.

    `corrected` is the corrected query if it was searched instead. `relaxed` is None, ``any`` (no
    passage contains all words) or ``fuzzy`` (words other than drugs were corrected). `synonyms` are
    pairs of a typed name and a synonym that was also searched. `did_you_mean` are suggested queries
    that were not searched. `notes` are sentences about ignored parts.

    `subject` is what the query is about, empty if it is not known; `intents` are the keys and
    labels of what it asks about the subject. `missing` has the labels of the intents that
    `article`, the title of the article about the subject, does not answer. `is_absent` means that
    nothing was found on the subject.
    """

    q: str
    parsed: str
    corrected: str | None = None
    relaxed: str | None = None
    did_you_mean: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    subject: str = ""
    intents: tuple[tuple[str, str], ...] = ()
    article: str = ""
    missing: tuple[str, ...] = ()
    is_absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedWords:
    """The matching words of a hit by kind of match."""

    exact: tuple[str, ...] = ()
    synonym: tuple[str, ...] = ()
    fuzzy: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchExplanation:
    """Why a passage matched: the matching words of each field.

    `missing` are the typed words that the passage does not contain; `overdue` means that an overdue
    review lowered its score; `reranked` means that the article was moved by its meaning.
    """

    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    missing: tuple[str, ...] = ()
    overdue: bool = False
    reranked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """The best passage of an article; `more` are further passages of the same article."""

    score: float
    article: ArticleSummary
    review_state: ReviewState
    passage: Passage
    snippet: Snippet
    matched: MatchedWords
    more_in_article: int
    more: tuple[Passage, ...]
    why: MatchExplanation = MatchExplanation()
    pinned: bool = False  # placed first for this query by an editor


@dataclass(frozen=True, slots=True)
class CardLink:
    """A section of an article that answers an intent, with the key and label of the intent."""

    intent: str
    label: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class SubjectCard:
    """The article that a query names: its opening, which is the first hit, and its sections."""

    hit: SearchHit
    links: tuple[CardLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value of a facet; `count` is the number of articles if it were selected."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResponse:
    """The response to a `SearchRequest`; `total` counts articles, `total_passages` passages.

    If few articles contain all words, `partial_hits` lists articles that contain some of them; the
    totals exclude these. `card` is set if the query names an article. `safety` lists the safety
    passages of the first hit's article, in article order.
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
    card: SubjectCard | None = None
    partial_hits: tuple[SearchHit, ...] = ()
    safety: tuple[Passage, ...] = ()
    tag_facet: tuple[FacetValue, ...]
    topic_facet: tuple[FacetValue, ...]
    partial: bool = False  # the search hit the time limit
