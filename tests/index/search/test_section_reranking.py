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
def test_passage_with_matching_heading_comes_first(typed: str, first: int) -> None:
    assert best_heading_match(heading_stems(typed), PASSAGES) == first


def test_passages_without_headings_keep_their_order() -> None:
    assert best_heading_match(heading_stems("gout"), [Passage(heading_path=(), blocks=())]) == 0
    assert best_heading_match(heading_stems("gout"), []) == 0


def test_question_words_are_kept_if_there_are_no_others() -> None:
    assert heading_stems("what is it used for") != frozenset()
