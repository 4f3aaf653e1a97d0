"""Laying out: nesting, headings, and the small print of a snippet."""

from __future__ import annotations

import re
from datetime import date

import pytest
from syrupy.assertion import SnapshotAssertion

from kb.model.article import (
    Block,
    BlockKind,
    CalloutLevel,
    Cell,
    ListItem,
    Mark,
    MarkKind,
    Metadata,
    table,
)
from kb.model.records import ReviewState, get_review_state
from tests.web.builders import save, simple
from web.presentation.article_view import (
    CALLOUT_WORD,
    build_block_view,
    build_tag_views,
    format_text,
)
from web.presentation.az_index import build_listing
from web.presentation.formatting import format_duration, format_review
from web.view_models.search_results import flatten_snippet


def plain(text):
    return ((text, False),)


def nested(view):
    return [(item.text[0].text, nested(item.below)) for item in view.items] if view else []


@pytest.mark.parametrize(
    ("depths", "tree"),
    [
        ([0, 0], [("0", []), ("1", [])]),
        ([0, 1, 1, 0], [("0", [("1", []), ("2", [])]), ("3", [])]),
        ([0, 2, 1], [("0", [("1", []), ("2", [])])]),
        ([1, 1], [("0", []), ("1", [])]),
        ([0, 1, 2, 0, 1], [("0", [("1", [("2", [])])]), ("3", [("4", [])])]),
    ],
)
def test_lists_nest_by_depth_and_lose_nothing(depths, tree):
    items = [ListItem(str(n), depth) for n, depth in enumerate(depths)]
    block = Block(kind=BlockKind.LIST, items=tuple(items))
    assert nested(build_block_view(block, plain).list) == tree


def labels_and_start(*items, ordered=True):
    view = build_block_view(Block(kind=BlockKind.LIST, items=items, ordered=ordered), plain).list
    return view.numbering, view.start, [item.label for item in view.items]


def test_a_list_shows_the_numbers_of_its_source():
    third, fourth = ListItem("a", label="3."), ListItem("b", label="4.")
    assert labels_and_start(third, fourth) == ("decimal", 3, ["3.", "4."])
    assert labels_and_start(ListItem("a", label="b."), ListItem("b", label="c.")) == (
        "lower-alpha",
        2,
        ["b.", "c."],
    )
    assert labels_and_start(ListItem("a", label="b)")) == ("", 1, ["b)"])
    assert labels_and_start(third, ListItem("b", label="7.")) == ("", 1, ["3.", "7."])
    assert labels_and_start(ListItem("a", label="1.2.1")) == ("", 1, ["1.2.1"])
    assert labels_and_start(ListItem("a"), ListItem("b")) == ("decimal", 1, ["", ""])
    assert labels_and_start(ListItem("a"), ordered=False) == ("", 1, [""])


def spans(text, marks, highlight=plain):
    return [
        (span.text, sorted(span.kinds), span.matched, span.href)
        for span in format_text(text, marks, highlight)
    ]


def test_formatting_and_highlighting_overlap():
    strong = Mark(MarkKind.STRONG, 0, 8)
    found = spans("Stop now", (strong,), lambda _: (("Stop", True), (" now", False)))
    assert found == [("Stop", ["strong"], True, ""), (" now", ["strong"], False, "")]


def test_a_power_is_displayed_raised_without_its_sign():
    raised = Mark(MarkKind.SUPERSCRIPT, 2, 4)
    assert spans("10^9/L", (raised,)) == [
        ("10", [], False, ""),
        ("^", ["superscript"], False, ""),
        ("9", ["superscript"], False, ""),
        ("/L", [], False, ""),
    ]


@pytest.mark.parametrize("href", ["javascript:alert(1)", "data:text/html,x", "//x.example", ""])
def test_an_unsafe_link_is_displayed_as_text(href):
    assert spans("here", (Mark(MarkKind.LINK, 0, 4, href),))[0][3] == ""


def test_spanning_cells_and_group_rows():
    block = table(
        [
            ["Age", "Dose", "Note"],
            ["Children", "", ""],
            [Cell("1 to 5", rows=2), Cell("5 mg", columns=2), ""],
            ["", "6 mg", "later"],
        ],
        1,
    )
    view = build_block_view(block, plain)
    shown = [
        (row.is_group, [(cell.text[0].text, cell.columns, cell.rows) for cell in row.cells])
        for row in view.rows
    ]
    assert shown == [
        (True, [("Children", 3, 1)]),
        (False, [("1 to 5", 1, 2), ("5\N{NO-BREAK SPACE}mg", 2, 1)]),
        (False, [("6\N{NO-BREAK SPACE}mg", 1, 1), ("later", 1, 1)]),
    ]
    # The first column stays when a table is scrolled; a spanned row has no cell of its own in it.
    assert [cell.column for row in view.rows[1:] for cell in row.cells] == [0, 1, 1, 2]


def test_a_tag_under_safety_brings_the_word(taxonomy):
    assert [view.key for view in build_tag_views(("interactions",), taxonomy)] == [
        "safety",
        "interactions",
    ]
    assert [view.key for view in build_tag_views(("mechanism", "safety"), taxonomy)] == [
        "safety",
        "mechanism",
    ]
    assert not build_tag_views(("mechanism",), taxonomy)[0].safety


@pytest.mark.parametrize(
    ("level", "word", "text"),
    [
        (None, "Warning", "stop"),
        (CalloutLevel.IMPORTANT, "Important", "Warning: stop"),
        (CalloutLevel.EMERGENCY, "Emergency", "Warning: stop"),
    ],
)
def test_a_callout_loses_no_word_to_its_level(level, word, text):
    view = build_block_view(Block(kind=BlockKind.CALLOUT, text="Warning: stop", level=level))
    assert (view.word, "".join(span.text for span in view.text)) == (word, text)


def test_a_callout_keeps_its_own_word():
    assert CALLOUT_WORD.match("Warning: do not")
    assert CALLOUT_WORD.match("Notes on use") is None


def test_snippet_of_a_list_reads_as_one_line():
    snippet = (("… - Heavy ", False), ("bleeding", True), ("\n- Skin | rash\nEnd.\nNew", False))
    assert "".join(text for text, _ in flatten_snippet(snippet)) == (
        "… Heavy bleeding • Skin · rash • End. New"
    )


def test_snippet_of_a_table_keeps_its_lines():
    snippet = (
        ("Age | ", False),
        ("Dose", True),
        ("\nAdult | 5 mg\nChild", False),
        (" | 1 mg", False),
    )
    assert "".join(text for text, _ in flatten_snippet(snippet)) == (
        "Age · Dose\nAdult · 5 mg\nChild · 1 mg"
    )


def test_review_states_in_words(snapshot: SnapshotAssertion):
    today = date(2026, 3, 15)

    def said(reviewed, due):
        metadata = Metadata(reviewed=reviewed, review_due=due)
        found = format_review(metadata, get_review_state(due, today))
        assert found.words == snapshot
        return found.state, re.findall(r"[A-Z]\w+ \d{4}", found.words)

    march, past, soon, later = (
        date(2025, 3, 1),
        date(2025, 12, 31),
        date(2026, 4, 1),
        date(2027, 1, 1),
    )
    assert said(march, later) == (ReviewState.CURRENT, ["March 2025"])
    assert said(march, past) == (ReviewState.OVERDUE, ["December 2025"])
    assert said(march, soon) == (ReviewState.DUE_SOON, ["March 2025", "April 2026"])
    assert said(march, None) == (ReviewState.UNKNOWN, ["March 2025"])
    assert said(None, None) == (ReviewState.UNKNOWN, [])
    assert said(None, later) == (ReviewState.CURRENT, ["January 2027"])
    assert format_review(Metadata(), ReviewState.UNKNOWN).state is ReviewState.UNKNOWN


def test_durations():
    assert [format_duration(n) for n in (12.4, 1300)] == ["12 ms", "1.3 s"]
    assert format_duration(0.2).endswith("1 ms")


def test_the_alphabet_ignores_accents_case_and_signs(empty_store):
    for title in ("Émigré", "eczema", "“Edge” cases", "5-FU", "Ωmega", "!?"):
        save(empty_store, *simple(title, title))
    listing = build_listing(empty_store.summaries())
    assert [letter.name for letter in listing.letters] == ["0–9", "E", "Ω", "Other"]
    assert [entry.name for entry in listing.letters[1].entries] == [
        "eczema",
        "“Edge” cases",
        "Émigré",
    ]


def test_a_table_without_header_has_none():
    view = build_block_view(table((("a",), ("b",))), plain)
    assert view.header == []
    assert len(view.rows) == 2
