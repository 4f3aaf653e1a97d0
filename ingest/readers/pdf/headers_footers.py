"""Removal of headers, footers, repeated lines and line numbers.

A line at the upper or lower edge is a header or footer if it occurs on several pages at the same
height. Its numbers may only change as page numbers do: two table rows that differ in their doses
are different lines.

Manuscripts have line numbers in the margin. They are left or right of all text, increase in equal
steps, and count the lines next to them. This is verified, because the doses in a table are also
aligned and may increase.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from ingest.readers.common.result import OmittedText
from ingest.readers.pdf.lines import PdfLine, PdfWord, join_words
from ingest.readers.pdf.page import PdfPage
from ingest.readers.pdf.unruled_tables import split_segments

EDGE_SHARE = 0.12  # share of the page height at each edge: a header of three lines and the margin
HEIGHT_TOLERANCE = 3.0  # points
MAX_ROWS = 6  # rows of a header; two headers of three lines side by side had five
MIN_REPEATED_WORDS = 2
# A line on two pages of ten may be a coincidence. On three pages at the same height at the edge, it
# never was one.
MIN_PAGES = 3
# A short document has its header on both of its pages. At the height of other headers, two equal
# lines are those of the left or the right pages.
MAX_SHORT_DOCUMENT_PAGES = 3
HEADER, FOOTER = "a page header", "a page footer"
PAGE_NUMBER = re.compile(r"(?:page|p\.?)?\s*\d{1,3}\s*(?:of|/)\s*\d{1,3}|page\s+\d{1,3}", re.I)
BARE_NUMBER = "#"  # a number as masked by `_mask_numbers`
_NUMBER = re.compile(r"\d+")
_Sighting = tuple[int, float, tuple[int, ...]]  # page, y, numbers in the text
LINE_NUMBERS = "line numbers"
MIN_LINE_NUMBERS = 4  # per page; if every fifth line is numbered, there are about ten
MARGIN_REACH = 30.0  # points from the edge of the text within which its lines start or end
MAX_MISCOUNT = 0.3  # share of the lines; some applications do not number headings and formulas
MIN_NUMBERED_SHARE = 0.5  # share of numbered lines on a page; a list in the margin has fewer


def remove_headers_footers(pages: Sequence[PdfPage]) -> list[OmittedText]:
    """Remove headers and footers from the pages, and return the removed text."""
    edges = [
        (page, at_top, list(_edge_rows(page, at_top))) for page in pages for at_top in (True, False)
    ]
    seen: dict[str, list[_Sighting]] = {}
    for page, _, rows in edges:
        for row in rows:
            for part in row:
                seen.setdefault(_mask_numbers(part.text), []).append(_sighting(page, part))
    min_pages = 2 if len(pages) <= MAX_SHORT_DOCUMENT_PAGES else MIN_PAGES
    positions = [
        (at_top, row[0].y)
        for page, at_top, rows in edges
        for row in rows[:MAX_ROWS]
        if all(_is_header_or_footer(page, part, seen, min_pages) for part in row)
    ]
    omitted: list[OmittedText] = []
    for page, at_top, rows in edges:
        for row in rows[:MAX_ROWS]:
            row_min_pages = 2 if _is_near_header(positions, at_top, row[0].y) else min_pages
            if not all(_is_header_or_footer(page, part, seen, row_min_pages) for part in row):
                break  # lines further inside are content, even if they are repeated
            removed_ids = {id(word) for part in row for word in part.words}
            page.words = [word for word in page.words if id(word) not in removed_ids]
            text = "  ".join(part.text for part in row)
            reason = HEADER if at_top else FOOTER
            omitted.append(OmittedText(reason, text))
    return omitted


def remove_repeated_lines(pages: Sequence[PdfPage]) -> list[OmittedText]:
    """Remove the first line of a page if it repeats the last line of the page before.

    An application that cuts one long page into several prints the line at the cut on both.
    """
    omitted: list[OmittedText] = []
    for before, page in itertools.pairwise(pages):
        last, first = _edge_words(before, last=True), _edge_words(page, last=False)
        text = join_words(first)
        if len(first) < MIN_REPEATED_WORDS or text != join_words(last):
            continue
        if abs(first[0].x0 - last[0].x0) > HEIGHT_TOLERANCE:
            continue
        removed_ids = set(map(id, first))
        page.words = [word for word in page.words if id(word) not in removed_ids]
        omitted.append(OmittedText("a line repeated on the next page", text))
    return omitted


def _edge_words(page: PdfPage, *, last: bool) -> list[PdfWord]:
    """Return the words of the first or last row of a page, if it is at the edge."""
    words = [word for word in page.words if not word.drawn]
    if not words:
        return []
    y = max(word.y for word in words) if last else min(word.y for word in words)
    if EDGE_SHARE * page.height < y < (1 - EDGE_SHARE) * page.height:
        return []
    return sorted((word for word in words if abs(word.y - y) <= 1), key=lambda word: word.x0)


def _edge_rows(page: PdfPage, at_top: bool) -> Iterator[list[PdfLine]]:
    """Yield the rows at the upper or lower edge of a page, from the edge inwards."""
    band = EDGE_SHARE * page.height
    words = [
        word
        for word in page.words
        if (word.y <= band if at_top else word.y >= page.height - band) and not word.drawn
    ]
    row: list[PdfLine] = []
    for part in sorted(split_segments(words), key=lambda part: part.y, reverse=not at_top):
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


def _is_near_header(positions: Sequence[tuple[bool, float]], at_top: bool, y: float) -> bool:
    """Return whether several headers or footers are at this height of the same edge."""
    count = sum(
        1
        for header_at_top, header_y in positions
        if header_at_top == at_top and abs(header_y - y) <= HEIGHT_TOLERANCE
    )
    return count >= MIN_PAGES


def _is_header_or_footer(
    page: PdfPage, part: PdfLine, seen: dict[str, list[_Sighting]], min_pages: int
) -> bool:
    sighting = _sighting(page, part)
    masked = _mask_numbers(part.text)
    matching_pages = {
        number
        for number, y, numbers in seen[masked]
        if _match_page_numbers(sighting, (number, y, numbers))
        # A bare page number may be in another corner on the first page.
        and (
            abs(y - sighting[1]) <= HEIGHT_TOLERANCE
            or (masked == BARE_NUMBER and numbers[0] - sighting[2][0] == number - sighting[0])
        )
    }
    return len(matching_pages) >= min_pages or bool(PAGE_NUMBER.fullmatch(part.text.strip(" -–—|")))


def _match_page_numbers(first: _Sighting, second: _Sighting) -> bool:
    """Return whether the numbers of two lines are equal or differ as their page numbers do."""
    if len(first[2]) != len(second[2]):
        return False
    return all(
        other_number - number in (0, second[0] - first[0])
        for number, other_number in zip(first[2], second[2], strict=True)
    )


def remove_line_numbers(pages: Sequence[PdfPage]) -> list[OmittedText]:
    """Remove line numbers from the pages, and return the removed text."""
    omitted: list[OmittedText] = []
    for page in pages:
        text_words = [word for word in page.words if not word.text.isdecimal()]
        if not text_words:
            continue
        left, right = min(word.x0 for word in text_words), max(word.x1 for word in text_words)
        for numbers, line_heights in (
            (
                [word for word in page.words if word.x1 < left],
                [word.y for word in text_words if word.x0 < left + MARGIN_REACH],
            ),
            (
                [word for word in page.words if word.x0 > right],
                [word.y for word in text_words if word.x1 > right - MARGIN_REACH],
            ),
        ):
            if _are_line_numbers(numbers, line_heights):
                removed_ids = set(map(id, numbers))
                page.words = [word for word in page.words if id(word) not in removed_ids]
                text = " ".join(word.text for word in numbers)
                omitted.append(OmittedText(LINE_NUMBERS, text))
    return omitted


def _are_line_numbers(words: Sequence[PdfWord], heights: Sequence[float]) -> bool:
    """Return whether words are numbers that count the lines at `heights`."""
    numbers = sorted(words, key=lambda word: word.y)
    values = [int(word.text[:9]) for word in numbers if word.text.isdecimal()]
    steps = {after - before for before, after in itertools.pairwise(values)}
    if len(values) < MIN_LINE_NUMBERS or len(steps) > 1 or min(steps) < 1:
        return False
    rows = {round(y) for y in heights}
    line_count = sum(1 for y in rows if numbers[0].y - 1 < y <= numbers[-1].y + 1) - 1
    number_range = values[-1] - values[0]
    return (
        number_range >= MIN_NUMBERED_SHARE * len(rows)
        and abs(number_range - line_count) <= MAX_MISCOUNT * line_count
    )
