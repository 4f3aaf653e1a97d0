"""What is laid over the pages of a PDF: values typed into a form, texts, comments and files.

None of it is in the text of the page. What a reader of the document sees as its content, the values
of a form and free texts, is read into sections at the end; what others said about the document, and
what is hidden, is left out and reported. A field that is empty says nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.readers.base import OmittedText, SectionBuilder
from kb.model.article import Block, BlockKind, ListItem

FIELDS_HEADING, TEXTS_HEADING = "Form fields", "Texts laid over the pages"
CHECKED_VALUE = "yes"
HIDDEN = "hidden on the page"
MASKED_PASSWORD = "not shown"  # in place of a password
COMMENT = "a comment on the page"
ATTACHED = "a file inside the document"
PASSWORD = "a password in a form"
XFA = "The form of this file is of a kind (XFA) of which only printed text can be read."

# Kinds whose text is that of another one, or no text: a target, the window of a comment.
IGNORED_SUBTYPES = frozenset({raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP})
INVISIBLE_FLAGS = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
TICKABLE_FIELDS = frozenset({raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON})
PASSWORD_FLAG = 1 << 13  # of a field of text
UNCHECKED_VALUES = frozenset({"", "Off"})
XFA_FORM_TYPES = frozenset({raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND})


@dataclass(slots=True)
class PageOverlay:
    """What lies over one page: `fields` as (name, value), `texts`, and what is not read."""

    page: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    omitted: list[OmittedText] = field(default_factory=list)

    @property
    def lines(self) -> Iterator[str]:
        """All that a person sees of it, line by line."""
        yield from (f"{name}: {value}" for name, value in self.fields)
        yield from self.texts
        yield from (piece.text for piece in self.omitted)


def read_overlay(page: pdfium.PdfPage, number: int) -> PageOverlay:
    """Read what lies over a page, whose document has its form opened if there is one."""
    overlay = PageOverlay(number)
    form = page.formenv.raw if page.formenv else None
    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if annotation:
            _read_annotation(annotation, form, overlay)
            raw.FPDFPage_CloseAnnot(annotation)
    return overlay


def list_attachments(document: pdfium.PdfDocument) -> list[OmittedText]:
    """Return the names of the files that a document carries, as left out."""
    count = range(document.count_attachments())
    return [OmittedText(ATTACHED, document.get_attachment(at).get_name()) for at in count]


def add_overlays(builder: SectionBuilder, overlays: Sequence[PageOverlay]) -> None:
    """Add the values of forms, each once, and the texts, under headings of their own."""
    seen: set[tuple[str, str]] = set()
    for overlay in overlays:
        overlay.fields = [pair for pair in dict.fromkeys(overlay.fields) if pair not in seen]
        seen.update(overlay.fields)
    if seen:
        builder.add_heading(1, FIELDS_HEADING)
    for overlay in overlays:
        items = tuple(ListItem(f"{name}: {value}") for name, value in overlay.fields)
        builder.add_block(Block(kind=BlockKind.LIST, items=items, page=overlay.page))
    if any(overlay.texts for overlay in overlays):
        builder.add_heading(1, TEXTS_HEADING)
    for overlay in overlays:
        for text in overlay.texts:
            builder.add_block(Block(kind=BlockKind.PARAGRAPH, text=text, page=overlay.page))


def _read_annotation(annotation: object, form: object, overlay: PageOverlay) -> None:
    kind = raw.FPDFAnnot_GetSubtype(annotation)
    if kind in IGNORED_SUBTYPES:
        return
    if kind == raw.FPDF_ANNOT_WIDGET:
        name, value, reason = _read_field(annotation, form)
    else:
        name, value, reason = "", _read_string(annotation, b"Contents"), COMMENT
        if kind == raw.FPDF_ANNOT_FREETEXT:
            reason = ""
        elif kind == raw.FPDF_ANNOT_FILEATTACHMENT:
            reason = ATTACHED
            value = value or "without a description"
    if not value:
        return
    if raw.FPDFAnnot_GetFlags(annotation) & INVISIBLE_FLAGS:
        reason = HIDDEN
    if reason:
        overlay.omitted.append(OmittedText(reason, f"{name}: {value}" if name else value))
    elif name:
        overlay.fields.append((name, value))
    else:
        overlay.texts.append(value)


def _read_field(annotation: object, form: object) -> tuple[str, str, str]:
    """Return (name, value, why it is left out); an empty value of one that is not filled in."""
    if form is None:  # a page taken out of a form has its fields, but no form
        return _read_string(annotation, b"T"), _read_string(annotation, b"V"), ""

    def told(get: Callable[..., int]) -> str:
        return _read_buffer(lambda buffer, size: get(form, annotation, buffer, size))

    name = told(raw.FPDFAnnot_GetFormFieldAlternateName) or told(raw.FPDFAnnot_GetFormFieldName)
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind == raw.FPDF_FORMFIELD_PUSHBUTTON:
        return name, "", ""
    if kind in TICKABLE_FIELDS:
        if not raw.FPDFAnnot_IsChecked(form, annotation):
            return name, "", ""
        value = told(raw.FPDFAnnot_GetFormFieldExportValue)
        is_named = kind == raw.FPDF_FORMFIELD_RADIOBUTTON and value not in UNCHECKED_VALUES
        return name, value if is_named else CHECKED_VALUE, ""
    flags = raw.FPDFAnnot_GetFormFieldFlags(form, annotation)
    if kind == raw.FPDF_FORMFIELD_TEXTFIELD and flags & PASSWORD_FLAG:
        return name, MASKED_PASSWORD if told(raw.FPDFAnnot_GetFormFieldValue) else "", PASSWORD
    return name, told(raw.FPDFAnnot_GetFormFieldValue), ""


def _read_string(annotation: object, key: bytes) -> str:
    return _read_buffer(
        lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    )


def _read_buffer(get: Callable[[object, int], int]) -> str:
    """Return what a function of PDFium writes into a buffer of UTF-16, its line ends as ours."""
    size = get(None, 0)
    if size <= 2:  # the end of the text alone
        return ""
    buffer = ctypes.create_string_buffer(size)
    get(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    text = buffer.raw[: size - 2].decode("utf-16-le", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
