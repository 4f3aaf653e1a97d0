"""Expansion of table rows whose cells span several columns or rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MAX_SPAN_WIDTH = 50  # columns or rows per cell; a larger value is a mistake or an attack


class SpannedCell(NamedTuple):
    """Text of a table cell and the columns and rows that it spans."""

    text: str
    columns: int
    rows: int


def parse_span(value: str) -> int:
    """Return the value of a colspan or rowspan attribute, between 1 and `MAX_SPAN_WIDTH`."""
    value = value.strip()
    return min(MAX_SPAN_WIDTH, max(1, int(value))) if value.isascii() and value.isdigit() else 1


def expand_row(cells: Iterable[SpannedCell], covered_rows: dict[int, int]) -> tuple[str, ...]:
    """Return one text per column of a table row; a spanning cell fills the first of its columns.

    `covered_rows` maps a column to the number of following rows that a cell above still covers.
    It is updated, so that the rows of a table must be expanded in order.
    """
    texts: list[str] = []

    def fill_covered() -> None:
        while covered_rows.get(len(texts), 0) > 0:
            covered_rows[len(texts)] -= 1
            texts.append("")

    for cell in cells:
        fill_covered()
        for offset in range(cell.columns):
            covered_rows[len(texts)] = cell.rows - 1
            texts.append("" if offset else cell.text)
    fill_covered()
    return tuple(texts)
