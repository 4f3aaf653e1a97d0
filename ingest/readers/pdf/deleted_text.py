"""Deleted text of a PDF page: text below a strike-out annotation or a line drawn through it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.readers.pdf.drawings import Edge
from ingest.readers.pdf.lines import PdfWord

# Height of a line through the text above the baseline, as a share of the type size. An underline is
# below the baseline, and the border of a table cell above the capitals.
STRIKE_RANGE = (0.1, 0.55)
# Reach of the line beyond the text, as a multiple of the type size. A rule behind a heading, from
# margin to margin, is longer.
MAX_OVERHANG = 1.0
MIN_CROSSING = 0.2  # share of the type size; a fraction bar may touch the word next to it
MAX_STRIKES = 10_000  # per page

_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Strike:
    """Line through text: its x range, and the range of baselines of the text below it."""

    low: float
    high: float
    top: float
    bottom: float
    edge: Edge | None = None


def find_strikes(
    page: pdfium.PdfPage,
    words: Sequence[PdfWord],
    edges: Sequence[Edge],
    upright: Callable[[float, float], _Point],
) -> list[Strike]:
    """Return the strike-out annotations of a page, and the lines drawn through its words."""
    strikes = list(_read_annotations(page, upright))
    for edge in edges:
        if not edge.horizontal or edge.white or len(strikes) >= MAX_STRIKES:
            continue
        low, high = STRIKE_RANGE
        crossed = [
            word
            for word in words
            if low * word.size <= word.y - edge.position <= high * word.size
            and min(word.x1, edge.high) - max(word.x0, edge.low) > MIN_CROSSING * word.size
        ]
        if not crossed:
            continue
        reach = MAX_OVERHANG * max(word.size for word in crossed)
        if (
            edge.low >= min(word.x0 for word in crossed) - reach
            and edge.high <= max(word.x1 for word in crossed) + reach
        ):
            strikes.extend(Strike(edge.low, edge.high, y, y, edge) for y in {w.y for w in crossed})
    return strikes


def split_deleted(
    words: Sequence[PdfWord], strikes: Sequence[Strike]
) -> tuple[list[PdfWord], list[PdfWord]]:
    """Return the words without struck characters, and the struck ones."""
    kept: list[PdfWord] = []
    deleted: list[PdfWord] = []
    for word in words:
        near = [
            strike
            for strike in strikes
            if strike.top <= word.y <= strike.bottom
            and word.x0 < strike.high
            and word.x1 > strike.low
        ]
        if not near:
            kept.append(word)
            continue
        starts_line = word.starts_line
        for part, is_struck in split_word(word, near):
            part.starts_line = starts_line and not is_struck
            starts_line = starts_line and is_struck
            (deleted if is_struck else kept).append(part)
    return kept, deleted


class XRange(Protocol):
    """Something from `low` to `high` on a line."""

    @property
    def low(self) -> float:
        """Left edge."""

    @property
    def high(self) -> float:
        """Right edge."""


def split_word(word: PdfWord, ranges: Sequence[XRange]) -> Iterator[tuple[PdfWord, bool]]:
    """Yield the parts of a word with whether each is in one of the ranges."""
    starts = list(word.char_starts)
    if len(starts) != len(word.text):
        starts = [
            word.x0 + at * (word.x1 - word.x0) / len(word.text) for at in range(len(word.text))
        ]
    ends = [*starts[1:], word.x1]
    inside = [
        any(each.low <= (start + end) / 2 <= each.high for each in ranges)
        for start, end in zip(starts, ends, strict=True)
    ]
    first = 0
    for at in range(1, len(inside) + 1):
        if at == len(inside) or inside[at] != inside[first]:
            part = replace(
                word,
                text=word.text[first:at],
                x0=starts[first],
                x1=ends[at - 1],
                char_starts=tuple(starts[first:at]),
                space_before=word.space_before and not first,
            )
            yield part, inside[first]
            first = at


def _read_annotations(
    page: pdfium.PdfPage, upright: Callable[[float, float], _Point]
) -> Iterator[Strike]:
    hidden = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        is_strike = raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_STRIKEOUT
        if is_strike and not raw.FPDFAnnot_GetFlags(annotation) & hidden:
            yield from read_quads(annotation, upright)
        raw.FPDFPage_CloseAnnot(annotation)


def read_quads(annotation: object, upright: Callable[[float, float], _Point]) -> Iterator[Strike]:
    """Yield the areas of a text annotation."""
    quad, box = raw.FS_QUADPOINTSF(), raw.FS_RECTF()
    count = raw.FPDFAnnot_CountAttachmentPoints(annotation)
    for index in range(min(count, MAX_STRIKES)):
        if raw.FPDFAnnot_GetAttachmentPoints(annotation, index, ctypes.byref(quad)):
            points = [
                (quad.x1, quad.y1),
                (quad.x2, quad.y2),
                (quad.x3, quad.y3),
                (quad.x4, quad.y4),
            ]
            yield _strike_of([upright(x, y) for x, y in points])
    if not count and raw.FPDFAnnot_GetRect(annotation, ctypes.byref(box)):
        yield _strike_of([upright(box.left, box.bottom), upright(box.right, box.top)])


def _strike_of(points: Sequence[_Point]) -> Strike:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Strike(min(xs), max(xs), min(ys), max(ys) + 0.5)
