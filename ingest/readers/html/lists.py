"""Lists and callouts of a page, with the numbers of their items."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from bs4.element import PageElement, Tag

from ingest.readers.common.definition_list import build_definition_list
from ingest.readers.html.dom import (
    BLOCKS,
    contains_element,
    find_ancestor,
    find_tags,
    get_classes,
    is_text,
    walk,
)
from ingest.readers.html.elements import collapse_whitespace, inline_text
from kb.model.article import Block, ListItem
from kb.model.list_numbering import Numbering, format_number

LISTS = frozenset({"ul", "ol", "menu", "dir"})
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*([^;]+)", re.I)
_STYLE_WORD = re.compile(r"url\([^)]*\)|[a-z-]+", re.I)
_NUMBER = re.compile(r"[-+]?\d{1,6}")
# Values of the attribute `type` and of the CSS property list-style-type.
_NUMBERING_NAMES = {
    "1": Numbering.DECIMAL,
    "a": Numbering.LOWER_ALPHA,
    "A": Numbering.UPPER_ALPHA,
    "i": Numbering.LOWER_ROMAN,
    "I": Numbering.UPPER_ROMAN,
    **{numbering.value: numbering for numbering in Numbering},
    "lower-latin": Numbering.LOWER_ALPHA,
    "upper-latin": Numbering.UPPER_ALPHA,
}
# Class names after these values, as "lower-alpha", "loweralpha" (docutils) or "list-upper-roman".
_NUMBERING_CLASS = re.compile(r"(?:^|[-_])(lower|upper)-?(alpha|latin|roman)$", re.I)
_BULLETS = frozenset({"none", "disc", "circle", "square", "disclosure-open", "disclosure-closed"})
_LEADING_ZERO = "decimal-leading-zero"
_LOWER_GREEK = "lower-greek"
_GREEK = "αβγδεζηθικλμνξοπρστυφχψω"
_NO_MARKER = ""  # kind of a list whose items have no number


def item_labels(tag: Tag) -> dict[int, str]:
    """Return the label of each numbered item inside an element, by the object id of the item."""
    labels: dict[int, str] = {}
    for each in (tag, *tag.descendants):
        if not isinstance(each, Tag) or each.name not in LISTS:
            continue
        counter = _ItemCounter(each)
        for item in find_tags(each, ("li",)):
            if find_ancestor(item, LISTS) is each and (label := counter.next_label(item)):
                labels[id(item)] = label
    return labels


class _ItemCounter:
    """Numbers of the items of one list, as a browser counts them."""

    def __init__(self, tag: Tag) -> None:
        kind = _style_kind(tag)
        kind = _class_kind(tag) if kind is None else kind
        default = str(tag.get("type", "1")) if tag.name == "ol" else _NO_MARKER
        self._kind = default if kind is None else kind
        self._step = -1 if tag.has_attr("reversed") else 1
        first = len(tag.find_all("li", recursive=False)) if self._step < 0 else 1
        self._next = _parse_number(tag.get("start"), first)

    def next_label(self, item: Tag) -> str:
        """Return the label of the next item; an item without a number has none."""
        self._next = _parse_number(item.get("value"), self._next)
        number, self._next = self._next, self._next + self._step
        kind = _style_kind(item)
        return _format_label(number, self._kind if kind is None else kind)


def _style_kind(tag: Tag) -> str | None:
    """Return the list style that an element sets, `_NO_MARKER` for a bullet, or None."""
    values = _LIST_STYLE.findall(str(tag.get("style", "")))
    words = [word.lower() for word in _STYLE_WORD.findall(values[-1])] if values else []
    if tag.name == "li" and tag.has_attr("type"):
        words.append(str(tag["type"]))
    for word in words:
        if word in _BULLETS:
            return _NO_MARKER
        if word in _NUMBERING_NAMES or word in (_LEADING_ZERO, _LOWER_GREEK):
            return str(word)
    return None


def _class_kind(tag: Tag) -> str | None:
    found = next(filter(None, map(_NUMBERING_CLASS.search, get_classes(tag))), None)
    return f"{found[1]}-{found[2]}".lower() if found else None


def _format_label(number: int, kind: str) -> str:
    if kind == _NO_MARKER or kind in _BULLETS:
        return ""
    if kind == _LEADING_ZERO:
        return f"{number:02d}."
    if kind == _LOWER_GREEK and 0 < number <= len(_GREEK):
        return f"{_GREEK[number - 1]}."
    return format_number(number, _NUMBERING_NAMES.get(kind, Numbering.DECIMAL)) + "."


def _parse_number(value: object, default: int) -> int:
    text = str(value or "").strip()
    return int(text) if _NUMBER.fullmatch(text) else default


def build_list_items(tag: Tag) -> tuple[ListItem, ...]:
    """Return the items of a list and its nested lists in reading order."""
    return read_items(tag.contents, item_labels(tag))


def read_items(
    nodes: Iterable[PageElement], labels: dict[int, str], *, item_label: str | None = None
) -> tuple[ListItem, ...]:
    """Return the items in the content of a list, or of an item with the label `item_label`."""
    reader = _ItemReader(labels)
    if item_label is not None:
        reader.open_item(item_label)
    for node in nodes:
        reader.start(node)
        for element, is_end in walk(node) if isinstance(node, Tag) else ():
            if not is_end:
                reader.start(element)
            elif isinstance(element, Tag):
                reader.end(element)
        if isinstance(node, Tag):
            reader.end(node)
    return tuple(ListItem("".join(parts), depth, label) for parts, depth, label in reader.items)


class _ItemReader:
    """Collects the items of a list. Text after a nested list is an item without a label."""

    def __init__(self, labels: dict[int, str]) -> None:
        self.items: list[tuple[list[str], int, str]] = []
        self._labels = labels
        self._depth = 0
        self._open: list[list[str]] = []  # texts of the open items, outermost first

    def open_item(self, label: str) -> None:
        self._open.append([])
        self.items.append((self._open[-1], self._depth, label))

    def start(self, element: PageElement) -> None:
        if isinstance(element, Tag):
            if element.name in LISTS:
                self._depth += 1
            elif element.name == "li":
                self.open_item(self._labels.get(id(element), ""))
            elif self._open:
                self._open[-1].append(_item_separator(element))
        elif is_text(element):
            self._add_text(collapse_whitespace(element))

    def end(self, tag: Tag) -> None:
        if tag.name in LISTS:
            self._depth -= 1
        elif tag.name == "li":
            self._open.pop()
        elif tag.name in BLOCKS and self._open:
            self._open[-1].append(" ")

    def _add_text(self, text: str) -> None:
        if not self._open:
            if text.strip():
                self.items.append(([text], self._depth, ""))
            return
        is_after_nested_list = self._open[-1] is not self.items[-1][0]
        if is_after_nested_list and text.strip() and "".join(self._open[-1]).strip():
            self._open.pop()
            self.open_item("")
        self._open[-1].append(text)


def _item_separator(tag: Tag) -> str:
    if tag.name == "br":
        return "\n"
    if tag.name == "img":
        return str(tag.get("alt", ""))
    return " " if tag.name in BLOCKS else ""


def split_item(item: Tag, blocks: Container[str]) -> tuple[list[PageElement], list[PageElement]]:
    """Return the content of an item before and from the first of its `blocks`.

    Elements around that block are replaced by their content.
    """
    lead: list[PageElement] = []
    rest = list(item.contents)
    while rest:
        node = rest[0]
        if isinstance(node, Tag):
            contains_block = contains_element(node, blocks)
            if node.name in blocks or (node.name in LISTS and contains_block):
                break
            if contains_block:
                rest[:1] = node.contents
                continue
        lead.append(rest.pop(0))
    return lead, rest


def definition_list(tag: Tag) -> Block:
    """Return a definition list as a list of "term: definition"."""
    groups: list[tuple[list[str], list[str]]] = [([], [])]
    for part in tag.find_all(["dt", "dd"]):
        terms, definitions = groups[-1]
        if part.name == "dt" and definitions:
            groups.append(([inline_text(part).strip()], []))
        else:
            (terms if part.name == "dt" else definitions).append(inline_text(part).strip())
    return build_definition_list(groups)


def callout_text(tag: Tag) -> str:
    """Return a box as lines: heading, paragraphs, items with a hyphen, table rows."""
    lines: list[str] = [""]
    labels = item_labels(tag)
    for element, is_end in walk(tag):
        name = element.name if isinstance(element, Tag) else ""
        if is_end:
            if name in BLOCKS and name not in ("td", "th", "li") and lines[-1].strip(" -"):
                lines.append("")
        elif name in ("td", "th") and lines[-1].strip():
            lines[-1] += " | "
        elif name == "li":
            lines.append(f"{labels.get(id(element), '-')} ")
        elif (name in BLOCKS and name not in ("td", "th")) or name == "br":
            if lines[-1].strip(" -"):
                lines.append("")
        elif isinstance(element, Tag) and name == "img":
            lines[-1] += str(element.get("alt", ""))
        elif is_text(element):
            lines[-1] += collapse_whitespace(element)
    return "\n".join(line for line in lines if line.strip(" -"))
