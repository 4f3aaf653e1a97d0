"""What a search engine must do for this house, and the one place that picks one.

Our own types cross this seam: `index.query.parser.ParsedQuery` goes in, `EngineResult` comes out, and an engine's
exceptions are translated into those of `kb.errors`. A new engine implements `Engine` and passes
the contract suite in ``tests/index/engines/contract.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from index.document import IndexDocument
from index.query.parser import ParsedQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRequest:
    """One question to an engine.

    `every` wants all of the query's words in a passage, each in any field; otherwise one is
    enough. A query without words finds every passage that its filters allow. Tags widen among
    themselves, as do topics; the two narrow each other. `limit` and `offset` count articles;
    `sort` is ``relevance`` or ``date``. On the day `today`, an article whose review is overdue has
    `OVERDUE_FACTOR` of its score. The articles `without` are not found.
    """

    query: ParsedQuery
    match_all: bool = True
    limit: int = 10
    offset: int = 0
    sort: str = "relevance"
    today: date | None = None
    excluded_articles: frozenset[str] = frozenset()


# An overdue article ranks below a fresh one that matches as well or hardly better, and no lower: it
# may be the only one that answers.
OVERDUE_FACTOR = 0.95

MAX_TOPICS = 40  # counted in an answer, besides those that were asked for; a base has thousands


@dataclass(frozen=True, slots=True)
class ArticleGroup:
    """An article that was found: its matching passages, best first, and the best one's score."""

    article_id: str
    score: float
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineResult:
    """An engine's answer. The counts of a facet are articles, under the other facet's filter.

    `topics` has the most frequent ones, `MAX_TOPICS` of them, and those of the query.
    """

    articles: int
    passages: int
    groups: tuple[ArticleGroup, ...]
    tags: Mapping[str, int]
    topics: Mapping[str, int]
    generation: int
    as_of: datetime
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """What an index says of itself. `refused` maps articles that could not be indexed to why."""

    engine: str
    generation: int
    checkpoint: int
    as_of: datetime
    documents: int
    refused: Mapping[str, str] = field(default_factory=dict)


class IndexWriter(Protocol):
    """The one writer of an index, while it holds the lock."""

    @property
    def state(self) -> IndexState:
        """The state that the next commit builds on; raises `SearchIndexError`."""

    def apply(
        self, batch: Mapping[str, Sequence[IndexDocument]], checkpoint: int
    ) -> Mapping[str, str]:
        """Make each article of `batch` have just these documents, and commit with `checkpoint`.

        Applying the same batch again changes nothing. Returns the articles that were refused,
        each with the reason; the rest of the batch is committed all the same.
        """

    def rebuild(
        self, batches: Iterable[Mapping[str, Sequence[IndexDocument]]], checkpoint: int
    ) -> Mapping[str, str]:
        """Build a new index of `batches` beside the old one and switch to it when it is whole."""


class Engine(Protocol):
    """A search engine over the published passages."""

    name: str

    def state(self) -> IndexState:
        """Return the newest commit's state; raises `SearchIndexError` when there is none."""

    def search(self, ask: EngineRequest) -> EngineResult:
        """Answer from the newest commit; raises `SearchIndexError`."""

    def top_passages(self, ask: EngineRequest) -> Sequence[tuple[str, float]]:
        """Return the `ask.limit` best passages and their scores, neither counted nor grouped.

        Raises `SearchIndexError`.
        """

    def idf(self, stems: Iterable[str]) -> Mapping[str, float]:
        """Return the idf of each of `stems` in the newest commit, 1 in an empty one.

        Raises `SearchIndexError`.
        """

    def term_counts(self) -> Mapping[str, int]:
        """Return each word as it is written, folded, and how many passages of the newest commit
        have it; raises `SearchIndexError`.
        """

    def try_acquire_writer(self) -> AbstractContextManager[IndexWriter | None]:
        """Hold the lock of the index across all processes; None when another holds it."""

    def verify(self) -> IndexState:
        """Read every file of the newest commit; raises `SearchIndexError` on any damage."""
