"""Plain XML nodes, and the inline text, lists and tables shared by XML formats.

Text and elements are in one list, in reading order. `ingest.readers.xml.parser` creates the nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ingest.readers.common.table_rows import expand_row, join_cell_lines, parse_span
from kb.model.article import Block, BlockKind, Cell, ListItem, Row

BULLETS = " \t\n•●○◦▪■·"  # typed by the author although the list has bullets

# Superscripts that are powers, ordinals, units or trademarks, by the preceding text.
SIGNED_POWER = re.compile(r"[-−–+]\d+")
# A superscript after any other number is a note: N=803 with note 1.
POWER_OF_TEN = re.compile(r"(?<![\d.,])10$")
WORD_SUFFIXES = frozenset({"st", "nd", "rd", "th", "®", "™", "℠", "©", "°"})
WORD_BEFORE = re.compile(r"(?:[^\W\d_]{3}|[.,;:)\]%])$")  # "cm" and "m" are units: cm2, kg/m2

WORD_AFTER = re.compile(r"[^\W\d_]{3}")  # a word of three letters; "Tc" after 99m is an element

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
    """Return the text of an element on one line, or an empty string for None."""
    return " ".join(node_text(node, inline).split()) if node else ""


def mark_superscripts(root: XmlNode) -> None:
    """Mark powers with "^" and separate note numbers from words, in a whole tree.

    10<sup>9</sup> must not become 109, and a word joined to its note number would not be found.
    """
    for node in root.walk():
        content: list[XmlNode | str] = []
        for child in node.content:
            if (
                content
                and isinstance(child, XmlNode)
                and (mark := _separator_before(content[-1], child))
            ):
                content.append(mark)
            if content and _needs_space_after(content[-1], child):
                content.append(" ")
            content.append(child)
        node.content = content


def _separator_before(before: XmlNode | str, child: XmlNode) -> str:
    superscript = (
        child if child.name == "sup" else child.find("sup") if child.name == "xref" else None
    )
    if superscript is None:
        return ""
    text = _plain_text(superscript).strip()
    # an ion; but SO4 with note 1 must not become SO41
    if isinstance(before, XmlNode) and before.name == "sub":
        return " " if any(character.isdigit() for character in text) else ""
    before = before if isinstance(before, str) else _plain_text(before)
    if not before[-1:].strip():
        return ""
    if child.name == "xref" or superscript.contains("xref"):
        return " "
    if SIGNED_POWER.fullmatch(text) or (POWER_OF_TEN.search(before) and text.isdigit()):
        return "^"
    is_note = before[-1].isdigit() or WORD_BEFORE.search(before)
    return " " if is_note and text not in WORD_SUFFIXES else ""


def _needs_space_after(superscript: XmlNode | str, after: XmlNode | str) -> bool:
    """Return whether a note number is directly followed by the first word of the note."""
    if isinstance(superscript, str) or superscript.name != "sup" or not isinstance(after, str):
        return False
    return _plain_text(superscript).strip() not in WORD_SUFFIXES and bool(WORD_AFTER.match(after))


def _plain_text(node: XmlNode) -> str:
    return node_text(node, frozenset(), gap="")


def iter_list_items(
    node: XmlNode, item: str, label: str, text: Callable[[XmlNode], str], depth: int = 0
) -> Iterator[ListItem]:
    """Yield the items of a list and its nested lists. `text` returns an item's own text."""
    for element in node.children(item):
        mark = " ".join(
            node_text(label_element, frozenset()) for label_element in element.children(label)
        ).strip()
        mark = mark + " " if any(character.isalnum() for character in mark) else ""
        yield ListItem(mark + text(element).lstrip(BULLETS), depth)
        for inner in find_outermost(element, "list"):
            yield from iter_list_items(inner, item, label, text, depth + 1)


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
