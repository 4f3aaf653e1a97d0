"""The pages of a PDF as headings and blocks of an outline, in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.readers.pdf_grids import Cell, Grid, grids_of
from ingest.readers.pdf_headings import (
    Levels,
    Type,
    contents_of,
    heading_text,
    headings_of,
    is_caption,
    type_of,
)
from ingest.readers.pdf_layout import Element, RowTable, regions, segments, whole_lines
from ingest.readers.pdf_lists import Item, list_blocks
from ingest.readers.pdf_page import Page
from ingest.readers.pdf_paragraphs import (
    Entry,
    Paragraph,
    Table,
    join_breaks,
    join_lines,
    paragraphs,
    usual_leading,
)
from ingest.readers.pdf_words import Line, Vocabulary, is_bullet
from ingest.readers.reading import Dropped, Outline
from kb.article import Block, BlockKind

# A box holds a warning, not an article; the same as in a page of HTML.
LARGEST_CALLOUT_WORDS = 250
MOST_BOXES = 3  # on a page; more of them are the steps of a flow chart
HEADING_BOX_WORDS = 16  # in a bar of colour behind a heading
SIDEWAYS_WORDS = 5  # beside the text of a page, such as its number; more is text

_Column = tuple[int, float, list[Element]]  # page, how far its lines could reach, what stands in it


class Builder:
    """Builds the outline of a document from its pages."""

    def __init__(self, outline: Outline, vocabulary: Vocabulary) -> None:
        self._outline = outline
        self._vocabulary = vocabulary
        self._usual = Type(0.0, False)
        self._leading = 0.0
        self._levels = Levels()

    def build(self, pages: Sequence[Page], dropped: list[Dropped]) -> list[tuple[float, str]]:
        """Add all that stands on the pages; return the headings of the first with their sizes."""
        self._usual = type_of([word for page in pages for word in page.words])
        columns = [column for page in pages for column in self._columns(page, dropped)]
        self._leading = usual_leading([elements for _, _, elements in columns])
        entries = join_breaks(
            [
                list(paragraphs(elements, page, right, self._leading))
                for page, right, elements in columns
            ]
        )
        texts = [self._text(entry) for entry in entries]
        contents = contents_of(entries, texts)
        headings = headings_of(entries, texts, self._usual, contents)
        self._add(entries, texts, headings, contents)
        first = min((page.number for page in pages), default=1)
        return [
            (entry.size, texts[position])
            for position, entry in enumerate(entries)
            if position in headings and isinstance(entry, Paragraph) and entry.page == first
        ]

    def _columns(self, page: Page, dropped: list[Dropped]) -> Iterator[_Column]:
        grids, words = grids_of(page.edges, page.words)
        boxes = [grid for grid in grids if not grid.is_table]
        for box in boxes:
            if len(boxes) > MOST_BOXES or self._is_text(box):
                words.extend(box.filled[0].words)
                grids.remove(box)
        reach = max((word.x1 for word in page.words), default=page.width)
        found = list(regions(words, grids))
        for column in found:
            yield page.number, _right(column, found, reach), column
        if not page.sideways:
            return
        if len(page.sideways) > SIDEWAYS_WORDS or any(grid.is_table for grid in grids):
            for column in regions(page.sideways, []):
                yield page.number, max(line.x1 for line in _lines(column)), column
        else:
            text = " ".join(word.text for word in page.sideways)
            dropped.append(Dropped("set sideways beside the text", text))

    def _is_text(self, box: Grid) -> bool:
        """Whether a box is only drawn around text: around much of it, or behind a heading."""
        words = box.filled[0].words
        stands_out = all(word.bold or word.size > self._usual.size for word in words)
        if len(words) <= HEADING_BOX_WORDS and stands_out and len(segments(words)) <= 2:
            return True
        return len(words) > LARGEST_CALLOUT_WORDS

    def _text(self, entry: Entry) -> str:
        return entry.text(self._vocabulary) if isinstance(entry, Paragraph) else ""

    def _add(
        self, entries: Sequence[Entry], texts: Sequence[str], headings: set[int], contents: set[int]
    ) -> None:
        items: list[Item] = []
        for position, entry in enumerate(entries):
            text = texts[position]
            if position in contents and isinstance(entry, Paragraph):
                items.append(Item("", text, entry.first.x0, entry.page))
                continue
            if isinstance(entry, Paragraph) and entry.marker and position not in headings:
                bare = entry.text(self._vocabulary, marker=False)
                items.append(Item(entry.marker, bare, entry.first.x0, entry.page))
                continue
            self._end_list(items)
            if isinstance(entry, Table):
                self._add_table(entry)
                continue
            if position in headings:
                text = heading_text(text)
                self._outline.heading(self._levels.next(entry, text), text)
            elif any(map(str.isalnum, text)):
                kind = BlockKind.CAPTION if is_caption(entry, text) else BlockKind.PARAGRAPH
                self._outline.add(Block(kind=kind, text=text, page=entry.page))
        self._end_list(items)

    def _end_list(self, items: list[Item]) -> None:
        for block in list_blocks(items):
            self._outline.add(block)
        items.clear()

    def _add_table(self, table: Table) -> None:
        grid = table.grid
        if isinstance(grid, RowTable):
            rows = [tuple(self._cell(cell) for cell in row) for row in grid.rows]
            bold = [all(line.bold for cell in row for line in cell) for row in grid.rows]
        elif grid.is_table:
            rows, bold = self._rows(grid)
        else:
            self._add_callout(grid, table.page)
            return
        headers = next((at for at, is_bold in enumerate(bold) if not is_bold), 0)
        self._outline.add(
            Block(kind=BlockKind.TABLE, rows=tuple(rows), header_rows=headers, page=table.page)
        )

    def _rows(self, grid: Grid) -> tuple[list[tuple[str, ...]], list[bool]]:
        cells = grid.filled
        columns = sorted({cell.column for cell in cells})
        rows: list[tuple[str, ...]] = []
        bold: list[bool] = []
        for number in sorted({cell.row for cell in cells}):
            row = {cell.column: cell for cell in cells if cell.row == number}
            rows.append(tuple(self._cell(_cell_lines(row.get(at))) for at in columns))
            lines = [line for cell in row.values() for line in _cell_lines(cell)]
            bold.append(all(line.bold for line in lines if any(map(str.isalnum, line.text))))
        return rows, bold

    def _cell(self, lines: Sequence[Line]) -> str:
        """Return the text of a cell; its items, if it has any, parted by semicolons."""
        parts: list[list[str]] = [[]]
        for line in lines:
            marked = is_bullet(line.words[0].text) and len(line.words) > 1
            if marked:
                parts.append([])
            parts[-1].append(Line(line.words[1:]).text if marked else line.text)
        return "; ".join(join_lines(part, self._vocabulary) for part in parts if part)

    def _add_callout(self, box: Grid, page: int) -> None:
        lines: list[str] = []
        for column in regions(box.filled[0].words, []):
            for entry in paragraphs(column, page, box.x1, self._leading):
                if isinstance(entry, Paragraph):
                    bare = entry.text(self._vocabulary, marker=False)
                    lines.append(f"- {bare}" if entry.marker else bare)
                elif isinstance(entry.grid, RowTable):
                    lines.extend(" | ".join(map(self._cell, row)) for row in entry.grid.rows)
        self._outline.add(Block(kind=BlockKind.CALLOUT, text="\n".join(lines), page=page))


def _lines(column: Sequence[Element]) -> Iterator[Line]:
    for element in column:
        if isinstance(element, Line):
            yield element
        elif isinstance(element, RowTable):
            yield from (line for row in element.rows for cell in row for line in cell)


def _cell_lines(cell: Cell | None) -> list[Line]:
    return list(whole_lines(segments(cell.words))) if cell else []


def _right(column: Sequence[Element], columns: Sequence[Sequence[Element]], reach: float) -> float:
    """Return how far the lines of a column could reach: to their own edge if one is beside it."""
    lines = list(_lines(column))
    if not lines:
        return reach
    edge = max(line.x1 for line in lines)
    top, bottom = min(line.top for line in lines), max(line.bottom for line in lines)
    for other in columns:
        beside = [line for line in _lines(other) if line.x0 > edge and other is not column]
        if any(line.top < bottom and line.bottom > top for line in beside):
            return edge
    return reach
