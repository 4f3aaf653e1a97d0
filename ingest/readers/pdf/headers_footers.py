"""What stands on the pages and not in the text: running heads and feet, and page numbers.

A line at the upper or lower edge is one of them when it stands on several pages at the same height.
Its numbers may change with the page, but only as page numbers do: two rows of a table that differ
in their doses are not the same line.

The numbers of lines, which manuscripts have at their margins and no reader wants in the text.

They stand left or right of all text, go up in equal steps, and count the lines beside them. That
is checked, because the doses of a table also stand below each other and go up.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from ingest.readers.base import OmittedText
from ingest.readers.pdf.lines import PdfLine, PdfWord, join_words
from ingest.readers.pdf.page import PdfPage
from ingest.readers.pdf.unruled_tables import split_segments

EDGE_SHARE = 0.12  # of the height of the page, above and below: a head of three lines and a margin
HEIGHT_TOLERANCE = 3.0  # points
MAX_ROWS = 6  # of a head: two of three lines, set beside each other at other heights, had five
MIN_REPEATED_WORDS = 2
# A line on two pages of ten may be chance; on three at one height, at the edge, it never was.
MIN_PAGES = 3
# A short document has its head on all of its two pages; and where the heads of other pages stand,
# two that are alike are those of the left or of the right pages.
MAX_SHORT_DOCUMENT_PAGES = 3
HEADER, FOOTER = "a running head of the pages", "a running foot of the pages"
PAGE_NUMBER = re.compile(r"(?:page|p\.?)?\s*\d{1,3}\s*(?:of|/)\s*\d{1,3}|page\s+\d{1,3}", re.I)
BARE_NUMBER = "#"  # as it is folded
_NUMBER = re.compile(r"\d+")
_Sighting = tuple[int, float, tuple[int, ...]]  # page, height, the numbers in the text
LINE_NUMBERS = "the numbers of the lines at the margin"
MIN_LINE_NUMBERS = 4  # on a page; where every fifth line has one there are some ten
MARGIN_REACH = 30.0  # points from the edge of the text at which its lines begin or end
MAX_MISCOUNT = 0.3  # of the lines: headings and formulas are counted by some programs only
MIN_NUMBERED_SHARE = 0.5  # of the lines of a page are counted; a list at its margin has fewer


def remove_headers_footers(pages: Sequence[PdfPage]) -> list[OmittedText]:
    """Take the running heads and feet out of the pages; return what was taken from each."""
    edges = [(page, above, list(_edge_rows(page, above))) for page in pages for above in (1, 0)]
    seen: dict[str, list[_Sighting]] = {}
    for page, _, rows in edges:
        for row in rows:
            for part in row:
                seen.setdefault(_mask_numbers(part.text), []).append(_sighting(page, part))
    enough = 2 if len(pages) <= MAX_SHORT_DOCUMENT_PAGES else MIN_PAGES
    places = [
        (above, row[0].y)
        for page, above, rows in edges
        for row in rows[:MAX_ROWS]
        if all(_is_header_or_footer(page, part, seen, enough) for part in row)
    ]
    omitted: list[OmittedText] = []
    for page, above, rows in edges:
        for row in rows[:MAX_ROWS]:
            least = 2 if _is_near_header(places, above, row[0].y) else enough
            if not all(_is_header_or_footer(page, part, seen, least) for part in row):
                break  # what is further inside is text, even if another page has it as well
            taken = {id(word) for part in row for word in part.words}
            page.words = [word for word in page.words if id(word) not in taken]
            text = "  ".join(part.text for part in row)
            reason = HEADER if above else FOOTER
            omitted.append(OmittedText(reason, text))
    return omitted


def remove_repeated_lines(pages: Sequence[PdfPage]) -> list[OmittedText]:
    """Take out the first lines of pages that were printed at the end of the page before already.

    A program that cuts one long page into several puts the line at the cut on both, half hidden.
    """
    omitted: list[OmittedText] = []
    for before, page in itertools.pairwise(pages):
        last, first = _edge_words(before, last=True), _edge_words(page, last=False)
        text = join_words(first)
        if len(first) < MIN_REPEATED_WORDS or text != join_words(last):
            continue
        if abs(first[0].x0 - last[0].x0) > HEIGHT_TOLERANCE:
            continue
        taken = set(map(id, first))
        page.words = [word for word in page.words if id(word) not in taken]
        omitted.append(OmittedText("a line that is printed on two pages", text))
    return omitted


def _edge_words(page: PdfPage, *, last: bool) -> list[PdfWord]:
    """Return the words of the first or the last row of a page, if they stand at its edge."""
    words = [word for word in page.words if not word.drawn]
    if not words:
        return []
    y = max(word.y for word in words) if last else min(word.y for word in words)
    if EDGE_SHARE * page.height < y < (1 - EDGE_SHARE) * page.height:
        return []
    return sorted((word for word in words if abs(word.y - y) <= 1), key=lambda word: word.x0)


def _edge_rows(page: PdfPage, above: int) -> Iterator[list[PdfLine]]:
    """Yield the rows at the upper or lower edge of a page, from the edge inwards."""
    band = EDGE_SHARE * page.height
    words = [
        word
        for word in page.words
        if (word.y <= band if above else word.y >= page.height - band) and not word.drawn
    ]
    row: list[PdfLine] = []
    for part in sorted(split_segments(words), key=lambda part: part.y, reverse=not above):
        if row and abs(part.y - row[0].y) > HEIGHT_TOLERANCE:
            yield row
            row = []
        row.append(part)
    if row:
        yield row


def _mask_numbers(text: str) -> str:
    return _NUMBER.sub("#", text.casefold())


def _sighting(page: PdfPage, part: PdfLine) -> _Sighting:
    return page.number, part.y, tuple(int(number[:9]) for number in _NUMBER.findall(part.text))


def _is_near_header(places: Sequence[tuple[int, float]], above: int, y: float) -> bool:
    """Whether several running lines stand at a height of the same edge."""
    near = sum(1 for edge, at in places if edge == above and abs(at - y) <= HEIGHT_TOLERANCE)
    return near >= MIN_PAGES


def _is_header_or_footer(
    page: PdfPage, part: PdfLine, seen: dict[str, list[_Sighting]], enough: int
) -> bool:
    here = _sighting(page, part)
    folded = _mask_numbers(part.text)
    like = {
        number
        for number, y, numbers in seen[folded]
        if _match_page_numbers(here, (number, y, numbers))
        # A number by itself that counts the pages may stand in another corner on the first.
        and (
            abs(y - here[1]) <= HEIGHT_TOLERANCE
            or (folded == BARE_NUMBER and numbers[0] - here[2][0] == number - here[0])
        )
    }
    return len(like) >= enough or bool(PAGE_NUMBER.fullmatch(part.text.strip(" -–—|")))


def _match_page_numbers(one: _Sighting, other: _Sighting) -> bool:
    """Whether the numbers of two lines are the same or further by as much as their pages are."""
    if len(one[2]) != len(other[2]):
        return False
    return all(b - a in (0, other[0] - one[0]) for a, b in zip(one[2], other[2], strict=True))


def remove_line_numbers(pages: Sequence[PdfPage]) -> list[OmittedText]:
    """Take the numbers of lines out of the pages; return what was taken from each."""
    omitted: list[OmittedText] = []
    for page in pages:
        texts = [word for word in page.words if not word.text.isdecimal()]
        if not texts:
            continue
        left, right = min(word.x0 for word in texts), max(word.x1 for word in texts)
        for numbers, beside in (
            (
                [word for word in page.words if word.x1 < left],
                [word.y for word in texts if word.x0 < left + MARGIN_REACH],
            ),
            (
                [word for word in page.words if word.x0 > right],
                [word.y for word in texts if word.x1 > right - MARGIN_REACH],
            ),
        ):
            if _are_line_numbers(numbers, beside):
                taken = set(map(id, numbers))
                page.words = [word for word in page.words if id(word) not in taken]
                text = " ".join(word.text for word in numbers)
                omitted.append(OmittedText(LINE_NUMBERS, text))
    return omitted


def _are_line_numbers(words: Sequence[PdfWord], heights: Sequence[float]) -> bool:
    """Whether words are numbers that count the lines at some heights."""
    numbers = sorted(words, key=lambda word: word.y)
    values = [int(word.text[:9]) for word in numbers if word.text.isdecimal()]
    steps = {after - before for before, after in itertools.pairwise(values)}
    if len(values) < MIN_LINE_NUMBERS or len(steps) > 1 or min(steps) < 1:
        return False
    rows = {round(y) for y in heights}
    between = sum(1 for y in rows if numbers[0].y - 1 < y <= numbers[-1].y + 1) - 1
    counted = values[-1] - values[0]
    return (
        counted >= MIN_NUMBERED_SHARE * len(rows)
        and abs(counted - between) <= MAX_MISCOUNT * between
    )
