"""Engine protocol: the interface of a search engine and its request and result types.

Engines receive `index.query.parser.ParsedQuery`, return `EngineResult` and raise the exceptions of
`kb.errors`. `index.engines.open_engine` opens one. A new engine implements `Engine` and must pass
the contract tests in ``tests/index/engines/contract.py``.
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
    """A query with its paging and scoring options.

    With `match_all`, a passage must contain all words of the query, each in any field; otherwise
    one is sufficient. A query without words matches every passage that its filters allow. Filters
    match any of the tags and any of the topics; if both are given, both must match. `limit` and
    `offset` count articles; `sort` is ``relevance`` or ``date``. The score of an article whose
    review is overdue on `today` is multiplied by `OVERDUE_FACTOR`. `excluded_articles` are omitted.
    """

    query: ParsedQuery
    match_all: bool = True
    limit: int = 10
    offset: int = 0
    sort: str = "relevance"
    today: date | None = None
    excluded_articles: frozenset[str] = frozenset()


# An overdue article ranks below an up-to-date one with a similar score. The penalty is small,
# because it may be the only article that answers the query.
OVERDUE_FACTOR = 0.95

MAX_TOPICS = 40  # topics in a facet, in addition to the selected ones


@dataclass(frozen=True, slots=True)
class ArticleGroup:
    """A matching article: its matching passages, best first, and the score of the best one."""

    article_id: str
    score: float
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineResult:
    """The result of a search.

    Facets count articles under the filter of the other facet. `topics` contains the `MAX_TOPICS`
    most frequent topics and those of the query. `partial` marks a search that hit the time limit.
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
    """State of an index; `refused` maps articles that could not be indexed to the reason."""

    engine: str
    generation: int
    checkpoint: int
    as_of: datetime
    documents: int
    refused: Mapping[str, str] = field(default_factory=dict)


class IndexWriter(Protocol):
    """The exclusive writer of an index, valid while it holds the lock."""

    @property
    def state(self) -> IndexState:
        """The state that the next commit is based on; raises `SearchIndexError`."""

    def apply(
        self, batch: Mapping[str, Sequence[IndexDocument]], checkpoint: int
    ) -> Mapping[str, str]:
        """Replace the documents of each article in `batch` and commit with `checkpoint`.

        Idempotent. Returns the rejected articles with the reason; the rest of the batch is
        committed nevertheless.
        """

    def rebuild(
        self, batches: Iterable[Mapping[str, Sequence[IndexDocument]]], checkpoint: int
    ) -> Mapping[str, str]:
        """Build a new index of `batches` and switch to it when it is complete.

        Returns the rejected articles with the reason, as `apply` does.
        """


class Engine(Protocol):
    """A search engine over the published passages."""

    name: str

    def state(self) -> IndexState:
        """Return the state of the latest commit; raises `SearchIndexError` if there is none."""

    def search(self, request: EngineRequest) -> EngineResult:
        """Search the latest commit; raises `SearchIndexError`."""

    def top_passages(self, request: EngineRequest) -> Sequence[tuple[str, float]]:
        """Return the ids and scores of the `limit` best passages, neither counted nor grouped.

        Raises `SearchIndexError`.
        """

    def idf(self, stems: Iterable[str]) -> Mapping[str, float]:
        """Return the inverse document frequency of each stem in the latest commit.

        It is 1 in an empty index.

        Raises `SearchIndexError`.
        """

    def find_articles(self, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the ids of the articles with each of `names`, without names that no article has.

        Names are compared as `index.document.name_key` returns them. Raises `SearchIndexError`.
        """

    def term_counts(self) -> Mapping[str, int]:
        """Return the folded words of the latest commit and the number of passages with each.

        Raises `SearchIndexError`.
        """

    def try_acquire_writer(self) -> AbstractContextManager[IndexWriter | None]:
        """Acquire the index lock for the context; yields None if another process holds it."""

    def verify(self) -> IndexState:
        """Read all files of the latest commit; raises `SearchIndexError` if one is corrupt."""
