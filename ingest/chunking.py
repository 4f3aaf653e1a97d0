"""Chunking: splits an article into passages, the units of search, tagging, links and reading.

Sizes are in words. The preferred range of 60 to 180 words is a few sentences: readable in half a
minute, self-contained, and close to the 120 words for which the search is tuned. The maximum is 250
words; only an indivisible unit (a single sentence, list item or table row) may be longer. Within a
section:

- short paragraphs are joined; long ones are split between sentences;
- a list stays with the paragraph that introduces it, and a caption with what it describes;
- a list that is too long for one passage is split between items. The introduction is not repeated,
  because the passage shows its heading and links to its neighbours, while duplicated text would be
  found and read twice;
- a table stays whole up to the maximum, else it is split between rows. The header rows are
  repeated, because a row of numbers is meaningless without them;
- a callout is a separate passage, so that it can be found and displayed as a callout.

No passage crosses a heading. The cuts are a shortest path: of all ways to split a section, the one
with the lowest total cost of cuts and sizes (see the constants) is chosen, which needs no special
case for a small remainder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ingest.language.sentence_splitter import split_sentences
from kb.model.article import Article, Block, BlockKind, Section
from kb.model.passage import Passage

MIN_PREFERRED_WORDS, MAX_PREFERRED_WORDS, MAX_WORDS = 60, 180, 250
MAX_ATOMS = 80  # sentences, items or rows per passage; about one screen, and bounds the work

# Cost of a cut, in words of deviation from the preferred range that would be accepted to avoid it.
BETWEEN_BLOCKS = 5
BETWEEN_SENTENCES = 40  # prefers a passage of 220 words to a split paragraph
BETWEEN_ITEMS = 40
BEFORE_NESTED_ITEM = 70
BETWEEN_ROWS = 150  # keeps a table whole up to the maximum
INSEPARABLE = 400  # introduction and list, caption and table: split only if the maximum requires it

# Words of a passage -> cost of its size: the deviation from the preferred range.
SIZE_COST = tuple(
    max(MIN_PREFERRED_WORDS - words, 0, words - MAX_PREFERRED_WORDS)
    for words in range(MAX_WORDS + 1)
)


@dataclass(frozen=True, slots=True)
class _Atom:
    """An indivisible unit: a sentence, list item, table row or line of a callout.

    `cut` is the cost of a cut right before it. `header_rows` and `header_words` describe the table
    header that a passage repeats if it starts at this atom.
    """

    block: Block  # contains only this atom
    number: int  # index of the block in its section
    words: int
    cut: int
    header_rows: int = 0
    header_words: int = 0


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
    atoms = [atom for number in range(len(blocks)) for atom in _atoms(blocks, number)]
    start = 0
    for end in _find_cuts(atoms):
        yield tuple(_merge_atoms(atoms[start:end], blocks))
        start = end


def _atoms(blocks: Sequence[Block], number: int) -> Iterator[_Atom]:
    """Yield the atoms of one block; the first carries the cost of a cut before the block."""
    block = blocks[number]
    before = _cost_before_block(blocks, number)
    for position, (part, words, cut) in enumerate(_split_block(block)):
        header = sum(_count_words(" ".join(row)) for row in block.rows[: block.header_rows])
        if position == 0:
            yield _Atom(part, number, words, before)
        else:
            yield _Atom(part, number, words, cut, block.header_rows, header)


def _split_block(block: Block) -> Iterator[tuple[Block, int, int]]:
    """Yield (part, words, cost of a cut before it); header rows stay with the first row."""
    if block.kind is BlockKind.LIST:
        for item in block.items:
            cost = BEFORE_NESTED_ITEM if item.depth else BETWEEN_ITEMS
            yield replace(block, items=(item,)), _count_words(item.text), cost
    elif block.kind is BlockKind.TABLE:
        first = min(block.header_rows + 1, len(block.rows))
        parts = [block.rows[:first], *((row,) for row in block.rows[first:])]
        for rows in parts:
            words = sum(_count_words(cell) for row in rows for cell in row)
            yield replace(block, rows=rows), words, BETWEEN_ROWS
    else:
        for sentence in split_sentences(block.text):
            yield replace(block, text=sentence), _count_words(sentence), BETWEEN_SENTENCES


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
    return INSEPARABLE if leads_in or above.text.endswith(":") else BETWEEN_BLOCKS


def _find_cuts(atoms: Sequence[_Atom]) -> list[int]:
    """Return the indices where passages end, ascending; the last is the number of atoms."""
    best: list[tuple[int, int]] = [(0, 0)]  # for each end: (cost so far, start of the last passage)
    for end in range(1, len(atoms) + 1):
        least, least_start = -1, 0
        words = 0
        for start in range(end - 1, max(-1, end - 1 - MAX_ATOMS), -1):
            atom = atoms[start]
            words += atom.words
            whole = words + atom.header_words
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


def _merge_atoms(atoms: Sequence[_Atom], blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks of a passage, joining adjacent atoms of the same block."""
    for number, group in groupby(atoms, key=lambda atom: atom.number):
        together = list(group)
        parts = [atom.block for atom in together]
        block = blocks[number]
        if block.kind is BlockKind.TABLE:
            repeated = block.rows[: together[0].header_rows]
            yield replace(block, rows=repeated + tuple(row for part in parts for row in part.rows))
        elif block.kind is BlockKind.LIST:
            yield replace(block, items=tuple(item for part in parts for item in part.items))
        else:
            yield replace(block, text="".join(part.text for part in parts).strip())


def _count_words(text: str) -> int:
    return len(text.split())
