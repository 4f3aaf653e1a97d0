"""Snippets: they begin where the answer begins and cut neither amounts nor rows."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analyzer import stem_text
from index.query.intents import load_intents
from index.query.parser import parse
from index.search.highlighter import highlight_terms, highlight_text
from index.search.snippets import LEADING_LENGTH, LENGTH, MAX_OVERRUN, opening_text, snippet_text
from kb.model.article import Block, BlockKind, Cell, ListItem, paragraph, table
from kb.model.passage import Passage

FILLER = "Most people feel better within a short while and need nothing else at all. "
DOSES = table(
    (
        ("Age", "Dose", "Volume"),
        ("Adult", "500 micrograms", "0.5 mL"),
        ("Child 6 to 12 years", "300 micrograms", "0.3 mL"),
        ("Infant", "100 micrograms", "0.1 mL"),
    ),
    1,
)


def passage(*blocks: Block, headings: tuple[str, ...] = ()) -> Passage:
    return Passage(heading_path=headings, blocks=blocks)


def snippet_of(
    found: Passage,
    q: str,
    *intents: str,
    subject: str = "",
    title: str = "",
    length: int = LEADING_LENGTH,
) -> str:
    catalog = load_intents()
    asked = [catalog[key] for key in intents]
    terms = highlight_terms(parse(f"{q} {subject}"))
    stems = frozenset(stem_text(subject))
    return snippet_text(found, terms, asked, subject=stems, title=title, length=length)


def items(*texts: str) -> Block:
    return Block(kind=BlockKind.LIST, items=tuple(ListItem(text) for text in texts))


def test_short_text_is_shown_whole_with_its_matches() -> None:
    terms = highlight_terms(parse("hurt"))
    text = snippet_text(passage(paragraph("Gout hurts.")), terms)
    assert highlight_text(text, terms) == (("Gout ", False), ("hurts", True), (".", False))


def test_snippet_without_a_match_begins_at_the_beginning() -> None:
    assert snippet_of(passage(paragraph(FILLER * 20)), "gout").startswith("Most people")


@pytest.mark.parametrize(
    ("q", "intent", "answer"),
    [
        ("x dose", "dose", "Start with 5 mg twice daily."),
        ("when to call about x", "when-to-call", "Phone 999 for chest pain."),
        ("how long does x last", "outlook", "It settles within two weeks."),
        ("how to store x", "storage", "Keep it in the carton."),
        ("who should not have x", "contraindications", "Do not use it after a stroke."),
    ],
)
def test_snippet_begins_with_the_sentence_that_answers(q: str, intent: str, answer: str) -> None:
    text = f"{FILLER * 3}{answer} {FILLER * 3}"
    assert snippet_of(passage(paragraph(text)), q, intent).startswith(f"… {answer}")


HARMS = (
    "Bleeding is the main danger. It may be minor, such as bruising, or threaten life. "
    "Less common side effects include liver injury. Serious harms are rare."
)


@pytest.mark.parametrize("heading", ["Side effects", "6 Adverse reactions"])
def test_snippet_of_a_section_that_lists_answers_begins_with_the_first(heading: str) -> None:
    found = passage(paragraph(HARMS), headings=(heading,))
    assert snippet_of(found, "x side effects", "side-effects").startswith("Bleeding is the main")
    assert snippet_of(found, "x side effects", "side-effects", subject="x liver").startswith(
        "… Less common side effects include liver"
    )


def test_snippet_of_other_sections_begins_with_the_words_of_the_intent() -> None:
    found = passage(paragraph(HARMS), headings=("Before you start",))
    assert snippet_of(found, "x side effects", "side-effects").startswith("… Less common")


def test_snippet_of_a_section_about_doses_begins_with_the_first_amount() -> None:
    text = "Doses vary. Take 5 mg twice daily. Doses above 10 mg or 15 mg daily are seldom given."
    found = passage(paragraph(text), headings=("Dose",))
    assert snippet_of(found, "x dose", "dose").startswith("… Take 5 mg twice daily.")


def test_snippet_of_a_section_with_instructions_begins_with_the_instruction() -> None:
    text = f"{FILLER * 3}Call 999 for chest pain. {FILLER * 3}"
    found = passage(paragraph(text), headings=("When to call",))
    assert snippet_of(found, "when to call", "when-to-call").startswith("… Call 999")


def test_snippet_begins_with_the_words_of_the_query_rather_than_of_the_title() -> None:
    text = f"Gout hurts. Gout is old. {FILLER * 4}Rest and ice help. {FILLER * 4}"
    assert snippet_of(passage(paragraph(text)), "gout ice", title="Gout").startswith(
        "… Rest and ice"
    )


def test_table_is_shown_as_its_matching_rows_under_the_header() -> None:
    shown = snippet_of(passage(paragraph(FILLER * 6), DOSES), "child dose", "dose", "children")
    header, row = shown.split("\n")[:2]
    assert header == "Age | Dose | Volume"
    assert row.removesuffix(" …") == "Child 6 to 12 years | 300 micrograms | 0.3 mL"


def test_row_includes_the_cell_that_spans_it_and_its_group() -> None:
    spanning = table(
        (
            ("Age", "Route", "Dose"),
            ("Children", "", ""),
            (Cell("Under 5", rows=2), "oral", "10 mg"),
            ("", "rectal", "20 mg"),
            ("Adults", "", ""),
            ("All", "oral", "500 mg"),
        ),
        1,
    )
    shown = snippet_of(passage(spanning), "rectal dose")
    assert shown.split("\n") == ["Age | Route | Dose", "Children", "Under 5 | rectal | 20 mg …"]


def test_row_longer_than_the_snippet_is_whole() -> None:
    long = table((("Drug", "Advice"), ("Aspirin", FILLER * 4 + "Take 75 mg.")), 1)
    assert snippet_of(passage(long), "aspirin", length=LENGTH).endswith("Take 75 mg.")


def test_list_item_follows_the_sentence_that_introduces_the_list() -> None:
    blocks = paragraph("Call 999 for:"), items("chest pain", "a rash that spreads")
    assert snippet_of(passage(*blocks), "rash").split("\n") == [
        "Call 999 for: …",
        "- a rash that spreads",
    ]


def test_list_items_are_not_cut() -> None:
    listed = items(*(f"Drug {number}: {FILLER.strip()}" for number in range(9)))
    lines = snippet_of(passage(listed), "drug").removesuffix(" …").split("\n")
    assert lines
    assert all(line.endswith("at all.") for line in lines)


def test_headings_are_not_repeated() -> None:
    blocks = paragraph("Gout"), paragraph("Dose:"), paragraph("Take 5 mg.")
    found = passage(*blocks, headings=("Treatment", "Dose"))
    assert snippet_of(found, "gout dose", title="Gout") == "Take 5 mg."


@pytest.mark.parametrize("length", range(60, 110))
def test_amount_is_not_cut(length: int) -> None:
    text = "Give it slowly and always together with food " * 1 + (
        "then 15 mg/kg up to 1.5 g every 8 to 12 hours or 400 to 2000 ng of the other one " * 3
    )
    shown = snippet_of(passage(paragraph(text)), "x", length=length)
    assert shown.endswith(" …")
    assert not re.search(r"(?:\d|\bto|\bof|\bor) …$", shown)


def test_opening_is_the_beginning_of_the_passage() -> None:
    found = passage(paragraph(f"Gout hurts. {FILLER * 9}Take 5 mg."))
    assert opening_text(found, "Gout", LEADING_LENGTH).startswith("Gout hurts.")


def test_only_the_first_hit_has_a_long_snippet() -> None:
    found = passage(paragraph(FILLER * 20))
    assert len(snippet_of(found, "x", length=LENGTH)) < len(snippet_of(found, "x"))


WORDS = st.sampled_from(
    ["gout", "Gout’s", "rest", "ice", "a", "0.5", "é", "x" * 90, "\n", ". ", "— ", "5 mg"]
)
TEXTS = st.lists(WORDS, max_size=120).map(" ".join) | st.text(max_size=400)
BLOCKS = (
    TEXTS.map(paragraph)
    | st.lists(TEXTS, min_size=1, max_size=5).map(lambda texts: items(*texts))
    | st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4).map(lambda rows: table(rows, 1))
)
QUERIES = st.sampled_from(["gout", "rest ice", '"gout rest"', "res*", "-ice", "é OR 0.5", "zinc"])


@given(st.lists(BLOCKS, max_size=4), QUERIES)
def test_snippet_is_short_and_in_parts_that_alternate(blocks: list[Block], q: str) -> None:
    found = passage(*blocks)
    terms = highlight_terms(parse(q))
    parts = highlight_text(snippet_text(found, terms, length=LENGTH), terms)
    assert all(text for text, _ in parts)
    assert all(one[1] != other[1] for one, other in pairwise(parts))
    shown = "".join(text for text, _ in parts)
    if not any(block.kind is BlockKind.TABLE for block in blocks):
        assert len(shown) <= LENGTH + MAX_OVERRUN + 120
    assert all(word in found.text for word in shown.replace("…", " ").split())
