"""Snippets: an unchanged window of the text with the right words marked."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analyzer import stem_text
from index.query.parser import parse
from index.search.highlighter import (
    MAX_LEAD,
    MAX_TEXT_LENGTH,
    SNIPPET_LENGTH,
    build_snippet,
    highlight_terms,
    highlight_text,
)

FILLER = "Most people feel better within a week and need nothing else at all. "


def marked(text: str, q: str) -> list[str]:
    return [part for part, matched in highlight_text(text, highlight_terms(parse(q))) if matched]


@pytest.mark.parametrize(
    ("text", "q", "found"),
    [
        ("Gout attacks hurt.", "attack", ["attacks"]),
        ("Gout and gouty joints", "gout", ["Gout"]),
        ("Crohn’s disease", "crohn", ["Crohn’s"]),
        ("me\u0301nie\u0300re", "Ménière", ["me\u0301nie\u0300re"]),
        ("hyper\u00adtension", "hypertension", ["hyper\u00adtension"]),
        ("heart failure, heart disease", '"heart failure"', ["heart", "failure", "heart"]),
        ("infection, infected, infant", "infec*", ["infection", "infected"]),
        ("Warfarin or aspirin", "warfarin OR aspirin", ["Warfarin", "aspirin"]),
        ("Take aspirin", "take -aspirin", ["Take"]),
        ("0.5 mg, 5 mg", "0.5", ["0.5"]),
        ("Gout", "", []),
        ("", "gout", []),
    ],
)
def test_matching_words_are_marked(text: str, q: str, found: list[str]) -> None:
    assert marked(text, q) == found


def test_highlighting_keeps_the_whole_text() -> None:
    text = FILLER + "Gout hurts. " + FILLER

    assert "".join(part for part, _ in highlight_text(text, highlight_terms(parse("gout")))) == text


def test_short_text_is_not_truncated() -> None:
    assert build_snippet("Gout hurts.", highlight_terms(parse("hurt"))) == (
        ("Gout ", False),
        ("hurts", True),
        (".", False),
    )


def test_snippet_without_match_starts_at_the_beginning() -> None:
    ((text, matched),) = build_snippet(FILLER * 20, highlight_terms(parse("gout")))

    assert not matched
    assert text.startswith("Most people")
    assert text.endswith(" …")


def test_snippet_contains_most_distinct_words() -> None:
    text = "Gout. " + FILLER * 8 + "Gout flares need rest and ice. " + FILLER * 8

    shown = build_snippet(text, highlight_terms(parse("gout rest ice")))

    assert [part for part, matched in shown if matched] == ["Gout", "rest", "ice"]
    assert shown[0] == ("… ", False)
    assert shown[1] == ("Gout", True)  # the window begins with its sentence


def test_snippet_of_text_without_spaces_is_truncated() -> None:
    shown = "".join(part for part, _ in build_snippet("x" * 5_000, highlight_terms(parse("gout"))))

    assert len(shown) <= SNIPPET_LENGTH + len(" …")


def test_matched_words_are_distinct_and_lower_case() -> None:
    text = "Gout attacks. An attack of gout. ATTACKED"

    found = highlight_terms(parse("gout attack")).matched_words(text)

    assert found == ("gout", "attacks", "attack", "attacked")


def test_only_start_of_very_long_text_is_searched() -> None:
    shown = build_snippet("gout " * MAX_TEXT_LENGTH, highlight_terms(parse("gout")))

    assert 0 < sum(len(part) for part, _ in shown) < SNIPPET_LENGTH + MAX_LEAD


WORDS = st.sampled_from(
    ["gout", "Gout’s", "rest", "rested", "ice", "a", "0.5", "é", "x" * 90, "\n", ". ", "— "]
)
TEXTS = st.lists(WORDS, max_size=120).map(" ".join) | st.text(max_size=400)
QUERIES = st.sampled_from(["gout", "rest ice", '"gout rest"', "res*", "-ice", "é OR 0.5", "zinc"])


@given(TEXTS, QUERIES)
def test_snippet_is_part_of_the_text_with_correct_marks(text: str, q: str) -> None:
    looking_for = highlight_terms(parse(q))
    shown = build_snippet(text, looking_for)

    assert all(part for part, _ in shown)
    assert all(one[1] != other[1] for one, other in pairwise(shown))
    joined = "".join(part for part, _ in shown)
    inner = joined.removeprefix("… ").removesuffix(" …")
    assert inner in text
    assert len(inner) <= SNIPPET_LENGTH
    for part, matched in shown:
        if matched and not looking_for.prefixes:
            assert set(stem_text(part)) <= looking_for.stems


@given(TEXTS, QUERIES)
def test_snippet_of_matching_text_contains_a_match(text: str, q: str) -> None:
    looking_for = highlight_terms(parse(q))
    near = [
        token for token, matched in highlight_text(text, looking_for) if matched and len(token) < 50
    ]

    if near:
        assert any(matched for _, matched in build_snippet(text, looking_for))


@given(TEXTS, QUERIES)
def test_highlighting_never_changes_the_text(text: str, q: str) -> None:
    assert "".join(part for part, _ in highlight_text(text, highlight_terms(parse(q)))) == text


@given(st.lists(st.lists(WORDS).map(" ".join), max_size=5))
def test_batched_matches_equal_single_matches(texts: list[str]) -> None:
    together = highlight_terms(parse("gout 0.5 rest*"))
    together.find_matches(texts)
    for text in texts:
        assert together.matches(text) == highlight_terms(parse("gout 0.5 rest*")).matches(text)
