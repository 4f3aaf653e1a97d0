"""Links of a PDF page: annotations with an address over the words of the link."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.readers.common.inline_text import remove_noncharacters
from ingest.readers.pdf.deleted_text import read_quads, split_word
from ingest.readers.pdf.lines import PdfWord
from kb.model.article import is_safe_link

MAX_LINKS = 2_000  # per page
# Actions that open another file, with the function that returns its name.
FILE_ACTIONS = frozenset({raw.PDFACTION_REMOTEGOTO, raw.PDFACTION_LAUNCH})

_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _LinkArea:
    """Area of a link on the page: an x range, and the range of baselines of its words."""

    address: str
    low: float
    high: float
    top: float
    bottom: float


def read_address(document: pdfium.PdfDocument, annotation: object) -> str:
    """Return the address or file of a link annotation; empty for a link within the document."""
    action = raw.FPDFLink_GetAction(raw.FPDFAnnot_GetLink(annotation))
    kind = raw.FPDFAction_GetType(action) if action else raw.PDFACTION_UNSUPPORTED
    if kind == raw.PDFACTION_URI:
        return _read_bytes(
            lambda buffer, size: raw.FPDFAction_GetURIPath(document.raw, action, buffer, size)
        )
    if kind in FILE_ACTIONS:
        return _read_bytes(lambda buffer, size: raw.FPDFAction_GetFilePath(action, buffer, size))
    return ""


def _read_bytes(get: Callable[[object, int], int]) -> str:
    size = get(None, 0)
    buffer = ctypes.create_string_buffer(max(1, size))
    get(buffer, size)
    return remove_noncharacters(buffer.value.decode("utf-8", "replace")).strip()


def mark_links(
    page: pdfium.PdfPage, words: Sequence[PdfWord], upright: Callable[[float, float], _Point]
) -> list[PdfWord]:
    """Return the words with the addresses of the links over them; a word may be split."""
    areas = list(itertools.islice(_read_areas(page, upright), MAX_LINKS))
    if not areas:
        return list(words)
    marked: list[PdfWord] = []
    for word in words:
        area = next((each for each in areas if _covers(each, word)), None)
        if area is None:
            marked.append(word)
            continue
        starts_line = word.starts_line
        for part, is_link in split_word(word, [area]):
            marked.append(
                replace(part, starts_line=starts_line, address=area.address if is_link else "")
            )
            starts_line = False
    return marked


def _covers(area: _LinkArea, word: PdfWord) -> bool:
    return area.top <= word.y <= area.bottom and word.x0 < area.high and word.x1 > area.low


def _read_areas(
    page: pdfium.PdfPage, upright: Callable[[float, float], _Point]
) -> Iterator[_LinkArea]:
    hidden = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        is_link = raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_LINK
        if is_link and not raw.FPDFAnnot_GetFlags(annotation) & hidden:
            address = read_address(page.pdf, annotation)
            if is_safe_link(address):
                for area in read_quads(annotation, upright):
                    yield _LinkArea(address, area.low, area.high, area.top, area.bottom)
        raw.FPDFPage_CloseAnnot(annotation)
