"""Tables of a patient leaflet, with their spans and group rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from kb.model.article import MarkKind
from web.integrations.patient_leaflets.styles import (
    BOLD,
    EDGE,
    TEXT,
    WASH,
    WIDTH,
    make_style,
    paragraph,
    replace_unsupported,
)
from web.presentation.article_view import BlockView, CellView, FormattedText, RowView, TextSpan

# The first size at which the longest word of each column fits is used.
SIZES = (9, 8, 7)
MAX_HEADER_HEIGHT = 150  # points: a taller header is not repeated on each page
MAX_JOINED_HEIGHT = 300  # points: of rows that a page cannot break
PADDING = 5  # points: at the left and at the right of a cell
MAX_WORD_WIDTH = 150  # points: longer words are addresses, which are split
MAX_NATURAL_WIDTH = WIDTH / 2  # of a column, so that one long text does not squeeze the others
Rows = Sequence[RowView]


def render_table(block: BlockView) -> Iterator[Flowable]:
    """Yield a table; one whose words do not fit the columns is rendered as lines of text.

    A dose with its unit is one word, because its spaces do not break.
    """
    rows = [*block.header, *block.rows]
    if not any(row.cells for row in rows):
        return
    for size in SIZES:
        grid = _Grid(rows, len(block.header), size)
        if sum(grid.word_widths) <= WIDTH:
            yield grid.render()
            return
    yield from _render_lines(block)


class _Grid:
    """A table in a font size, of which the first `heads` rows are headers."""

    def __init__(self, rows: Rows, heads: int, size: int) -> None:
        self._rows, self._heads = rows, heads
        self._count = max(cell.column + cell.columns for row in rows for cell in row.cells)
        leading = size * 1.4
        self._cell = make_style("cell", fontSize=size, leading=leading)
        self._head = make_style("head", fontSize=size, leading=leading, fontName=BOLD)
        self.word_widths = self._measure_words()

    def render(self) -> Table:
        """Return the table with its spans."""
        widths = self._share_width()
        cells: list[list[Paragraph | str]] = [[""] * self._count for _ in self._rows]
        commands: list[tuple[object, ...]] = [
            ("GRID", (0, 0), (-1, -1), 0.5, EDGE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
            ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
        ]
        joined = self._joined_rows(widths)
        for number, row in enumerate(self._rows):
            style = self._style(number)
            for cell in row.cells:
                below = number + cell.rows
                for top in [number] if number in joined else range(number, below):
                    cells[top][cell.column] = paragraph(cell.text, style)
                    end = (
                        cell.column + cell.columns - 1,
                        below - 1 if number in joined else top,
                    )
                    if end != (cell.column, top):
                        commands.append(("SPAN", (cell.column, top), end))
            if style is self._head:
                commands.append(("BACKGROUND", (0, number), (-1, number), WASH))
        return Table(
            cells,
            colWidths=widths,
            repeatRows=self._count_repeated_rows(widths),
            splitInRow=1,
            style=TableStyle(commands),
        )

    def _style(self, number: int) -> ParagraphStyle:
        is_head = number < self._heads or self._rows[number].is_group
        return self._head if is_head else self._cell

    def _joined_rows(self, widths: Sequence[float]) -> set[int]:
        """Return the rows whose spanning cells are joined with the rows below.

        A page cannot break inside such a cell. Where the joined rows would be taller than
        `MAX_JOINED_HEIGHT`, or would join a header with its rows, each row repeats the text.
        """
        joined: set[int] = set()
        start = 0
        while start < len(self._rows):
            end = start + 1  # after the last row that a spanning cell connects with the first
            number = start
            height = 0.0
            while number < end:
                height += self._measure_row(number, widths)
                end = max([end, *(number + cell.rows for cell in self._rows[number].cells)])
                number += 1
            if height <= MAX_JOINED_HEIGHT and not start < self._heads < end:
                joined.update(range(start, end))
            start = end
        return joined

    def _measure_row(self, number: int, widths: Sequence[float]) -> float:
        heights = [0.0]
        for cell in self._rows[number].cells:
            width = sum(widths[cell.column : cell.column + cell.columns]) - 2 * PADDING
            text = paragraph(cell.text, self._style(number))
            heights.append(text.wrap(width, MAX_JOINED_HEIGHT)[1] + PADDING)
        return max(heights)

    def _measure_words(self) -> list[float]:
        """Return the width of the longest word of each column."""
        widths = [2.0 * PADDING] * self._count
        for number, row in enumerate(self._rows):
            for cell in row.cells:
                if cell.columns == 1:
                    word = paragraph(cell.text, self._style(number)).minWidth()
                    widths[cell.column] = max(
                        widths[cell.column], min(word, MAX_WORD_WIDTH) + 2 * PADDING
                    )
        return widths

    def _share_width(self) -> list[float]:
        """Return the widths: the longest word of each column, and a share of the rest by text."""
        texts = list(self.word_widths)
        for number, row in enumerate(self._rows):
            style = self._style(number)
            for cell in row.cells:
                if cell.columns == 1:
                    text = replace_unsupported(_plain(cell.text))
                    natural = stringWidth(text, style.fontName, style.fontSize) + 2 * PADDING
                    texts[cell.column] = max(texts[cell.column], min(natural, MAX_NATURAL_WIDTH))
        wishes = [text - word + 1 for text, word in zip(texts, self.word_widths, strict=True)]
        spare = WIDTH - sum(self.word_widths)
        return [
            word + spare * wish / sum(wishes)
            for word, wish in zip(self.word_widths, wishes, strict=True)
        ]

    def _count_repeated_rows(self, widths: Sequence[float]) -> int:
        """Return how many rows are repeated on each page; 0 if the header is too tall for that."""
        height = sum(self._measure_row(number, widths) for number in range(self._heads))
        return min(self._heads, len(self._rows) - 1) if height <= MAX_HEADER_HEIGHT else 0


def _render_lines(block: BlockView) -> Iterator[Flowable]:
    """Yield a paragraph for each row, in which the header of its column precedes each cell."""
    names: dict[int, list[str]] = {}
    for row in block.header:
        for cell in row.cells:
            for column in range(cell.column, cell.column + cell.columns):
                names.setdefault(column, []).append(_plain(cell.text).strip())
    spanning: list[tuple[int, CellView]] = []  # rows that each cell still covers
    for row in block.rows:
        if row.is_group:
            yield paragraph(_strong(_plain(row.cells[0].text)), TEXT)
            continue
        cells = [*(cell for left, cell in spanning if left), *row.cells]
        parts: list[TextSpan] = []
        for cell in sorted(cells, key=lambda cell: cell.column):
            if not _plain(cell.text).strip():
                continue
            name = ", ".join(filter(None, names.get(cell.column, ())))
            if parts:
                parts.append(TextSpan(" | "))
            parts += _strong(f"{name}: ") if name else ()
            parts += cell.text
        spanning = [(left - 1, cell) for left, cell in spanning if left > 1]
        spanning += [(cell.rows - 1, cell) for cell in row.cells if cell.rows > 1]
        if parts:
            yield paragraph(tuple(parts), TEXT)


def _strong(text: str) -> FormattedText:
    return (TextSpan(text, kinds=frozenset({MarkKind.STRONG})),)


def _plain(text: FormattedText) -> str:
    return "".join(span.text for span in text if not span.hidden)
