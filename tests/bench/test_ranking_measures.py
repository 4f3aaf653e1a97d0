"""The metrics of `bench.ranking` compared with manually computed tables."""

from math import log2

import pytest

from bench.ranking import ndcg, recall, reciprocal_rank, relevant_in

# Grades 3, 2, 1 at the discounts 1, 1/log2(3) = 0.63093, 1/2, 1/log2(5) = 0.43068.
# The best order is worth 3 + 2 * 0.63093 + 1 * 0.5 = 4.76186.
GRADED = {"a": 3, "b": 2, "c": 1, "x": 0}


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        (["a", "b", "c"], 1.0),
        (["a", "x", "b", "c"], (3 + 2 * 0.5 + 0.43068) / 4.76186),
        (["c", "b", "a"], (1 + 2 * 0.63093 + 3 * 0.5) / 4.76186),
        (["x", "unjudged", "a"], 1.5 / 4.76186),
        (["x"], 0.0),
        ([], 0.0),
    ],
)
def test_ndcg(ranking: list[str], expected: float) -> None:
    assert ndcg(ranking, GRADED, 10) == pytest.approx(expected, abs=1e-5)


def test_ndcg_limits_ranking_and_ideal_to_depth() -> None:
    # Twelve relevant documents: the best that ten places can hold is ten of them.
    judgements = {str(number): 1 for number in range(12)}
    assert ndcg([str(number) for number in range(12)], judgements, 10) == pytest.approx(1.0)
    assert ndcg(["x"] * 10 + ["0", "1"], judgements, 10) == 0.0
    best = sum(1 / log2(rank + 1) for rank in range(1, 11))
    assert ndcg(["0"], judgements, 10) == pytest.approx(1 / best)


def test_ndcg_ideal_comes_from_judgments() -> None:
    assert ndcg(["a"], {"a": 1, "b": 1}, 10) == pytest.approx(1 / (1 + 1 / log2(3)))


def test_negative_grade_has_no_gain() -> None:
    assert ndcg(["spam", "a"], {"a": 1, "spam": -2}, 10) == pytest.approx(1 / log2(3))
    assert relevant_in({"a": 1, "spam": -2, "x": 0}) == {"a"}


@pytest.mark.parametrize(
    ("ranking", "depth", "expected"),
    [
        (["a", "x", "b"], 100, 2 / 3),
        (["a", "x", "b"], 2, 1 / 3),
        ([], 100, 0.0),
        (["c", "b", "a"], 3, 1.0),
    ],
)
def test_recall(ranking: list[str], depth: int, expected: float) -> None:
    assert recall(ranking, relevant_in(GRADED), depth) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        (["a", "b"], 1.0),
        (["x", "y", "b", "a"], 1 / 3),
        (["x"] * 9 + ["a"], 0.1),
        (["x"] * 10 + ["a"], 0.0),
        ([], 0.0),
    ],
)
def test_reciprocal_rank(ranking: list[str], expected: float) -> None:
    assert reciprocal_rank(ranking, relevant_in(GRADED), 10) == pytest.approx(expected)


def test_query_without_relevant_document_raises_error() -> None:
    with pytest.raises(ValueError, match="relevant"):
        ndcg(["a"], {"a": 0}, 10)
    with pytest.raises(ValueError, match="relevant"):
        recall(["a"], frozenset(), 10)
