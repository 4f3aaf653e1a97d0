"""Lists: consecutive numbered or bulleted paragraphs as blocks with nested items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingest.readers.docx.items import Paragraph
from kb.model.article import Block, BlockKind, ListItem

INDENTATION_TOLERANCE = 60  # twentieths of a point
MAX_DEPTH = 8  # Word has nine levels


class ListBuilder:
    """Builds list blocks. The nesting continues after paragraphs that interrupt a list."""

    def __init__(self) -> None:
        self._open: list[Paragraph] = []  # the preceding item of each depth

    def build(self, paragraphs: Sequence[Paragraph]) -> Iterator[Block]:
        """Yield the lists in consecutive items. A new list at the outermost level is a new block.

        Bulleted lists are joined, as no number shows where one ends.
        """
        group: list[tuple[Paragraph, int]] = []
        outer: Paragraph | None = None  # the preceding outermost item
        for paragraph in paragraphs:
            depth = min(self._find_depth(paragraph), MAX_DEPTH)
            if outer is not None and depth == 0 and _starts_list(outer, paragraph):
                yield _build_block(group)
                group = []
            group.append((paragraph, depth))
            if depth == 0 or len(group) == 1:
                outer = paragraph
            self._open[depth:] = [paragraph]
        if group:
            yield _build_block(group)

    def close(self) -> None:
        """End all lists, for example at a heading."""
        self._open.clear()

    def _find_depth(self, paragraph: Paragraph) -> int:
        """Return the depth of an item: by its level in the same list, else by its indentation."""
        for depth, other in enumerate(self._open):
            if other.list_id == paragraph.list_id and other.level >= paragraph.level:
                return depth
        same_list = [
            depth for depth, other in enumerate(self._open) if other.list_id == paragraph.list_id
        ]
        if same_list:
            return self._count_outer(paragraph, same_list[-1] + 1)
        return self._count_outer(paragraph, 0)

    def _count_outer(self, paragraph: Paragraph, start: int) -> int:
        """Return the number of open items that are indented less, at least `start`."""
        for depth in range(start, len(self._open)):
            other = self._open[depth]
            if other.indentation + INDENTATION_TOLERANCE >= paragraph.indentation:
                return depth
        return len(self._open)


def _starts_list(previous: Paragraph, paragraph: Paragraph) -> bool:
    if previous.is_numbered != paragraph.is_numbered:
        return True
    return paragraph.is_numbered and previous.list_id != paragraph.list_id


def _build_block(group: list[tuple[Paragraph, int]]) -> Block:
    outermost = min(depth for _, depth in group)
    first = next(paragraph for paragraph, depth in group if depth == outermost)
    return Block(
        kind=BlockKind.LIST,
        items=tuple(
            ListItem(paragraph.text, depth - outermost, paragraph.label)
            for paragraph, depth in group
        ),
        ordered=first.is_numbered,
    )
