"""No-break spaces inside amounts."""

from __future__ import annotations

import pytest

from kb.model.article import Mark, MarkKind
from web.presentation.line_breaks import join_amounts, join_snippet_amounts


@pytest.mark.parametrize(
    "shown",
    [
        "give 5~mg or 0.1 to 0.15~mL",
        "5~mg/kg, 40~mmol/L, 2.5~µg, 100~micrograms",
        "at 37~°C, 50~% of them, for 7~days, 3~times",
        "if ≥~15, <~3.5~mmol/L or ±~2~kg; > all",
        "10~000~units and 1~250~000",
        "50~×~10^9/L, 2~x~5~mg",
        "5 members, 3 gentle, 1 May, grade 3 tumour, at 5 mornings",
    ],
)
def test_number_stays_with_unit_and_comparator(shown: str) -> None:
    joined = join_amounts(shown.replace("~", " "))
    assert joined.replace("\N{NO-BREAK SPACE}", "~") == shown


@pytest.mark.parametrize(
    ("text", "note", "shown"),
    [
        ("give 250 1 mg daily", "1", "give 250~1~mg daily"),
        ("give 250 a mg daily", "a", "give 250~a~mg daily"),
        ("give 250* mg daily", "*", "give 250*~mg daily"),
        ("Paracetamol 2 is given", "2", "Paracetamol~2 is given"),
        ("1 is raised", "1", "1 is raised"),
        ("ends with 3", "3", "ends with~3"),
    ],
)
def test_note_stays_with_what_it_is_about(text: str, note: str, shown: str) -> None:
    start = text.index(note if note != "a" else " a ") + (note == "a")
    mark = Mark(MarkKind.SUPERSCRIPT, start, start + len(note))
    assert join_amounts(text, (mark,)).replace("\N{NO-BREAK SPACE}", "~") == shown


def test_amount_stays_whole_where_a_part_of_it_is_highlighted() -> None:
    snippet = (("give ", False), ("5", True), (" mg", False))
    assert join_snippet_amounts(snippet) == (
        ("give ", False),
        ("5", True),
        ("\N{NO-BREAK SPACE}mg", False),
    )
