"""Hypothesis strategies for blocks with marks, labels, spans and levels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from kb.model.article import (
    Article,
    Block,
    BlockKind,
    CalloutLevel,
    Cell,
    Figure,
    ListItem,
    Mark,
    MarkKind,
    Marks,
    Metadata,
    Section,
    table,
)

WORDS = st.sampled_from(["take", "10^9", "5 mg", "not", "é", "NHS", "µg", "(2)", "m2", "- x"])
TEXTS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


@st.composite
def marked(draw: Callable[..., Any]) -> tuple[str, Marks]:
    """Return a text with marks, also at its edges and of the whole text."""
    text = draw(TEXTS)
    marks = []
    for kind in draw(st.lists(st.sampled_from(MarkKind), max_size=3, unique=True)):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        href = "https://example.org/a" if kind is MarkKind.LINK else ""
        marks.append(Mark(kind, start, end, href))
    return text, tuple(sorted(marks, key=lambda mark: (mark.start, mark.end)))


def _inside(rows: list[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows with spans that end with the table."""
    for number, row in enumerate(rows):
        yield tuple(replace(cell, rows=min(cell.rows, len(rows) - number)) for cell in row)


PAGES = st.none() | st.integers(1, 9)
TEXT_BLOCKS = st.builds(
    lambda kind, text, page, ocr, repeated: Block(
        kind=kind, text=text[0], marks=text[1], page=page, ocr=ocr, repeated=repeated
    ),
    st.sampled_from([BlockKind.PARAGRAPH, BlockKind.CAPTION]),
    marked(),
    PAGES,
    st.booleans(),
    st.booleans(),
)
CALLOUTS = st.builds(
    lambda text, level: Block(kind=BlockKind.CALLOUT, text=text[0], marks=text[1], level=level),
    marked(),
    st.none() | st.sampled_from(CalloutLevel),
)
LABELS = st.sampled_from(["", "1.", "(b)", "1.2.1", "Step 3:", "α.", "iv)"])
ITEMS = st.builds(
    lambda text, depth, label: ListItem(text[0], depth, label, text[1]),
    marked(),
    st.integers(0, 2),
    LABELS,
)
LISTS = st.builds(
    lambda items, page: Block(kind=BlockKind.LIST, items=tuple(items), page=page),
    st.lists(ITEMS, min_size=1, max_size=6),
    PAGES,
)
NUMBERED_LISTS = st.lists(marked(), min_size=1, max_size=5).map(
    lambda texts: Block(
        kind=BlockKind.LIST,
        ordered=True,
        items=tuple(
            ListItem(text, 0, f"{number}.", marks)
            for number, (text, marks) in enumerate(texts, start=3)
        ),
    )
)
CELLS = st.builds(
    lambda text, columns, rows: Cell(text[0], columns, rows, text[1]),
    marked(),
    st.integers(1, 2),
    st.integers(1, 2),
) | st.just(Cell())
TABLES = st.integers(2, 3).flatmap(
    lambda width: st.builds(
        lambda rows, headers, page: table(_inside(rows), min(headers, len(rows)), page=page),
        st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=5),
        st.integers(0, 2),
        PAGES,
    )
)
EDITABLE = TEXT_BLOCKS | CALLOUTS | LISTS | NUMBERED_LISTS | TABLES
FIGURES = st.builds(
    lambda text, width: Block(
        kind=BlockKind.FIGURE,
        text=text[0],
        marks=text[1],
        figure=Figure("0" * 64, width, 30, alt="A hand", source="a.png"),
    ),
    marked(),
    st.integers(1, 900),
)
BLOCKS = EDITABLE | FIGURES
ARTICLES = st.lists(st.lists(BLOCKS, max_size=4), min_size=1, max_size=3).map(
    lambda sections: Article(
        "Random",
        tuple(
            Section(f"S{number}", tuple(blocks), codes=("loinc:1",))
            for number, blocks in enumerate(sections)
        ),
        Metadata(topics=("Blood",)),
    )
)
