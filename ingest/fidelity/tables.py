"""Comparison of the tables of an article with those of its source, cell by cell.

A dose in the cell next to its own is between the same words, so that only its position shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ingest.fidelity.markers import RAISED, Grid, with_raised
from ingest.fidelity.tokens import is_fact, normalize, number_of, tokenize
from kb.model.article import Article, Block
from kb.model.excerpt import shorten

MIN_SHARED_CELLS = 0.5  # of a table of the article; with fewer, the source has another table
MAX_EXCERPT_LENGTH = 60

Key = tuple[str, int, int]  # label of a row, how often it occurred above, column


def find_moved_cells(article: Article, tables: list[Grid]) -> Iterator[str]:
    """Yield a message for each cell with a number that its row and column of the source lack."""
    if not tables:
        return
    sources = [_Table(grid) for grid in tables]
    for _, section in article.walk():
        for block in section.blocks:
            if block.rows:
                yield from _compare(block, sources, section.heading)


class _Table:
    """The numbers in the cells of a grid, by row label and column."""

    def __init__(self, grid: Grid) -> None:
        self.width = max(map(len, grid), default=0)
        self.texts = Counter(text for row in grid for cell in row if (text := _words(cell)))
        self.cells: dict[Key, str] = {}
        self.labels = labels = Counter[str]()
        for row in grid:
            label = _words(row[0]) if row else ""
            labels[label] += 1
            for column, cell in enumerate(row):
                self.cells[label, labels[label], column] = cell


def _compare(block: Block, sources: list[_Table], place: str) -> Iterator[str]:
    table = _Table(_grid(block))
    total = table.texts.total()
    same_width = [source for source in sources if source.width == table.width]
    best = max(same_width, key=lambda each: (each.texts & table.texts).total(), default=None)
    if best is None or (best.texts & table.texts).total() < MIN_SHARED_CELLS * total:
        return
    for (label, occurrence, column), cell in table.cells.items():
        expected = best.cells.get((label, occurrence, column))
        if expected is None or not label or table.labels[label] != best.labels[label]:
            continue
        if _numbers(cell) <= _numbers(expected):
            continue
        where = f" (under “{shorten(place, MAX_EXCERPT_LENGTH)}”)" if place else ""
        yield (
            f"“{shorten(cell, MAX_EXCERPT_LENGTH)}” is in another cell than in the source{where}. "
            f"Compare column {column + 1} of the row “{shorten(label, MAX_EXCERPT_LENGTH)}”: "
            f"“{shorten(' '.join(expected.split()), MAX_EXCERPT_LENGTH)}”"
        )


def _grid(block: Block) -> Grid:
    """Return the texts of a table, with a cell over several positions in each of them."""
    grid = [[with_raised(cell.text, cell.marks) for cell in row] for row in block.rows]
    for number, row in enumerate(block.rows):
        for column, cell in enumerate(row):
            for below in range(number, min(number + cell.rows, len(grid))):
                for right in range(column, min(column + cell.columns, len(grid[below]))):
                    if not grid[below][right]:
                        grid[below][right] = grid[number][column]
    return grid


def _words(cell: str) -> str:
    return " ".join(tokenize(normalize(cell)))


def _numbers(cell: str) -> Counter[str]:
    tokens = tokenize(normalize(cell))
    return Counter(number_of(each).lstrip(RAISED) for each in tokens if is_fact(each))
