"""Reading order of a PDF page: its columns, and the text above and below them.

A vertical strip that no line segment crosses, with lines of text on both sides, separates two
columns; the left one is read first. A heading across both columns crosses the strip, so it stays
above them. Table cells leave such a strip as well. Text fills its column; cells do not and are read
row by row (`ingest.readers.pdf.unruled_tables`).
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence

from ingest.readers.pdf.lines import PdfLine, PdfWord, is_bullet
from ingest.readers.pdf.ruled_tables import Grid
from ingest.readers.pdf.unruled_tables import RowTable, find_row_tables, split_segments

MAX_LINE_STEP = (
    2.2  # times the size; lines with a larger baseline distance are not in the same column
)

MAX_GUTTER_CANDIDATES = (
    30  # x positions where a column may start; pages with ten columns are not supported
)
MIN_COLUMN_LINES = 3  # lines per column; two lines may have aligned gaps by chance
ALIGNMENT_TOLERANCE = 3.0  # points by which the starts of aligned lines may differ
# share of table rows with cells on both sides; rare in two columns of text
MIN_PAIRED_SHARE = 0.6
# Free space next to a column, as a share of the text size. Line segments on one baseline are at
# least 0.9 apart; a line that extends into its margin may be closer to lines above and below.
MIN_GUTTER_WIDTH = 0.5
MIN_FULL_LINE_WIDTH = 0.7  # share of the column width
MIN_FULL_LINE_SHARE = 0.5  # share of lines that fill their column, in running text
MIN_WORDS_PER_LINE = 3.5  # average in running text
MIN_MARKED_SHARE = 0.4  # share of lines that start an item, in a list over two columns
# Row labels: share of the lines with a gap above, and the step from line to line, in type sizes. A
# text with larger spacing has the same gaps in both columns.
MIN_LABEL_SHARE = 0.6
MIN_LABEL_STEP = 1.7


Item = PdfLine | Grid
Element = PdfLine | Grid | RowTable


def split_columns(words: Sequence[PdfWord], grids: Sequence[Grid]) -> Iterator[list[Element]]:
    """Yield the columns of a page in reading order, each as its lines and tables from the top."""
    items: list[Item] = [*split_segments(words), *grids]
    for region in _split_regions(items):
        yield list(_lines_and_tables(region))


def _split_regions(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Yield the items of each column, and of the regions above and below, in order."""
    stack = [sorted(items, key=lambda item: item.top)]
    while stack:
        region = stack.pop()
        columns = _split_at_gutter(region)
        if columns is None:
            if region:
                yield region
        else:
            stack.extend(reversed(columns))


def _split_at_gutter(items: list[Item]) -> list[list[Item]] | None:
    """Return the items above, left of, right of and below the longest gutter, or None."""
    lines = [item for item in items if isinstance(item, PdfLine)]
    best: tuple[float, list[list[Item]]] | None = None
    gutter = MIN_GUTTER_WIDTH * statistics.median(line.size for line in lines) if lines else 0.0
    for x in _gutter_candidates(lines):
        for run in _uncrossed_runs(items, x, gutter):
            parts = _split_run(run, x)
            if parts is None:
                continue
            above, left, right, below = parts
            height = max(item.bottom for item in right) - min(item.top for item in right)
            if best is None or height > best[0]:
                first, last = items.index(run[0]), items.index(run[-1])
                items_above, items_below = items[:first], items[last + 1 :]
                best = height, [[*items_above, *above], left, right, [*below, *items_below]]
    return best[1] if best else None


def _gutter_candidates(lines: Sequence[PdfLine]) -> list[float]:
    """Return the x positions, except the leftmost, at which several lines start."""
    if not lines:
        return []
    leftmost = min(line.x0 for line in lines)
    groups: list[list[float]] = []
    for x in sorted(line.x0 for line in lines if line.x0 > leftmost + ALIGNMENT_TOLERANCE):
        if groups and x - groups[-1][0] <= ALIGNMENT_TOLERANCE:
            groups[-1].append(x)
        else:
            groups.append([x])
    frequent = sorted((group for group in groups if len(group) > 1), key=len, reverse=True)
    return [group[0] for group in frequent[:MAX_GUTTER_CANDIDATES]]


def _uncrossed_runs(items: Sequence[Item], x: float, gutter: float) -> Iterator[list[Item]]:
    """Yield the runs of items, from the top, that do not cross the strip left of `x`."""
    run: list[Item] = []
    for item in items:
        if item.x0 < x - 1 and item.x1 > x - gutter:
            if run:
                yield run
            run = []
        else:
            run.append(item)
    if run:
        yield run


def _split_run(
    run: list[Item], x: float
) -> tuple[list[Item], list[Item], list[Item], list[Item]] | None:
    """Return (above, left, right, below) of a run that is two columns of text, else None."""
    left = [item for item in run if item.x1 <= x]
    right = [item for item in run if item.x0 >= x - 1]
    if not left or not right:
        return None
    top = max(min(item.top for item in side) for side in (left, right))
    above = [item for item in run if item.bottom <= top]
    # The cells of a list may be centred, so the right column may start half a line higher.
    for item in [item for item in reversed(right) if item in above]:
        below = right[right.index(item) + 1 :]
        if (
            below
            and abs(below[0].x0 - item.x0) <= ALIGNMENT_TOLERANCE
            and _is_next_line(item, below[0])
        ):
            above.remove(item)
        else:
            break
    left, right = ([item for item in side if item not in above] for side in (left, right))
    if not left or not right:
        return None
    left, below = _split_tail(left, max(item.bottom for item in right))
    return (above, left, right, below) if _are_text_columns(left, right) else None


def _split_tail(left: list[Item], end: float) -> tuple[list[Item], list[Item]]:
    """Separate items that continue below the right column, outdented or after a wide gap."""
    for before, item in itertools.pairwise(left):
        is_outdented = (
            item.x0 < min(other.x0 for other in left[: left.index(item)]) - ALIGNMENT_TOLERANCE
        )
        if item.top > end and (is_outdented or not _is_next_line(before, item)):
            at = left.index(item)
            return left[:at], left[at:]
    return left, []


def _is_next_line(above: Item, item: Item) -> bool:
    """Return whether an item is at most one line below another."""
    return item.top - above.bottom <= _height(item) * (MAX_LINE_STEP - 1)


def _height(item: Item) -> float:
    return item.size if isinstance(item, PdfLine) else 10.0


def _are_text_columns(left_items: Sequence[Item], right_items: Sequence[Item]) -> bool:
    """Return whether two sides are separate texts rather than the cells of table rows."""
    left = [item for item in left_items if isinstance(item, PdfLine)]
    right = [item for item in right_items if isinstance(item, PdfLine)]
    sides = (left, right)
    if min(map(len, sides)) > 1 and all(
        is_bullet(line.words[0].text) for side in sides for line in side
    ):
        return True
    if min(map(len, sides)) < MIN_COLUMN_LINES:
        return False
    size = max(line.size for line in right[:MIN_COLUMN_LINES])
    if all(_share(side, lambda line: line.is_marked) >= MIN_MARKED_SHARE for side in sides):
        return True
    if _are_labels(left, right):
        return False
    heights = [line.y for line in left]
    paired = _share(right, lambda line: any(abs(line.y - y) <= 0.2 * size for y in heights))
    if paired < MIN_PAIRED_SHARE:
        return min(_words_per_line(side) for side in sides) >= MIN_WORDS_PER_LINE / 2
    return all(_fills_column(side) for side in sides)


def _are_labels(left: Sequence[PdfLine], right: Sequence[PdfLine]) -> bool:
    """Return whether the lines on the left are labels of rows, whose text is on the right.

    Most labels have a gap below them. A label must not move to the text of another row, as the age
    of a child to the dose for adults.
    """
    gaps = _share_of_gaps(left)
    return gaps >= MIN_LABEL_SHARE and _share_of_gaps(right) < gaps / 2


def _share_of_gaps(side: Sequence[PdfLine]) -> float:
    """Return the share of the lines of a side that are apart from the line above."""
    rows = sorted(side, key=lambda line: line.y)
    apart = [
        line.y - above.y > MIN_LABEL_STEP * line.size for above, line in itertools.pairwise(rows)
    ]
    return sum(apart) / len(apart)


def _fills_column(side: Sequence[PdfLine]) -> bool:
    width = max(line.x1 for line in side) - min(line.x0 for line in side)
    full = _share(side, lambda line: line.x1 - line.x0 >= MIN_FULL_LINE_WIDTH * width)
    return full >= MIN_FULL_LINE_SHARE and _words_per_line(side) >= MIN_WORDS_PER_LINE


def _words_per_line(side: Sequence[PdfLine]) -> float:
    return sum(len(line.words) for line in side) / len(side)


def _share(lines: Sequence[PdfLine], predicate: Callable[[PdfLine], bool]) -> float:
    return sum(map(predicate, lines)) / len(lines)


def _lines_and_tables(items: Sequence[Item]) -> Iterator[Element]:
    """Yield the lines of a column, with rows of cells as tables."""
    rows: list[list[PdfLine]] = []
    for item in sorted(items, key=lambda item: item.top):
        if isinstance(item, Grid):
            yield from find_row_tables(rows)
            rows = []
            yield item
        elif rows and any(_overlaps_vertically(item, other) for other in rows[-1]):
            rows[-1].append(item)
        else:
            rows.append([item])
    yield from find_row_tables(rows)


def _overlaps_vertically(line: PdfLine, other: PdfLine) -> bool:
    """Return whether two segments overlap vertically.

    A word next to two lines overlaps with both.
    """
    overlap = min(line.bottom, other.bottom) - max(line.top, other.top)
    return overlap > 0.25 * min(line.size, other.size)
