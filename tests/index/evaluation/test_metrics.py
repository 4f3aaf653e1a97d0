"""Search metrics: ranks, figures and comparison of runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from index.evaluation.judgments import Judgment, JudgmentTarget
from index.evaluation.metrics import (
    EvaluationRun,
    QueryOutcome,
    RankChangeKind,
    compare_runs,
    compute_metrics,
    evaluate,
    load_run,
    metrics_by_group,
    save_run,
)
from index.search.results import SearchHit, SearchRequest, SearchResponse
from kb.errors import JudgmentsError, QueryError
from kb.model.passage import Passage
from tests.raises import raises
from tests.web.builders import a_hit, an_answer

FILE = Path("judged.csv")
WANTED = JudgmentTarget("gout", frozenset(["wanted"]))


def hit(article: str, *passages: str) -> SearchHit:
    """A hit on an article: the first passage, with the others as further passages."""
    shown = a_hit(title=article.title())
    first, *more = [replace(shown.passage, id=id_) for id_ in passages]
    return replace(
        shown, article=replace(shown.article, id=article), passage=first, more=tuple(more)
    )


NINE = tuple(hit(f"other-{number}", "a") for number in range(9))


def outcome_of(
    *hits: SearchHit, partial_hits: tuple[SearchHit, ...] = (), within: int = 3
) -> QueryOutcome:
    asked: list[SearchRequest] = []

    def search(request: SearchRequest) -> SearchResponse:
        asked.append(request)
        return an_answer(*hits, partial_hits=partial_hits)

    judgement = Judgment(
        line=2, query="flare", expected="Gout > Flare", within=within, group="", note=""
    )
    (outcome,) = evaluate(FILE, [(judgement, WANTED)], search).outcomes
    assert [request.q for request in asked] == ["flare"]
    return outcome


def outcome(query: str, rank: int | None, *, within: int = 3, group: str = "") -> QueryOutcome:
    return QueryOutcome(
        query=query,
        expected="Gout",
        within=within,
        group=group,
        rank=rank,
        article_rank=rank,
        first="",
    )


@pytest.mark.parametrize(
    ("hits", "rank", "article_rank"),
    [
        ((), None, None),
        ((hit("gout", "wanted"),), 1, 1),
        ((hit("statins", "a"), hit("gout", "wanted")), 2, 2),
        ((hit("statins", "a"), hit("gout", "b", "c", "wanted")), 4, 2),
        ((hit("statins", "a"), hit("gout", "b")), None, 2),
        ((*NINE, hit("gout", "wanted")), 10, 10),
        ((*NINE, hit("gout", "b", "wanted")), None, 10),
    ],
)
def test_rank_counts_passages_listed_above_expected_one(
    hits: tuple[SearchHit, ...], rank: int | None, article_rank: int | None
) -> None:
    found = outcome_of(*hits)

    assert (found.rank, found.article_rank) == (rank, article_rank)


def test_partial_matches_are_ranked_after_complete_matches() -> None:
    assert outcome_of(hit("statins", "a"), partial_hits=(hit("gout", "wanted"),)).rank == 2


def test_is_within_compares_rank_with_required_limit() -> None:
    hits = (hit("statins", "a"), hit("gout", "wanted"))

    assert outcome_of(*hits, within=2).is_within
    assert not outcome_of(*hits, within=1).is_within
    assert outcome_of(*hits).first == "Statins > Harms > Bleeding"


def test_invalid_query_is_reported_with_its_line() -> None:
    def search(request: SearchRequest) -> SearchResponse:
        raise QueryError("There is no tag 'saftey'.")

    judgement = Judgment(line=7, query="x", expected="Gout", within=3, group="", note="")
    with raises(JudgmentsError, "query") as raised:
        evaluate(FILE, [(judgement, WANTED)], search)
    (fault,) = raised.value.faults
    assert fault.startswith("line 7: ")
    assert "'saftey'" in fault


def test_metrics_count_ranks_and_average_reciprocals() -> None:
    found = compute_metrics([outcome("a", 1), outcome("b", 2), outcome("c", 5), outcome("d", None)])

    assert (found.queries, found.first, found.in_three, found.in_ten) == (4, 1, 2, 3)
    assert (found.not_found, found.mrr) == (1, round((1 + 1 / 2 + 1 / 5) / 4, 4))


def test_metrics_by_group_follow_file_order() -> None:
    outcomes = [outcome("a", 1, group="word"), outcome("b", 4, group="lay")]

    assert list(metrics_by_group(outcomes)) == ["word", "lay"]
    assert metrics_by_group(outcomes)["lay"].in_three == 0
    assert metrics_by_group(outcomes[:1]) == {}


def test_compare_runs_lists_worst_changes_first() -> None:
    before = [("up", 4), ("same", 2), ("appeared", None), ("down", 1), ("out", 3), ("gone", 2)]
    now = [("up", 2), ("same", 2), ("appeared", 9), ("down", 2), ("out", 4), ("new", 1)]

    found = compare_runs(
        EvaluationRun(tuple(outcome(query, rank) for query, rank in (*before, ("vanished", 9)))),
        EvaluationRun(tuple(outcome(query, rank) for query, rank in (*now, ("vanished", None)))),
    )

    assert [(move.now.query, move.kind, move.is_regression) for move in found] == [
        ("out", RankChangeKind.DOWN, True),
        ("vanished", RankChangeKind.VANISHED, False),
        ("down", RankChangeKind.DOWN, False),
        ("up", RankChangeKind.UP, False),
        ("appeared", RankChangeKind.APPEARED, False),
    ]


def test_missing_result_counts_as_disappeared() -> None:
    before, now = (
        EvaluationRun((outcome("a", 1, within=1),)),
        EvaluationRun((outcome("a", None, within=1),)),
    )

    assert [(move.kind, move.is_regression) for move in compare_runs(before, now)] == [
        (RankChangeKind.VANISHED, True)
    ]


def test_saved_run_round_trips(tmp_path: Path) -> None:
    run = EvaluationRun((outcome("β blocker", None), outcome("gout", 1, group="word")))
    save_run(run, tmp_path / "run.json")

    assert load_run(tmp_path / "run.json") == run


@pytest.mark.parametrize("content", ["", "[]", '{"outcomes": [], "version": 2}', "query,expected"])
def test_load_run_rejects_other_files(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(content)

    with raises(JudgmentsError, "saved-run") as raised:
        load_run(path)
    assert raised.value.path == str(path)
    assert "`kb eval --save`" in str(raised.value)


def test_expected_passages_are_compared_by_id() -> None:
    twin = Passage(id="other", heading_path=("Flare",), blocks=())
    shown = replace(hit("gout", "x"), passage=twin)

    assert outcome_of(shown).rank is None
