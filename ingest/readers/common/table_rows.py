"""Expansion of table rows whose cells span several columns or rows, and lines inside cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ingest.readers.common.inline_text import strip_marks
from kb.model.article import Cell, Row

MAX_SPAN_WIDTH = 50  # columns or rows per cell; a larger value is a mistake or an attack
_LINE_END = re.compile(r"[.,:;!?–—•-]\s*$")
_TRAILING_SPACE = re.compile("\\s+([\ufdd8-\ufddc]+)$")
_LINE_START = re.compile(r"\s*(?:[\d(≥≤<>•]|[-–]\s|[^\W\d_][^:.;]{0,30}:\s)")


def parse_span(value: str) -> int:
    """Return the value of a colspan or rowspan attribute, between 1 and `MAX_SPAN_WIDTH`."""
    value = value.strip()
    return min(MAX_SPAN_WIDTH, max(1, int(value))) if value.isascii() and value.isdigit() else 1


def join_cell_lines(cells: Sequence[Sequence[str]], *, is_header: bool = False) -> list[str]:
    """Return the text of each cell of a row from its lines.

    If several cells have several lines, these correspond to each other and are separated by
    semicolons. So are lines that read like separate statements; others are joined by spaces.
    """
    lines = [[_strip(line) for line in cell if strip_marks(line).strip()] for cell in cells]
    parallel = not is_header and sum(1 for cell in lines if len(cell) > 1) > 1
    return [_join_lines(cell, parallel=parallel, is_header=is_header) for cell in lines]


def _strip(line: str) -> str:
    """Return a formatted line without white space at its ends, inside marks or outside."""
    return _TRAILING_SPACE.sub(r"\1", line.strip())


def _join_lines(lines: Sequence[str], *, parallel: bool, is_header: bool) -> str:
    text = ""
    for line in lines:
        plain, above = strip_marks(line), strip_marks(text)
        separate = not is_header and _LINE_START.match(plain) and not _LINE_END.search(above)
        is_separated = parallel and above.rstrip().endswith((";", ",", ":"))
        semicolon = (parallel or separate) and not is_separated
        text += ("; " if semicolon else " ") + line if text else line
    return text


def expand_row(cells: Iterable[Cell], covered_rows: dict[int, int]) -> Row:
    """Return one cell per column of a table row; a spanning cell is in the first of its columns.

    `covered_rows` maps a column to the number of following rows that a cell above still covers.
    It is updated, so that the rows of a table must be expanded in order.
    """
    row: list[Cell] = []

    def fill_covered() -> None:
        while covered_rows.get(len(row), 0) > 0:
            covered_rows[len(row)] -= 1
            row.append(Cell())

    for cell in cells:
        fill_covered()
        for offset in range(cell.columns):
            covered_rows[len(row)] = cell.rows - 1
            row.append(Cell() if offset else cell)
    fill_covered()
    return tuple(row)
