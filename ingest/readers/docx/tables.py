"""Tables: merged cells, header rows, callouts and layout tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.common.inline_text import strip_marks
from ingest.readers.common.result import MAX_CALLOUT_WORDS
from ingest.readers.common.table_rows import MAX_SPAN_WIDTH, expand_row, join_cell_lines
from ingest.readers.docx.items import Item, Paragraph, ParagraphRole, Table, TableCell, item_lines
from ingest.readers.docx.namespaces import (
    W,
    child_value,
    find_child,
    get_attribute,
    is_enabled,
    number_value,
)
from ingest.readers.docx.styles import StyleSheet
from kb.model.article import Block, BlockKind, Cell, Row

MAX_COLUMNS = 100  # Word allows 63
CELL_MERGED = "a merged cell"
DELETED_ROW = "a tracked deletion"
BULLET = "- "  # before an item in a callout
FIRST_ROW_LOOK = 0x20  # flag of ``w:tblLook``: the style formats the first row


@dataclass(slots=True)
class _GridCell:
    """A cell at its column. `merge` is "restart" for the first of merged cells, or "continue"."""

    cell: TableCell
    column: int
    merge: str = ""


class TableReader:
    """Reads a table. `read_items` reads the content of a cell; `omit` reports left out text."""

    def __init__(
        self,
        styles: StyleSheet,
        read_items: Callable[[etree._Element], list[Item]],
        omit: Callable[[str, str], None],
    ) -> None:
        self._styles = styles
        self._read_items = read_items
        self._omit = omit

    def read(self, element: etree._Element) -> Table:
        """Return a table with its spans."""
        rows: list[list[_GridCell]] = []
        header_rows = 0
        for row in _iter_rows(element, f"{W}tr"):
            properties = find_child(row, "trPr")
            cells = self._read_row(row, properties)
            if find_child(properties, "del") is not None:
                self._omit_cells(cells, DELETED_ROW)
                continue
            if header_rows == len(rows) and is_enabled(find_child(properties, "tblHeader")):
                header_rows += 1
            rows.append(cells)
        kept = self._merge_rows(rows)
        return Table(kept, header_rows, self._has_bold_first_row(element))

    def _read_row(self, row: etree._Element, properties: etree._Element | None) -> list[_GridCell]:
        column = _skipped_columns(properties, "gridBefore")
        cells = [_GridCell(TableCell(), at) for at in range(column)]
        for element in _iter_rows(row, f"{W}tc"):
            about = find_child(element, "tcPr")
            span = number_value(child_value(about, "gridSpan"), 1)
            width = min(MAX_SPAN_WIDTH, max(1, MAX_COLUMNS - column))
            cell = TableCell(self._read_items(element), min(width, max(1, span)))
            if find_child(about, "cellDel") is not None:
                self._omit_text(cell, DELETED_ROW)
            if _merge_kind(about, "hMerge") == "continue" and cells:
                self._omit_text(cell, CELL_MERGED)
                cells[-1].cell.columns = min(MAX_SPAN_WIDTH, cells[-1].cell.columns + cell.columns)
            else:
                cells.append(_GridCell(cell, column, _merge_kind(about, "vMerge")))
            column += cell.columns
        after = _skipped_columns(properties, "gridAfter")
        cells.extend(_GridCell(TableCell(), column + at) for at in range(after))
        return cells

    def _merge_rows(self, rows: list[list[_GridCell]]) -> list[list[TableCell]]:
        """Return the cells of each row without those that a cell above covers, and set its span.

        A cell that continues nothing begins a span itself.
        """
        kept: list[list[TableCell]] = []
        open_spans: dict[int, TableCell] = {}
        for row in rows:
            spans: dict[int, TableCell] = {}
            cells: list[TableCell] = []
            for cell in row:
                first = open_spans.get(cell.column) if cell.merge == "continue" else None
                if first is not None and first.rows < MAX_SPAN_WIDTH:
                    first.rows += 1
                    spans[cell.column] = first
                    self._omit_text(cell.cell, CELL_MERGED)
                    continue
                if cell.merge:
                    spans[cell.column] = cell.cell
                cells.append(cell.cell)
            open_spans = spans
            kept.append(cells)
        return kept

    def _omit_cells(self, cells: list[_GridCell], reason: str) -> None:
        texts = (" ".join(item_lines(cell.cell.items)) for cell in cells)
        self._report(" | ".join(filter(None, texts)), reason)

    def _omit_text(self, cell: TableCell, reason: str) -> None:
        self._report("\n".join(item_lines(cell.items)), reason)
        cell.items = []

    def _report(self, text: str, reason: str) -> None:
        plain = strip_marks(text).strip()
        if plain:
            self._omit(reason, plain)

    def _has_bold_first_row(self, element: etree._Element) -> bool:
        properties = find_child(element, "tblPr")
        look = find_child(properties, "tblLook")
        if look is None:
            return False
        first_row = get_attribute(look, "firstRow")
        flags = get_attribute(look, "val")
        is_hexadecimal = flags and all(letter in "0123456789abcdefABCDEF" for letter in flags)
        applies = first_row in ("1", "true", "on") or (
            not first_row and is_hexadecimal and int(flags[-4:], 16) & FIRST_ROW_LOOK
        )
        return bool(applies) and self._styles.has_bold_first_row(
            child_value(properties, "tblStyle")
        )


def _iter_rows(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Yield the rows of a table or the cells of a row, also those in content controls."""
    for child in element.iterchildren(etree.Element):
        if child.tag == tag:
            yield child
        elif child.tag not in (f"{W}tbl", f"{W}tr", f"{W}tc", f"{W}p"):
            yield from _iter_rows(child, tag)


def _skipped_columns(properties: etree._Element | None, name: str) -> int:
    number = number_value(child_value(properties, name), 0)
    return min(MAX_SPAN_WIDTH, max(0, number))


def _merge_kind(properties: etree._Element | None, name: str) -> str:
    merge = find_child(properties, name)
    return "" if merge is None else get_attribute(merge, "val", "continue")


def convert_table(table: Table) -> list[Block | Paragraph]:
    """Return a table as a block, or its content if it only draws a box or columns around it."""
    cells = table.cells
    if len(cells) == 1:
        lines = list(item_lines(cells[0].items, BULLET))
        if sum(len(strip_marks(line).split()) for line in lines) <= MAX_CALLOUT_WORDS:
            return [Block(kind=BlockKind.CALLOUT, text="\n".join(lines))]
    if len(cells) == 1 or _is_layout(table):
        return [item for cell in cells for item in flatten(cell.items, in_table=True)]
    return [_build_block(table)]


def flatten(items: list[Item], *, in_table: bool = False) -> list[Block | Paragraph]:
    """Return items with all tables converted."""
    converted: list[Block | Paragraph] = []
    for item in items:
        if isinstance(item, Table):
            converted.extend(convert_table(item))
        else:
            if isinstance(item, Paragraph):
                item.in_table = item.in_table or in_table
            converted.append(item)
    return converted


def _is_layout(table: Table) -> bool:
    """Return whether a cell has a heading above other content, or a table that is not its only row.

    A table within a table of several rows and columns belongs to its row.
    """
    is_grid = len(table.rows) > 1 and max(map(len, table.rows)) > 1
    for cell in table.cells:
        items = [item for item in cell.items if not isinstance(item, Paragraph) or item.plain]
        if any(
            isinstance(item, Paragraph) and item.role is ParagraphRole.HEADING for item in items
        ) and (len(items) > 1 or not is_grid):
            return True
        if any(isinstance(item, Table) for item in items):
            words = sum(len(strip_marks(line).split()) for line in item_lines(items))
            if not is_grid or words > MAX_CALLOUT_WORDS:
                return True
    return False


def _build_block(table: Table) -> Block:
    header_rows = table.header_rows
    if not header_rows and len(table.rows) > 1:
        first = [cell for cell in table.rows[0] if cell.has_text]
        header_rows = int(
            bool(first) and (table.has_bold_first_row or all(cell.is_bold for cell in first))
        )
    header_rows = min(header_rows, max(0, len(table.rows) - 1))
    covered: dict[int, int] = {}
    rows = [
        expand_row(_spanned_cells(row, is_header=number < header_rows), covered)
        for number, row in enumerate(table.rows)
    ]
    width = min(MAX_COLUMNS, max(map(len, rows), default=0))
    padded: list[Row] = [row + (Cell(),) * (width - len(row)) for row in rows]
    return Block(kind=BlockKind.TABLE, rows=tuple(padded), header_rows=header_rows)


def _spanned_cells(row: list[TableCell], *, is_header: bool) -> Iterator[Cell]:
    lines = [list(item_lines(cell.items)) for cell in row]
    if sum(1 for each in lines if len(each) > 1) <= 1:
        lines = [_join_items(cell, each) for cell, each in zip(row, lines, strict=True)]
    texts = join_cell_lines(lines, is_header=is_header)
    for cell, text in zip(row, texts, strict=True):
        yield Cell(text, cell.columns, cell.rows)


def _join_items(cell: TableCell, lines: list[str]) -> list[str]:
    """Return the lines of a cell with those of lists and nested tables separated."""
    has_separate_lines = any(
        not isinstance(item, Paragraph) or item.role is ParagraphRole.LIST_ITEM
        for item in cell.items
    )
    return ["; ".join(filter(str.strip, lines))] if has_separate_lines else lines
