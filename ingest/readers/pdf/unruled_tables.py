"""Line segments of a page, and tables without drawn lines.

Words on one baseline without a wide gap form a segment. Several consecutive rows with a common free
strip are a table, read row by row. A row only continues the row above if the space between them is
smaller than elsewhere and its text continues that of full cells: otherwise a dose would be assigned
to the drug above.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.pdf.labelled_rows import LabelledBlock, find_labelled_blocks
from ingest.readers.pdf.lines import PdfLine, PdfWord, is_bullet, is_marker

# Shares of the text size. A word space is 0.25, up to 0.8 in justified lines.
MIN_SEGMENT_GAP = 0.9
MIN_GUTTER_WIDTH = 0.8
MAX_ROW_SHIFT = 0.35  # distance of baselines within a row
MAX_MARKER_GAP = 4.0  # gap between the bullet of an item and its text

MAX_WRAPPED_STEP = 0.95  # share of the largest distance of rows; wrapped lines are closer
MIN_WRAPPED_WORDS = 3
MIN_WORD_SPACE = 0.2  # share of the text size

MAX_LINE_STEP = 1.45  # from line to line of a cell, in text sizes
ALIGNMENT_TOLERANCE = 3.0  # points

MIN_ROWS = 3  # two rows may have aligned gaps by chance
MAX_BROKEN_ROWS = 2  # consecutive lines in one column only, where the text of a cell continues


@dataclass(slots=True)
class RowTable:
    """Table without drawn lines: the lines of each cell by row, and the x ranges of the columns."""

    rows: list[list[list[PdfLine]]]
    top: float
    columns: list[tuple[float, float]]


def split_segments(words: Sequence[PdfWord]) -> list[PdfLine]:
    """Return the words as segments: on one baseline, without a gap wider than a word space."""
    rows: list[list[PdfWord]] = []
    for word in sorted(words, key=lambda word: (word.y, word.x0)):
        row = rows[-1] if rows else []
        if row and word.y - row[0].y <= MAX_ROW_SHIFT * min(word.size, row[0].size):
            row.append(word)
        else:
            rows.append([word])
    line_segments: list[PdfLine] = []
    for row in rows:
        segment: list[PdfWord] = []
        for word in sorted(row, key=lambda word: word.x0):
            if segment and _starts_segment(segment, word):
                line_segments.append(PdfLine(segment))
                segment = []
            segment.append(word)
        line_segments.append(PdfLine(segment))
    return line_segments


def _starts_segment(segment: Sequence[PdfWord], word: PdfWord) -> bool:
    if is_bullet(word.text):
        return True
    reach = MIN_SEGMENT_GAP
    if len(segment) == 1 and is_marker(segment[0].text):
        reach = MAX_MARKER_GAP
    return word.x0 - segment[-1].x1 > reach * max(word.size, segment[-1].size)


def find_row_tables(rows: Sequence[list[PdfLine]]) -> Iterator[PdfLine | RowTable]:
    """Yield the rows of a column as lines, or as tables if they are cells."""
    position = 0
    while position < len(rows):
        blocks = find_labelled_blocks(rows, position)
        if blocks:
            yield _build_labelled_table(blocks)
            position = blocks[-1].end
            continue
        end = _table_end(rows, position)
        if end > position:
            yield _build_row_table(rows[position:end])
            position = end
            continue
        yield from merge_lines(rows[position])
        position += 1


def merge_lines(row: Sequence[PdfLine]) -> Iterator[PdfLine]:
    """Yield the segments of a row merged to lines, regardless of gaps."""
    lines: list[PdfLine] = []
    for segment in sorted(row, key=lambda segment: (segment.y, segment.x0)):
        starts_item = (
            is_bullet(segment.words[0].text) and lines and is_bullet(lines[-1].words[0].text)
        )
        is_near = lines and segment.y - lines[-1].y <= MAX_ROW_SHIFT * min(
            segment.size, lines[-1].size
        )
        if is_near and not starts_item:
            lines[-1].words.extend(segment.words)
        else:
            lines.append(PdfLine(list(segment.words)))
    for line in lines:
        line.words.sort(key=lambda word: word.x0)
        yield line


def _table_end(rows: Sequence[list[PdfLine]], position: int) -> int:
    """Return the end of a table that starts at `position`, or `position` if there is none."""
    end = position
    full_rows = 0
    for index in range(position, len(rows)):
        is_full = len(rows[index]) > 1 and len({round(part.x0) for part in rows[index]}) > 1
        if not is_full and (index == position or index - end >= MAX_BROKEN_ROWS):
            break
        if len(_column_ranges(rows[position : index + 1])) < 2:
            break
        if is_full:
            full_rows, end = full_rows + 1, index + 1
    if full_rows < MIN_ROWS:
        return position
    columns = len(_column_ranges(rows[position:end]))
    while (
        end < len(rows)
        and _continues_last_row(rows[end - 1], rows[end])
        and len(_column_ranges(rows[position : end + 1])) == columns
    ):
        end += 1
    return end


def _continues_last_row(above: Sequence[PdfLine], row: Sequence[PdfLine]) -> bool:
    """Return whether a row is the next line of a cell right of the first column."""
    left = min(segment.x0 for segment in above)
    return len(row) == 1 and any(
        abs(row[0].x0 - segment.x0) <= ALIGNMENT_TOLERANCE
        and (segment.x0 > left + ALIGNMENT_TOLERANCE or len(above) == 1)
        and row[0].y - segment.y <= MAX_LINE_STEP * segment.size
        for segment in above
    )


def _column_ranges(rows: Sequence[Sequence[PdfLine]]) -> list[tuple[float, float]]:
    """Return the x ranges of the columns between the free strips of the rows."""
    row_segments = sorted(
        (segment for row in rows for segment in row), key=lambda segment: segment.x0
    )
    columns: list[tuple[float, float]] = []
    for segment in row_segments:
        if columns and segment.x0 - columns[-1][1] < MIN_GUTTER_WIDTH * segment.size:
            columns[-1] = (columns[-1][0], max(columns[-1][1], segment.x1))
        else:
            columns.append((segment.x0, segment.x1))
    return columns


def _build_labelled_table(blocks: Sequence[LabelledBlock]) -> RowTable:
    cells = [[block.labels, block.lines] for block in blocks]
    top = min(line.top for line in (*blocks[0].labels, *blocks[0].lines))
    columns = _column_ranges([[*block.labels, *block.lines] for block in blocks])
    return RowTable(cells, top, columns)


def _build_row_table(rows: Sequence[Sequence[PdfLine]]) -> RowTable:
    columns = _column_ranges(rows)
    table = RowTable([], min(segment.top for segment in rows[0]), columns)
    steps = [_step(above, row) for above, row in itertools.pairwise(rows)]
    for row, step in zip(rows, [float("inf"), *steps], strict=True):
        cells: list[list[PdfLine]] = [[] for _ in columns]
        for segment in sorted(row, key=lambda segment: segment.top):
            column = max(index for index, (x0, _) in enumerate(columns) if x0 <= segment.x0)
            cells[column].append(segment)
        if step <= MAX_WRAPPED_STEP * max(steps) and _continues_row(table.rows[-1], cells, columns):
            for above, cell in zip(table.rows[-1], cells, strict=True):
                above.extend(cell)
        else:
            table.rows.append(cells)
    return table


def _step(above: Sequence[PdfLine], row: Sequence[PdfLine]) -> float:
    return min(segment.y for segment in row) - max(segment.y for segment in above)


def _continues_row(
    above: Sequence[Sequence[PdfLine]],
    cells: Sequence[Sequence[PdfLine]],
    columns: Sequence[tuple[float, float]],
) -> bool:
    """Return whether several cells of a row start in lower case, below cells without room for it.

    The cells above must have several words: every single word fills the column of its length.
    """
    pairs = [
        (upper, lower, right)
        for upper, lower, (_, right) in zip(above, cells, columns, strict=True)
        if lower
    ]
    return len(pairs) > 1 and all(
        upper
        and len(upper[-1].words) >= MIN_WRAPPED_WORDS
        and lower[0].text[0].islower()
        and upper[-1].x1 + MIN_WORD_SPACE * lower[0].size + _first_width(lower[0]) > right
        for upper, lower, right in pairs
    )


def _first_width(line: PdfLine) -> float:
    return line.words[0].x1 - line.words[0].x0
