"""Text of a source as the extractors return it: plain lines with markers, and tables as grids."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kb.model.article import Mark, MarkKind, Marks

RAISED = "↑"  # precedes each number of raised text
# Around text that a reader may leave out: hidden, or only displayed on demand.
OPTIONAL_START, OPTIONAL_END = "\x0e", "\x0f"
UNDERLINED_SIGNS = {"<": "≤", ">": "≥", "+": "±"}  # signs typed as an underlined character
MAX_COLUMNS = 100
MAX_ROWS = 2_000
_DEGREE_SIGNS = frozenset(["o", "O", "º", "°"])  # raised before C or F
_RAISED_NUMBER = re.compile(r"(?<![\w.,])[-−–+]?\d|(?<=[^\W\d_])\d")

Grid = list[list[str]]


@dataclass(slots=True)
class SourceText:
    """The lines of a source and the grids of its tables, whose cells are also in the lines.

    `has_raised` is false if the source does not state which text is raised, `has_headings` if the
    reader may name sections itself, `has_heading_numbers` if it may number them. `printed_lines`
    are the lines of a source whose order is not known.
    """

    text: str
    tables: list[Grid] = field(default_factory=list)
    has_raised: bool = True
    has_headings: bool = True
    has_heading_numbers: bool = True
    printed_lines: list[str] = field(default_factory=list)


def mark_raised(text: str) -> str:
    """Return raised text with the marker before each number, separated from words around it."""
    if text.strip() in _DEGREE_SIGNS:
        return RAISED + text
    text = _RAISED_NUMBER.sub(lambda number: RAISED + number[0], text)
    return f" {text} " if text[:1].isalpha() else text


def with_raised(text: str, marks: Marks) -> str:
    """Return a text of an article in which raised numbers are marked as in a source."""
    for mark in sorted(marks, key=lambda each: -each.start):
        if mark.kind is MarkKind.SUPERSCRIPT and not is_joined(text, mark):
            raised = text[mark.start : mark.end]
            if raised[0] != "^":
                raised = mark_raised(raised)
            text = text[: mark.start] + raised + text[mark.end :]
    return text


def is_joined(text: str, mark: Mark) -> bool:
    """Return whether raised digits directly follow digits, so that plain text joins them."""
    return text[mark.start - 1 : mark.start].isdigit() and text[mark.start].isdigit()


class GridBuilder:
    """Place the cells of a table in a grid; a cell over several positions is in each of them."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], str] = {}
        self._row = -1
        self._column = 0
        self._width = 0

    def add_row(self) -> None:
        """Start a row."""
        self._row += 1
        self._column = 0

    def add_cell(self, text: str, columns: int = 1, rows: int = 1) -> None:
        """Add a cell at the next free position of the row."""
        if not 0 <= self._row < MAX_ROWS:
            return
        while (self._row, self._column) in self._cells:
            self._column += 1
        self._width = min(max(self._width, self._column + 1), MAX_COLUMNS)
        last = min(self._column + max(columns, 1), MAX_COLUMNS)
        for row in range(self._row, min(self._row + max(rows, 1), MAX_ROWS)):
            for column in range(self._column, last):
                self._cells.setdefault((row, column), text)
        self._column = last

    def continue_cell(self, columns: int = 1) -> None:
        """Add a cell that is part of the cell above."""
        self.add_cell(self._cells.get((self._row - 1, self._column), ""), columns)

    def build(self) -> Grid:
        """Return the rows, all of the same length: the columns in which a cell begins."""
        return [
            [self._cells.get((row, column), "") for column in range(self._width)]
            for row in range(self._row + 1)
        ]


def parse_span(value: str | None) -> int:
    """Return the number of columns or rows of a cell; 1 if it is not a number."""
    return min(int(value), MAX_ROWS) if value and value.isdecimal() and len(value) < 6 else 1
