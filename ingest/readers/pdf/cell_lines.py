"""Lines inside the cells of a ruled table: wrapped text, separate statements, and unruled rows.

A line ends a statement if the first word of the next line would have fitted into the cell. If the
statements of a row are level in several cells, they are rows without a line between them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.readers.pdf.lines import Dehyphenator, PdfLine, is_bullet, mark_words
from ingest.readers.pdf.paragraphs import WORD_SPACE, join_lines
from ingest.readers.pdf.unruled_tables import MAX_ROW_SHIFT

MIN_LEVEL_ROWS = 3  # two level lines are often one text of two lines, next to another
_NUMBER_END = re.compile(r"\d[%)]?$")
_NUMBER_START = re.compile(r"[<>≤≥]?\s?\d")
_OPEN_ENDS = frozenset("-\u2010\u00ad–—/(,+±=<>≤≥")


@dataclass(frozen=True, slots=True)
class Statement:
    """Consecutive lines of a cell that are one text."""

    lines: list[PdfLine]
    has_bullet: bool = False

    @property
    def y(self) -> float:
        """Baseline of the first line."""
        return self.lines[0].y

    def text(self, dehyphenator: Dehyphenator) -> str:
        """Return the formatted text without a bullet."""
        first = self.lines[0].words[1:] if self.has_bullet else self.lines[0].words
        lines = [first, *(line.words for line in self.lines[1:])]
        return join_lines([mark_words(words, emphasis=False) for words in lines], dehyphenator)


def split_statements(lines: Sequence[PdfLine], left: float, right: float) -> list[Statement]:
    """Return the statements of a cell between the walls `left` and `right`."""
    margin = min(
        (distance for line in lines for distance in (line.x0 - left, right - line.x1)), default=0.0
    )
    width = right - left - 2 * max(0.0, margin)
    statements: list[Statement] = []
    for line in lines:
        has_bullet = is_bullet(line.words[0].text) and len(line.words) > 1
        if statements and not has_bullet and _continues(statements[-1].lines[-1], line, width):
            statements[-1].lines.append(line)
        else:
            statements.append(Statement([line], has_bullet))
    return statements


def _continues(above: PdfLine, line: PdfLine, width: float) -> bool:
    """Return whether a line continues the text of the line above; two numbers never join."""
    first, text = line.words[0], line.text
    if _NUMBER_END.search(above.text) and _NUMBER_START.match(text):
        return False
    needed = (above.x1 - above.x0) + WORD_SPACE * line.size + (first.x1 - first.x0)
    return needed > width or text[0].islower() or text[0] in "(/)" or above.text[-1] in _OPEN_ENDS


def join_statements(statements: Sequence[Statement], dehyphenator: Dehyphenator) -> list[str]:
    """Return the formatted texts of the statements; items with bullets are one text."""
    texts = [statement.text(dehyphenator) for statement in statements]
    if not any(statement.has_bullet for statement in statements):
        return texts
    text = ""
    for part, statement in zip(texts, statements, strict=True):
        gap = "; " if statement.has_bullet and not text.endswith(":") else " "
        text += (gap if text else "") + part
    return [text]


def split_level_rows(
    cells: Mapping[int, Sequence[Statement]],
) -> list[dict[int, tuple[Sequence[Statement], int]]]:
    """Return the cells of a row by column, as (statements, number of rows), for each unruled row.

    The first cell defines the rows. A single statement at half the height applies to all of them.
    """
    whole = [{column: (statements, 1) for column, statements in cells.items()}]
    first, *others = (cells[column] for column in sorted(cells))
    count = len(first)
    has_level = any(len(statements) > 1 for statements in others)
    if count < MIN_LEVEL_ROWS or not has_level or any(s.has_bullet for s in first):
        return whole
    tolerance = MAX_ROW_SHIFT * first[0].lines[0].size
    starts = [statement.y for statement in first]
    rows: list[dict[int, tuple[Sequence[Statement], int]]] = [{} for _ in first]
    for column, statements in cells.items():
        lines = [line for statement in statements for line in statement.lines]
        middle = (lines[0].y + lines[-1].y) / 2
        if len(statements) == 1 and abs(middle - (starts[0] + starts[-1]) / 2) <= tolerance:
            rows[0][column] = (statements, count)
            continue
        for statement in statements:
            row = _level_row(statement, starts, tolerance)
            if row is None or column in rows[row]:
                return whole
            rows[row][column] = ([statement], 1)
    return rows


def _level_row(statement: Statement, starts: Sequence[float], tolerance: float) -> int | None:
    """Return the row that a statement starts, or None if it is not level or reaches the next."""
    for row, (start, end) in enumerate(itertools.pairwise([*starts, float("inf")])):
        if abs(statement.y - start) <= tolerance:
            return row if statement.lines[-1].y < end - tolerance else None
    return None
