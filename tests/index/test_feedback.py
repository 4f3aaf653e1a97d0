"""Feedback: which questions get it, and which words join."""

from __future__ import annotations

import pytest

from index.feedback import SHARE, WORDS, candidates, coverage, wants_feedback, widened
from index.query import Query, Synonyms, Word, parse


def rare(*stems: str, **others: float) -> dict[str, float]:
    return {**dict.fromkeys(stems, 1.0), **others}


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("gout", False),
        ("gout kidney heart liver", False),
        ("gout kidney heart liver lung", True),
        ('gout kidney heart liver "lung disease"', False),
        ("gout kidney heart liver title:lung", False),
        ("gout OR kidney heart liver lung skin", False),
    ],
)
def test_only_long_questions_of_plain_words_get_feedback(q: str, wanted: bool) -> None:
    assert wants_feedback(parse(q)) is wanted


def test_coverage_counts_words_by_their_rarity() -> None:
    query = parse("gout kidney")
    assert coverage(query, ["gout"], rare("kidney", gout=3.0)) == pytest.approx(0.75)
    assert coverage(query, [], rare("gout", "kidney")) == 0
    assert coverage(Query(), [], {}) == 1


def test_candidates_are_weighed_by_the_score_of_their_passage() -> None:
    found = candidates([(3.0, "uric acid"), (1.0, "acid the of 12 it")])
    assert found == {"uric": pytest.approx(0.375), "acid": pytest.approx(0.625)}


def test_the_new_words_have_their_share_of_the_weight() -> None:
    query = widened(parse("gout kidney"), {"urat": 0.75, "crystal": 0.25}, rare("urat", "crystal"))
    weights = {node.stem: node.weight for node in query.wanted if isinstance(node, Word)}
    assert weights["gout"] == weights["kidney"] == 1 - SHARE
    assert weights["urat"] == pytest.approx(3 * weights["crystal"])
    assert weights["urat"] + weights["crystal"] == pytest.approx(2 * SHARE)


def test_a_word_of_the_question_that_is_found_again_counts_more() -> None:
    query = widened(parse("gout kidney"), {"gout": 1.0}, rare("gout"))
    first, second = (node.weight for node in query.wanted if isinstance(node, Word))
    assert (first, second) == (pytest.approx(1 + SHARE), 1 - SHARE)


def test_only_so_many_words_join_the_rarest_of_equal_share() -> None:
    shares = {f"w{n}": 1.0 for n in range(2 * WORDS)}
    rarity = {f"w{n}": float(n + 1) for n in range(2 * WORDS)}
    query = widened(parse("gout"), shares, rarity)
    assert len(query.wanted) == WORDS + 1
    assert f"w{2 * WORDS - 1}" in {node.stem for node in query.wanted if isinstance(node, Word)}


def test_other_names_keep_their_proportion_to_the_typed_words() -> None:
    name = Word("urate", "urat", weight=0.5)
    query = Query(wanted=(Synonyms((Word("gout", "gout"),), (name,)), *parse("kidney").wanted))
    node, kidney, new = widened(query, {"crystal": 1.0}, rare("crystal")).wanted
    assert isinstance(node, Synonyms)
    assert isinstance(kidney, Word)
    assert isinstance(new, Word)
    assert [leaf.weight for leaf in node.typed if isinstance(leaf, Word)] == [1 - SHARE]
    assert [leaf.weight for leaf in node.others] == [(1 - SHARE) * 0.5]
    assert (kidney.weight, new.weight) == (1 - SHARE, pytest.approx(2 * SHARE))
