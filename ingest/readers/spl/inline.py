"""The small pieces of a drug label (SPL): text with its notes apart, and what a shape means.

Labels are typeset more than marked up: a line in bold is a heading, a table is often a box.
"""

from __future__ import annotations

from ingest.readers.xml.node import XmlNode, mark_superscripts, node_line, node_text, table_rows

INLINE = frozenset(["content", "linkHtml", "sub", "sup", "footnoteRef", "renderMultiMedia"])

BLOCK_ELEMENTS = ("paragraph", "list", "table")
MAX_HEADING_WORDS = (
    14  # of a first line that can be the heading of a section without one, as elsewhere
)
MAX_EMPHASISED_WORDS = 30  # of one in bold or italics, which says by itself that it is a heading
BULLET_LETTERS = frozenset(
    ["o", "O", "§", "Ø"]
)  # letters that Wingdings and the like draw as bullets
EMPHASIS = frozenset(["bold", "underline", "italics"])
# A table with a list or with a cell of so many words is a layout if it says half of its words in
# rows of one cell: rows that only name what follows, as in tables of trials, are short.
MIN_LAYOUT_CELL_WORDS = 60
MIN_LAYOUT_SHARE = 0.5


def line_text(node: XmlNode | None) -> str:
    """Return the text of an element as one line; nothing of none."""
    return node_line(node, INLINE)


def preprocess_label(root: XmlNode) -> None:
    """Make a tree ready: notes numbered where they stand, powers and marks of notes apart."""
    numbers = {
        note.attributes.get("ID", str(id(note))): number
        for number, note in enumerate(root.descendants("footnote"), start=1)
    }
    for node in root.walk():
        if node.name == "caption" and line_text(node) in BULLET_LETTERS:
            node.content = []
        content: list[XmlNode | str] = []
        for piece in node.content:
            if isinstance(piece, XmlNode) and piece.name in ("footnote", "footnoteRef"):
                name = piece.attributes.get("ID", piece.attributes.get("IDREF", str(id(piece))))
                mark = f"[{numbers[name]}]" if name in numbers else ""
                content.append(mark)
                piece.content.insert(0, mark + " " if piece.name == "footnote" else "")
            content.append(piece)
        node.content = content
    mark_superscripts(root)


def text_without_notes(node: XmlNode) -> str:
    """Return the text of an element without its notes."""
    return node_text(node, INLINE, skip=frozenset(["footnote"]))


def cell_lines(cell: XmlNode) -> str:
    """Return the text of a cell without its notes, a line to each block."""
    return node_text(cell, INLINE, gap="\n", skip=frozenset(["footnote"]))


def item_text(item: XmlNode) -> str:
    """Return the text of an item without the lists and notes in it."""
    return node_text(item, INLINE, skip=frozenset(["list", "caption", "footnote"]))


def find_heading_line(text: XmlNode, more_below: bool) -> XmlNode | None:
    """Return the paragraph that heads a text in all but markup, if more follows it."""
    blocks = [block for block in text.elements if line_text(block) or block.elements]
    if not blocks or (len(blocks) == 1 and not more_below):
        return None
    first = blocks[0]
    if first.name not in ("paragraph", "content") or not line_text(first):
        return None
    line = node_text(first, INLINE).strip()
    most = MAX_EMPHASISED_WORDS if is_emphasised(first) else MAX_HEADING_WORDS
    short = len(line.split()) <= most and "\n" not in line
    return first if short and not line.endswith((".", ":", ";", ",")) else None


def is_emphasised_heading(paragraph: XmlNode) -> bool:
    """Whether all of a short paragraph is emphasised."""
    return len(line_text(paragraph).split()) <= MAX_EMPHASISED_WORDS and is_emphasised(paragraph)


def is_emphasised(node: XmlNode) -> bool:
    """Whether all text of an element is emphasised."""
    if EMPHASIS & set(node.attributes.get("styleCode", "").lower().split()):
        return True
    loose = any(isinstance(piece, str) and piece.strip() for piece in node.content)
    return not loose and all(is_emphasised(each) for each in node.elements if line_text(each))


def count_header_rows(rows: list[XmlNode]) -> int:
    """Return how many rows at the top are headers in all but markup: emphasised throughout."""
    number = 0
    for row in rows:
        cells = [cell for cell in row.children("td", "th") if line_text(cell)]
        if not cells or not all(c.name == "th" or is_emphasised(c) for c in cells):
            break
        number += 1
    return number


def is_layout_table(table: XmlNode) -> bool:
    """Whether a table only draws a box or columns around text."""
    if table.contains("table"):
        return True
    rows = table_rows(table)
    if not table.contains("list"):
        cells = (cell for row in rows for cell in row.children("td", "th"))
        if not any(len(line_text(cell).split()) >= MIN_LAYOUT_CELL_WORDS for cell in cells):
            return False
    filled = [[len(line_text(c).split()) for c in row.elements if line_text(c)] for row in rows]
    single = sum(row[0] for row in filled if len(row) == 1)
    return bool(single) and single >= MIN_LAYOUT_SHARE * sum(map(sum, filled))
