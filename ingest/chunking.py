"""Chunking: splits an article into passages, the units of search, tagging, links and reading.

Sizes are in words. The preferred range of 60 to 180 words is a few sentences: readable in half a
minute, self-contained, and close to the 120 words for which the search is tuned. The maximum is 250
words; only an indivisible unit (a single sentence, list item or table row) may be longer. Within a
section:

- short paragraphs are joined; long ones are split between sentences;
- a list stays with the paragraph that introduces it, a caption with what it describes, and the
  notes below a table with its last rows;
- a list that is too long for one passage is split between items, and a table that exceeds the
  maximum between rows. Each passage repeats what gives its items or rows their meaning: the
  sentence that introduces the list ("Do not give to:"), the items above a nested item, the caption
  and the header rows of a table, the group row ("Children") and cells that span several rows;
- a callout is a separate passage, so that it can be found and displayed as a callout.

No passage crosses a heading. The cuts are a shortest path: of all ways to split a section, the one
with the lowest total cost of cuts and sizes (see the constants) is chosen, which needs no special
case for a small remainder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby
from typing import NamedTuple

from ingest.language.sentence_splitter import split_sentences
from ingest.readers.common.table_notes import is_table_note
from kb.model.article import (
    Article,
    Block,
    BlockKind,
    Cell,
    ListItem,
    MarkKind,
    Row,
    Section,
    shift_marks,
)
from kb.model.passage import Passage

MIN_PREFERRED_WORDS, MAX_PREFERRED_WORDS, MAX_WORDS = 60, 180, 250
MAX_ATOMS = 80  # sentences, items or rows per passage; about one screen, and bounds the work

# Cost of a cut, in words of deviation from the preferred range that would be accepted to avoid it.
BETWEEN_BLOCKS = 5
BETWEEN_SENTENCES = 40  # prefers a passage of 220 words to a split paragraph
BETWEEN_ITEMS = 40
BEFORE_NESTED_ITEM = 70
BETWEEN_ROWS = 150  # keeps a table whole up to the maximum
# Introduction and list, caption and table, group row and row, table and its notes: split only at
# the maximum.
INSEPARABLE = 400

MAX_LEAD_WORDS = 60  # of a repeated introduction; a longer one would fill the passage
INTRODUCTION_ENDS = (":", ":–", ":-", "…", "...")

# Words of a passage -> cost of its size: the deviation from the preferred range.
SIZE_COST = tuple(
    max(MIN_PREFERRED_WORDS - words, 0, words - MAX_PREFERRED_WORDS)
    for words in range(MAX_WORDS + 1)
)


@dataclass(frozen=True, slots=True)
class _Atom:
    """An indivisible unit: a sentence, list item, table row or line of a callout.

    `cut` is the cost of a cut right before it. `repeated` is the number of words that a passage
    repeats if it starts at this atom.
    """

    number: int  # index of the block in its section
    part: int  # index of the sentence, item or row in the block
    words: int
    cut: int
    repeated: int = 0


def chunk_article(article: Article) -> tuple[Passage, ...]:
    """Split an article into passages in reading order, without ids and tags.

    A section without blocks yields no passage; its heading is part of the paths of its subsections.
    """
    return tuple(
        Passage(heading_path=path, blocks=blocks, codes=codes)
        for path, codes, section in _walk_sections(article.sections)
        for run in _split_at_callouts(section.blocks)
        for blocks in _split_run(run)
    )


def _walk_sections(
    sections: Iterable[Section], above: tuple[str, ...] = (), codes: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], Section]]:
    """Yield (heading path, codes starting with the nearest, section) in reading order."""
    for section in sections:
        path = (*above, section.heading) if section.heading else above
        own = (*section.codes, *codes)
        yield path, own, section
        yield from _walk_sections(section.sections, path, own)


def _split_at_callouts(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Yield the runs of consecutive blocks between callouts, and each callout separately."""
    numbered = enumerate(blocks)
    for _, run in groupby(
        numbered, key=lambda pair: pair[0] if pair[1].kind is BlockKind.CALLOUT else -1
    ):
        yield [block for _, block in run]


def _split_run(blocks: Sequence[Block]) -> Iterator[tuple[Block, ...]]:
    splits = [_BlockSplit(blocks, number) for number in range(len(blocks))]
    atoms = [atom for split in splits for atom in split.atoms()]
    start = 0
    for end in _find_cuts(atoms):
        yield tuple(_merge_atoms(atoms[start:end], splits))
        start = end


class _BlockSplit:
    """The parts of a block, and what a part depends on, which is found once for all parts."""

    def __init__(self, blocks: Sequence[Block], number: int) -> None:
        self._block = blocks[number]
        self._number = number
        self._cost_before = _cost_before_block(blocks, number)
        self.lead = _lead_in(blocks, number)
        self._parents = _parent_items(self._block.items)
        self._contexts = _row_contexts(self._block)
        self._sentences = split_sentences(self._block.text)
        self._offsets = (0, *accumulate(map(len, self._sentences)))

    def atoms(self) -> Iterator[_Atom]:
        """Yield the atoms; the first carries the cost of a cut before the block."""
        lead = sum(_count_words(each.plain) for each in self.lead)
        for part, words, cut in self._parts():
            if part == 0:
                yield _Atom(self._number, part, words, self._cost_before)
            else:
                yield _Atom(self._number, part, words, cut, lead + self._count_repeated(part))

    def _parts(self) -> Iterator[tuple[int, int, int]]:
        """Yield (index of a part, words, cost of a cut before it).

        The header rows of a table belong to the first part.
        """
        block = self._block
        if block.kind is BlockKind.LIST:
            for index, item in enumerate(block.items):
                cost = BEFORE_NESTED_ITEM if item.depth else BETWEEN_ITEMS
                yield index, _count_words(item.text), cost
        elif block.kind is BlockKind.TABLE:
            groups = block.group_rows
            first = min(block.header_rows + 1, len(block.rows))
            yield 0, sum(map(_count_row_words, block.rows[:first])), BETWEEN_ROWS
            for index in range(first, len(block.rows)):
                cost = INSEPARABLE if index - 1 in groups else BETWEEN_ROWS
                yield index, _count_row_words(block.rows[index]), cost
        elif block.kind is BlockKind.FIGURE:
            yield 0, _count_words(block.plain), 0
        else:
            for index, sentence in enumerate(self._sentences):
                yield index, _count_words(sentence), BETWEEN_SENTENCES

    def _count_repeated(self, part: int) -> int:
        """Return the number of words of the block that a passage repeats before a part."""
        if self._block.kind is BlockKind.LIST:
            return sum(_count_words(item.text) for item in self._parents[part])
        if self._block.kind is BlockKind.TABLE:
            context = self._contexts[part]
            rows = context.select(self._block, part)[:-1]
            spanning = context.spanning.values()
            return sum(_count_words(cell.text) for cells in (*rows, spanning) for cell in cells)
        return 0

    def select(self, first: int, last: int) -> Block:
        """Return the block with only these parts, and with what they repeat."""
        block = self._block
        if block.kind is BlockKind.LIST:
            parents = self._parents[first] if first else ()
            return replace(block, items=(*parents, *block.items[first : last + 1]))
        if block.kind is BlockKind.TABLE:
            last = max(last, min(block.header_rows, len(block.rows) - 1))
            rows = block.rows[first : last + 1]
            if first:
                rows = (*self._contexts[first].select(block, first), *rows[1:])
            return replace(block, rows=tuple(_clip_spans(rows)))
        if block.kind is BlockKind.FIGURE:
            return block
        return _cut_text(block, self._offsets[first], self._offsets[last + 1])


def _lead_in(blocks: Sequence[Block], number: int) -> tuple[Block, ...]:
    """Return what introduces a list or table: the caption above, or a sentence with a colon."""
    above = blocks[number - 1] if number else None
    if above is None or blocks[number].kind not in (BlockKind.LIST, BlockKind.TABLE):
        return ()
    if above.kind is BlockKind.CAPTION and blocks[number].kind is BlockKind.TABLE:
        lead = above
    elif above.kind is BlockKind.PARAGRAPH and above.text.endswith(INTRODUCTION_ENDS):
        last = split_sentences(above.text)[-1]
        lead = _cut_text(above, len(above.text) - len(last), len(above.text))
    else:
        return ()
    return (replace(lead, repeated=True),) if _count_words(lead.text) <= MAX_LEAD_WORDS else ()


def _parent_items(items: Sequence[ListItem]) -> list[tuple[ListItem, ...]]:
    """Return for each item the items that it belongs to, outermost first.

    Long parents are not repeated, so such an item has none.
    """
    parents: list[tuple[ListItem, ...]] = []
    above: list[ListItem] = []  # the last item and those that it belongs to
    for item in items:
        while above and above[-1].depth >= item.depth:
            above.pop()
        words = sum(_count_words(parent.text) for parent in above)
        parents.append(tuple(above) if words <= MAX_LEAD_WORDS else ())
        above.append(item)
    return parents


class _RowContext(NamedTuple):
    """What a row depends on: its group row, and cells above that also cover it, by column."""

    group: int | None
    spanning: dict[int, Cell]

    def select(self, block: Block, part: int) -> tuple[Row, ...]:
        """Return the header rows, the group row, and the row with its spanning cells."""
        row = tuple(self.spanning.get(column, cell) for column, cell in enumerate(block.rows[part]))
        group = () if self.group is None else (block.rows[self.group],)
        return (*block.rows[: block.header_rows], *group, row)


def _row_contexts(block: Block) -> dict[int, _RowContext]:
    """Return the context of each row below the headers."""
    groups = block.group_rows
    contexts: dict[int, _RowContext] = {}
    group: int | None = None
    open_cells: dict[int, tuple[int, Cell]] = {}  # column -> (first row below the cell, cell)
    for number in range(block.header_rows, len(block.rows)):
        group = None if number in groups else group
        open_cells = {column: each for column, each in open_cells.items() if each[0] > number}
        spanning = {
            column: replace(cell, rows=end - number) for column, (end, cell) in open_cells.items()
        }
        contexts[number] = _RowContext(group, spanning)
        group = number if number in groups else group
        for column, cell in enumerate(block.rows[number]):
            if cell.rows > 1:
                open_cells[column] = (number + cell.rows, cell)
    return contexts


def _cost_before_block(blocks: Sequence[Block], number: int) -> int:
    if number == 0:
        return 0
    above, block = blocks[number - 1], blocks[number]
    if block.kind is BlockKind.CAPTION:
        over_table = blocks[number + 1 : number + 2]
        belongs_below = any(below.kind is BlockKind.TABLE for below in over_table)
        return BETWEEN_BLOCKS if belongs_below else INSEPARABLE
    if above.kind is BlockKind.CAPTION:
        belongs_here = block.kind is BlockKind.TABLE or number == 1
        return INSEPARABLE if belongs_here else BETWEEN_BLOCKS
    leads_in = block.kind is BlockKind.LIST and above.kind is BlockKind.PARAGRAPH
    if leads_in or above.text.endswith(":") or _is_table_note(blocks, number):
        return INSEPARABLE
    return BETWEEN_BLOCKS


def _is_table_note(blocks: Sequence[Block], number: int) -> bool:
    """Return whether a block is a note below a table, or below another note of the table."""
    while number and _has_note_form(blocks[number]):
        number -= 1
        if blocks[number].kind is BlockKind.TABLE:
            return True
    return False


def _has_note_form(block: Block) -> bool:
    if block.kind is BlockKind.LIST:
        return all(is_table_note(f"{item.label} {item.text}") for item in block.items)
    if block.kind is not BlockKind.PARAGRAPH:
        return False
    is_raised = any(mark.kind is MarkKind.SUPERSCRIPT and not mark.start for mark in block.marks)
    return is_raised or is_table_note(block.text)


def _find_cuts(atoms: Sequence[_Atom]) -> list[int]:
    """Return the indices where passages end, ascending; the last is the number of atoms."""
    best: list[tuple[int, int]] = [(0, 0)]  # for each end: (cost so far, start of the last passage)
    for end in range(1, len(atoms) + 1):
        least, least_start = -1, 0
        words = 0
        for start in range(end - 1, max(-1, end - 1 - MAX_ATOMS), -1):
            atom = atoms[start]
            words += atom.words
            whole = words + atom.repeated
            if start < end - 1:
                if words > MAX_WORDS:
                    break
                if whole > MAX_WORDS:
                    continue
            cost = best[start][0] + (atom.cut if start else 0) + SIZE_COST[min(whole, MAX_WORDS)]
            if least < 0 or cost <= least:
                least, least_start = cost, start
        best.append((least, least_start))
    ends = [len(atoms)] if atoms else []
    while ends and best[ends[-1]][1]:
        ends.append(best[ends[-1]][1])
    return ends[::-1]


def _merge_atoms(atoms: Sequence[_Atom], splits: Sequence[_BlockSplit]) -> Iterator[Block]:
    """Yield the blocks of a passage, joining adjacent atoms of the same block."""
    for number, group in groupby(atoms, key=lambda atom: atom.number):
        parts = [atom.part for atom in group]
        if parts[0]:
            yield from splits[number].lead
        yield splits[number].select(parts[0], parts[-1])


def _clip_spans(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows without spans beyond the last row."""
    for number, row in enumerate(rows):
        left = len(rows) - number
        yield tuple(replace(cell, rows=left) if cell.rows > left else cell for cell in row)


def _cut_text(block: Block, start: int, end: int) -> Block:
    """Return a block with the characters `start` to `end` of its text, stripped."""
    text = block.text[start:end]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    return replace(block, text=text, marks=shift_marks(block.marks, start, start + len(text)))


def _count_row_words(row: Row) -> int:
    return sum(_count_words(cell.text) for cell in row)


def _count_words(text: str) -> int:
    return len(text.split())
