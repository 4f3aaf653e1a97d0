"""The best of what matches is the best: bounds that are never below the scores lose nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.postings.lists import Found, Scratch, intersected, united
from index.postings.matches import Listed, Spread
from index.postings.scoring import growth, saturation

SEEDS = st.integers(0, 2**32 - 1)


def expected(scores: np.ndarray, worth: np.ndarray, count: int) -> list[tuple[int, float]]:
    there = np.flatnonzero(scores)
    ranked = sorted(there.tolist(), key=lambda doc: (-scores[doc] * worth[doc], doc))
    return [(doc, scores[doc] * worth[doc]) for doc in ranked[:count]]


@given(SEEDS, st.integers(1, 900), st.integers(1, 40), st.booleans())
def test_bounds_in_small_integers_lose_nothing(
    seed: int, size: int, count: int, few_values: bool
) -> None:
    chance = np.random.default_rng(seed)
    scores = chance.random(size) * (chance.random(size) < 0.6)
    if few_values:  # many are equal: then the earlier passage goes first
        scores = np.ceil(scores * 3)
    worth = chance.choice([1.0, 0.95, 0.5], size)
    unit = 200.0 / max(scores.max(), 1e-9)
    slack = chance.integers(0, 4, size) * (scores > 0)
    bounds = (np.ceil(scores * unit) + slack).astype(np.uint16)
    every = Spread(bounds.copy(), unit, lambda docs: scores[docs], Scratch(size))
    listed = Listed(np.flatnonzero(scores), bounds[scores > 0] / unit, lambda docs: scores[docs])

    wanted = expected(scores, worth, count)
    for matches in (every, listed):
        docs, found = matches.best(count, worth)
        assert docs.tolist() == [doc for doc, _ in wanted]
        assert found == pytest.approx([score for _, score in wanted])


@given(SEEDS, st.sampled_from([40, 6_000]))
def test_lists_are_united_and_intersected_as_mappings_would_be(seed: int, size: int) -> None:
    chance = np.random.default_rng(seed)
    scratch = Scratch(size)
    mappings = []
    for share in (0.9, 0.5, 0.05):
        docs = np.flatnonzero(chance.random(size) < share)
        mappings.append(dict(zip(docs.tolist(), chance.random(len(docs)).tolist(), strict=True)))
    lists = [
        Found(np.array(list(m), np.intp), np.array(list(m.values())), scratch) for m in mappings
    ]
    for best in (False, True):
        found = united(lists, scratch, best=best)
        combine = max if best else sum
        wanted = {
            doc: combine([m[doc] for m in mappings if doc in m])
            for doc in sorted({doc for m in mappings for doc in m})
        }
        assert found.docs.tolist() == list(wanted)
        assert found.scores() == pytest.approx(list(wanted.values()))
    shared = intersected(lists, scratch)
    both = sorted(set.intersection(*map(set, mappings)))
    assert shared.docs.tolist() == both
    assert shared.scores() == pytest.approx([sum(m[doc] for m in mappings) for doc in both])
    assert not scratch.sums.any()
    assert not scratch.slots.any()
    assert not scratch.marks.any()


@given(st.floats(0.5, 5_000), st.floats(0.5, 5_000), st.integers(1, 5_000), st.integers(0, 255))
def test_no_saturation_grows_by_more_than_is_said(
    then: float, now: float, frequency: int, byte: int
) -> None:
    frequencies, bytes_ = np.array([frequency]), np.array([byte])
    before, after = (saturation(frequencies, bytes_, mean)[0] for mean in (then, now))
    assert after <= before * growth(then, now) * (1 + 1e-12)
