"""Search metrics over judged queries, and comparison with a saved run.

A change of synonyms, pins or ranking that improves one query may degrade others. Comparing two runs
of the same queries lists these regressions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from index.evaluation.judgments import MAX_RANK, PATH_SEPARATOR, Judgment, JudgmentTarget
from index.search.results import SearchHit, SearchRequest, SearchResponse
from kb.errors import JudgmentsError, QueryError

VERSION = 1  # format version of a saved run
IN_THREE, IN_TEN = 3, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOutcome:
    """Ranks of the expected result, from 1; None if not among the first `MAX_RANK`.

    `article_rank` is the rank of the article's hit. `rank` is the rank of the passage: that of the
    hit, plus one for each passage listed above it within the hit. `first` is the first hit.
    """

    query: str
    expected: str
    within: int
    group: str
    rank: int | None
    article_rank: int | None
    first: str

    @property
    def is_within(self) -> bool:
        """Whether the rank is within the required limit."""
        return self.rank is not None and self.rank <= self.within


@dataclass(frozen=True, slots=True)
class SearchMetrics:
    """Number of expected results ranked first, in the top 3 and top 10; mean reciprocal rank."""

    queries: int
    first: int
    in_three: int
    in_ten: int
    not_found: int
    mrr: float


class RankChangeKind(StrEnum):
    """How the rank of a query changed between two runs."""

    UP = "up"
    DOWN = "down"
    APPEARED = "appeared"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """A changed outcome of a query."""

    kind: RankChangeKind
    before: QueryOutcome
    now: QueryOutcome

    @property
    def is_regression(self) -> bool:
        """Whether the rank was within the required limit before but not now."""
        return self.before.rank is not None and self.before.rank <= self.now.within < (
            self.now.rank or MAX_RANK + 1
        )


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """The saved outcomes of one judgments file."""

    outcomes: tuple[QueryOutcome, ...]
    version: int = VERSION


@cache
def _run_adapter() -> TypeAdapter[EvaluationRun]:
    return TypeAdapter(EvaluationRun)


def evaluate(
    path: Path,
    wanted: Iterable[tuple[Judgment, JudgmentTarget]],
    search: Callable[[SearchRequest], SearchResponse],
) -> EvaluationRun:
    """Search for each query; raises `JudgmentsError` for an invalid one."""
    outcomes = []
    for judgement, target in wanted:
        try:
            answer = search(SearchRequest(q=judgement.query, limit=MAX_RANK))
        except QueryError as error:
            raise JudgmentsError(
                str(path), f"line {judgement.line}: {error}", code="query"
            ) from error
        outcomes.append(
            _outcome(judgement, target, (*answer.hits, *answer.partial_hits)[:MAX_RANK])
        )
    return EvaluationRun(tuple(outcomes))


def _outcome(
    judgement: Judgment, target: JudgmentTarget, hits: Sequence[SearchHit]
) -> QueryOutcome:
    article_rank = rank = None
    for number, hit in enumerate(hits, start=1):
        if hit.article.id == target.article_id:
            article_rank = article_rank or number
            shown = [passage.id in target.passages for passage in (hit.passage, *hit.more)]
            if rank is None and True in shown and number + shown.index(True) <= MAX_RANK:
                rank = number + shown.index(True)
    return QueryOutcome(
        query=judgement.query,
        expected=judgement.expected,
        within=judgement.within,
        group=judgement.group,
        rank=rank,
        article_rank=article_rank,
        first=PATH_SEPARATOR.join((hits[0].article.title, *hits[0].passage.heading_path))
        if hits
        else "",
    )


def compute_metrics(outcomes: Sequence[QueryOutcome]) -> SearchMetrics:
    """Return the metrics of these outcomes."""
    ranks = [outcome.rank for outcome in outcomes if outcome.rank is not None]
    return SearchMetrics(
        queries=len(outcomes),
        first=sum(rank == 1 for rank in ranks),
        in_three=sum(rank <= IN_THREE for rank in ranks),
        in_ten=sum(rank <= IN_TEN for rank in ranks),
        not_found=len(outcomes) - len(ranks),
        mrr=round(sum(1 / rank for rank in ranks) / len(outcomes), 4) if outcomes else 0.0,
    )


def metrics_by_group(outcomes: Sequence[QueryOutcome]) -> dict[str, SearchMetrics]:
    """Return the metrics of each group in file order; empty if there is only one group."""
    groups = dict.fromkeys(outcome.group for outcome in outcomes)
    if len(groups) < 2:
        return {}
    return {
        group: compute_metrics([outcome for outcome in outcomes if outcome.group == group])
        for group in groups
    }


def compare_runs(before: EvaluationRun, now: EvaluationRun) -> list[OutcomeChange]:
    """Return the changed outcomes of queries in both runs, regressions first."""
    old = {(outcome.query, outcome.expected): outcome for outcome in before.outcomes}
    found = []
    for outcome in now.outcomes:
        was = old.get((outcome.query, outcome.expected))
        if was is not None and was.rank != outcome.rank:
            found.append(OutcomeChange(_change_kind(was.rank, outcome.rank), was, outcome))
    return sorted(found, key=lambda move: (not move.is_regression, _rank_gain(move)))


def _change_kind(was: int | None, rank: int | None) -> RankChangeKind:
    if was is None:
        return RankChangeKind.APPEARED
    if rank is None:
        return RankChangeKind.VANISHED
    return RankChangeKind.UP if rank < was else RankChangeKind.DOWN


def _rank_gain(move: OutcomeChange) -> int:
    return (move.before.rank or MAX_RANK + 1) - (move.now.rank or MAX_RANK + 1)


def save_run(run: EvaluationRun, path: Path) -> None:
    """Save the run to `path` as JSON."""
    path.write_text(json.dumps(asdict(run), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_run(path: Path) -> EvaluationRun:
    """Load a saved run; raises `JudgmentsError` for any other file."""
    message = "This file is not a run of this version. Create one with `kb eval --save`."
    try:
        run = _run_adapter().validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise JudgmentsError(str(path), message, code="saved-run") from error
    if run.version != VERSION:
        raise JudgmentsError(str(path), message, code="saved-run")
    return run
