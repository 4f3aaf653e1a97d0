"""Tables and boxes detected from drawn lines.

Lines that touch each other form a grid. Adjacent fields without a line between them are one cell,
and a grid of one cell is a box around text. Tables without lines are detected by
`ingest.readers.pdf.columns`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.readers.pdf.drawings import Edge
from ingest.readers.pdf.lines import PdfWord

# points; lines closer than this are both sides of one line, or meet in a corner
SNAP_DISTANCE = 3.0
# A page has room for about 1,000 readable cells; a page with more lines is a drawing.
MAX_FIELDS = 4_000
MAX_LINES = 2_000
MAX_GRIDS = 200
MAX_ONE_ROW_WORDS = 60  # words of a table of one row; more words are separate framed texts
MAX_MARGIN_WIDTH = 12.0  # points; a narrower column is the margin of a frame
MIN_GRID_SIZE = 8.0  # points; a smaller grid is a check box


@dataclass(slots=True)
class GridCell:
    """Table cell: its first row and column, and its words."""

    row: int
    column: int
    words: list[PdfWord] = field(default_factory=list)


@dataclass(slots=True)
class Grid:
    """Grid of the vertical lines `xs` and horizontal lines `ys`.

    `cell_origins` maps each field to the first field of its cell.
    """

    xs: list[float]
    ys: list[float]
    cells: dict[tuple[int, int], GridCell]
    cell_origins: dict[tuple[int, int], tuple[int, int]]

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.xs[0]

    @property
    def x1(self) -> float:
        """Right edge."""
        return self.xs[-1]

    @property
    def top(self) -> float:
        """Upper edge."""
        return self.ys[0]

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.ys[-1]

    @property
    def area(self) -> float:
        """Area in square points."""
        return (self.x1 - self.x0) * (self.bottom - self.top)

    def contains(self, x: float, y: float) -> bool:
        """Return whether a point is inside."""
        return self.x0 <= x <= self.x1 and self.top <= y <= self.bottom

    def add_word(self, word: PdfWord) -> bool:
        """Add a word to its cell; return False if it is outside the grid."""
        x, y = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
        if not self.contains(x, y):
            return False
        row = max(index for index, at in enumerate(self.ys[:-1]) if at <= y)
        column = max(index for index, at in enumerate(self.xs[:-1]) if at <= x)
        self.cells[self.cell_origins[row, column]].words.append(word)
        return True

    def has_wall(self, x: float, y: float) -> bool:
        """Return whether a cell ends at the vertical line `x`, at height `y`."""
        row = max((index for index, at in enumerate(self.ys[:-1]) if at <= y), default=0)
        column = self.xs.index(x)
        return self.cell_origins[row, column - 1] != self.cell_origins[row, column]

    @property
    def filled_cells(self) -> list[GridCell]:
        """Cells with words, row by row."""
        cells = (cell for cell in self.cells.values() if cell.words)
        return sorted(cells, key=lambda cell: (cell.row, cell.column))

    def measure_spans(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Return the row and the column below and right of each cell, by its first field."""
        ends: dict[tuple[int, int], tuple[int, int]] = {}
        for (row, column), origin in self.cell_origins.items():
            last_row, last_column = ends.get(origin, origin)
            ends[origin] = max(last_row, row + 1), max(last_column, column + 1)
        return ends

    @property
    def is_table(self) -> bool:
        """Whether words are in several columns, and in several rows or few words in one."""
        filled = self.filled_cells
        rows, columns = {cell.row for cell in filled}, {cell.column for cell in filled}
        words = sum(len(cell.words) for cell in filled)
        return len(columns) > 1 and (len(rows) > 1 or words <= MAX_ONE_ROW_WORDS)

    def is_spacer(self, row: int) -> bool:
        """Return whether a row is one cell without words, which separates two tables in a frame."""
        columns = [
            at
            for at, (x0, x1) in enumerate(itertools.pairwise(self.xs))
            if x1 - x0 > MAX_MARGIN_WIDTH
        ]
        cells = {self.cell_origins[row, column] for column in columns}
        return len(cells) == 1 and not self.cells[cells.pop()].words


def find_grids(edges: Sequence[Edge], words: Sequence[PdfWord]) -> tuple[list[Grid], list[PdfWord]]:
    """Return the tables and boxes of a page with their words, and the words outside them.

    Of nested grids the table is kept: a box around a table is only its frame, and anything drawn in
    a cell belongs to the cell.
    """
    white = [edge for edge in edges if edge.white]
    lines = _merge_edges([edge for edge in edges if not edge.white])
    if len(lines) > MAX_LINES:
        return [], list(words)
    parts = [part for part in _group_touching(lines) if len(part) > 1]
    grids = [grid for part in parts[: MAX_GRIDS + 1] if (grid := _build_grid(part, white))]
    if len(grids) > MAX_GRIDS:
        return [], list(words)
    words = [part for word in words for part in _split_at_walls(word, grids)]
    for grid in grids:
        for word in words:
            grid.add_word(word)
    tables = sorted((grid for grid in grids if grid.is_table), key=lambda grid: -grid.area)
    boxes = sorted(
        (grid for grid in grids if len(grid.filled_cells) == 1), key=lambda grid: grid.area
    )
    selected: list[Grid] = []
    for grid in [*tables, *boxes]:
        if not any(_overlap(grid, other) for other in selected):
            selected.append(grid)
    used_ids = {id(word) for grid in selected for cell in grid.filled_cells for word in cell.words}
    return selected, [word for word in words if id(word) not in used_ids]


def _split_at_walls(word: PdfWord, grids: Sequence[Grid]) -> Iterator[PdfWord]:
    """Yield the parts of a word that crosses a cell boundary because a space is missing."""
    for grid in grids:
        for x in grid.xs[1:-1] if grid.contains(word.x0, word.y) else ():
            parts = word.split_at(x - 1)
            if parts and grid.has_wall(x, word.y):
                yield parts[0]
                yield from _split_at_walls(parts[1], grids)
                return
    yield word


def _overlap(one: Grid, other: Grid) -> bool:
    return (
        min(one.x1, other.x1) - max(one.x0, other.x0) > SNAP_DISTANCE
        and min(one.bottom, other.bottom) - max(one.top, other.top) > SNAP_DISTANCE
    )


def _merge_edges(edges: Sequence[Edge]) -> list[Edge]:
    """Return the lines with close parallel lines merged, and the segments of a line joined."""
    merged: list[Edge] = []
    for level in (True, False):
        lines = sorted(
            (edge for edge in edges if edge.horizontal == level), key=lambda edge: edge.position
        )
        for group in _group_near(lines):
            position = sum(edge.position for edge in group) / len(group)
            pieces = sorted(group, key=lambda edge: edge.low)
            low, high = pieces[0].low, pieces[0].high
            for piece in pieces[1:]:
                if piece.low > high + SNAP_DISTANCE:
                    merged.append(Edge(level, position, low, high))
                    low, high = piece.low, piece.high
                high = max(high, piece.high)
            merged.append(Edge(level, position, low, high))
    return merged


def _group_near(edges: Sequence[Edge]) -> Iterable[list[Edge]]:
    group: list[Edge] = []
    for edge in edges:
        if group and edge.position - group[0].position > SNAP_DISTANCE:
            yield group
            group = []
        group.append(edge)
    if group:
        yield group


def _group_touching(edges: Sequence[Edge]) -> list[list[Edge]]:
    """Return the lines in groups that touch each other."""
    group_of = list(range(len(edges)))

    def root(index: int) -> int:
        while group_of[index] != index:
            group_of[index] = group_of[group_of[index]]
            index = group_of[index]
        return index

    horizontal_ids = [index for index, edge in enumerate(edges) if edge.horizontal]
    vertical_ids = [index for index, edge in enumerate(edges) if not edge.horizontal]
    for horizontal_id, vertical_id in itertools.product(horizontal_ids, vertical_ids):
        one, other = edges[horizontal_id], edges[vertical_id]
        if (
            one.low - SNAP_DISTANCE <= other.position <= one.high + SNAP_DISTANCE
            and other.low - SNAP_DISTANCE <= one.position <= other.high + SNAP_DISTANCE
        ):
            group_of[root(horizontal_id)] = root(vertical_id)
    groups: dict[int, list[Edge]] = {}
    for index, edge in enumerate(edges):
        groups.setdefault(root(index), []).append(edge)
    return list(groups.values())


def _build_grid(edges: Sequence[Edge], white: Sequence[Edge]) -> Grid | None:
    """Return the grid of touching lines, or None if they enclose nothing.

    White lines inside it count, because they separate cells with a coloured background.
    """
    bounds = _bounds(edges)
    edges = _merge_edges([*edges, *(edge for edge in white if _is_within(edge, bounds))])
    horizontals = [edge for edge in edges if edge.horizontal]
    verticals = [edge for edge in edges if not edge.horizontal]
    if not horizontals or not verticals:
        return None
    # A table without side lines ends where its horizontal lines end.
    xs = distinct_positions([*(edge.position for edge in verticals), *_ends(horizontals)])
    ys = distinct_positions([*(edge.position for edge in horizontals), *_ends(verticals)])
    if len(horizontals) + len(verticals) < 4 or len(xs) < 2 or len(ys) < 2:
        return None
    if (len(xs) - 1) * (len(ys) - 1) > MAX_FIELDS:
        return None
    if xs[-1] - xs[0] < MIN_GRID_SIZE or ys[-1] - ys[0] < MIN_GRID_SIZE:
        return None
    cell_of: dict[tuple[int, int], tuple[int, int]] = {}
    for row, column in itertools.product(range(len(ys) - 1), range(len(xs) - 1)):
        x, y = (xs[column] + xs[column + 1]) / 2, (ys[row] + ys[row + 1]) / 2
        if column and not _has_wall(verticals, xs[column], y):
            cell_of[row, column] = cell_of[row, column - 1]
        elif row and not _has_wall(horizontals, ys[row], x):
            cell_of[row, column] = cell_of[row - 1, column]
        else:
            cell_of[row, column] = (row, column)
    cells = {place: GridCell(*place) for place in cell_of.values()}
    return Grid(xs, ys, cells, cell_of)


def _bounds(edges: Sequence[Edge]) -> tuple[float, float, float, float]:
    """Return the bounds of a group of lines: left, top, right, bottom."""
    xs = [
        x
        for edge in edges
        for x in ((edge.low, edge.high) if edge.horizontal else (edge.position,))
    ]
    ys = [
        y
        for edge in edges
        for y in ((edge.position,) if edge.horizontal else (edge.low, edge.high))
    ]
    return min(xs), min(ys), max(xs), max(ys)


def _is_within(edge: Edge, bounds: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = bounds
    (low, high), (first, last) = (
        ((left, right), (top, bottom))
        if edge.horizontal
        else (
            (top, bottom),
            (left, right),
        )
    )
    return (
        low - SNAP_DISTANCE <= edge.low
        and edge.high <= high + SNAP_DISTANCE
        and first <= edge.position <= last
    )


def _ends(edges: Sequence[Edge]) -> tuple[float, float]:
    return min(edge.low for edge in edges), max(edge.high for edge in edges)


def distinct_positions(positions: Sequence[float]) -> list[float]:
    """Return the positions in order, and of close ones the first."""
    distinct: list[float] = []
    for position in sorted(positions):
        if not distinct or position - distinct[-1] > SNAP_DISTANCE:
            distinct.append(position)
    return distinct


def _has_wall(edges: Sequence[Edge], position: float, cross_position: float) -> bool:
    return any(
        abs(edge.position - position) <= SNAP_DISTANCE
        and edge.low - SNAP_DISTANCE <= cross_position <= edge.high + SNAP_DISTANCE
        for edge in edges
    )
