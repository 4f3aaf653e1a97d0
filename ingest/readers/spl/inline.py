"""Inline text of a drug label, and the meaning of its formatting.

Labels express structure by formatting: a bold line is a heading, and a table is often a box.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.readers.common.inline_text import mark_edges, strip_marks
from ingest.readers.common.result import MAX_HEADING_WORDS
from ingest.readers.xml.node import (
    XmlNode,
    mark_inline,
    node_line,
    node_text,
    table_rows,
)
from kb.model.article import MarkKind
from kb.model.list_numbering import Numbering

INLINE = frozenset(["content", "linkHtml", "sub", "sup", "footnoteRef", "renderMultiMedia"])

BLOCK_ELEMENTS = ("paragraph", "list", "table")
MAX_EMPHASISED_WORDS = 30  # words of an emphasised first line, which is more clearly a heading
# Letters that symbol fonts such as Wingdings draw as bullets.
BULLET_LETTERS = frozenset(["o", "O", "§", "Ø"])
NUMBERINGS = {
    "arabic": Numbering.DECIMAL,
    "littlealpha": Numbering.LOWER_ALPHA,
    "bigalpha": Numbering.UPPER_ALPHA,
    "littleroman": Numbering.LOWER_ROMAN,
    "bigroman": Numbering.UPPER_ROMAN,
}
STYLE_MARKS = {"bold": MarkKind.STRONG, "italics": MarkKind.EMPHASIS}
EMPHASIS = frozenset(["bold", "underline", "italics"])
# A table with a list, or with a cell of this many words, is a layout table if at least half of its
# words are in single-cell rows. Group rows, as in tables of trials, are short.
MIN_LAYOUT_CELL_WORDS = 60
MIN_LAYOUT_SHARE = 0.5


def line_text(node: XmlNode | None) -> str:
    """Return the text of an element on one line, or an empty string for None."""
    return node_line(node, INLINE)


def preprocess_label(root: XmlNode) -> None:
    """Number the footnotes at their references, and mark powers and note numbers."""
    numbers = {
        note.attributes.get("ID", str(id(note))): number
        for number, note in enumerate(root.descendants("footnote"), start=1)
    }
    for node in root.walk():
        if node.name == "caption" and line_text(node) in BULLET_LETTERS:
            node.content = []
        content: list[XmlNode | str] = []
        for child in node.content:
            if isinstance(child, XmlNode) and child.name in ("footnote", "footnoteRef"):
                name = child.attributes.get("ID", child.attributes.get("IDREF", str(id(child))))
                mark = f"[{numbers[name]}]" if name in numbers else ""
                content.append(mark)
                child.content.insert(0, mark + " " if child.name == "footnote" else "")
            content.append(child)
        node.content = content
    mark_inline(root, _find_edges)


def _find_edges(node: XmlNode) -> Iterator[tuple[str, str]]:
    if node.name == "sup":
        yield mark_edges(MarkKind.SUPERSCRIPT)
    elif node.name == "sub":
        yield mark_edges(MarkKind.SUBSCRIPT)
    elif node.name == "linkHtml":
        yield mark_edges(MarkKind.LINK, node.attributes.get("href", ""))
    elif node.name == "content":
        styles = set(node.attributes.get("styleCode", "").lower().split())
        for style, kind in STYLE_MARKS.items():
            if style in styles:
                yield mark_edges(kind)


def text_without_notes(node: XmlNode) -> str:
    """Return the text of an element without its footnotes."""
    return node_text(node, INLINE, skip=frozenset(["footnote"]))


def cell_lines(cell: XmlNode) -> str:
    """Return the text of a cell without its footnotes, one line per block."""
    return node_text(cell, INLINE, gap="\n", skip=frozenset(["footnote"]))


def list_numbering(node: XmlNode) -> Numbering | None:
    """Return the numbering style of a list, or None for a list with bullets."""
    if node.attributes.get("listType") != "ordered":
        return None
    style = node.attributes.get("styleCode", "").lower().replace("-", "")
    return NUMBERINGS.get(style, Numbering.DECIMAL)


def item_text(item: XmlNode) -> str:
    """Return the text of an item without its nested lists and footnotes."""
    return node_text(item, INLINE, skip=frozenset(["list", "caption", "footnote"]))


def find_heading_line(text: XmlNode, more_below: bool) -> XmlNode | None:
    """Return the first paragraph if it is formatted as a heading, else None.

    `more_below` is true if subsections follow the text.
    """
    blocks = [block for block in text.elements if line_text(block) or block.elements]
    if not blocks or (len(blocks) == 1 and not more_below):
        return None
    first = blocks[0]
    if first.name not in ("paragraph", "content") or not line_text(first):
        return None
    line = strip_marks(node_text(first, INLINE)).strip()
    max_words = MAX_EMPHASISED_WORDS if is_emphasised(first) else MAX_HEADING_WORDS
    is_short = len(line.split()) <= max_words and "\n" not in line
    return first if is_short and not line.endswith((".", ":", ";", ",")) else None


def is_emphasised_heading(paragraph: XmlNode) -> bool:
    """Return whether a short paragraph is fully emphasised."""
    return len(line_text(paragraph).split()) <= MAX_EMPHASISED_WORDS and is_emphasised(paragraph)


def is_emphasised(node: XmlNode) -> bool:
    """Return whether all text of an element is emphasised."""
    if EMPHASIS & set(node.attributes.get("styleCode", "").lower().split()):
        return True
    has_loose_text = any(isinstance(child, str) and child.strip() for child in node.content)
    return not has_loose_text and all(
        is_emphasised(element) for element in node.elements if line_text(element)
    )


def count_header_rows(rows: list[XmlNode]) -> int:
    """Return the number of fully emphasised rows at the top, which are headers."""
    count = 0
    for row in rows:
        cells = [cell for cell in row.children("td", "th") if line_text(cell)]
        if not cells or not all(c.name == "th" or is_emphasised(c) for c in cells):
            break
        count += 1
    return count


def is_layout_table(table: XmlNode) -> bool:
    """Return whether a table only draws a box or columns around text."""
    if table.contains("table"):
        return True
    rows = table_rows(table)
    if not table.contains("list"):
        cells = (cell for row in rows for cell in row.children("td", "th"))
        if not any(len(line_text(cell).split()) >= MIN_LAYOUT_CELL_WORDS for cell in cells):
            return False
    word_counts = [
        [len(line_text(c).split()) for c in row.elements if line_text(c)] for row in rows
    ]
    single_cell_words = sum(row[0] for row in word_counts if len(row) == 1)
    return bool(single_cell_words) and single_cell_words >= MIN_LAYOUT_SHARE * sum(
        map(sum, word_counts)
    )
