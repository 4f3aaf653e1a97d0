"""Passages keep their ids in new versions if the text or the position matches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.model.passage import Passage
from kb.model.passage_matching import (
    MIN_SIMILARITY_OTHER_HEADING,
    MIN_SIMILARITY_SAME_HEADING,
    assign_ids,
    similarity,
)
from tests.kb.builders import passage

DOSE = "Take one tablet of aspirin in the morning with a glass of water and some food."
DOSE_EDITED = "Take one tablet of aspirin in the evening with a glass of water and some food."
HARM = "Stomach bleeding is the most serious harm that is known of this medicine."
CARE = "See your own doctor once a year to have your blood pressure measured."
NEW = "Children under sixteen never get this unless a specialist says so."

OLD = (
    passage("Use", DOSE, id_="dose"),
    passage("Harm", HARM, id_="harm"),
    passage("Care", CARE, id_="care"),
)


@pytest.mark.parametrize(
    ("new", "kept"),
    [
        pytest.param(
            [("Use", DOSE), ("Harm", HARM), ("Care", CARE)],
            ["dose", "harm", "care"],
            id="unchanged",
        ),
        pytest.param(
            [("Care", CARE), ("Use", DOSE), ("Harm", HARM)],
            ["care", "dose", "harm"],
            id="reordered",
        ),
        pytest.param(
            [("Use", NEW), ("Use", DOSE), ("Harm", HARM), ("Care", CARE)],
            [None, "dose", "harm", "care"],
            id="one added before",
        ),
        pytest.param([("Use", DOSE), ("Care", CARE)], ["dose", "care"], id="one removed"),
        pytest.param(
            [("Use", DOSE_EDITED), ("Harm", HARM), ("Care", CARE)],
            ["dose", "harm", "care"],
            id="reworded in its place",
        ),
        pytest.param(
            [("Dosage", DOSE), ("Harm", HARM), ("Care", CARE)],
            ["dose", "harm", "care"],
            id="moved under another heading",
        ),
        pytest.param(
            [("Dosage", DOSE_EDITED), ("Harm", HARM), ("Care", CARE)],
            ["dose", "harm", "care"],
            id="moved and reworded a little",
        ),
        pytest.param(
            [("Use", NEW), ("Harm", HARM), ("Care", CARE)],
            ["dose", "harm", "care"],
            id="written anew, but the only one left under its heading",
        ),
        pytest.param(
            [("Dosage", NEW), ("Harm", HARM), ("Care", CARE)],
            [None, "harm", "care"],
            id="written anew under a new heading",
        ),
        pytest.param(
            [("Use", HARM), ("Harm", DOSE), ("Care", CARE)],
            ["harm", "dose", "care"],
            id="texts swapped between sections: the id follows the text",
        ),
        pytest.param(
            [("Use", DOSE), ("Use", DOSE)], ["dose", None], id="doubled: the first keeps the id"
        ),
        pytest.param([], [], id="all gone"),
    ],
)
def test_ids_are_kept(new: list[tuple[str, str]], kept: list[str | None]) -> None:
    ids = assign_ids("aspirin", OLD, [passage(*part) for part in new], {"dose", "harm", "care"})

    known = {old.id for old in OLD}
    assert [id_ if id_ in known else None for id_ in ids] == kept


def test_doubled_passages_keep_their_ids_in_order() -> None:
    old = [passage("Use", DOSE, id_="one"), passage("Use", DOSE, id_="two")]

    assert assign_ids("a", old, [passage("Use", DOSE)] * 2, {"one", "two"}) == ["one", "two"]


def test_the_same_text_in_two_articles_gets_two_ids() -> None:
    (one,) = assign_ids("aspirin", (), [passage("Use", DOSE)], ())
    (other,) = assign_ids("ibuprofen", (), [passage("Use", DOSE)], ())

    assert one != other


def test_used_id_is_not_assigned_to_another_passage() -> None:
    (first,) = assign_ids("a", (), [passage("Use", DOSE)], ())
    (second,) = assign_ids("a", (), [passage("Use", DOSE)], {first})

    assert first != second


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a b c d", "a b c d", 1.0),
        ("A, b: c", "a b c", 1.0),
        ("a b c", "a b d", 1 / 3),
        ("a b", "c d", 0.0),
        ("a", "a", 1.0),
        ("", "", 1.0),
        ("", "a b", 0.0),
        ("—", "…", 1.0),
    ],
)
def test_similarity_is_the_share_of_word_pairs(one: str, other: str, expected: float) -> None:
    assert similarity(one, other) == pytest.approx(expected)


HEADINGS = st.sampled_from(["Use", "Harm", "Care > Home"])
TEXTS = st.lists(st.sampled_from(["rest", "ice", "food", "pain", "dose"]), max_size=6).map(" ".join)
PASSAGES = st.lists(st.builds(passage, HEADINGS, TEXTS), max_size=8)


def numbered(passages: list[Passage]) -> list[Passage]:
    return [replace(found, id=f"old{n}") for n, found in enumerate(passages)]


@given(PASSAGES, PASSAGES)
def test_no_id_is_given_twice_and_a_new_one_was_never_used(
    before: list[Passage], after: list[Passage]
) -> None:
    old = numbered(before)
    taken = {found.id for found in old} | {"retired"}

    ids = assign_ids("a", old, after, taken)

    assert len(ids) == len(after)
    assert len(set(ids)) == len(ids)
    assert "retired" not in ids
    assert all(id_ in taken or len(id_) == 13 for id_ in ids)


@given(PASSAGES, st.randoms(use_true_random=False))
def test_unchanged_texts_keep_their_ids_in_any_order(before: list[Passage], dice) -> None:
    old = numbered(before)
    after = [replace(found, id="") for found in old]
    dice.shuffle(after)

    ids = assign_ids("a", old, after, {found.id for found in old})

    by_id = {found.id: found for found in old}
    assert [replace(by_id[id_], id="") for id_ in ids] == after


@given(PASSAGES, PASSAGES)
def test_unmatched_passages_are_dissimilar(before: list[Passage], after: list[Passage]) -> None:
    """Compares every remaining pair directly, without the index of word pairs."""
    old = numbered(before)
    ids = assign_ids("a", old, after, {found.id for found in old})
    lost = [found for found in old if found.id not in ids]
    fresh = [found for found, id_ in zip(after, ids, strict=True) if not id_.startswith("old")]

    for gone in lost:
        for came in fresh:
            alike = similarity(gone.text, came.text)
            assert alike < MIN_SIMILARITY_OTHER_HEADING
            assert came.heading_path != gone.heading_path or alike < MIN_SIMILARITY_SAME_HEADING
