"""Removal of tables of contents with leaders: titles with a page number at the right.

Dose tables and price lists also have leaders, so most of the titles must be lines of the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ingest.readers.common.result import OmittedText
from ingest.readers.pdf.lines import PdfLine
from ingest.readers.pdf.page import PdfPage
from ingest.readers.pdf.unruled_tables import merge_lines, split_segments

CONTENTS = "a table of contents"
MIN_ENTRIES = 4
MIN_REPEATED_SHARE = 0.6  # share of the titles that are lines elsewhere in the document
ENTRY = re.compile(r"(.*?\w.*?)\s*(?:[.…·_]\s?){4,}\s*(\d{1,3})")


def remove_contents(pages: Sequence[PdfPage]) -> list[OmittedText]:
    """Remove the entries of tables of contents from the pages, and return the removed text."""
    lines_by_page = [list(merge_lines(split_segments(page.words))) for page in pages]
    titles = {_normalize(line.text) for lines in lines_by_page for line in lines}
    omitted: list[OmittedText] = []
    for page, lines in zip(pages, lines_by_page, strict=True):
        entries = list(_find_entries(lines))
        repeated = sum(_normalize(title) in titles for _, title, _ in entries)
        numbers = [number for _, _, number in entries]
        if (
            len(entries) < MIN_ENTRIES
            or repeated < MIN_REPEATED_SHARE * len(entries)
            or numbers != sorted(numbers)
        ):
            continue
        removed_ids = {id(word) for line, _, _ in entries for word in line.words}
        page.words = [word for word in page.words if id(word) not in removed_ids]
        omitted.append(OmittedText(CONTENTS, "\n".join(line.text for line, _, _ in entries)))
    return omitted


def _find_entries(lines: Sequence[PdfLine]) -> Iterator[tuple[PdfLine, str, int]]:
    """Yield (line, title, page number) of the lines with a leader."""
    for line in lines:
        entry = ENTRY.fullmatch(line.text)
        if entry:
            yield line, entry.group(1), int(entry.group(2))


def _normalize(text: str) -> str:
    return " ".join(text.casefold().split())
