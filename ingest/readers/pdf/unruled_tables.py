"""Rows of words on a page: segments, whole lines, and tables that are set without lines.

Words on one height with no wide gap between them are a segment. Several rows on end with a strip
that all of them leave free are a table, which is read across: each of its rows stays a row, because
joining two would give a dose to the drug below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.pdf.lines import PdfLine, PdfWord, is_bullet, is_marker

# Shares of the size of the text. A word space is 0.25, up to 0.8 in lines that are spread out.
MIN_SEGMENT_GAP = 0.9
MIN_GUTTER_WIDTH = 0.8
MAX_ROW_SHIFT = 0.35  # between baselines
MAX_MARKER_GAP = 4.0  # between the bullet of an item and its text

MIN_ROWS = 3  # gaps in two lines stand above each other by chance
MAX_BROKEN_ROWS = 2  # lines on end in one column only, where the text of a cell goes on


@dataclass(slots=True)
class RowTable:
    """A table that is set without lines: the lines of each cell, row by row."""

    rows: list[list[list[PdfLine]]]
    top: float


def split_segments(words: Sequence[PdfWord]) -> list[PdfLine]:
    """Return the words in segments: on one height, and no gap wider than between words."""
    rows: list[list[PdfWord]] = []
    for word in sorted(words, key=lambda word: (word.y, word.x0)):
        row = rows[-1] if rows else []
        if row and word.y - row[0].y <= MAX_ROW_SHIFT * min(word.size, row[0].size):
            row.append(word)
        else:
            rows.append([word])
    found: list[PdfLine] = []
    for row in rows:
        segment: list[PdfWord] = []
        for word in sorted(row, key=lambda word: word.x0):
            if segment and _starts_segment(segment, word):
                found.append(PdfLine(segment))
                segment = []
            segment.append(word)
        found.append(PdfLine(segment))
    return found


def _starts_segment(segment: Sequence[PdfWord], word: PdfWord) -> bool:
    if is_bullet(word.text):
        return True
    reach = MIN_SEGMENT_GAP
    if len(segment) == 1 and is_marker(segment[0].text):
        reach = MAX_MARKER_GAP
    return word.x0 - segment[-1].x1 > reach * max(word.size, segment[-1].size)


def find_row_tables(rows: Sequence[list[PdfLine]]) -> Iterator[PdfLine | RowTable]:
    """Yield the rows of a column as lines, and as tables where they are cells."""
    position = 0
    while position < len(rows):
        end = _table_end(rows, position)
        if end > position:
            yield _build_row_table(rows[position:end])
            position = end
            continue
        yield from merge_lines(rows[position])
        position += 1


def merge_lines(row: Sequence[PdfLine]) -> Iterator[PdfLine]:
    """Yield the lines of a row whole, whatever gaps they have."""
    lines: list[PdfLine] = []
    for part in sorted(row, key=lambda part: (part.y, part.x0)):
        begins = is_bullet(part.words[0].text) and lines and is_bullet(lines[-1].words[0].text)
        near = lines and part.y - lines[-1].y <= MAX_ROW_SHIFT * min(part.size, lines[-1].size)
        if near and not begins:
            lines[-1].words.extend(part.words)
        else:
            lines.append(PdfLine(list(part.words)))
    for line in lines:
        line.words.sort(key=lambda word: word.x0)
        yield line


def _table_end(rows: Sequence[list[PdfLine]], position: int) -> int:
    """Return where a table ends that begins at a row; `position` if none does."""
    end = position
    full = 0
    for at in range(position, len(rows)):
        is_full = len(rows[at]) > 1 and len({round(part.x0) for part in rows[at]}) > 1
        if not is_full and (at == position or at - end >= MAX_BROKEN_ROWS):
            break
        if len(_column_ranges(rows[position : at + 1])) < 2:
            break
        if is_full:
            full, end = full + 1, at + 1
    return end if full >= MIN_ROWS else position


def _column_ranges(rows: Sequence[Sequence[PdfLine]]) -> list[tuple[float, float]]:
    """Return the columns of rows: what is left of their width between the strips that are free."""
    parts = sorted((part for row in rows for part in row), key=lambda part: part.x0)
    columns: list[tuple[float, float]] = []
    for part in parts:
        if columns and part.x0 - columns[-1][1] < MIN_GUTTER_WIDTH * part.size:
            columns[-1] = (columns[-1][0], max(columns[-1][1], part.x1))
        else:
            columns.append((part.x0, part.x1))
    return columns


def _build_row_table(rows: Sequence[Sequence[PdfLine]]) -> RowTable:
    columns = _column_ranges(rows)
    table = RowTable([], min(part.top for part in rows[0]))
    for row in rows:
        cells: list[list[PdfLine]] = [[] for _ in columns]
        for part in sorted(row, key=lambda part: part.top):
            column = max(index for index, (x0, _) in enumerate(columns) if x0 <= part.x0)
            cells[column].append(part)
        table.rows.append(cells)
    return table
