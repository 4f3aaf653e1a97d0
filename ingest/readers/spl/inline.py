"""The small pieces of a drug label (SPL): text with its notes apart, and what a shape means.

Labels are typeset more than marked up: a line in bold is a heading, a table is often a box.
"""

from __future__ import annotations

from ingest.readers.xml.node import XmlNode, mark_superscripts, rows_of, text_of, words_of

INLINE = frozenset(["content", "linkHtml", "sub", "sup", "footnoteRef", "renderMultiMedia"])

BLOCKS = ("paragraph", "list", "table")
HEADING_WORDS = 14  # of a first line that can be the heading of a section without one, as elsewhere
EMPHASISED_WORDS = 30  # of one in bold or italics, which says by itself that it is a heading
BULLET_LETTERS = frozenset(
    ["o", "O", "§", "Ø"]
)  # letters that Wingdings and the like draw as bullets
EMPHASIS = frozenset(["bold", "underline", "italics"])
# A table with a list or with a cell of so many words is a layout if it says half of its words in
# rows of one cell: rows that only name what follows, as in tables of trials, are short.
WORDS_OF_A_LAYOUT = 60
LAYOUT_SHARE = 0.5


def words(node: XmlNode | None) -> str:
    """Return the text of an element as one line; nothing of none."""
    return words_of(node, INLINE)


def preprocess(root: XmlNode) -> None:
    """Make a tree ready: notes numbered where they stand, powers and marks of notes apart."""
    numbers = {
        note.attributes.get("ID", str(id(note))): number
        for number, note in enumerate(root.all("footnote"), start=1)
    }
    for node in root.walk():
        if node.name == "caption" and words(node) in BULLET_LETTERS:
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


def shown(node: XmlNode) -> str:
    """Return the text of an element without its notes."""
    return text_of(node, INLINE, skip=frozenset(["footnote"]))


def cell_lines(cell: XmlNode) -> str:
    """Return the text of a cell without its notes, a line to each block."""
    return text_of(cell, INLINE, gap="\n", skip=frozenset(["footnote"]))


def item_text(item: XmlNode) -> str:
    """Return the text of an item without the lists and notes in it."""
    return text_of(item, INLINE, skip=frozenset(["list", "caption", "footnote"]))


def first_line(text: XmlNode, more_below: bool) -> XmlNode | None:
    """Return the paragraph that heads a text in all but markup, if more follows it."""
    blocks = [block for block in text.elements if words(block) or block.elements]
    if not blocks or (len(blocks) == 1 and not more_below):
        return None
    first = blocks[0]
    if first.name not in ("paragraph", "content") or not words(first):
        return None
    line = text_of(first, INLINE).strip()
    most = EMPHASISED_WORDS if is_emphasised(first) else HEADING_WORDS
    short = len(line.split()) <= most and "\n" not in line
    return first if short and not line.endswith((".", ":", ";", ",")) else None


def is_heading(paragraph: XmlNode) -> bool:
    """Whether all of a short paragraph is emphasised."""
    return len(words(paragraph).split()) <= EMPHASISED_WORDS and is_emphasised(paragraph)


def is_emphasised(node: XmlNode) -> bool:
    """Whether all text of an element is emphasised."""
    if EMPHASIS & set(node.attributes.get("styleCode", "").lower().split()):
        return True
    loose = any(isinstance(piece, str) and piece.strip() for piece in node.content)
    return not loose and all(is_emphasised(each) for each in node.elements if words(each))


def bold_rows(rows: list[XmlNode]) -> int:
    """Return how many rows at the top are headers in all but markup: emphasised throughout."""
    number = 0
    for row in rows:
        cells = [cell for cell in row.named("td", "th") if words(cell)]
        if not cells or not all(c.name == "th" or is_emphasised(c) for c in cells):
            break
        number += 1
    return number


def is_layout(table: XmlNode) -> bool:
    """Whether a table only draws a box or columns around text."""
    if table.holds("table"):
        return True
    rows = rows_of(table)
    if not table.holds("list"):
        cells = (cell for row in rows for cell in row.named("td", "th"))
        if not any(len(words(cell).split()) >= WORDS_OF_A_LAYOUT for cell in cells):
            return False
    filled = [[len(words(c).split()) for c in row.elements if words(c)] for row in rows]
    single = sum(row[0] for row in filled if len(row) == 1)
    return bool(single) and single >= LAYOUT_SHARE * sum(map(sum, filled))
