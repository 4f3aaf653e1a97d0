"""Annotations of a PDF: form values, free text, comments, attached files and unsafe links.

They are not part of the page text. Form values and free text, which readers see as content, become
sections at the end. Comments and hidden annotations are omitted and reported, and so are links to
anything but web pages, email addresses and telephone numbers. Empty fields are ignored.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from ingest.readers.common.result import WATERMARK, OmittedText
from ingest.readers.common.section_builder import SectionBuilder
from ingest.readers.pdf.links import read_address
from kb.model.article import Block, BlockKind, ListItem, is_safe_link

FIELDS_HEADING, TEXTS_HEADING = "Form fields", "Texts laid over the pages"
CHECKED_VALUE = "yes"
HIDDEN = "a hidden annotation"
MASKED_PASSWORD = "not shown"  # shown instead of a password
COMMENT = "a comment"
ATTACHED = "an attached file"
PASSWORD = "a password field"
XFA = "The file contains an XFA form. Only its printed text was read."

UNSAFE_LINK = "a link to a file or an address of another kind"
INVISIBLE_FLAGS = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
TICKABLE_FIELDS = frozenset({raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON})
PASSWORD_FLAG = 1 << 13  # flag of a text field
UNCHECKED_VALUES = frozenset({"", "Off"})
XFA_FORM_TYPES = frozenset({raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND})


@dataclass(slots=True)
class PageOverlay:
    """Annotations of one page: `fields` as (name, value), `texts`, and omitted content.

    `stamp` is the text of its stamps, which is part of the omitted content.
    """

    page: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    stamp: str = ""
    omitted: list[OmittedText] = field(default_factory=list)

    def add_stamp(self, text: str) -> None:
        """Add the text of the stamps of the page, if there is any."""
        if text:
            self.stamp = text
            self.omitted.append(OmittedText(WATERMARK, text))

    @property
    def lines(self) -> Iterator[str]:
        """All visible text, line by line."""
        yield from (f"{name}: {value}" for name, value in self.fields)
        yield from self.texts
        yield from (omission.text for omission in self.omitted)


def read_overlay(page: pdfium.PdfPage, number: int) -> PageOverlay:
    """Read the annotations of a page.

    If the document has a form, it must have been initialised.
    """
    overlay = PageOverlay(number)
    form = page.formenv.raw if page.formenv else None
    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if annotation:
            if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_LINK:
                _report_unsafe_link(read_address(page.pdf, annotation), overlay)
            else:
                _read_annotation(annotation, form, overlay)
            raw.FPDFPage_CloseAnnot(annotation)
    return overlay


def list_attachments(document: pdfium.PdfDocument) -> list[OmittedText]:
    """Return the names of the attached files as omitted text."""
    count = range(document.count_attachments())
    return [OmittedText(ATTACHED, document.get_attachment(at).get_name()) for at in count]


def add_overlays(builder: SectionBuilder, overlays: Sequence[PageOverlay]) -> None:
    """Add form values, each once, and free text in separate sections."""
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


def _report_unsafe_link(address: str, overlay: PageOverlay) -> None:
    link = OmittedText(UNSAFE_LINK, address)
    if address and not is_safe_link(address) and link not in overlay.omitted:
        overlay.omitted.append(link)


def _read_annotation(annotation: object, form: object, overlay: PageOverlay) -> None:
    subtype = raw.FPDFAnnot_GetSubtype(annotation)
    if subtype == raw.FPDF_ANNOT_POPUP:  # the window of a comment
        return
    if subtype == raw.FPDF_ANNOT_WIDGET:
        name, value, reason = _read_field(annotation, form)
    else:
        name, value, reason = "", read_string(annotation, b"Contents"), COMMENT
        if subtype == raw.FPDF_ANNOT_FREETEXT:
            reason = ""
        elif subtype == raw.FPDF_ANNOT_FILEATTACHMENT:
            reason = ATTACHED
            value = value or "without a description"
    if not value:
        return
    if not is_visible(annotation):
        reason = HIDDEN
    if reason:
        overlay.omitted.append(OmittedText(reason, f"{name}: {value}" if name else value))
    elif name:
        overlay.fields.append((name, value))
    else:
        overlay.texts.append(value)


def _read_field(annotation: object, form: object) -> tuple[str, str, str]:
    """Return (name, value, reason for omission); the value is empty for an empty field."""
    if form is None:  # a page extracted from a form has fields, but no form
        return read_string(annotation, b"T"), read_string(annotation, b"V"), ""

    def read_value(get: Callable[..., int]) -> str:
        return _read_buffer(lambda buffer, size: get(form, annotation, buffer, size))

    name = read_value(raw.FPDFAnnot_GetFormFieldAlternateName) or read_value(
        raw.FPDFAnnot_GetFormFieldName
    )
    field_type = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if field_type == raw.FPDF_FORMFIELD_PUSHBUTTON:
        return name, "", ""
    if field_type in TICKABLE_FIELDS:
        if not raw.FPDFAnnot_IsChecked(form, annotation):
            return name, "", ""
        value = read_value(raw.FPDFAnnot_GetFormFieldExportValue)
        is_named = field_type == raw.FPDF_FORMFIELD_RADIOBUTTON and value not in UNCHECKED_VALUES
        return name, value if is_named else CHECKED_VALUE, ""
    flags = raw.FPDFAnnot_GetFormFieldFlags(form, annotation)
    if field_type == raw.FPDF_FORMFIELD_TEXTFIELD and flags & PASSWORD_FLAG:
        return (
            name,
            MASKED_PASSWORD if read_value(raw.FPDFAnnot_GetFormFieldValue) else "",
            PASSWORD,
        )
    return name, read_value(raw.FPDFAnnot_GetFormFieldValue), ""


def is_visible(annotation: object) -> bool:
    """Return whether a viewer displays an annotation."""
    return not raw.FPDFAnnot_GetFlags(annotation) & INVISIBLE_FLAGS


def read_string(annotation: object, key: bytes) -> str:
    """Return a string or name in the dictionary of an annotation; empty if there is none."""
    return _read_buffer(
        lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    )


def _read_buffer(get: Callable[[object, int], int]) -> str:
    """Return the string that a PDFium function writes to a UTF-16 buffer."""
    size = get(None, 0)
    if size <= 2:  # only the terminator
        return ""
    buffer = ctypes.create_string_buffer(size)
    get(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    text = buffer.raw[: size - 2].decode("utf-16-le", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
