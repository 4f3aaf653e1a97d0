"""Conversion of PDF tables to blocks; a table over several pages becomes one block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.readers.common.inline_text import strip_marks
from ingest.readers.common.result import OmittedText
from ingest.readers.pdf.lines import Dehyphenator, PdfLine, PdfWord, is_bullet, mark_words
from ingest.readers.pdf.paragraphs import PdfTable, join_lines
from ingest.readers.pdf.ruled_tables import SNAP_DISTANCE, Grid
from ingest.readers.pdf.unruled_tables import RowTable, merge_lines, split_segments
from kb.model.article import Block, table

REPEATED_HEADER = "a table header repeated on the next page"


@dataclass(slots=True)
class _Rows:
    """Rows of a table: the text of each cell by column, and whether the row is bold."""

    cells: list[dict[int, str]] = field(default_factory=list)
    bold: list[bool] = field(default_factory=list)

    def add(self, cells: dict[int, str], lines: Sequence[PdfLine]) -> None:
        """Add a row."""
        self.cells.append(cells)
        lines_with_letters = [line for line in lines if any(map(str.isalnum, line.text))]
        self.bold.append(all(line.bold for line in lines_with_letters))

    @property
    def header_rows(self) -> int:
        """Number of bold rows at the top, if other rows follow."""
        return next((at for at, is_bold in enumerate(self.bold) if not is_bold), 0)

    def build_block(self, page: int) -> Block:
        """Return the rows as a block, without columns in which no cell starts."""
        columns = sorted({column for row in self.cells for column in row})
        rows = ([row.get(column, "") for column in columns] for row in self.cells)
        return table(rows, self.header_rows, page=page)


def build_table_blocks(
    pdf_table: PdfTable, dehyphenator: Dehyphenator, omitted: list[OmittedText]
) -> Iterator[Block]:
    """Yield the blocks of a table: several if empty rows divide it."""
    if isinstance(pdf_table.grid, RowTable):
        rows = _Rows()
        for row in pdf_table.grid.rows:
            texts = {at: cell_text(cell, dehyphenator) for at, cell in enumerate(row) if cell}
            rows.add(texts, [line for cell in row for line in cell])
        yield rows.build_block(pdf_table.page)
        return
    grids = [pdf_table.grid, *pdf_table.continuations]
    xs = max((grid.xs for grid in grids), key=len)
    rows = _Rows()
    for grid in grids:
        repeated_count = _count_repeated_header(rows, grid, xs, dehyphenator) if rows.cells else 0
        if repeated_count:
            header_texts = (" ".join(row.values()) for row in rows.cells[:repeated_count])
            omitted.extend(OmittedText(REPEATED_HEADER, strip_marks(text)) for text in header_texts)
        last_number = 0
        for number, texts, lines in _iter_rows(grid, xs, dehyphenator, skip=repeated_count):
            skipped_rows, last_number = range(last_number + 1, number), number
            if rows.cells and any(map(grid.is_spacer, skipped_rows)):
                yield rows.build_block(pdf_table.page)
                rows = _Rows()
            rows.add(texts, lines)
    if rows.cells:
        yield rows.build_block(pdf_table.page)


def cell_text(lines: Sequence[PdfLine], dehyphenator: Dehyphenator) -> str:
    """Return the formatted text of a cell, with list items separated by semicolons."""
    parts: list[list[str]] = [[]]
    for line in lines:
        marked = is_bullet(line.words[0].text) and len(line.words) > 1
        if marked:
            parts.append([])
        words = line.words[1:] if marked else line.words
        parts[-1].append(mark_words(words, emphasis=False))
    return "; ".join(join_lines(part, dehyphenator) for part in parts if part)


def _iter_rows(
    grid: Grid, xs: Sequence[float], dehyphenator: Dehyphenator, *, skip: int = 0
) -> Iterator[tuple[int, dict[int, str], list[PdfLine]]]:
    """Yield (number, texts by column of `xs`, lines) of each row with words.

    The first `skip` rows are left out.
    """
    numbers = sorted({cell.row for cell in grid.filled_cells})
    for number in numbers[skip:]:
        texts: dict[int, str] = {}
        lines: list[PdfLine] = []
        for cell in grid.filled_cells:
            if cell.row == number:
                cell_lines = _cell_lines(cell.words)
                texts[_column_index(grid.xs[cell.column], xs)] = cell_text(cell_lines, dehyphenator)
                lines.extend(cell_lines)
        yield number, texts, lines


def _cell_lines(words: Sequence[PdfWord]) -> list[PdfLine]:
    return list(merge_lines(split_segments(words)))


def _column_index(x: float, xs: Sequence[float]) -> int:
    return next((at for at, each in enumerate(xs) if abs(each - x) <= SNAP_DISTANCE), 0)


def _count_repeated_header(
    rows: _Rows, grid: Grid, xs: Sequence[float], dehyphenator: Dehyphenator
) -> int:
    """Return the number of rows at the top of a part that repeat the table header."""
    rows_of_part = [texts for _, texts, _ in _iter_rows(grid, xs, dehyphenator)]
    header = rows.cells[: max(1, rows.header_rows)]
    return (
        len(header)
        if rows_of_part[: len(header)] == header and len(rows_of_part) > len(header)
        else 0
    )
