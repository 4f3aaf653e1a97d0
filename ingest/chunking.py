"""An article cut into passages: what is found, tagged, linked to and read between two patients.

The bounds are in words. Sixty to 180 is a few sentences: what can be read in half a minute, enough
to stand by itself, and near the 120 words on which the search is tuned. 250 is the most; longer is
only what cannot be cut, a single sentence, list item or row. Within a section:

- short paragraphs are joined, long ones cut between sentences, never inside one;
- a list stays with the paragraph before it, its lead-in, and a caption with what it describes;
- a list too long for one passage is cut between items. The lead-in is not repeated: the passage
  has its heading, and the next one after it is a link away, whereas doubled text would be found
  twice and read as if it stood there twice;
- a table stays whole up to the bound, else is cut between rows; only there is text doubled, the
  header rows, because a row of numbers without them means nothing;
- a callout is a passage of its own, so that it can be found and shown as what it is.

No passage crosses a heading. Cutting is a shortest path: of all ways to cut a section the one
whose cuts and sizes cost least (the table below), which needs no special case for a small rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ingest.language.sentence_splitter import split_sentences
from kb.model.article import Article, Block, BlockKind, Section
from kb.model.passage import Passage

MIN_PREFERRED_WORDS, MAX_PREFERRED_WORDS, MAX_WORDS = 60, 180, 250
MAX_ATOMS = 80  # sentences, items or rows of a passage: a screen of lines; bounds the work, too

# What a cut costs, in words of deviation from the wanted size that it is worth avoiding it for.
BETWEEN_BLOCKS = 5  # so that what fits together stays together
BETWEEN_SENTENCES = 40  # rather a passage of 220 words than a paragraph in two
BETWEEN_ITEMS = 40
BEFORE_NESTED_ITEM = 70
BETWEEN_ROWS = 150  # a table of up to the bound stays whole
INSEPARABLE = 400  # lead-in and list, caption and table: cut only where the bound demands it

# Words of a passage -> what its size costs: the deviation from the wanted range.
SIZE_COST = tuple(
    max(MIN_PREFERRED_WORDS - words, 0, words - MAX_PREFERRED_WORDS)
    for words in range(MAX_WORDS + 1)
)


@dataclass(frozen=True, slots=True)
class _Atom:
    """What is never cut: a sentence, an item, a row, or a line of a callout.

    `cut` is what a cut right before it costs; `header_rows` and `header_words` are what a passage
    that begins here, inside a table, repeats.
    """

    block: Block  # with this atom only
    number: int  # of the block in its section
    words: int
    cut: int
    header_rows: int = 0
    header_words: int = 0


def chunk_article(article: Article) -> tuple[Passage, ...]:
    """Cut an article into passages in reading order, without ids and tags.

    A section without blocks of its own makes none; its heading is in the paths of those below it.
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
    """Yield (heading path, codes with the nearest first, section), in reading order."""
    for section in sections:
        path = (*above, section.heading) if section.heading else above
        own = (*section.codes, *codes)
        yield path, own, section
        yield from _walk_sections(section.sections, path, own)


def _split_at_callouts(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Part the blocks of a section at its callouts."""
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
    """Yield (part, words, cost of a cut before it); header rows go with the first row."""
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
    """Return where the passages end, in ascending order; the last is the number of atoms."""
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
    """Yield the blocks of a passage: neighbouring atoms of one block put together again."""
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
