"""Lines joined to paragraphs and list items, across column and page breaks.

A paragraph ends where the line spacing is wider than usual, the type changes, an item starts, or a
line ends early although the next word would have fitted.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.readers.common.table_notes import is_signed_note
from ingest.readers.pdf.columns import Element
from ingest.readers.pdf.lines import (
    Dehyphenator,
    PdfLine,
    PdfWord,
    is_bullet,
    is_item_marker,
    mark_words,
)
from ingest.readers.pdf.ruled_tables import SNAP_DISTANCE, Grid
from ingest.readers.pdf.unruled_tables import RowTable

DEFAULT_LEADING = 1.2  # default baseline distance, as a multiple of the type size
MAX_LEADING = 2.5
MAX_LEADING_RATIO = (
    # factor of the leading that starts a paragraph; often half a line more, while a fifth is noise
    1.25
)
SIZE_TOLERANCE = 0.08  # share of the type size; a smaller difference is rounding
MIN_INDENT = 0.8  # share of the type size
HANGING_TOLERANCE = 2.0  # points by which a line may start left of the text above it
WORD_SPACE = 0.3  # share of the type size; the space before a word

_STOP = re.compile(r"[.!?:;…][\"”’')\]*†‡]*$")


@dataclass(frozen=True, slots=True)
class PdfColumn:
    """Elements read consecutively on a page, and the horizontal limits of their lines.

    `left` is 0 for a column without a neighbour, so that all pages are measured alike.
    """

    page: int
    left: float
    right: float
    elements: list[Element]


@dataclass(slots=True)
class PdfParagraph:
    """Lines of one paragraph, and the column in which it starts."""

    lines: list[PdfLine]
    column: PdfColumn
    bold: bool
    italic: bool

    @property
    def page(self) -> int:
        """Page on which it starts."""
        return self.column.page

    @property
    def right(self) -> float:
        """Right limit of its lines."""
        return self.column.right

    @property
    def indent(self) -> float:
        """Distance of its start from the left edge of the column."""
        return self.first.x0 - self.column.left

    @property
    def first(self) -> PdfLine:
        """First line."""
        return self.lines[0]

    @property
    def last(self) -> PdfLine:
        """Last line."""
        return self.lines[-1]

    @property
    def size(self) -> float:
        """Type size."""
        return self.first.size

    @property
    def marker(self) -> str:
        """Bullet or number at the start, if text follows."""
        words = self.first.words
        return words[0].text if len(words) > 1 and is_item_marker(words[0].text) else ""

    def text(self, dehyphenator: Dehyphenator) -> str:
        """Return its lines as one plain text."""
        return join_lines([line.text for line in self.lines], dehyphenator)

    def formatted_text(self, dehyphenator: Dehyphenator) -> str:
        """Return its lines as one formatted text, without the marker."""
        first = self.first.words[1:] if self.marker else self.first.words
        lines = [first, *(line.words for line in self.lines[1:])]
        return join_lines([mark_words(words) for words in lines], dehyphenator)


@dataclass(frozen=True, slots=True)
class PdfTable:
    """Table or box. `continuations` are its parts on the following pages."""

    grid: Grid | RowTable
    page: int
    continuations: list[Grid] = field(default_factory=list)

    @property
    def is_table(self) -> bool:
        """Whether it is a table rather than a box around text."""
        return isinstance(self.grid, RowTable) or self.grid.is_table

    @property
    def raised_texts(self) -> set[str]:
        """Raised letters and digits, which refer to notes, or are exponents."""
        words: list[PdfWord] = []
        for grid in (self.grid, *self.continuations):
            if isinstance(grid, RowTable):
                words += (
                    word
                    for row in grid.rows
                    for cell in row
                    for line in cell
                    for word in line.words
                )
            else:
                words += (word for cell in grid.filled_cells for word in cell.words)
        return {sign for word in words if word.rise > 0 for sign in re.findall(r"\w+", word.text)}

    def is_continued_by(self, other: PdfTable) -> bool:
        """Return whether `other` continues this table on the next page, in the same columns."""
        last_grid = self.continuations[-1] if self.continuations else self.grid
        if not isinstance(last_grid, Grid) or not isinstance(other.grid, Grid):
            return False
        if not (last_grid.is_table and other.grid.is_table):
            return False
        if other.page != self.page + len(self.continuations) + 1:
            return False
        fewer, more = sorted((last_grid.xs, other.grid.xs), key=len)
        ends = ((fewer[0], more[0]), (fewer[-1], more[-1]))
        return all(abs(x - other_x) <= SNAP_DISTANCE for x, other_x in ends) and all(
            any(abs(x - other_x) <= SNAP_DISTANCE for other_x in more) for x in fewer
        )


Entry = PdfParagraph | PdfTable


def join_lines(lines: Sequence[str], dehyphenator: Dehyphenator) -> str:
    """Return lines as one text, with hyphenated words restored."""
    text = ""
    for line in lines:
        text = dehyphenator.join(text, line) if text else line
    return text


def measure_leading(columns: Sequence[PdfColumn]) -> float:
    """Return the usual baseline distance as a multiple of the type size.

    Only lines that start with a lower-case letter count, because they certainly continue the line
    above.
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
    """Return whether a line belongs to the paragraph above it."""
    above, size = paragraph.last, max(paragraph.size, line.size)
    if line.y - above.y > MAX_LEADING_RATIO * leading * size or is_different_size(
        paragraph.size, line.size
    ):
        return False
    if _starts_item(paragraph, line) or _changes_weight(paragraph, line):
        return False
    if _is_hanging(paragraph, line) or _is_centred(paragraph, line):
        return True
    ends_sentence = bool(_STOP.search(above.text))
    if not is_full(above, line, paragraph.right):
        return not ends_sentence and not starts_sentence(line)
    shift = line.x0 - above.x0
    if len(paragraph.lines) > 1 and paragraph.lines[1].x0 - paragraph.first.x0 > MIN_INDENT * size:
        return (
            shift > -MIN_INDENT * size
        )  # a paragraph with a hanging indent ends at an outdented line
    return not (ends_sentence and shift > MIN_INDENT * size)


def _is_hanging(paragraph: PdfParagraph, line: PdfLine) -> bool:
    """Return whether a line is aligned with the text of an item, right of its bullet."""
    return bool(paragraph.marker) and line.x0 >= paragraph.first.words[1].x0 - HANGING_TOLERANCE


def is_different_size(first: float, second: float) -> bool:
    """Return whether two type sizes differ visibly."""
    return abs(first - second) > SIZE_TOLERANCE * max(first, second)


def is_full(above: PdfLine, line: PdfLine, right: float) -> bool:
    """Return whether the first word of `line` would not have fitted into the line above."""
    first = line.words[0]
    return (
        above.x1 + WORD_SPACE * line.size + (first.x1 - first.x0) > right - WORD_SPACE * line.size
    )


def starts_sentence(line: PdfLine) -> bool:
    """Return whether a line does not start with a lower-case letter."""
    return not line.text[:1].islower()


def lacks_sentence_end(text: str) -> bool:
    """Return whether a text does not end with sentence punctuation."""
    return not _STOP.search(text)


def _starts_item(paragraph: PdfParagraph, line: PdfLine) -> bool:
    if _starts_note(paragraph.first) and _starts_note(line):
        return True
    if not line.is_marked or len(line.words) < 2:
        return False
    if is_bullet(line.words[0].text):
        return True
    if paragraph.marker and abs(line.x0 - paragraph.first.x0) <= HANGING_TOLERANCE:
        return True
    # "2.5" or "-" may also be part of a sentence that continues on this line.
    return not is_full(paragraph.last, line, paragraph.right) or not lacks_sentence_end(
        paragraph.last.text
    )


def _starts_note(line: PdfLine) -> bool:
    """Return whether a line starts with the sign of a note, which is raised or a symbol."""
    return (len(line.words) > 1 and line.words[0].rise > 0) or is_signed_note(line.text)


def _changes_weight(paragraph: PdfParagraph, line: PdfLine) -> bool:
    """Return whether a heading ends before `line` or starts with it."""
    if paragraph.bold:
        if line.bold:
            return paragraph.italic != line.italic
        may_continue = line.words[0].bold or not starts_sentence(line)
        return not (may_continue and is_full(paragraph.last, line, paragraph.right))
    return (
        line.bold and starts_sentence(line) and not is_full(paragraph.last, line, paragraph.right)
    )


def _is_centred(paragraph: PdfParagraph, line: PdfLine) -> bool:
    """Return whether a bold line is centred below another, as in a long heading."""
    above = paragraph.last
    middle, line_middle = (above.x0 + above.x1) / 2, (line.x0 + line.x1) / 2
    return (
        paragraph.bold
        and abs(middle - line_middle) < 3
        and abs(above.x0 - line.x0) > MIN_INDENT * 5
    )


def join_across_breaks(columns: Sequence[Sequence[Entry]]) -> list[Entry]:
    """Return the entries of all columns in order, joined across column and page breaks."""
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
    """Return whether a table continues after a break, and add it to the part before."""
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
    """Return whether a paragraph continues after a column or page break."""
    if not isinstance(before, PdfParagraph) or not isinstance(after, PdfParagraph):
        return False
    if after.marker or is_different_size(before.size, after.size) or before.bold != after.bold:
        return False
    if not lacks_sentence_end(before.last.text):
        return False
    return not starts_sentence(after.first) or (
        is_full(before.last, after.first, before.right) and not before.bold
    )
