"""Plain XML nodes, and the inline text, lists and tables shared by XML formats.

Text and elements are in one list, in reading order. `ingest.readers.xml.parser` creates the nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ingest.readers.common.inline_text import strip_marks
from ingest.readers.common.table_rows import expand_row, join_cell_lines, parse_span
from kb.model.article import Block, BlockKind, Cell, ListItem, Row
from kb.model.list_numbering import Numbering, format_number

BULLETS = " \t\n•●○◦▪■·"  # typed by the author although the list has bullets

NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})
_SPACE = re.compile(r"\s+")


@dataclass(slots=True, eq=False)
class XmlNode:
    """Element with its local name, attributes, and content in reading order."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    content: list[XmlNode | str] = field(default_factory=list)

    @property
    def elements(self) -> list[XmlNode]:
        """Child elements."""
        return [child for child in self.content if isinstance(child, XmlNode)]

    def children(self, *names: str) -> list[XmlNode]:
        """Return the child elements with one of the names."""
        return [element for element in self.elements if element.name in names]

    def find(self, *path: str) -> XmlNode | None:
        """Return the first element at a path of child names, or None."""
        nodes: list[XmlNode] = [self]
        for name in path:
            nodes = [child for node in nodes for child in node.children(name)]
        return nodes[0] if nodes else None

    def walk(self) -> Iterator[XmlNode]:
        """Yield this element and its descendants in reading order, without recursion."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.elements))

    def descendants(self, *names: str) -> Iterator[XmlNode]:
        """Yield the descendants with one of the names."""
        return (node for node in self.walk() if node.name in names and node is not self)

    def contains(self, *names: str) -> bool:
        """Return whether there is a descendant with one of the names."""
        return next(self.descendants(*names), None) is not None


def node_text(
    node: XmlNode, inline: frozenset[str], *, gap: str = " ", skip: frozenset[str] = frozenset()
) -> str:
    r"""Return the text of an element.

    Line breaks become "\n"; `gap` surrounds elements that are not inline.
    """
    parts: list[str] = []
    stack: list[XmlNode | str] = [node]
    while stack:
        child = stack.pop()
        if isinstance(child, str):
            parts.append(child if child in ("\n", gap) else _SPACE.sub(" ", child))
        elif child.name in ("br", "break"):
            parts.append("\n")
        elif child.name not in skip:
            gaps = [gap] if child.name not in inline and child is not node else []
            stack.extend([*gaps, *reversed(child.content), *gaps])
    return "".join(parts)


def node_line(node: XmlNode | None, inline: frozenset[str]) -> str:
    """Return the plain text of an element on one line, or an empty string for None."""
    return " ".join(strip_marks(node_text(node, inline)).split()) if node else ""


def formatted_line(node: XmlNode | None, inline: frozenset[str]) -> str:
    """Return the formatted text of an element on one line, or an empty string for None."""
    return " ".join(node_text(node, inline).split()) if node else ""


def mark_inline(root: XmlNode, find_edges: Callable[[XmlNode], Iterable[tuple[str, str]]]) -> None:
    """Surround the content of formatted elements with marks, in a whole tree.

    `find_edges` returns what precedes and follows the text for each mark of an element
    (`ingest.readers.common.inline_text.mark_edges`).
    """
    for node in root.walk():
        for start, end in find_edges(node):
            if start:
                node.content = [start, *node.content, end]


def iter_list_items(
    node: XmlNode,
    item: str,
    label: str,
    text: Callable[[XmlNode], str],
    depth: int = 0,
    *,
    numbering: Callable[[XmlNode], Numbering | None] = lambda _: None,
) -> Iterator[ListItem]:
    """Yield the items of a list and its nested lists. `text` returns an item's own text.

    The label of an item is the one in the source, or its number in the style that `numbering`
    returns for the list.
    """
    style = numbering(node)
    for number, element in enumerate(node.children(item), start=1):
        labels = element.children(label)
        mark = strip_marks(" ".join(node_text(each, frozenset()) for each in labels)).strip()
        if style and not labels:
            mark = f"{format_number(number, style)}."
        elif not any(map(str.isalnum, mark)):
            mark = ""
        yield ListItem(text(element).lstrip(BULLETS), depth, mark)
        for inner in find_outermost(element, "list"):
            yield from iter_list_items(inner, item, label, text, depth + 1, numbering=numbering)


def find_outermost(node: XmlNode, *names: str) -> Iterator[XmlNode]:
    """Yield the descendants with one of the names that are not inside another such element."""
    stack = list(reversed(node.elements))
    while stack:
        element = stack.pop()
        if element.name in names:
            yield element
        else:
            stack.extend(reversed(element.elements))


def table_rows(table: XmlNode) -> list[XmlNode]:
    """Return the rows of a table, without those of its footer and of nested tables."""
    footer = {id(row) for part in table.children("tfoot") for row in part.elements}
    return [row for row in find_outermost(table, "tr") if id(row) not in footer]


def build_table(rows: list[XmlNode], headers: int, lines: Callable[[XmlNode], str]) -> Block:
    """Return a table block; a cell that spans columns fills the first of them.

    `lines` returns the text of a cell, one line per block.
    """
    covered_rows: dict[int, int] = {}
    expanded: list[Row] = []
    for row in rows:
        cells = row.children("td", "th")
        parts = [lines(cell).split("\n") for cell in cells]
        joined = join_cell_lines(parts, is_header=len(expanded) < headers)
        expanded.append(expand_row(map(_spanned_cell, cells, joined), covered_rows))
    return Block(
        kind=BlockKind.TABLE, rows=tuple(expanded), header_rows=min(headers, max(0, len(rows) - 1))
    )


def _spanned_cell(cell: XmlNode, text: str) -> Cell:
    return Cell(
        text,
        parse_span(cell.attributes.get("colspan", "1")),
        parse_span(cell.attributes.get("rowspan", "1")),
    )
