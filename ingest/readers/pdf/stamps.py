"""Text of stamps and watermark annotations, such as DRAFT, which are drawn over a PDF page."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.readers.pdf.annotations import is_visible, read_string
from ingest.readers.pdf.drawings import MAX_FORM_DEPTH

STAMPS = frozenset({raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_WATERMARK})
# Names of the stamps in ISO 32000 that restrict the use, with the prefixes of Acrobat. A stamp that
# consists of shapes has no other text.
STAMP_NAME = re.compile(
    r"(?:#D?|SB|SH)?(Draft|Expired|Experimental|NotApproved|NotForPublicRelease|ForComment"
    r"|Withdrawn|Superseded|Void|PreliminaryResults)"
)
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def has_stamp(page: pdfium.PdfPage) -> bool:
    """Return whether a page has stamps."""
    return not STAMPS.isdisjoint(_read_kinds(page)[0])


def read_stamp(document: pdfium.PdfDocument, index: int) -> str:
    """Return the text that the stamps of a page display, or an empty string.

    PDFium reads the text of a page only, so the stamps become part of the page. Read everything
    else from the page before; its other annotations are removed.
    """
    page = document[index]
    kinds, names = _read_kinds(page)
    for position in reversed(range(len(kinds))):
        if kinds[position] not in STAMPS:
            raw.FPDFPage_RemoveAnnot(page.raw, position)
    count = raw.FPDFPage_CountObjects(page.raw)
    raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY)
    page.close()
    page = document[index]
    text_page = page.get_textpage()
    added = range(count, raw.FPDFPage_CountObjects(page.raw))
    texts = [
        text
        for position in added
        for text in _read_texts(raw.FPDFPage_GetObject(page.raw, position), text_page, 0)
    ]
    text_page.close()
    page.close()
    return " ".join(" ".join(texts or names).split())


def _read_kinds(page: pdfium.PdfPage) -> tuple[list[int], list[str]]:
    """Return the types of the annotations, and the names of the stamps that are visible."""
    kinds: list[int] = []
    names: list[str] = []
    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            kinds.append(raw.FPDF_ANNOT_UNKNOWN)
            continue
        kinds.append(raw.FPDFAnnot_GetSubtype(annotation))
        name = STAMP_NAME.fullmatch(read_string(annotation, b"Name"))
        if name and kinds[-1] in STAMPS and is_visible(annotation):
            names.append(_CAPITAL.sub(" ", name.group(1)))
        raw.FPDFPage_CloseAnnot(annotation)
    return kinds, names


def _read_texts(item: object, text_page: pdfium.PdfTextPage, depth: int) -> Iterator[str]:
    """Yield the texts of a page object and of the objects inside it."""
    kind = raw.FPDFPageObj_GetType(item)
    if kind == raw.FPDF_PAGEOBJ_FORM and depth < MAX_FORM_DEPTH:
        for index in range(raw.FPDFFormObj_CountObjects(item)):
            yield from _read_texts(raw.FPDFFormObj_GetObject(item, index), text_page, depth + 1)
    elif kind == raw.FPDF_PAGEOBJ_TEXT:
        size = raw.FPDFTextObj_GetText(item, text_page.raw, None, 0)
        buffer = ctypes.create_string_buffer(max(2, size))
        raw.FPDFTextObj_GetText(
            item, text_page.raw, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size
        )
        yield buffer.raw[: max(0, size - 2)].decode("utf-16-le", "replace")
