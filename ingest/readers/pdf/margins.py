"""The numbers of lines, which manuscripts have at their margins and no reader wants in the text.

They stand left or right of all text, go up in equal steps, and count the lines beside them. That
is checked, because the doses of a table also stand below each other and go up.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ingest.readers.base import OmittedText
from ingest.readers.pdf.lines import PdfWord
from ingest.readers.pdf.page import PdfPage

LINE_NUMBERS = "the numbers of the lines at the margin"
MIN_LINE_NUMBERS = 4  # on a page; where every fifth line has one there are some ten
BESIDE = 30.0  # points from the edge of the text at which its lines begin or end
MISCOUNT = 0.3  # of the lines: headings and formulas are counted by some programs only
MAX_PAGE_SHARE = 0.5  # of the lines of a page are counted; a list at its margin has fewer


def remove_line_numbers(pages: Sequence[PdfPage]) -> list[OmittedText]:
    """Take the numbers of lines out of the pages; return what was taken from each."""
    dropped: list[OmittedText] = []
    for page in pages:
        texts = [word for word in page.words if not word.text.isdecimal()]
        if not texts:
            continue
        left, right = min(word.x0 for word in texts), max(word.x1 for word in texts)
        for numbers, beside in (
            (
                [word for word in page.words if word.x1 < left],
                [word.y for word in texts if word.x0 < left + BESIDE],
            ),
            (
                [word for word in page.words if word.x0 > right],
                [word.y for word in texts if word.x1 > right - BESIDE],
            ),
        ):
            if _count_lines(numbers, beside):
                taken = set(map(id, numbers))
                page.words = [word for word in page.words if id(word) not in taken]
                text = " ".join(word.text for word in numbers)
                dropped.append(OmittedText(LINE_NUMBERS, text))
    return dropped


def _count_lines(words: Sequence[PdfWord], heights: Sequence[float]) -> bool:
    """Whether words are numbers that count the lines at some heights."""
    numbers = sorted(words, key=lambda word: word.y)
    values = [int(word.text[:9]) for word in numbers if word.text.isdecimal()]
    steps = {after - before for before, after in itertools.pairwise(values)}
    if len(values) < MIN_LINE_NUMBERS or len(steps) > 1 or min(steps) < 1:
        return False
    rows = {round(y) for y in heights}
    between = sum(1 for y in rows if numbers[0].y - 1 < y <= numbers[-1].y + 1) - 1
    counted = values[-1] - values[0]
    return counted >= MAX_PAGE_SHARE * len(rows) and abs(counted - between) <= MISCOUNT * between
