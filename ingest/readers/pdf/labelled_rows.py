"""Tables of two columns without lines, in which each label is next to a block of lines.

The space between the blocks is wider than between their lines, and each block has one label, level
with one of its lines or centred. Otherwise the lines are read by rows (`unruled_tables`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.readers.pdf.lines import PdfLine

MIN_BLOCKS = 3
MIN_BLOCK_GAP = 1.25  # step between two blocks, as a multiple of the smallest step of lines
MAX_UNLABELLED_LINES = 3  # lines of a block above its centred label
ALIGNMENT_TOLERANCE = 3.0  # points
MIN_GUTTER = 0.8  # share of the text size


@dataclass(slots=True)
class LabelledBlock:
    """Lines of a block, its label, and the index of the row below it."""

    lines: list[PdfLine]
    end: int
    labels: list[PdfLine] = field(default_factory=list)


def find_labelled_blocks(rows: Sequence[Sequence[PdfLine]], position: int) -> list[LabelledBlock]:
    """Return the blocks of a table that starts at `position`, or an empty list."""
    first = next(
        (row for row in rows[position : position + MAX_UNLABELLED_LINES + 1] if len(row) == 2), None
    )
    if first is None:
        return []
    label, line = sorted(first, key=lambda segment: segment.x0)
    placed: list[tuple[int, PdfLine]] = []  # lines on the right with the index of their row
    labels: list[PdfLine] = []
    for index in range(position, len(rows)):
        right = [each for each in rows[index] if abs(each.x0 - line.x0) <= ALIGNMENT_TOLERANCE]
        left = [
            each
            for each in rows[index]
            if abs(each.x0 - label.x0) <= ALIGNMENT_TOLERANCE
            and each.x1 <= line.x0 - MIN_GUTTER * each.size
        ]
        if len(right) + len(left) != len(rows[index]):
            break
        placed.extend((index, each) for each in right)
        labels.extend(left)
    return _accept_blocks(_split_blocks(placed), labels)


def _split_blocks(placed: Sequence[tuple[int, PdfLine]]) -> list[LabelledBlock]:
    placed = sorted(placed, key=lambda pair: pair[1].y)
    steps = [below.y - above.y for (_, above), (_, below) in itertools.pairwise(placed)]
    blocks: list[LabelledBlock] = []
    for (index, line), step in zip(placed, [float("inf"), *steps], strict=False):
        if step > MIN_BLOCK_GAP * min(steps, default=0.0):
            blocks.append(LabelledBlock([], index + 1))
        blocks[-1].lines.append(line)
        blocks[-1].end = index + 1
    return blocks


def _accept_blocks(
    blocks: Sequence[LabelledBlock], labels: Sequence[PdfLine]
) -> list[LabelledBlock]:
    """Return the blocks from the top that have one label each, if there are enough of them."""
    accepted: list[LabelledBlock] = []
    rest = sorted(labels, key=lambda label: label.y)
    for block in blocks:
        low, high = block.lines[0].y - 1, block.lines[-1].y + 1
        block.labels = [label for label in rest if low <= label.y <= high]
        if len(block.labels) != 1 or rest[0] is not block.labels[0]:
            break
        rest.pop(0)
        accepted.append(block)
    if len(accepted) < MIN_BLOCKS or all(len(block.lines) == 1 for block in accepted):
        return []
    return accepted
