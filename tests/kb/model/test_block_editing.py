"""Editing of blocks as text: which marks, labels, spans and levels are kept."""

from __future__ import annotations

import pytest
from hypothesis import given

from kb.model.article import (
    Block,
    BlockKind,
    CalloutLevel,
    Cell,
    ListItem,
    Mark,
    MarkKind,
    paragraph,
    table,
)
from kb.model.block_editing import find_unformatted, parse_block_text
from kb.model.corrections import Correction, CorrectionKind
from kb.model.passage import Passage
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import article_of
from tests.kb.model.random_blocks import EDITABLE, marked

SUPER, SUB, STRONG = MarkKind.SUPERSCRIPT, MarkKind.SUBSCRIPT, MarkKind.STRONG


def marked_texts(block: Block) -> list[tuple[MarkKind, str]]:
    return [(mark.kind, block.text[mark.start : mark.end]) for mark in block.marks]


@given(EDITABLE)
def test_saving_the_text_unchanged_changes_nothing(block: Block) -> None:
    assert parse_block_text(block, block.plain) == (block,)


@given(marked(), marked())
def test_marks_stay_on_the_same_words(old: tuple[str, tuple[Mark, ...]], new: object) -> None:
    text, marks = old
    other, _ = new  # type: ignore[misc]
    for block in parse_block_text(paragraph(text, marks=marks), other):
        for mark in block.marks:
            assert 0 <= mark.start < mark.end <= len(block.text)
            assert (mark.kind, block.text[mark.start : mark.end]) in marked_texts(
                paragraph(text, marks=marks)
            )


@pytest.mark.parametrize(
    ("old", "part", "kind", "new", "left"),
    [
        ("Under 10^9/L", "^9", SUPER, "Well under 10^9/L", ["^9"]),
        ("Under 10^9/L", "^9", SUPER, "Under 10^95/L", []),
        ("Under 10^9", "^9", SUPER, "Under 10^95", []),
        ("Under 10^9", "^9", SUPER, "Under 10^9 cells", ["^9"]),
        ("Take 250 1", "1", SUPER, "Take 250 mg, 1 tablet", []),
        ("Area in m2", "2", SUPER, "Area in m20", []),
        ("Area in m2", "2", SUPER, "Area in cm2", ["2"]),
        ("Drink H2O", "2", SUB, "Drink 2 glasses of H2O", ["2"]),
        ("Do NOT take", "NOT", STRONG, "Please do NOT take", ["NOT"]),
        ("Do NOT take", "NOT", STRONG, "Do take", []),
    ],
)
def test_marks_of_an_edited_text(
    old: str, part: str, kind: MarkKind, new: str, left: list[str]
) -> None:
    start = old.rindex(part)
    block = paragraph(old, marks=(Mark(kind, start, start + len(part)),))
    (edited,) = parse_block_text(block, new)
    assert [text for _, text in marked_texts(edited)] == left
    lost = list(find_unformatted((block,), (edited,)))
    assert len(lost) == 1 - len(left)


def test_callout_keeps_its_level() -> None:
    block = Block(kind=BlockKind.CALLOUT, text="Call 999", level=CalloutLevel.EMERGENCY)
    (edited,) = parse_block_text(block, "Call 112")
    assert (edited.text, edited.level) == ("Call 112", CalloutLevel.EMERGENCY)


def test_edited_item_keeps_label_and_marks_of_the_words_left() -> None:
    items = (
        ListItem("Check under 10^9/L", 0, "Step 3:", (Mark(SUPER, 14, 16),)),
        ListItem("Call", 1, "α."),
    )
    block = Block(kind=BlockKind.LIST, items=items)
    (edited,) = parse_block_text(block, "Step 3: Check again under 10^9/L\n  α. Call now")
    assert edited.items == (
        ListItem("Check again under 10^9/L", 0, "Step 3:", (Mark(SUPER, 20, 22),)),
        ListItem("Call now", 1, "α."),
    )


TABLE = table(
    [
        ["Weight", Cell("Dose", marks=(Mark(STRONG, 0, 4),))],
        [Cell("Under 40 kg", rows=2), "1 unit"],
        ["", Cell("10^9", marks=(Mark(SUPER, 2, 4),))],
        [Cell("All", columns=2), ""],
    ],
    1,
)


def test_added_row_leaves_marks_and_spans_of_the_others() -> None:
    (edited,) = parse_block_text(TABLE, TABLE.plain + "\nOver 80 kg | 3 units")
    assert edited.rows[:4] == TABLE.rows
    assert edited.header_rows == 1


def test_removed_row_ends_the_span_over_it_with_notice() -> None:
    text = "\n".join(TABLE.plain.split("\n")[:2] + TABLE.plain.split("\n")[3:])
    (edited,) = parse_block_text(TABLE, text)
    assert edited.rows == (
        TABLE.rows[0],
        (Cell("Under 40 kg"), Cell("1 unit")),
        TABLE.rows[3],
    )
    lost = list(find_unformatted((TABLE,), (edited,)))
    assert sorted(lost) == ["merged cell “Under 40 kg”", "superscript “^9”"]


def test_removed_header_makes_no_other_row_a_header() -> None:
    (edited,) = parse_block_text(TABLE, "\n".join(TABLE.plain.split("\n")[1:]))
    assert edited.header_rows == 0
    assert edited.rows == TABLE.rows[1:]


def test_removed_formatting_is_a_note_and_a_warning(store: ArticleStore) -> None:
    block = paragraph("Under 10^9/L", marks=(Mark(SUPER, 8, 10),))
    article = article_of("Counts", [("Use", "x")])
    saved = store.save(
        article, [Passage(heading_path=("Use",), blocks=(block,))], source_key="test:counts",
        source_sha256="0" * 64, coverage=1.0, warnings=(), publish=False, actor=Actor("ann"),
    )  # fmt: skip
    correction = Correction(CorrectionKind.TEXT, ("Use",), "Under 10^9/L", "Under 10^12/L")
    saved = store.correct("counts", saved.version, [correction], actor=Actor("ann"))
    (note,) = saved.notes
    assert "superscript “^9”" in note
    assert note in store.article("counts").warnings
