"""Inline text, lists, tables and callouts of single HTML elements.

`ingest.readers.html.reader` emits them in reading order.
"""

from __future__ import annotations

import re

from bs4.element import PageElement, Tag

from ingest.readers.common.table_rows import expand_row, join_cell_lines, parse_span
from ingest.readers.html.dom import BLOCKS, contains_element, is_text, walk
from kb.model.article import Block, BlockKind, Cell, ListItem, Row
from kb.model.list_numbering import Numbering, format_number

LISTS = frozenset({"ul", "ol", "menu", "dir"})
HEADINGS = {f"h{level}": level for level in range(1, 7)}
SUBHEADINGS = frozenset(HEADINGS) - {"h1"}  # all but the title

NOT_IN_CELLS = frozenset({"table", *HEADINGS})  # elements of which a table is used for layout
LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*([a-z-]+)", re.I)
NUMBER = re.compile(r"-?\d{1,6}")
# Values of the attribute `type` and of the CSS property list-style-type.
NUMBERING_NAMES = {
    "1": Numbering.DECIMAL,
    "a": Numbering.LOWER_ALPHA,
    "A": Numbering.UPPER_ALPHA,
    "i": Numbering.LOWER_ROMAN,
    "I": Numbering.UPPER_ROMAN,
    **{numbering.value: numbering for numbering in Numbering},
    "decimal-leading-zero": Numbering.DECIMAL,
    "lower-latin": Numbering.LOWER_ALPHA,
    "upper-latin": Numbering.UPPER_ALPHA,
}
LAYOUT_ROLES = frozenset({"presentation", "none"})

_SPACE = re.compile(r"\s+")


def inline_text(tag: Tag, *, images: bool = True) -> str:
    """Return the text of an element, with a line break for `br`."""
    parts: list[str] = []
    for element, _ in walk(tag):
        if isinstance(element, Tag):
            if element.name == "br":
                parts.append("\n")
            elif element.name == "img" and images:
                parts.append(str(element.get("alt", "")))
            elif element.name in BLOCKS and "".join(parts[-1:]).strip():
                parts.append(" ")
        elif is_text(element):
            parts.append(collapse_whitespace(element))
    return "".join(parts)


def collapse_whitespace(element: PageElement | None) -> str:
    """Return the text of a node with whitespace collapsed, as HTML requires."""
    return _SPACE.sub(" ", str(element))


def build_list_items(tag: Tag) -> tuple[ListItem, ...]:
    """Return the items of a list and its nested lists in reading order."""
    items: list[tuple[list[str], int, str]] = []
    open_items: list[list[str]] = []
    open_tags: list[Tag] = []
    counters = [_ItemCounter(tag)]
    for element, _ in walk(tag):
        if isinstance(element, Tag):
            open_tags.append(element)
            if element.name in LISTS:
                counters.append(_ItemCounter(element))
            if element.name == "li":
                open_items.append([])
                items.append((open_items[-1], len(counters) - 1, counters[-1].label(element)))
            elif open_items:
                open_items[-1].append(_item_separator(element))
        elif element is None:
            ended = open_tags.pop() if open_tags else tag
            if ended.name in LISTS and ended is not tag:
                counters.pop()
            if ended.name == "li":
                open_items.pop()
        elif is_text(element) and str(element).strip() and not open_items:
            items.append(([collapse_whitespace(element)], len(counters) - 1, ""))
        elif is_text(element) and open_items:
            open_items[-1].append(collapse_whitespace(element))
    return tuple(ListItem("".join(parts), depth, label) for parts, depth, label in items)


class _ItemCounter:
    """Numbers of the items of one list, as a browser counts them."""

    def __init__(self, tag: Tag) -> None:
        style = LIST_STYLE.search(str(tag.get("style", "")))
        kind = style[1].lower() if style else str(tag.get("type", "1"))
        self._numbering = NUMBERING_NAMES.get(kind) if tag.name == "ol" else None
        self._step = -1 if tag.has_attr("reversed") else 1
        first = len(tag.find_all("li", recursive=False)) if self._step < 0 else 1
        self._next = _parse_number(tag.get("start"), first)

    def label(self, item: Tag) -> str:
        """Return the label of the next item; an item without a number has none."""
        if self._numbering is None:
            return ""
        self._next = _parse_number(item.get("value"), self._next)
        style = LIST_STYLE.search(str(item.get("style", "")))
        number, self._next = self._next, self._next + self._step
        if style and style[1].lower() in ("none", "disc", "circle", "square"):
            return ""
        return format_number(number, self._numbering) + "."


def _parse_number(value: object, default: int) -> int:
    text = str(value or "").strip()
    return int(text) if NUMBER.fullmatch(text) else default


def _item_separator(tag: Tag) -> str:
    if tag.name == "br":
        return "\n"
    if tag.name == "img":
        return str(tag.get("alt", ""))
    return " " if tag.name in BLOCKS else ""


def definition_list(tag: Tag) -> Block:
    """Return a definition list as a list of "term: definition"."""
    items: list[str] = []
    terms: list[str] = []
    for part in tag.find_all(["dt", "dd"]):
        text = inline_text(part).strip()
        if part.name == "dt":
            terms.append(text)
        elif terms:
            items.append(f"{' / '.join(terms)}: {text}")
            terms = []
        else:
            items.append(text)
    items.extend(terms)
    return Block(kind=BlockKind.LIST, items=tuple(ListItem(item) for item in items))


def callout_text(tag: Tag) -> str:
    """Return a box as lines: heading, paragraphs, items with a hyphen, table rows."""
    lines: list[str] = [""]
    for element, _ in walk(tag):
        name = element.name if isinstance(element, Tag) else ""
        if name in ("td", "th") and lines[-1].strip():
            lines[-1] += " | "
        elif name == "li":
            lines.append("- ")
        elif (name in BLOCKS and name not in ("td", "th")) or name == "br":
            if lines[-1].strip(" -"):
                lines.append("")
        elif isinstance(element, Tag) and name == "img":
            lines[-1] += str(element.get("alt", ""))
        elif is_text(element):
            lines[-1] += collapse_whitespace(element)
    return "\n".join(line for line in lines if line.strip(" -"))


def is_layout_table(table: Tag) -> bool:
    """Return whether a table is used for layout: it has more than text cells."""
    if table.get("role") in LAYOUT_ROLES or contains_element(table, NOT_IN_CELLS):
        return True
    return len(table.find_all(["td", "th"], limit=2)) < 2


def build_table(table: Tag) -> Block:
    """Return a table block; a cell that spans columns fills the first of them."""
    rows: list[Row] = []
    header_rows = 0
    covered_rows: dict[int, int] = {}
    sources = _rows_in_order(table)
    for number, row in enumerate(sources):
        cells = row.find_all(["td", "th"], recursive=False)
        is_header = header_rows == len(rows) and _is_header(row, cells)
        header_rows += is_header
        texts = join_cell_lines([_cell_lines(cell) for cell in cells], is_header=is_header)
        rows_left = len(sources) - number
        spanned = (
            _spanned_cell(cell, text, rows_left) for cell, text in zip(cells, texts, strict=True)
        )
        rows.append(expand_row(spanned, covered_rows))
    return Block(
        kind=BlockKind.TABLE,
        rows=tuple(rows),
        header_rows=min(header_rows, max(0, len(rows) - 1)),
    )


def _rows_in_order(table: Tag) -> list[Tag]:
    """Return the rows of a table as displayed: the head first, the foot last."""
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    parts = {"thead": 0, "tfoot": 2}
    return sorted(rows, key=lambda row: parts.get(row.parent.name if row.parent else "", 1))


def _cell_lines(cell: Tag) -> list[str]:
    """Return the lines of a cell: line breaks, paragraphs and list items start a new one."""
    lines = [""]
    after_item = False
    for element, _ in walk(cell):
        if isinstance(element, Tag):
            if element.name == "li":
                if after_item and lines[-1].strip():
                    lines[-1] = lines[-1].rstrip(" ;,") + ";"
                after_item = True
            if element.name in BLOCKS or element.name == "br":
                lines.append("")
            elif element.name == "img":
                lines[-1] += str(element.get("alt", ""))
        elif element is not None and is_text(element):
            lines[-1] += collapse_whitespace(element)
    return lines


def _is_header(row: Tag, cells: list[Tag]) -> bool:
    in_head = row.parent is not None and row.parent.name == "thead"
    return in_head or (bool(cells) and all(cell.name == "th" for cell in cells))


def _spanned_cell(cell: Tag, text: str, rows_left: int) -> Cell:
    rows = str(cell.get("rowspan", "1")).strip()
    return Cell(
        text,
        parse_span(str(cell.get("colspan", "1"))),
        rows_left if rows == "0" else min(parse_span(rows), rows_left),
    )
