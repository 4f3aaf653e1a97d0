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
    places: tuple[RankedPassage, ...]


@dataclass(frozen=True, slots=True)
class CurationPreview:
    """Number of queries run, and those whose results differ."""

    asked: int
    moved: tuple[RankChange, ...]


def select_queries(about: Iterable[str], home: Path, searched: Iterable[QueryStats]) -> list[str]:
    """Return the queries to run: `about` first, then judged and frequent ones."""
    judged: list[str] = []
    path = home / JUDGMENTS_FILE
    if path.exists():
        try:
            judged = [judgement.query for judgement in read_judgments(path)]
        except JudgmentsError:
            judged = []  # `kb eval` reports the error
    frequent = [one.text for one in searched if one.text][:MAX_FREQUENT_QUERIES]
    return list(dict.fromkeys(q for q in (*about, *judged, *frequent) if q.strip()))


def preview_curation(
    live: SearchService, draft: SearchService, asked: Sequence[str]
) -> CurationPreview:
    """Run the queries on both services and return the differences."""
    moved = []
    for q in asked:
        try:
            before, after = (_first_page(each, q) for each in (live, draft))
        except QueryError:
            continue
        places = tuple(_compare_ranks(before, after))
        if places:
            moved.append(RankChange(q, places))
    return CurationPreview(len(asked), tuple(moved))


def _first_page(search: SearchService, q: str) -> dict[str, tuple[int, str, str]]:
    answer = search.search(SearchRequest(q=q, limit=MAX_COMPARED_HITS))
    return {
        hit.article.id: (rank, hit.article.title, hit.passage.heading)
        for rank, hit in enumerate(
            (*answer.hits, *answer.partial_hits)[:MAX_COMPARED_HITS], start=1
        )
    }


def _compare_ranks(
    before: dict[str, tuple[int, str, str]], after: dict[str, tuple[int, str, str]]
) -> list[RankedPassage]:
    found = []
    for id_ in dict.fromkeys((*after, *before)):
        was, now = before.get(id_), after.get(id_)
        if (was and was[0]) != (now and now[0]) or (was and now and was[2] != now[2]):
            shown = now or was
            assert shown is not None  # every id is in `before` or `after`
            found.append(
                RankedPassage(shown[1], shown[2], was[0] if was else None, now[0] if now else None)
            )
    return found
