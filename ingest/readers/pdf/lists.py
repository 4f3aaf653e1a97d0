"""The items of a PDF as lists: their depth by how far in they stand, their order by their numbers.

A number is left out only where counting gives it back. A list that begins at 3, or jumps, keeps its
numbers in the text, because the text refers to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.pdf.lines import is_bullet
from kb.model.article import Block, BlockKind, ListItem

SAME_INDENT = 4.0  # points

_SIGNS = re.compile(r"[().]")


@dataclass(frozen=True, slots=True)
class PdfListItem:
    """An item: its bullet or number, its text without it, where it begins, and on which page."""

    marker: str
    text: str
    x0: float
    page: int

    @property
    def number(self) -> str:
        """Its number or letter, or an empty text."""
        return "" if is_bullet(self.marker) else _SIGNS.sub("", self.marker)


def list_blocks(items: Sequence[PdfListItem]) -> Iterator[Block]:
    """Yield a list for each run of items of one kind at the outermost level."""
    run: list[tuple[PdfListItem, int]] = []
    indents: list[float] = []
    for item in items:
        while indents and item.x0 < indents[-1] - SAME_INDENT:
            indents.pop()
        if not indents or item.x0 > indents[-1] + SAME_INDENT:
            indents.append(item.x0)
        depth = len(indents) - 1
        if run and not depth and bool(item.number) != bool(_outermost(run)[-1].number):
            yield _block(run)
            run = []
        run.append((item, depth))
    if run:
        yield _block(run)


def _outermost(run: Sequence[tuple[PdfListItem, int]]) -> list[PdfListItem]:
    return [item for item, depth in run if not depth] or [run[0][0]]


def _block(run: Sequence[tuple[PdfListItem, int]]) -> Block:
    numbers = [item.number.casefold() for item in _outermost(run)]
    ordered = numbers in (
        [str(number) for number in range(1, len(numbers) + 1)],
        [chr(ord("a") + number) for number in range(min(26, len(numbers)))],
    )
    return Block(
        kind=BlockKind.LIST,
        ordered=ordered,
        items=tuple(ListItem(_item_text(item, depth, ordered), depth) for item, depth in run),
        page=run[0][0].page,
    )


def _item_text(item: PdfListItem, depth: int, ordered: bool) -> str:
    counted = ordered and not depth
    return item.text if counted or not item.number else f"{item.marker} {item.text}"
