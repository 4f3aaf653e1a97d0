"""Editing of a block as plain text, which keeps the formatting of the parts that are left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import Match, SequenceMatcher

from kb.errors import CorrectionError
from kb.model.article import Block, BlockKind, Cell, ListItem, Mark, MarkKind, Marks, Row
from kb.model.excerpt import shorten
from kb.model.list_numbering import next_label

MAX_QUOTED_LENGTH = 60  # characters of a text that a description quotes
RAISED_KINDS = (MarkKind.SUPERSCRIPT, MarkKind.SUBSCRIPT)
LIST_ITEM = re.compile(
    r"(?P<in>(?: {2})*)"
    r"(?P<label>-|\(?[0-9]{1,6}(?:\.[0-9]{1,6})*[.):]?|\(?[A-Za-z]{1,8}[.):]) (?P<text>.*)"
)


def parse_block_text(block: Block, text: str) -> tuple[Block, ...]:
    """Parse edited text in the format of `Block.plain` into blocks of the same kind.

    A blank line splits a paragraph. Raises `CorrectionError` if a list item or table row is
    malformed.
    """
    if block.kind is BlockKind.LIST:
        return (replace(block, items=tuple(_parse_items(block, text))),)
    if block.kind is BlockKind.TABLE:
        return (_parse_table(block, text),)
    parts = re.split(r"\n\s*\n", text.strip())
    if block.kind is not BlockKind.PARAGRAPH:
        parts = ["\n".join(part.strip() for part in parts)]
    return tuple(
        replace(block, text=part.strip(), marks=_carry_marks(block.text, block.marks, part.strip()))
        for part in parts
    )


def _parse_items(block: Block, text: str) -> Iterator[ListItem]:
    """Yield the items of an edited list; a hyphen in a numbered list continues the numbers.

    An item keeps the marks of the item with the same text, or, if the number of items is the same,
    of the parts that are left of the item in its place.
    """
    known = {item.text: item for item in block.items}
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    above = ""
    for number, line in enumerate(lines):
        depth, label, content = _parse_item(line, {item.label for item in block.items})
        if block.ordered and not depth:
            label = above = label or next_label(above)
        old = block.items[number] if len(lines) == len(block.items) else ListItem("")
        if content != old.text:
            old = known.get(content, old)
        yield ListItem(content, depth, label, _carry_marks(old.text, old.marks, content))


def _parse_item(line: str, labels: set[str]) -> tuple[int, str, str]:
    """Return depth, label and text of a list item; `labels` are those that the list had."""
    content = line.lstrip(" ")
    indent = len(line) - len(content)
    kept = [label for label in labels if label and content.startswith(f"{label} ")]
    if kept and indent % 2 == 0:
        label = max(kept, key=len)
        return indent // 2, label, content.removeprefix(label).strip()
    match = LIST_ITEM.fullmatch(line)
    if match is None:
        raise CorrectionError(
            f"This list item does not begin with “- ” or a number: {line}. Add the hyphen.",
            code="list-item",
        )
    label = "" if match["label"] == "-" else match["label"]
    return len(match["in"]) // 2, label, match["text"].strip()


def _parse_table(block: Block, text: str) -> Block:
    """Return an edited table. Rows that are left keep their marks and spans."""
    texts = [
        tuple(cell.strip() for cell in line.split("|"))
        for line in text.splitlines()
        if line.strip()
    ]
    widths = {len(row) for row in block.rows}
    for row in texts:
        if len(row) not in widths:
            raise CorrectionError(
                f"This row has {len(row)} cells: {' | '.join(row)}. Enter "
                f"{' or '.join(map(str, sorted(widths)))} cells separated by |.",
                code="table-row",
            )
    rows: list[Row] = [tuple(map(Cell, row)) for row in texts]
    header_rows = 0
    for start, end, shift in _find_kept_rows(block.row_texts, texts):
        for number in range(start, end):
            rows[number + shift] = tuple(
                _edit_cell(cell, new, rows_left=end - number)
                for cell, new in zip(block.rows[number], texts[number + shift], strict=True)
            )
        if start < block.header_rows:
            header_rows = min(end, block.header_rows) + shift
    return replace(block, rows=tuple(rows), header_rows=header_rows)


def _find_kept_rows(
    old: Sequence[tuple[str, ...]], new: Sequence[tuple[str, ...]]
) -> Iterator[tuple[int, int, int]]:
    """Yield runs of kept or edited rows as (start, end, distance to the row in the new table)."""
    if [len(row) for row in old] == [len(row) for row in new]:
        yield 0, len(old), 0
        return
    for operation, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        edited = operation == "replace" and i2 - i1 == j2 - j1
        same_widths = all(
            len(row) == len(other) for row, other in zip(old[i1:i2], new[j1:j2], strict=False)
        )
        if operation == "equal" or (edited and same_widths):
            yield i1, i2, j1 - i1


def _edit_cell(cell: Cell, text: str, *, rows_left: int) -> Cell:
    """Return a cell with another text; it spans only rows that are left below it."""
    rows = cell.rows if cell.rows <= rows_left else 1
    return replace(cell, text=text, rows=rows, marks=_carry_marks(cell.text, cell.marks, text))


def _carry_marks(old: str, marks: Marks, new: str) -> Marks:
    """Return the marks of the parts of a text that an edit left unchanged."""
    if old == new or not marks:
        return marks
    carried: list[Mark] = []
    for run in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        shift = run.b - run.a
        carried += (
            replace(mark, start=mark.start + shift, end=mark.end + shift)
            for mark in marks
            if run.a <= mark.start
            and mark.end <= run.a + run.size
            and (mark.kind not in RAISED_KINDS or _keeps_neighbours(mark, run, new))
        )
    return tuple(sorted(carried, key=lambda mark: (mark.start, mark.end)))


def _keeps_neighbours(mark: Mark, run: Match, new: str) -> bool:
    """Return whether a raised or lowered part still belongs to the text before it.

    Otherwise the 9 in 10^95 would be raised alone, or a note number become part of a dose.
    """
    start, end = mark.start + run.b - run.a, mark.end + run.b - run.a
    follows = run.a < mark.start or start == mark.start == 0
    return follows and (mark.end < run.a + run.size or not new[end : end + 1].isalnum())


def find_unformatted(old: Sequence[Block], new: Sequence[Block]) -> Iterator[str]:
    """Yield what an edit left without its mark or span, such as "superscript “9”"."""
    before, after = (Counter(_iter_formatted(blocks)) for blocks in (old, new))
    for (kind, text), number in (before - after).items():
        yield from [f"{kind} “{shorten(' '.join(text.split()), MAX_QUOTED_LENGTH)}”"] * number


def _iter_formatted(blocks: Sequence[Block]) -> Iterator[tuple[str, str]]:
    """Yield (kind, text) of each mark and of each cell that spans rows or columns."""
    for block in blocks:
        cells = [cell for row in block.rows for cell in row]
        texts = [(block.text, block.marks)]
        texts += ((item.text, item.marks) for item in block.items)
        texts += ((cell.text, cell.marks) for cell in cells)
        for text, marks in texts:
            for mark in marks:
                yield mark.kind, text[mark.start : mark.end]
        for cell in cells:
            if cell.rows > 1 or cell.columns > 1:
                yield "merged cell", cell.text
