"""Highlighting: the right words marked in an unchanged text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.query.parser import parse
from index.search.highlighter import (
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


def test_matched_words_are_distinct_and_lower_case() -> None:
    text = "Gout attacks. An attack of gout. ATTACKED"

    found = highlight_terms(parse("gout attack")).matched_words(text)

    assert found == ("gout", "attacks", "attack", "attacked")


WORDS = st.sampled_from(
    ["gout", "Gout’s", "rest", "rested", "ice", "a", "0.5", "é", "x" * 90, "\n", ". ", "— "]
)
TEXTS = st.lists(WORDS, max_size=120).map(" ".join) | st.text(max_size=400)
QUERIES = st.sampled_from(["gout", "rest ice", '"gout rest"', "res*", "-ice", "é OR 0.5", "zinc"])


@given(TEXTS, QUERIES)
def test_highlighting_never_changes_the_text(text: str, q: str) -> None:
    assert "".join(part for part, _ in highlight_text(text, highlight_terms(parse(q)))) == text


@given(st.lists(st.lists(WORDS).map(" ".join), max_size=5))
def test_batched_matches_equal_single_matches(texts: list[str]) -> None:
    together = highlight_terms(parse("gout 0.5 rest*"))
    together.find_matches(texts)
    for text in texts:
        assert together.matches(text) == highlight_terms(parse("gout 0.5 rest*")).matches(text)
