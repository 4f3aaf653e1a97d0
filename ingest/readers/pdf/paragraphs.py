"""Lines of a PDF joined to paragraphs and list items, over the breaks of columns and pages.

A paragraph ends where the space to the next line is wider than usual, where the type changes, where
an item begins, or where a line ends early although the next word would have fitted into it.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.readers.pdf.columns import Element
from ingest.readers.pdf.lines import Dehyphenator, PdfLine, is_bullet, is_item_marker
from ingest.readers.pdf.ruled_tables import SNAP_DISTANCE, Grid
from ingest.readers.pdf.unruled_tables import RowTable

DEFAULT_LEADING = 1.2  # baselines are so many sizes apart, unless the document shows otherwise
MAX_LEADING = 2.5
MAX_LEADING_RATIO = (
    1.25  # times the leading begins a paragraph; half a line more is common, a fifth is chance
)
SIZE_TOLERANCE = 0.08  # of the size: nearer sizes are one, set with some rounding
MIN_INDENT = 0.8  # of the size
HANGING_TOLERANCE = 2.0  # points by which a line may stand left of the text above it
WORD_SPACE = 0.3  # of the size: the space that a word needs before it

_STOP = re.compile(r"[.!?:;…][\"”’')\]*†‡]*$")


@dataclass(frozen=True, slots=True)
class PdfColumn:
    """What is read on end on one page, between the edges that its lines may reach.

    `left` is 0 for a column that has nothing beside it: then all pages are measured alike.
    """

    page: int
    left: float
    right: float
    elements: list[Element]


@dataclass(slots=True)
class PdfParagraph:
    """Lines that belong together, and where they begin."""

    lines: list[PdfLine]
    column: PdfColumn
    bold: bool
    italic: bool

    @property
    def page(self) -> int:
        """The page on which it begins."""
        return self.column.page

    @property
    def right(self) -> float:
        """How far its lines could reach."""
        return self.column.right

    @property
    def indent(self) -> float:
        """How far from the edge of its column it begins."""
        return self.first.x0 - self.column.left

    @property
    def first(self) -> PdfLine:
        """The first line."""
        return self.lines[0]

    @property
    def last(self) -> PdfLine:
        """The last line."""
        return self.lines[-1]

    @property
    def size(self) -> float:
        """The size of its type."""
        return self.first.size

    @property
    def marker(self) -> str:
        """The bullet or number with which it begins, when text follows."""
        words = self.first.words
        return words[0].text if len(words) > 1 and is_item_marker(words[0].text) else ""

    def text(self, dehyphenator: Dehyphenator, *, marker: bool = True) -> str:
        """Return its lines as one text, with or without the marker."""
        lines = [line.text for line in self.lines]
        if not marker and self.marker:
            lines[0] = PdfLine(self.first.words[1:]).text
        return join_lines(lines, dehyphenator)


@dataclass(frozen=True, slots=True)
class PdfTable:
    """A table or box of a page; `more` are its parts on the pages that follow."""

    grid: Grid | RowTable
    page: int
    continuations: list[Grid] = field(default_factory=list)

    def is_continued_by(self, other: PdfTable) -> bool:
        """Whether another table is this one gone on: on the next page, in the same columns."""
        last = self.continuations[-1] if self.continuations else self.grid
        if not isinstance(last, Grid) or not isinstance(other.grid, Grid):
            return False
        if not (last.is_table and other.grid.is_table):
            return False
        if other.page != self.page + len(self.continuations) + 1:
            return False
        few, many = sorted((last.xs, other.grid.xs), key=len)
        ends = ((few[0], many[0]), (few[-1], many[-1]))
        return all(abs(x - near) <= SNAP_DISTANCE for x, near in ends) and all(
            any(abs(x - near) <= SNAP_DISTANCE for near in many) for x in few
        )


Entry = PdfParagraph | PdfTable


def join_lines(lines: Sequence[str], dehyphenator: Dehyphenator) -> str:
    """Return lines as one text, words that were parted at their ends whole again."""
    text = ""
    for line in lines:
        text = dehyphenator.join(text, line) if text else line
    return text


def measure_leading(columns: Sequence[PdfColumn]) -> float:
    """Return how many sizes the lines of most paragraphs are apart.

    Only lines that begin with a small letter are counted: they surely go on with the one above.
    """
    steps: Counter[float] = Counter()
    for column in columns:
        lines = [element for element in column.elements if isinstance(element, PdfLine)]
        for above, line in itertools.pairwise(lines):
            step = round((line.y - above.y) / line.size, 1)
            if above.size == line.size and not starts_sentence(line) and 0.9 <= step <= MAX_LEADING:
                steps[step] += 1
    return max(steps, key=lambda step: (steps[step], -step)) if steps else DEFAULT_LEADING


def build_paragraphs(column: PdfColumn, leading: float) -> Iterator[Entry]:
    """Yield the paragraphs and tables of a column."""
    current: PdfParagraph | None = None
    for element in column.elements:
        if isinstance(element, PdfLine) and current and _continues(current, element, leading):
            current.lines.append(element)
            continue
        if current:
            yield current
            current = None
        if isinstance(element, PdfLine):
            current = PdfParagraph([element], column, element.bold, element.italic)
        else:
            yield PdfTable(element, column.page)
    if current:
        yield current


def _continues(paragraph: PdfParagraph, line: PdfLine, leading: float) -> bool:
    """Whether a line belongs to the paragraph above it."""
    above, size = paragraph.last, max(paragraph.size, line.size)
    if line.y - above.y > MAX_LEADING_RATIO * leading * size or is_different_size(
        paragraph.size, line.size
    ):
        return False
    if _begins_item(paragraph, line) or _changes_weight(paragraph, line):
        return False
    if _is_hanging(paragraph, line) or _is_centred(paragraph, line):
        return True
    ends = bool(_STOP.search(above.text))
    if not is_full(above, line, paragraph.right):
        return not ends and not starts_sentence(line)
    moved = line.x0 - above.x0
    if len(paragraph.lines) > 1 and paragraph.lines[1].x0 - paragraph.first.x0 > MIN_INDENT * size:
        return (
            moved > -MIN_INDENT * size
        )  # a hanging paragraph ends where a line reaches further out
    return not (ends and moved > MIN_INDENT * size)


def _is_hanging(paragraph: PdfParagraph, line: PdfLine) -> bool:
    """Whether a line stands under the text of an item, right of its bullet."""
    return bool(paragraph.marker) and line.x0 >= paragraph.first.words[1].x0 - HANGING_TOLERANCE


def is_different_size(one: float, other: float) -> bool:
    """Whether two sizes of type are different to the eye."""
    return abs(one - other) > SIZE_TOLERANCE * max(one, other)


def is_full(above: PdfLine, line: PdfLine, right: float) -> bool:
    """Whether the first word of a line had no room left in the line above it."""
    first = line.words[0]
    return (
        above.x1 + WORD_SPACE * line.size + (first.x1 - first.x0) > right - WORD_SPACE * line.size
    )


def starts_sentence(line: PdfLine) -> bool:
    """Whether a line begins as a sentence does: with a capital, a number or a mark."""
    return not line.text[:1].islower()


def lacks_sentence_end(text: str) -> bool:
    """Whether a text ends without the stop of a sentence."""
    return not _STOP.search(text)


def _begins_item(paragraph: PdfParagraph, line: PdfLine) -> bool:
    if not line.is_marked or len(line.words) < 2:
        return False
    if is_bullet(line.words[0].text):
        return True
    if paragraph.marker and abs(line.x0 - paragraph.first.x0) <= HANGING_TOLERANCE:
        return True
    # "2.5" or "-" may also stand in a sentence that has run over into this line.
    return not is_full(paragraph.last, line, paragraph.right) or not lacks_sentence_end(
        paragraph.last.text
    )


def _changes_weight(paragraph: PdfParagraph, line: PdfLine) -> bool:
    """Whether a heading ends before a line, or one begins with it."""
    if paragraph.bold:
        if line.bold:
            return paragraph.italic != line.italic
        runs_on = line.words[0].bold or not starts_sentence(line)
        return not (runs_on and is_full(paragraph.last, line, paragraph.right))
    return (
        line.bold and starts_sentence(line) and not is_full(paragraph.last, line, paragraph.right)
    )


def _is_centred(paragraph: PdfParagraph, line: PdfLine) -> bool:
    """Whether a bold line stands centred under another one, as a long heading does."""
    above = paragraph.last
    middle, below = (above.x0 + above.x1) / 2, (line.x0 + line.x1) / 2
    return paragraph.bold and abs(middle - below) < 3 and abs(above.x0 - line.x0) > MIN_INDENT * 5


def join_across_breaks(columns: Sequence[Sequence[Entry]]) -> list[Entry]:
    """Return the entries of all columns in order, what was parted at a break joined."""
    entries: list[Entry] = []
    for column in columns:
        rest = list(column)
        while rest and entries and _join_table(entries[-1], rest[0]):
            rest.pop(0)
        if rest and entries and _continues_after_break(entries[-1], rest[0]):
            before, after = entries[-1], rest.pop(0)
            if isinstance(before, PdfParagraph) and isinstance(after, PdfParagraph):
                before.lines.extend(after.lines)
        entries.extend(rest)
    return entries


def _join_table(before: Entry, after: Entry) -> bool:
    """Whether a table goes on after a break; it is then added to the part before."""
    if (
        not isinstance(before, PdfTable)
        or not isinstance(after, PdfTable)
        or not before.is_continued_by(after)
    ):
        return False
    if isinstance(after.grid, Grid):
        before.continuations.append(after.grid)
    return True


def _continues_after_break(before: Entry, after: Entry) -> bool:
    """Whether a paragraph goes on after a break of column or page."""
    if not isinstance(before, PdfParagraph) or not isinstance(after, PdfParagraph):
        return False
    if after.marker or is_different_size(before.size, after.size) or before.bold != after.bold:
        return False
    if not lacks_sentence_end(before.last.text):
        return False
    return not starts_sentence(after.first) or (
        is_full(before.last, after.first, before.right) and not before.bold
    )
