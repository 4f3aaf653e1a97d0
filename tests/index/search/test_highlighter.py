"""Highlighting: the right words marked in an unchanged text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.query.expansion import expand_synonyms
from index.query.parser import parse
from index.query.synonyms import SynonymDictionary
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
        ("heart failure, heart disease", '"heart failure"', ["heart failure"]),
        ("Failure of the heart", '"heart failure"', []),
        ("A follow-up, then we follow", "follow-up", ["follow-up"]),
        ("Pins and needles and pain", '"pins and needles" pain', ["Pins and needles", "pain"]),
        ("the heart. Failure", "heart OR failure", ["heart", "Failure"]),
        ("heart attack", "heart attack", ["heart", "attack"]),
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


def test_name_is_marked_as_a_whole() -> None:
    query, _ = expand_synonyms(parse("heart failure diet"), SynonymDictionary())
    text = "Heart failure: a heart-healthy diet helps a failing heart. Cardiac failure. HF"

    marks = [part for part, matched in highlight_text(text, highlight_terms(query)) if matched]

    assert marks == ["Heart failure", "diet", "Cardiac failure", "HF"]


def test_title_is_marked_as_a_whole() -> None:
    terms = highlight_terms(parse("living ileostomy bag"), [("live", "with", "an", "ileostomi")])

    marked_text = highlight_text("Living with an ileostomy: a new bag, an ileostomy", terms)

    assert [part for part, matched in marked_text if matched] == ["Living with an ileostomy", "bag"]


def test_words_of_a_name_count_as_matches_without_its_stop_words() -> None:
    terms = highlight_terms(parse('"pins and needles"'))

    assert terms.matched_words("Needles and pins and needles") == ("needles", "pins")


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
QUERIES = st.sampled_from(
    ["gout", "rest ice", '"gout a rest" a', "res*", "-ice", "é OR 0.5", "zinc"]
)


@given(TEXTS, QUERIES)
def test_highlighting_never_changes_the_text(text: str, q: str) -> None:
    assert "".join(part for part, _ in highlight_text(text, highlight_terms(parse(q)))) == text


@given(st.lists(st.lists(WORDS).map(" ".join), max_size=5))
def test_batched_matches_equal_single_matches(texts: list[str]) -> None:
    together = highlight_terms(parse("gout 0.5 rest*"))
    together.find_matches(texts)
    for text in texts:
        assert together.matches(text) == highlight_terms(parse("gout 0.5 rest*")).matches(text)
