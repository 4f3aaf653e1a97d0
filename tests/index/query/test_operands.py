"""Operands of OR and NOT: names of several words count as one operand."""

from __future__ import annotations

import pytest

from index.query.expansion import quote_operands
from index.query.synonyms import SynonymDictionary

VOCABULARY = SynonymDictionary()


@pytest.mark.parametrize(
    ("typed", "quoted"),
    [
        ("heart attack OR stroke", '"heart attack" OR stroke'),
        ("stroke OR heart attack", 'stroke OR "heart attack"'),
        ("acute heart attack OR stroke", 'acute "heart attack" OR stroke'),
        (
            "heart attack OR heart failure OR gout diet",
            '"heart attack" OR "heart failure" OR gout diet',
        ),
        ("oedema NOT heart failure", 'oedema NOT "heart failure"'),
        ("oedema NOT heart failure gout", 'oedema NOT "heart failure" gout'),
        ('"heart attack" OR stroke', '"heart attack" OR stroke'),
        ("heart attack -stroke", "heart attack -stroke"),
        ("hip OR knee brace", "hip OR knee brace"),
        ("heart attack", "heart attack"),
        ("OR NOT", "OR NOT"),
        ('"a heart attack OR stroke"', '"a heart attack OR stroke"'),
    ],
)
def test_names_beside_operators_are_quoted(typed: str, quoted: str) -> None:
    assert quote_operands(typed, VOCABULARY) == quoted
