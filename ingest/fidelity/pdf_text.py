"""Text of a PDF file for the check against the source: its text layer, by pdfium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.fidelity.markers import UNDERLINED_SIGNS

# Shares of the height of a sign, which is about half of the type size.
MAX_UNDERLINE_DISTANCE = 1.2
MAX_OVERHANG = 1.6
MIN_COVERED_SHARE = 0.7  # of the width of a sign
MAX_THICKNESS = 2.0  # points
_SIGN = re.compile("[<>+]")


class _Line(NamedTuple):
    """A level line, in points from the lower left corner."""

    left: float
    right: float
    y: float


def read_pdf_pages(data: bytes) -> list[str]:
    """Return the text of each page, in which an underlined > is ≥."""
    document = pdfium.PdfDocument(data)
    try:
        return [_read_page(document[number]) for number in range(len(document))]
    finally:
        document.close()


def _read_page(page: pdfium.PdfPage) -> str:
    layer = page.get_textpage()
    text: str = layer.get_text_range()
    if _SIGN.search(text):
        lines = list(_level_lines(page))
        text = _with_underlined_signs(text, layer, lines) if lines or "_" in text else text
    return text.replace("\r\n", "\n")


def _level_lines(page: pdfium.PdfPage) -> Iterator[_Line]:
    for drawn in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH]):
        left, bottom, right, top = drawn.get_bounds()
        if top - bottom <= MAX_THICKNESS < right - left:
            yield _Line(left, right, (bottom + top) / 2)


def _with_underlined_signs(text: str, layer: pdfium.PdfTextPage, lines: list[_Line]) -> str:
    """Return a text with the signs that a line or an underscore underlines."""
    signs: list[int] = []
    for number in range(layer.count_chars()):
        character = chr(raw.FPDFText_GetUnicode(layer, number))
        if _SIGN.match(character):
            signs.append(number)
        elif character == "_":
            left, _, right, top = layer.get_charbox(number)
            lines.append(_Line(left, right, top))
    places = [found.start() for found in _SIGN.finditer(text)]
    if len(places) != len(signs):
        return text  # the positions are not known
    characters = list(text)
    for place, number in zip(places, signs, strict=True):
        if _is_underlined(layer.get_charbox(number), lines):
            characters[place] = UNDERLINED_SIGNS[text[place]]
    return "".join(characters)


def _is_underlined(box: tuple[float, float, float, float], lines: list[_Line]) -> bool:
    left, bottom, right, top = box
    height, width = top - bottom, right - left
    return any(
        -0.1 * height <= bottom - line.y <= MAX_UNDERLINE_DISTANCE * height
        and min(right, line.right) - max(left, line.left) >= MIN_COVERED_SHARE * width
        and line.left >= left - MAX_OVERHANG * height
        and line.right <= right + MAX_OVERHANG * height
        for line in lines
    )
