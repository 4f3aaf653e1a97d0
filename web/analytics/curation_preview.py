"""What a change of pins or synonyms would move: the same queries, asked of both states.

Asked are the query that the change is about, those that the team has judged (``judged.csv`` in
KB_HOME, as `kb eval` reads it), and what people search most. Nothing is saved by a trial.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from index.evaluation.judgments import read_judgments
from index.search.results import SearchRequest, SearchResponse
from kb.errors import JudgmentsError, QueryError
from kb.storage.query_stats import QueryStats

DEPTH = 10  # hits that are compared: one page
FREQUENT = 40  # queries of people that are asked; each takes some milliseconds, twice
JUDGED = "judged.csv"  # in KB_HOME


class SearchFunction(Protocol):
    """A search that can be asked."""

    def search(self, request: SearchRequest, /) -> SearchResponse:
        """Answer a search."""


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A hit and its rank before and after; None where it is not on the first page."""

    title: str
    heading: str
    before: int | None
    after: int | None

    @property
    def words(self) -> str:
        """What happened to it."""
        if self.before is None:
            return f"new, at {self.after}"
        if self.after is None:
            return f"gone, was at {self.before}"
        if self.before == self.after:
            return f"still at {self.after}, with this passage"
        return f"from {self.before} to {self.after}"


@dataclass(frozen=True, slots=True)
class RankChange:
    """A query whose first page differs."""

    query: str
    places: tuple[RankedPassage, ...]


@dataclass(frozen=True, slots=True)
class CurationPreview:
    """What would move, of how many queries."""

    asked: int
    moved: tuple[RankChange, ...]


def queries(about: Iterable[str], home: Path, searched: Iterable[QueryStats]) -> list[str]:
    """Return the queries that are asked, those that the change is about first."""
    judged: list[str] = []
    path = home / JUDGED
    if path.exists():
        try:
            judged = [judgement.query for judgement in read_judgments(path)]
        except JudgmentsError:
            judged = []  # `kb eval` tells what is wrong with it
    frequent = [one.text for one in searched if one.text][:FREQUENT]
    return list(dict.fromkeys(q for q in (*about, *judged, *frequent) if q.strip()))


def preview_curation(
    live: SearchFunction, draft: SearchFunction, asked: Sequence[str]
) -> CurationPreview:
    """Ask both states the same and return what differs."""
    moved = []
    for q in asked:
        try:
            before, after = (_first_page(each, q) for each in (live, draft))
        except QueryError:
            continue
        places = tuple(_places(before, after))
        if places:
            moved.append(RankChange(q, places))
    return CurationPreview(len(asked), tuple(moved))


def _first_page(search: SearchFunction, q: str) -> dict[str, tuple[int, str, str]]:
    answer = search.search(SearchRequest(q=q, limit=DEPTH))
    return {
        hit.article.id: (rank, hit.article.title, hit.passage.heading)
        for rank, hit in enumerate((*answer.hits, *answer.also)[:DEPTH], start=1)
    }


def _places(
    before: dict[str, tuple[int, str, str]], after: dict[str, tuple[int, str, str]]
) -> list[RankedPassage]:
    found = []
    for id_ in dict.fromkeys((*after, *before)):
        was, now = before.get(id_), after.get(id_)
        if (was and was[0]) != (now and now[0]) or (was and now and was[2] != now[2]):
            shown = now or was
            assert shown is not None  # it is in one of them
            found.append(
                RankedPassage(shown[1], shown[2], was[0] if was else None, now[0] if now else None)
            )
    return found
