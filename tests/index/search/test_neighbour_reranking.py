"""Score regularisation: which queries use it, and how scores change."""

from __future__ import annotations

from collections import Counter

import pytest

from index.search.reranking import MAX_NEIGHBOURS, NEIGHBOUR_SHARE, regularize_scores, topical_terms


def test_topical_terms_exclude_stop_words() -> None:
    assert topical_terms(Counter(("the", "gout", "of", "it", "gout"))) == {"gout": 2}


def test_regularization_favours_texts_with_good_neighbours() -> None:
    alike = [Counter(("gout", "acid", "joint")) for _ in range(MAX_NEIGHBOURS + 1)]
    loner = Counter(("tax", "form"))
    idfs = dict.fromkeys(("gout", "acid", "joint", "tax", "form"), 3.0)
    scores = [10.0, 10.0, 10.0, 8.0, 8.5]
    found = regularize_scores(scores, [*alike, loner], idfs)
    assert found[3] == pytest.approx((1 - NEIGHBOUR_SHARE) * 8.0 + NEIGHBOUR_SHARE * 10.0)
    assert found[4] == pytest.approx(8.5)  # who has no neighbour keeps its score
    assert found[3] > found[4]


def test_few_or_empty_texts_keep_their_scores() -> None:
    assert regularize_scores([2.0, 1.0], [Counter("a"), Counter("b")], {"a": 2.0, "b": 2.0}) == [
        2.0,
        1.0,
    ]
    empty = regularize_scores([3.0, 2.0, 1.0, 0.5], [Counter()] * 4, {})
    assert empty == pytest.approx([3.0, 2.0, 1.0, 0.5])
