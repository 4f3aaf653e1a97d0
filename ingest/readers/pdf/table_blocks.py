"""Conversion of PDF tables to blocks; a table over several pages becomes one block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ingest.readers.common.inline_text import strip_marks
from ingest.readers.common.result import OmittedText
from ingest.readers.common.table_rows import join_cell_lines
from ingest.readers.pdf.cell_lines import (
    Statement,
    join_statements,
    split_level_rows,
    split_statements,
)
from ingest.readers.pdf.lines import Dehyphenator, PdfLine, PdfWord, is_bullet, mark_words
from ingest.readers.pdf.paragraphs import PdfTable, join_lines
from ingest.readers.pdf.ruled_tables import Grid, distinct_positions
from ingest.readers.pdf.unruled_tables import RowTable, merge_lines, split_segments
from kb.model.article import Block, Cell, Row, table

REPEATED_HEADER = "a table header repeated on the next page"


@dataclass(slots=True)
class _TableRow:
    """Cells by column, and whether the row is bold. `columns` of a cell are those of the grid."""

    cells: dict[int, Cell]
    bold: bool

    @property
    def texts(self) -> dict[int, str]:
        """The texts of the cells."""
        return {column: cell.text for column, cell in self.cells.items()}

    @property
    def is_group(self) -> bool:
        """Whether it may be a group row ("Children"): only its first cell has text."""
        return list(self.cells) == [0]


def _are_bold(lines: Sequence[PdfLine]) -> bool:
    return all(line.bold for line in lines if any(map(str.isalnum, line.text)))


@dataclass(slots=True)
class _Rows:
    """Rows of a table."""

    rows: list[_TableRow] = field(default_factory=list)

    @property
    def header_rows(self) -> int:
        """Number of bold rows at the top, if other rows follow. Group rows are not headers."""
        count = next((at for at, row in enumerate(self.rows) if not row.bold), 0)
        while count > 1 and self.rows[count - 1].is_group:
            count -= 1
        return count

    def build_block(self, page: int) -> Block:
        """Return the rows as a block, without columns in which no cell starts."""
        columns = sorted({column for row in self.rows for column in row.cells})
        rows = [self._build_row(number, columns) for number in range(len(self.rows))]
        return table(rows, self.header_rows, page=page)

    def _build_row(self, number: int, columns: Sequence[int]) -> Row:
        cells = self.rows[number].cells
        return tuple(
            self._fit_cell(number, column, columns) if column in cells else Cell()
            for column in columns
        )

    def _fit_cell(self, number: int, column: int, columns: Sequence[int]) -> Cell:
        """Return a cell with its span in `columns`, as far as no other cell starts in it."""
        cell = self.rows[number].cells[column]
        covered = [each for each in columns if column < each < column + cell.columns]
        own_cells = self.rows[number].cells
        width = next((at for at, each in enumerate(covered) if each in own_cells), len(covered))
        below = self.rows[number + 1 : number + cell.rows]
        area = (column, *covered[:width])
        height = next(
            (at for at, row in enumerate(below) if any(each in row.cells for each in area)),
            len(below),
        )
        return replace(cell, columns=width + 1, rows=height + 1)


def build_table_blocks(
    pdf_table: PdfTable, dehyphenator: Dehyphenator, omitted: list[OmittedText]
) -> Iterator[Block]:
    """Yield the blocks of a table: several if empty rows divide it."""
    if isinstance(pdf_table.grid, RowTable):
        rows = _Rows()
        for cell_lines in pdf_table.grid.rows:
            texts = join_cell_lines(
                [
                    join_statements(split_statements(lines, *column), dehyphenator)
                    for lines, column in zip(cell_lines, pdf_table.grid.columns, strict=True)
                ]
            )
            cells = {column: Cell(text) for column, text in enumerate(texts) if text}
            is_bold = _are_bold([line for lines in cell_lines for line in lines])
            rows.rows.append(_TableRow(cells, is_bold))
        yield rows.build_block(pdf_table.page)
        return
    grids = [pdf_table.grid, *pdf_table.continuations]
    xs = distinct_positions([x for grid in grids for x in grid.xs])
    rows = _Rows()
    for grid in grids:
        numbered = list(_iter_rows(grid, xs, dehyphenator))
        repeated_count = _count_repeated_header(rows, numbered)
        for _, row in numbered[:repeated_count]:
            text = strip_marks(" ".join(row.texts.values()))
            omitted.append(OmittedText(REPEATED_HEADER, text))
        last_number = 0
        for number, row in numbered[repeated_count:]:
            skipped_rows, last_number = range(last_number + 1, number), number
            if rows.rows and any(map(grid.is_spacer, skipped_rows)):
                yield rows.build_block(pdf_table.page)
                rows = _Rows()
            rows.rows.append(row)
    if rows.rows:
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
    grid: Grid, xs: Sequence[float], dehyphenator: Dehyphenator
) -> Iterator[tuple[int, _TableRow]]:
    """Yield (number in the grid, row) of each row with words; its columns are those of `xs`."""
    ends = grid.measure_spans()
    filled = grid.filled_cells
    numbers = sorted({cell.row for cell in filled})
    for number in numbers:
        statements: dict[int, list[Statement]] = {}
        spans: dict[int, tuple[int, int]] = {}
        for cell in (cell for cell in filled if cell.row == number):
            row_end, column_end = ends[cell.row, cell.column]
            left, right = grid.xs[cell.column], grid.xs[column_end]
            column = _column_index(left, xs)
            statements[column] = split_statements(_cell_lines(cell.words), left, right)
            height = sum(1 for other in numbers if number <= other < row_end)
            spans[column] = (_column_index(right, xs) - column, height)
        for row in _build_rows(statements, spans, dehyphenator, is_first=number == numbers[0]):
            yield number, row


def _build_rows(
    statements: dict[int, list[Statement]],
    spans: dict[int, tuple[int, int]],
    dehyphenator: Dehyphenator,
    *,
    is_first: bool,
) -> Iterator[_TableRow]:
    """Yield the rows of a ruled row, with the (columns, rows) in `spans`."""
    all_lines = [line for cell in statements.values() for each in cell for line in each.lines]
    is_bold = _are_bold(all_lines)
    has_digits = any(character.isdigit() for line in all_lines for character in line.text)
    is_header = is_bold or (is_first and not has_digits)
    can_split = not is_header and all(rows == 1 for _, rows in spans.values())
    whole = [{column: (cell, spans[column][1]) for column, cell in statements.items()}]
    for level_row in split_level_rows(statements) if can_split else whole:
        texts = [join_statements(cell, dehyphenator) for cell, _ in level_row.values()]
        joined = join_cell_lines(texts, is_header=is_header)
        yield _TableRow(
            {
                column: Cell(text, spans[column][0], rows)
                for text, (column, (_, rows)) in zip(joined, level_row.items(), strict=True)
            },
            is_bold,
        )


def _cell_lines(words: Sequence[PdfWord]) -> list[PdfLine]:
    return list(merge_lines(split_segments(words)))


def _column_index(x: float, xs: Sequence[float]) -> int:
    return min(range(len(xs)), key=lambda at: abs(xs[at] - x))


def _count_repeated_header(rows: _Rows, part: Sequence[tuple[int, _TableRow]]) -> int:
    """Return the number of rows at the top of a part that repeat the table header."""
    header = [row.texts for row in rows.rows[: max(1, rows.header_rows)]]
    top = [row.texts for _, row in part[: len(header)]]
    return len(header) if header and top == header and len(part) > len(header) else 0
