"""Heading matches: a heading that matches the query leads its article's hit."""

from __future__ import annotations

import pytest

from index.search.reranking import best_heading_match, heading_stems
from kb.model.passage import Passage

HEADINGS = (
    "Overview",
    "What are the treatments for gout ?",
    "What causes gout ?",
    "Who is at risk for gout ?",
)
PASSAGES = [Passage(heading_path=("Gout", heading), blocks=()) for heading in HEADINGS]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("What are the treatments for gout?", 1),
        ("gout treatment", 1),
        ("who is at risk for gout", 3),
        ("gout", 0),
        ("gout treatment in people with kidney disease", 0),
        ("", 0),
    ],
)
def test_the_section_that_was_asked_for_leads(typed: str, first: int) -> None:
    assert best_heading_match(heading_stems(typed), PASSAGES) == first


def test_nothing_leads_where_there_is_no_heading() -> None:
    assert best_heading_match(heading_stems("gout"), [Passage(heading_path=(), blocks=())]) == 0
    assert best_heading_match(heading_stems("gout"), []) == 0


def test_words_that_only_ask_are_kept_where_there_are_no_others() -> None:
    assert heading_stems("what is it used for") != frozenset()
