"""Preview of a change to pins or synonyms: queries whose results would differ.

Runs the query that the change affects, the judged queries (`judged.csv` in KB_HOME, as in
`kb eval`) and the most frequent queries, with and without the change. Nothing is saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.evaluation.judgments import read_judgments
from index.search.results import SearchRequest
from index.search.service import SearchService
from kb.errors import JudgmentsError, QueryError
from kb.storage.query_stats import QueryStats

MAX_COMPARED_HITS = 10  # one results page
MAX_FREQUENT_QUERIES = 40  # each runs twice, for a few milliseconds
JUDGMENTS_FILE = "judged.csv"  # in KB_HOME


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A hit with its ranks before and after; None if it is not on the first page."""

    title: str
    heading: str
    before: int | None
    after: int | None

    @property
    def words(self) -> str:
        """Return the change as text."""
        if self.before is None:
            return f"new at {self.after}"
        if self.after is None:
            return f"removed, was at {self.before}"
        if self.before == self.after:
            return f"still at {self.after}, now with this passage"
        return f"from {self.before} to {self.after}"


@dataclass(frozen=True, slots=True)
class RankChange:
    """A query whose first results page differs."""

    query: str
    passages: tuple[RankedPassage, ...]


@dataclass(frozen=True, slots=True)
class CurationPreview:
    """Number of queries run, and those whose results differ."""

    queries_run: int
    changed: tuple[RankChange, ...]


def select_queries(
    affected: Iterable[str], home: Path, searched: Iterable[QueryStats]
) -> list[str]:
    """Return the queries to run: `affected` first, then judged and frequent ones."""
    judged_queries: list[str] = []
    path = home / JUDGMENTS_FILE
    if path.exists():
        try:
            judged_queries = [judgement.query for judgement in read_judgments(path)]
        except JudgmentsError:
            judged_queries = []  # `kb eval` reports the error
    frequent = [stats.text for stats in searched if stats.text][:MAX_FREQUENT_QUERIES]
    return list(dict.fromkeys(q for q in (*affected, *judged_queries, *frequent) if q.strip()))


def preview_curation(
    live: SearchService, draft: SearchService, queries: Sequence[str]
) -> CurationPreview:
    """Run the queries on both services and return the differences."""
    moved = []
    for q in queries:
        try:
            before, after = (_first_page(service, q) for service in (live, draft))
        except QueryError:
            continue
        changes = tuple(_compare_ranks(before, after))
        if changes:
            moved.append(RankChange(q, changes))
    return CurationPreview(len(queries), tuple(moved))


def _first_page(search: SearchService, q: str) -> dict[str, tuple[int, str, str]]:
    response = search.search(SearchRequest(q=q, limit=MAX_COMPARED_HITS))
    return {
        hit.article.id: (rank, hit.article.title, hit.passage.heading)
        for rank, hit in enumerate(
            (*response.hits, *response.partial_hits)[:MAX_COMPARED_HITS], start=1
        )
    }


def _compare_ranks(
    before: dict[str, tuple[int, str, str]], after: dict[str, tuple[int, str, str]]
) -> list[RankedPassage]:
    changes = []
    for id_ in dict.fromkeys((*after, *before)):
        old, new = before.get(id_), after.get(id_)
        if (old and old[0]) != (new and new[0]) or (old and new and old[2] != new[2]):
            hit = new or old
            assert hit is not None  # every id is in `before` or `after`
            changes.append(
                RankedPassage(hit[1], hit[2], old[0] if old else None, new[0] if new else None)
            )
    return changes
