"""Inline text, lists, tables and callouts of single HTML elements.

`ingest.readers.html.reader` emits them in reading order.
"""

from __future__ import annotations

import re

from bs4.element import PageElement, Tag

from ingest.readers.common.table_rows import expand_row, parse_span
from ingest.readers.html.dom import BLOCKS, contains_element, is_text, walk
from kb.model.article import Block, BlockKind, Cell, ListItem, Row

LISTS = frozenset({"ul", "ol", "menu", "dir"})
HEADINGS = {f"h{level}": level for level in range(1, 7)}

NOT_IN_CELLS = frozenset({"table", *HEADINGS})  # elements of which a table is used for layout
LAYOUT_ROLES = frozenset({"presentation", "none"})

_SPACE = re.compile(r"\s+")


def inline_text(tag: Tag, *, images: bool = True, between: str = " ") -> str:
    """Return the text of an element: a line break for `br`, `between` before a list item."""
    parts: list[str] = []
    for element, _ in walk(tag):
        if isinstance(element, Tag):
            if element.name == "br":
                parts.append("\n")
            elif element.name == "img" and images:
                parts.append(str(element.get("alt", "")))
            elif element.name in BLOCKS and "".join(parts[-1:]).strip():
                parts.append(between if element.name == "li" else " ")
        elif is_text(element):
            parts.append(collapse_whitespace(element))
    return "".join(parts)


def collapse_whitespace(element: PageElement | None) -> str:
    """Return the text of a node with whitespace collapsed, as HTML requires."""
    return _SPACE.sub(" ", str(element))


def build_list_items(tag: Tag) -> tuple[ListItem, ...]:
    """Return the items of a list and its nested lists in reading order."""
    items: list[tuple[list[str], int]] = []
    open_items: list[list[str]] = []
    open_tags: list[Tag] = []
    depth = 0
    for element, _ in walk(tag):
        if isinstance(element, Tag):
            open_tags.append(element)
            depth += element.name in LISTS
            if element.name == "li":
                open_items.append([])
                items.append((open_items[-1], depth))
            elif open_items:
                open_items[-1].append(_item_separator(element))
        elif element is None:
            ended = open_tags.pop() if open_tags else tag
            depth -= ended.name in LISTS and ended is not tag
            if ended.name == "li":
                open_items.pop()
        elif is_text(element) and str(element).strip() and not open_items:
            items.append(([collapse_whitespace(element)], depth))
        elif is_text(element) and open_items:
            open_items[-1].append(collapse_whitespace(element))
    return tuple(ListItem("".join(parts), depth) for parts, depth in items)


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
    for row in table.find_all("tr"):
        cells = row.find_all(["td", "th"], recursive=False)
        if header_rows == len(rows) and _is_header(row, cells):
            header_rows += 1
        rows.append(expand_row(map(_spanned_cell, cells), covered_rows))
    return Block(
        kind=BlockKind.TABLE,
        rows=tuple(rows),
        header_rows=min(header_rows, max(0, len(rows) - 1)),
    )


def _is_header(row: Tag, cells: list[Tag]) -> bool:
    in_head = row.parent is not None and row.parent.name == "thead"
    return in_head or (bool(cells) and all(cell.name == "th" for cell in cells))


def _spanned_cell(cell: Tag) -> Cell:
    return Cell(
        inline_text(cell, between="; "),
        parse_span(str(cell.get("colspan", "1"))),
        parse_span(str(cell.get("rowspan", "1"))),
    )
