"""Conversion of PDF pages to headings and blocks in reading order.

List items get their depth from indentation, and keep their numbers as labels, because the text may
refer to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingest.readers.common.result import MAX_CALLOUT_WORDS, OmittedText
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.pdf.columns import Element, split_columns
from ingest.readers.pdf.headings import (
    BodyType,
    HeadingLevels,
    find_contents,
    find_headings,
    find_table_notes,
    is_caption,
    measure_body_type,
    strip_dash_rules,
)
from ingest.readers.pdf.lines import Dehyphenator, PdfLine, is_unnumbered
from ingest.readers.pdf.page import PdfPage
from ingest.readers.pdf.paragraphs import (
    Entry,
    PdfColumn,
    PdfParagraph,
    PdfTable,
    build_paragraphs,
    join_across_breaks,
    measure_leading,
)
from ingest.readers.pdf.ruled_tables import Grid, find_grids
from ingest.readers.pdf.table_blocks import build_table_blocks, cell_text
from ingest.readers.pdf.unruled_tables import RowTable, split_segments
from kb.model.article import Block, BlockKind, ListItem

INDENT_TOLERANCE = 4.0  # points
MAX_BOXES = 3  # boxes per page; a page with more is a flow chart
MAX_HEADING_BOX_WORDS = 16  # words of a heading in a coloured bar
SIDEWAYS = "text at a right angle to the page"
# words next to the text of a page, such as its number; more words are content
MAX_SIDEWAYS_WORDS = 5


class OutlineBuilder:
    """Builder of headings and blocks from the pages of a document."""

    def __init__(
        self, builder: SectionBuilder, dehyphenator: Dehyphenator, omitted: list[OmittedText]
    ) -> None:
        self._builder = builder
        self._dehyphenator = dehyphenator
        self._omitted = omitted
        self._body_type = BodyType(0.0, False)
        self._leading = 0.0
        self._heading_levels = HeadingLevels()
        self._recognized: dict[int, Sequence[Block]] = {}

    def build(
        self, pages: Sequence[PdfPage], recognized: Mapping[int, Sequence[Block]]
    ) -> list[tuple[float, str]]:
        """Add the content of the pages; `recognized` are the blocks of scanned pages by number.

        Returns the size and text of each heading on the first page.
        """
        self._recognized = dict(sorted(recognized.items()))
        self._body_type = measure_body_type([word for page in pages for word in page.words])
        columns = [column for page in pages for column in self._columns(page)]
        self._leading = measure_leading(columns)
        entries = join_across_breaks(
            [list(build_paragraphs(column, self._leading)) for column in columns]
        )
        texts = [self._text(entry) for entry in entries]
        notes = find_table_notes(entries, texts, self._body_type)
        contents = find_contents(entries, texts) - notes
        headings = find_headings(entries, texts, self._body_type, contents | notes)
        self._add_entries(entries, texts, headings, contents)
        first = min((page.number for page in pages), default=1)
        return [
            (entry.size, texts[position])
            for position, entry in enumerate(entries)
            if position in headings and isinstance(entry, PdfParagraph) and entry.page == first
        ]

    def _columns(self, page: PdfPage) -> Iterator[PdfColumn]:
        grids, words = find_grids(page.edges, page.words)
        boxes = [grid for grid in grids if not grid.is_table]
        for box in boxes:
            if len(boxes) > MAX_BOXES or self._is_text(box):
                words.extend(box.filled_cells[0].words)
                grids.remove(box)
        right_limit = max((word.x1 for word in page.words), default=page.width)
        yield from _measure_columns(page.number, list(split_columns(words, grids)), right_limit)
        if not page.sideways:
            return
        if len(page.sideways) > MAX_SIDEWAYS_WORDS or any(grid.is_table for grid in grids):
            right_limit = max(word.x1 for word in page.sideways)
            yield from _measure_columns(
                page.number, list(split_columns(page.sideways, [])), right_limit
            )
        else:
            text = " ".join(word.text for word in page.sideways)
            self._omitted.append(OmittedText(SIDEWAYS, text))

    def _is_text(self, box: Grid) -> bool:
        """Return whether a box only decorates text: much of the text, or a heading."""
        words = box.filled_cells[0].words
        is_prominent = all(word.bold or word.size > self._body_type.size for word in words)
        if len(words) <= MAX_HEADING_BOX_WORDS and is_prominent and len(split_segments(words)) <= 2:
            return True
        return len(words) > MAX_CALLOUT_WORDS

    def _text(self, entry: Entry) -> str:
        return entry.text(self._dehyphenator) if isinstance(entry, PdfParagraph) else ""

    def _add_entries(
        self, entries: Sequence[Entry], texts: Sequence[str], headings: set[int], contents: set[int]
    ) -> None:
        items: list[PdfListItem] = []
        for position, entry in enumerate(entries):
            text = texts[position]
            self._add_recognized(entry.page, items)
            if position in contents and isinstance(entry, PdfParagraph):
                items.append(PdfListItem("", text, entry.indent, entry.page))
                continue
            if isinstance(entry, PdfParagraph) and entry.marker and position not in headings:
                formatted = entry.formatted_text(self._dehyphenator)
                items.append(PdfListItem(entry.marker, formatted, entry.indent, entry.page))
                continue
            self._flush_list(items)
            if isinstance(entry, PdfTable):
                self._add_table(entry)
                continue
            if position in headings:
                text = strip_dash_rules(text)
                self._builder.add_heading(self._heading_levels.next_level(entry, text), text)
            elif any(map(str.isalnum, text)):
                kind = BlockKind.CAPTION if is_caption(entry, text) else BlockKind.PARAGRAPH
                formatted = entry.formatted_text(self._dehyphenator) if not entry.marker else text
                self._builder.add_block(Block(kind=kind, text=formatted, page=entry.page))
        self._flush_list(items)
        self._add_recognized(max(self._recognized, default=0) + 1, items)

    def _add_recognized(self, page: int, items: list[PdfListItem]) -> None:
        """Add the recognised blocks of the pages before `page` that have not been added."""
        for number in [number for number in self._recognized if number < page]:
            self._flush_list(items)
            for block in self._recognized.pop(number):
                self._builder.add_block(block)

    def _flush_list(self, items: list[PdfListItem]) -> None:
        for block in build_lists(items):
            self._builder.add_block(block)
        items.clear()

    def _add_table(self, table: PdfTable) -> None:
        if isinstance(table.grid, Grid) and not table.grid.is_table:
            self._add_callout(table.grid, table.page)
            return
        for block in build_table_blocks(table, self._dehyphenator, self._omitted):
            self._builder.add_block(block)

    def _add_callout(self, box: Grid, page: int) -> None:
        lines: list[str] = []
        for column in _measure_columns(
            page, list(split_columns(box.filled_cells[0].words, [])), box.x1
        ):
            for entry in build_paragraphs(column, self._leading):
                if isinstance(entry, PdfParagraph):
                    formatted = entry.formatted_text(self._dehyphenator)
                    # The number of an item is kept: the text may refer to it.
                    marker = "-" if is_unnumbered(entry.marker) else entry.marker
                    lines.append(f"{marker} {formatted}" if entry.marker else formatted)
                elif isinstance(entry.grid, RowTable):
                    lines.extend(
                        " | ".join(cell_text(cell, self._dehyphenator) for cell in row)
                        for row in entry.grid.rows
                    )
        self._builder.add_block(Block(kind=BlockKind.CALLOUT, text="\n".join(lines), page=page))


def _iter_lines(column: Sequence[Element]) -> Iterator[PdfLine]:
    for element in column:
        if isinstance(element, PdfLine):
            yield element
        elif isinstance(element, RowTable):
            yield from (line for row in element.rows for cell in row for line in cell)


def _measure_columns(
    page: int, columns: Sequence[list[Element]], right_limit: float
) -> Iterator[PdfColumn]:
    """Yield columns with their limits: their own if they have a neighbour, else the page's."""
    for elements in columns:
        lines = list(_iter_lines(elements))
        others = [line for other in columns if other is not elements for line in _iter_lines(other)]
        top = min((line.top for line in lines), default=0.0)
        bottom = max((line.bottom for line in lines), default=0.0)
        neighbours = [line for line in others if line.top < bottom and line.bottom > top]
        right_edge = max((line.x1 for line in lines), default=right_limit)
        left = min(line.x0 for line in lines) if neighbours else 0.0
        right = right_edge if any(line.x0 > right_edge for line in neighbours) else right_limit
        yield PdfColumn(page, left, right, elements)


@dataclass(frozen=True, slots=True)
class PdfListItem:
    """List item: marker, text without it, indentation, and page."""

    marker: str
    text: str
    x0: float
    page: int

    @property
    def number(self) -> str:
        """Number or letter of the item as in the source, or an empty string for a bullet."""
        return "" if is_unnumbered(self.marker) else self.marker


def build_lists(items: Sequence[PdfListItem]) -> Iterator[Block]:
    """Yield a list for each run of items with the same kind of marker at the outermost level."""
    run: list[tuple[PdfListItem, int]] = []
    indents: list[float] = []
    for item in items:
        while indents and item.x0 < indents[-1] - INDENT_TOLERANCE:
            indents.pop()
        if not indents or item.x0 > indents[-1] + INDENT_TOLERANCE:
            indents.append(item.x0)
        depth = len(indents) - 1
        if run and not depth and bool(item.number) != bool(_outermost_items(run)[-1].number):
            yield _build_list(run)
            run = []
        run.append((item, depth))
    if run:
        yield _build_list(run)


def _outermost_items(run: Sequence[tuple[PdfListItem, int]]) -> list[PdfListItem]:
    return [item for item, depth in run if not depth] or [run[0][0]]


def _build_list(run: Sequence[tuple[PdfListItem, int]]) -> Block:
    return Block(
        kind=BlockKind.LIST,
        ordered=all(any(map(str.isalnum, item.number)) for item in _outermost_items(run)),
        items=tuple(ListItem(item.text, depth, item.number) for item, depth in run),
        page=run[0][0].page,
    )
