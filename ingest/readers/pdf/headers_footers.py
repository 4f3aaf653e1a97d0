"""Removal of headers, footers, repeated lines and line numbers.

A line at the upper or lower edge is a header or footer if it occurs on several consecutive pages at
the same height, where the other pages have no text, and if it is not part of the text next to it.
Its numbers may only change as page numbers do: two table rows that differ in their doses are
different lines. Product information repeats whole sentences, so repetition alone is no evidence.

Manuscripts have line numbers in the margin. They are left or right of all text, increase in equal
steps, and count the lines next to them. This is verified, because the doses in a table are also
aligned and may increase.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.common.result import OmittedText
from ingest.readers.common.table_notes import (
    defined_abbreviation,
    is_signed_note,
    is_table_note,
)
from ingest.readers.pdf.headings import measure_body_type
from ingest.readers.pdf.lines import PdfLine, PdfWord, join_words
from ingest.readers.pdf.page import PdfPage
from ingest.readers.pdf.paragraphs import SIZE_TOLERANCE, is_different_size
from ingest.readers.pdf.ruled_tables import Grid, find_grids
from ingest.readers.pdf.unruled_tables import split_segments

EDGE_SHARE = 0.12  # share of the page height at each edge: a header of three lines and the margin
HEIGHT_TOLERANCE = 3.0  # points
MAX_ROWS = 6  # rows of a header; two headers of three lines side by side had five
MIN_REPEATED_WORDS = 2
# A line on two pages of ten may be a coincidence.
MIN_PAGES = 3
MAX_PAGE_STEP = 2  # pages from one header to the next; left and right pages may have different ones
MIN_PAGE_SHARE = 0.5  # share of all pages above which they need not be consecutive
MAX_TEXT_SHARE = 0.25  # share of the pages with other text at the height of a header
MAX_LINE_STEP = 1.6  # baseline distance of two lines of a text, as a multiple of the type size
MIN_SENTENCE_WORDS = 4
# A short document has its header on both of its pages. At the height of other headers, two equal
# lines are those of the left or the right pages.
MAX_SHORT_DOCUMENT_PAGES = 3
MAX_NOTE_DISTANCE = 40.0  # points from a table to a note below it: three lines
HEADER, FOOTER = "a page header", "a page footer"
PAGE_NUMBER = re.compile(r"(?:page|p\.?)\s*\d{1,3}(?:\s*(?:of|/)\s*\d{1,3})?", re.I)
PAGE_OF_PAGES = re.compile(r"\d{1,3}\s*(?:of|/)\s*\d{1,3}", re.I)
_NUMBER = re.compile(r"\d+")
_SENTENCE = re.compile(r"[A-Z].*[.!?][\"”’')\]]*$")
# Characters and words at the end of a line whose sentence continues.
_OPEN_ENDS = frozenset(",;-\u2010\u00ad(")
_OPEN_WORDS = re.compile(
    r"\b(?:an?|and|are|as|at|be|because|been|by|can|for|from|has|have|if|in|is|may|must|no|not|of|on"
    r"|or|should|than|that|the|to|was|were|when|which|who|will|with)$"
)
BARE_NUMBER = ("", "")  # the text around the number of a line that is only a number
_TextAroundNumbers = tuple[str, ...]
_Sighting = tuple[int, float, tuple[int, ...]]  # page, y, numbers in the text
LINE_NUMBERS = "line numbers"
MIN_LINE_NUMBERS = 4  # per page; if every fifth line is numbered, there are about ten
MARGIN_REACH = 30.0  # points from the edge of the text within which its lines start or end
MAX_MISCOUNT = 0.3  # share of the lines; some applications do not number headings and formulas
MIN_NUMBERED_SHARE = 0.5  # share of numbered lines on a page; a list in the margin has fewer


@dataclass(slots=True)
class _Edge:
    """Rows at the upper or lower edge of a page, from the edge inwards."""

    page: PdfPage
    at_top: bool
    rows: list[list[PdfLine]]

    def distance(self, row: Sequence[PdfLine]) -> float:
        """Return the distance of a row from the edge of the page, in points."""
        return row[0].y if self.at_top else self.page.height - row[0].y


def remove_headers_footers(pages: Sequence[PdfPage]) -> list[OmittedText]:
    """Remove headers and footers from the pages, and return the removed text."""
    edges = [
        _Edge(page, at_top, list(_edge_rows(page, at_top)))
        for page in pages
        for at_top in (True, False)
    ]
    repetitions = _Repetitions(edges, len(pages))
    body_type = measure_body_type([word for page in pages for word in page.words])
    omitted: list[OmittedText] = []
    removals = [
        (edge, _outside_tables(edge, _select_rows(edge, repetitions, body_type.size)))
        for edge in edges
    ]
    for edge, rows in removals:
        removed_ids = {id(word) for row in rows for part in row for word in part.words}
        edge.page.words = [word for word in edge.page.words if id(word) not in removed_ids]
        reason = HEADER if edge.at_top else FOOTER
        omitted.extend(OmittedText(reason, "  ".join(part.text for part in row)) for row in rows)
    return omitted


def _select_rows(
    edge: _Edge, repetitions: _Repetitions, body_size: float
) -> Sequence[list[PdfLine]]:
    """Return the rows of a header or footer."""
    rows = edge.rows[: repetitions.count_rows(edge)]
    while rows and not any(map(_is_page_number, rows[-1])):
        is_small = rows[-1][0].size < (1 - SIZE_TOLERANCE) * body_size
        text = " ".join(part.text for part in rows[-1])
        if not _continues_text(edge, rows) and (is_small or not _reads_like_text(text)):
            break
        rows = rows[:-1]
    return rows


def _outside_tables(edge: _Edge, rows: Sequence[list[PdfLine]]) -> Sequence[list[PdfLine]]:
    """Return the rows outside the first row of a table, or note, of the text.

    The same rows of a table may be at the edges of several pages, and so may its notes.
    """
    if not rows:
        return rows
    grids, _ = find_grids(edge.page.edges, edge.page.words)
    tables = [grid for grid in grids if _is_text(edge, grid)]
    for number, row in enumerate(rows):
        if _is_note(edge.page, row, tables) or any(
            grid.contains(part.x0, part.y) for grid in tables for part in row
        ):
            return rows[:number]
    return rows


def _is_text(edge: _Edge, grid: Grid) -> bool:
    """Return whether a table has rows of several cells outside the edge of its page.

    A header may be a table as well, and a frame around the page has one cell there.
    """
    inside = EDGE_SHARE * edge.page.height
    rows = [
        cell.row
        for cell in grid.filled_cells
        if all(
            inside < (word.y if edge.at_top else edge.page.height - word.y) for word in cell.words
        )
    ]
    return len(rows) > len(set(rows))


def _is_note(page: PdfPage, row: Sequence[PdfLine], tables: Sequence[Grid]) -> bool:
    """Return whether a row is a note below a table, or its sign or abbreviation is on the page."""
    text = " ".join(part.text for part in row)
    if is_table_note(text) and any(
        0 < row[0].y - grid.bottom <= MAX_NOTE_DISTANCE for grid in tables
    ):
        return True
    row_ids = {id(word) for part in row for word in part.words}
    sign = defined_abbreviation(text) or (text[0] if is_signed_note(text) else "")
    return bool(sign) and any(sign in word.text for word in page.words if id(word) not in row_ids)


def _is_page_number(part: PdfLine) -> bool:
    text = part.text.strip(" -–—|")
    return text.isdecimal() or bool(PAGE_NUMBER.fullmatch(text) or PAGE_OF_PAGES.fullmatch(text))


def _reads_like_text(text: str) -> bool:
    """Return whether a line is a sentence, or part of one."""
    if text[:1].islower() or text[-1:] in _OPEN_ENDS or _OPEN_WORDS.search(text):
        return True
    return bool(_SENTENCE.match(text)) and len(text.split()) >= MIN_SENTENCE_WORDS


def _continues_text(edge: _Edge, rows: Sequence[list[PdfLine]]) -> bool:
    """Return whether the innermost of the rows is a line of the text next to it."""
    row = rows[-1]
    row_ids = {id(word) for each in rows for part in each for word in part.words}
    for part in row:
        for word in edge.page.words:
            step = (word.y - part.y) * (1 if edge.at_top else -1)
            if (
                id(word) not in row_ids
                and not word.drawn
                and HEIGHT_TOLERANCE < step <= MAX_LINE_STEP * part.size
                and not is_different_size(word.size, part.size)
                and word.x0 < part.x1
                and word.x1 > part.x0
                and word.bold == part.words[0].bold
            ):
                return True
    return False


class _Repetitions:
    """Lines at the edges of all pages, and on which pages each is repeated."""

    def __init__(self, edges: Sequence[_Edge], page_count: int) -> None:
        self._page_count = page_count
        self._seen: dict[_TextAroundNumbers, list[_Sighting]] = {}
        for edge in edges:
            for row in edge.rows:
                for part in row:
                    sightings = self._seen.setdefault(_text_around_numbers(part.text), [])
                    sightings.append(_sighting(edge.page, part))
        self._min_pages = 2 if page_count <= MAX_SHORT_DOCUMENT_PAGES else MIN_PAGES
        # Of each edge: the distance of its first row that is not repeated.
        self._text_distances: dict[bool, list[float]] = {True: [], False: []}
        self._header_distances: dict[bool, list[float]] = {True: [], False: []}
        for edge in edges:
            for row in edge.rows:
                if not self._is_repeated_row(edge.page, row, self._min_pages):
                    self._text_distances[edge.at_top].append(edge.distance(row))
                    break
                self._header_distances[edge.at_top].append(edge.distance(row))

    def count_rows(self, edge: _Edge) -> int:
        """Return the number of rows at the edge that are repeated.

        Rows further inside are content, even if they are repeated.
        """
        count = 0
        for row in edge.rows[:MAX_ROWS]:
            distance = edge.distance(row)
            near_count = sum(
                abs(each - distance) <= HEIGHT_TOLERANCE
                for each in self._header_distances[edge.at_top]
            )
            # At the height of other headers, two equal lines are those of left or right pages.
            min_pages = 2 if near_count >= MIN_PAGES else self._min_pages
            if not self._is_repeated_row(edge.page, row, min_pages):
                break
            if not self.is_counting(edge.page, row) and self._is_text_area(edge, distance):
                break
            count += 1
        return count

    def _is_text_area(self, edge: _Edge, distance: float) -> bool:
        """Return whether several pages have other text at this distance from the edge."""
        text_count = sum(
            each <= distance + HEIGHT_TOLERANCE for each in self._text_distances[edge.at_top]
        )
        return text_count > max(1.0, MAX_TEXT_SHARE * self._page_count)

    def is_counting(self, page: PdfPage, row: Sequence[PdfLine]) -> bool:
        """Return whether a row has a number that increases with the pages."""
        return any(
            number != page.number and numbers != sighting[2]
            for part in row
            for sighting in [_sighting(page, part)]
            for number, numbers in self._matches(page, part)
        )

    def _is_repeated_row(self, page: PdfPage, row: Sequence[PdfLine], min_pages: int) -> bool:
        return all(self._is_repeated(page, part, min_pages) for part in row)

    def _is_repeated(self, page: PdfPage, part: PdfLine, min_pages: int) -> bool:
        text = part.text.strip(" -–—|")
        if PAGE_NUMBER.fullmatch(text) or text == f"{page.number}/{self._page_count}":
            return True
        matching_pages = {number for number, _ in self._matches(page, part)}
        if len(matching_pages) > MIN_PAGE_SHARE * self._page_count:
            return len(matching_pages) >= min_pages
        return _run_length(matching_pages, page.number) >= min_pages

    def _matches(self, page: PdfPage, part: PdfLine) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield (page, numbers) of each line that repeats this one, including itself."""
        sighting = _sighting(page, part)
        around = _text_around_numbers(part.text)
        for number, y, numbers in self._seen[around]:
            if not _match_page_numbers(sighting, (number, y, numbers)):
                continue
            # A bare page number may be in another corner on the first page.
            if abs(y - sighting[1]) <= HEIGHT_TOLERANCE or (
                around == BARE_NUMBER and numbers[0] - sighting[2][0] == number - sighting[0]
            ):
                yield number, numbers


def _run_length(pages: set[int], page: int) -> int:
    """Return the number of pages in the run of nearly consecutive pages that contains `page`."""
    length = 0
    for direction in (1, -1):
        position = page
        while step := next(
            (step for step in range(1, MAX_PAGE_STEP + 1) if position + direction * step in pages),
            0,
        ):
            position += direction * step
            length += 1
    return length + 1


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
    if (y < (1 - EDGE_SHARE) * page.height) if last else (y > EDGE_SHARE * page.height):
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


def _text_around_numbers(text: str) -> _TextAroundNumbers:
    return tuple(_NUMBER.split(text.casefold()))


def _sighting(page: PdfPage, part: PdfLine) -> _Sighting:
    return page.number, part.y, tuple(int(number[:9]) for number in _NUMBER.findall(part.text))


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
