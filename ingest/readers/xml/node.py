"""Elements of XML as plain nodes, and what the readers of XML formats read from them alike.

Text and elements stand in one list, in reading order. `ingest.readers.xml.parser` makes the nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from kb.model.article import Block, BlockKind, ListItem

BULLETS = " \t\n•●○◦▪■·"  # drawn by hand where the list has its own
MAX_SPAN_WIDTH = 50  # columns or rows of one cell; more is a slip or an attack

# What a raised text is after which text: a power, an ordinal, part of a unit or a trade mark.
SIGNED_POWER = re.compile(r"[-−–+]\d+")
POWER_OF_TEN = re.compile(
    r"(?<![\d.,])10$"
)  # after other numbers a raised one is a note: N=803 with a 1
WORD_SUFFIXES = frozenset({"st", "nd", "rd", "th", "®", "™", "℠", "©", "°"})
WORD_BEFORE = re.compile(r"(?:[^\W\d_]{3}|[.,;:)\]%])$")  # "cm" and "m" are units: cm2, kg/m2

WORD_AFTER = re.compile(r"[^\W\d_]{3}")  # "Tc" after 99m is an element

NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})
_SPACE = re.compile(r"\s+")


@dataclass(slots=True, eq=False)
class XmlNode:
    """An element: its local name, its attributes, and its text and elements in reading order."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    content: list[XmlNode | str] = field(default_factory=list)

    @property
    def elements(self) -> list[XmlNode]:
        """The elements right inside this one."""
        return [piece for piece in self.content if isinstance(piece, XmlNode)]

    def children(self, *names: str) -> list[XmlNode]:
        """The elements right inside this one that have one of the names."""
        return [element for element in self.elements if element.name in names]

    def find(self, *path: str) -> XmlNode | None:
        """The first element at the end of a path of names, each right inside the one before."""
        found: list[XmlNode] = [self]
        for name in path:
            found = [below for node in found for below in node.children(name)]
        return found[0] if found else None

    def walk(self) -> Iterator[XmlNode]:
        """Yield this element and all inside it, in reading order, without recursion."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.elements))

    def descendants(self, *names: str) -> Iterator[XmlNode]:
        """Yield the elements anywhere inside that have one of the names."""
        return (node for node in self.walk() if node.name in names and node is not self)

    def contains(self, *names: str) -> bool:
        """Whether an element of one of the names is anywhere inside."""
        return next(self.descendants(*names), None) is not None


def node_text(
    node: XmlNode, inline: frozenset[str], *, gap: str = " ", skip: frozenset[str] = frozenset()
) -> str:
    """Return the text of an element: a line break for a break, `gap` around what is not inline."""
    parts: list[str] = []
    waiting: list[XmlNode | str] = [node]
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, str):
            parts.append(piece if piece in ("\n", gap) else _SPACE.sub(" ", piece))
        elif piece.name in ("br", "break"):
            parts.append("\n")
        elif piece.name not in skip:
            apart = [gap] if piece.name not in inline and piece is not node else []
            waiting.extend([*apart, *reversed(piece.content), *apart])
    return "".join(parts)


def node_line(node: XmlNode | None, inline: frozenset[str]) -> str:
    """Return the text of an element as one line; nothing of none."""
    return " ".join(node_text(node, inline).split()) if node else ""


def mark_superscripts(root: XmlNode) -> None:
    """Mark powers and part the numbers of notes from their words, all through a tree.

    10<sup>9</sup> is not 109, and a word with the number of a note on it is not found.
    """
    for node in root.walk():
        content: list[XmlNode | str] = []
        for piece in node.content:
            if (
                content
                and isinstance(piece, XmlNode)
                and (mark := _separator_before(content[-1], piece))
            ):
                content.append(mark)
            if content and _needs_space_after(content[-1], piece):
                content.append(" ")
            content.append(piece)
        node.content = content


def _separator_before(before: XmlNode | str, piece: XmlNode) -> str:
    raised = piece if piece.name == "sup" else piece.find("sup") if piece.name == "xref" else None
    if raised is None:
        return ""
    text = _plain_text(raised).strip()
    if isinstance(before, XmlNode) and before.name == "sub":  # an ion, but SO4 with a 1 is not SO41
        return " " if any(character.isdigit() for character in text) else ""
    before = before if isinstance(before, str) else _plain_text(before)
    if not before[-1:].strip():
        return ""
    if piece.name == "xref" or raised.contains("xref"):
        return " "
    if SIGNED_POWER.fullmatch(text) or (POWER_OF_TEN.search(before) and text.isdigit()):
        return "^"
    apart = before[-1].isdigit() or WORD_BEFORE.search(before)
    return " " if apart and text not in WORD_SUFFIXES else ""


def _needs_space_after(raised: XmlNode | str, after: XmlNode | str) -> bool:
    """Whether the mark of a note stands right before the first word of the note."""
    if isinstance(raised, str) or raised.name != "sup" or not isinstance(after, str):
        return False
    return _plain_text(raised).strip() not in WORD_SUFFIXES and bool(WORD_AFTER.match(after))


def _plain_text(node: XmlNode) -> str:
    return node_text(node, frozenset(), gap="")


def iter_list_items(
    node: XmlNode, item: str, label: str, text: Callable[[XmlNode], str], depth: int = 0
) -> Iterator[ListItem]:
    """Yield the items of a list and of the lists inside it; `text` is an item's without those."""
    for element in node.children(item):
        mark = " ".join(node_text(found, frozenset()) for found in element.children(label)).strip()
        mark = mark + " " if any(character.isalnum() for character in mark) else ""
        yield ListItem(mark + text(element).lstrip(BULLETS), depth)
        for inner in find_outermost(element, "list"):
            yield from iter_list_items(inner, item, label, text, depth + 1)


def find_outermost(node: XmlNode, *names: str) -> Iterator[XmlNode]:
    """Yield the elements of one of the names inside an element, but none inside another one."""
    waiting = list(reversed(node.elements))
    while waiting:
        element = waiting.pop()
        if element.name in names:
            yield element
        else:
            waiting.extend(reversed(element.elements))


def table_rows(table: XmlNode) -> list[XmlNode]:
    """Return the rows of a table, but not those of its foot, nor those of tables in its cells."""
    foot = {id(row) for part in table.children("tfoot") for row in part.elements}
    return [row for row in find_outermost(table, "tr") if id(row) not in foot]


def build_table(rows: list[XmlNode], headers: int, lines: Callable[[XmlNode], str]) -> Block:
    """Return a table with a text for each cell; a cell over several columns fills the first.

    `lines` is the text of a cell, a line to each of its blocks. Where several cells of a row have
    lines, the lines of one belong to those of the other: they stay apart.
    """
    hanging: dict[int, int] = {}  # column -> rows that a cell above still covers
    texts: list[tuple[str, ...]] = []
    for row in rows:
        cells = row.children("td", "th")
        parts = [[line for each in lines(c).split("\n") if (line := each.strip())] for c in cells]
        listed = sum(1 for part in parts if len(part) > 1) > 1 and len(texts) >= headers
        joined = [("; " if listed else " ").join(part) for part in parts]
        texts.append(_row(cells, joined, hanging))
    return Block(
        kind=BlockKind.TABLE, rows=tuple(texts), header_rows=min(headers, max(0, len(rows) - 1))
    )


def _row(cells: list[XmlNode], said: list[str], hanging: dict[int, int]) -> tuple[str, ...]:
    texts: list[str] = []

    def fill_covered() -> None:
        while hanging.get(len(texts), 0) > 0:
            hanging[len(texts)] -= 1
            texts.append("")

    for cell, text in zip(cells, said, strict=True):
        fill_covered()
        for offset in range(_span(cell, "colspan")):
            hanging[len(texts)] = _span(cell, "rowspan") - 1
            texts.append("" if offset else text)
    fill_covered()
    return tuple(texts)


def _span(cell: XmlNode, name: str) -> int:
    value = cell.attributes.get(name, "1").strip()
    return min(MAX_SPAN_WIDTH, max(1, int(value))) if value.isascii() and value.isdigit() else 1
