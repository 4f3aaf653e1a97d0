"""Inline content of a paragraph: runs, links, notes, formulas, images and deleted text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.docx.drawings import DRAWING_TAGS, Drawing, read_drawing
from ingest.readers.docx.formulas import linearize, omitted_parts
from ingest.readers.docx.namespaces import M, R, W, find_child, get_attribute
from ingest.readers.docx.notes import NoteNumbers
from ingest.readers.docx.omissions import DELETED_ELEMENTS, EMBEDDED_FILE
from ingest.readers.docx.preprocess import LINK_ATTRIBUTE
from ingest.readers.docx.runs import (
    NOTE_REFERENCES,
    Piece,
    mark_pieces,
    omission_reason,
    ruby_text,
    run_parts,
)
from ingest.readers.docx.styles import RunFormat, StyleSheet

UNREADABLE_SYMBOL = "a symbol in an unknown font"
# Elements of a paragraph without text.
SKIPPED = frozenset(f"{W}{name}" for name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "smartTagPr"))
MAX_INLINE_ALT_WORDS = 3  # of an image at the start or end of a text that replaces a word


@dataclass(slots=True)
class PartContext:
    """What the content of a part refers to, and how left out text is reported."""

    styles: StyleSheet
    notes: NoteNumbers
    links: dict[str, str]
    graphics: dict[str, etree._Element]  # charts and SmartArt data by relationship id
    omit: Callable[[str, str], None]


@dataclass(slots=True)
class InlineContent:
    """Formatted text of a paragraph, whether all of it is bold, and the drawings anchored in it.

    `captions` are the descriptions of images that are not part of the text.
    """

    text: str
    is_bold: bool
    drawings: list[Drawing] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)


class InlineReader:
    """Reads the inline content of one paragraph."""

    def __init__(self, context: PartContext, style_id: str) -> None:
        self._context = context
        self._style_id = style_id
        self._pieces: list[Piece] = []
        self._images: list[tuple[int, Drawing]] = []  # with the number of pieces before each
        self._drawings: list[Drawing] = []
        self._captions: list[str] = []
        self._has_bold = self._has_regular = False
        self._omitted_reason = ""
        self._omitted_text: list[str] = []

    def read(self, paragraph: etree._Element) -> InlineContent:
        """Return the content of a paragraph."""
        self._add_children(paragraph, "", "")
        self._flush_omitted()
        captions = [*self._captions, *self._place_images()]
        is_bold = self._has_bold and not self._has_regular
        return InlineContent(mark_pieces(self._pieces), is_bold, self._drawings, captions)

    def _add_children(self, element: etree._Element, href: str, reason: str) -> None:
        for child in element.iterchildren(etree.Element):
            if child.tag == f"{W}r":
                self._add_run(child, href, reason)
            elif child.tag == f"{M}oMath":
                self._add_formula(child, reason)
            elif child.tag == f"{M}oMathPara":
                for formula in child.iterchildren(f"{M}oMath"):
                    self._add_formula(formula, reason)
                    self._add_text("\n", Piece(""), reason)
            elif child.tag == f"{W}hyperlink":
                self._add_children(child, self._find_link(child) or href, reason)
            elif child.tag == f"{W}subDoc":
                self._context.omit(EMBEDDED_FILE, "")
            elif child.tag in DELETED_ELEMENTS:
                self._add_children(child, href, DELETED_ELEMENTS[child.tag])
            elif child.tag not in SKIPPED:
                self._add_children(child, href, reason)

    def _find_link(self, hyperlink: etree._Element) -> str:
        href = self._context.links.get(str(hyperlink.get(f"{R}id")), "")
        anchor = get_attribute(hyperlink, "anchor")
        return f"{href}#{anchor}" if href and anchor and "#" not in href else href

    def _add_run(self, run: etree._Element, href: str, reason: str) -> None:
        run_format = self._context.styles.run_format(self._style_id, find_child(run, "rPr"))
        reason = reason or omission_reason(run_format)
        href = str(run.get(LINK_ATTRIBUTE, href))
        unknown: list[str] = []
        for part in run_parts(run, run_format, unknown):
            if isinstance(part, str):
                self._add_formatted(part, run_format, href, reason)
            elif part.tag == f"{W}ruby":
                self._add_formatted(ruby_text(part), run_format, href, reason)
            elif part.tag in DRAWING_TAGS:
                self._add_drawing(part, reason)
            elif part.tag in NOTE_REFERENCES and not reason:
                label = self._context.notes.label(part, NOTE_REFERENCES[part.tag])
                self._add_text(label, Piece(label, shift=1, is_note=True), reason)
        if not reason:
            for name in unknown:
                self._context.omit(UNREADABLE_SYMBOL, name)

    def _add_formatted(self, text: str, run_format: RunFormat, href: str, reason: str) -> None:
        piece = Piece(
            text,
            href,
            run_format.shift(text),
            is_strong=run_format.is_strong,
            is_emphasis=run_format.is_emphasis,
        )
        if text.strip() and not reason:
            self._has_bold |= run_format.is_bold
            self._has_regular |= not run_format.is_bold
        self._add_text(text, piece, reason)

    def _add_formula(self, formula: etree._Element, reason: str) -> None:
        for part_reason, text in omitted_parts(formula):
            self._context.omit(part_reason, text)
        self._has_regular = True
        text = f" {linearize(formula)} "
        self._add_text(text, Piece(text), reason)

    def _add_text(self, text: str, piece: Piece, reason: str) -> None:
        """Add a piece, or its text to the omitted text if there is a reason."""
        if reason:
            if reason != self._omitted_reason:
                self._flush_omitted()
                self._omitted_reason = reason
            self._omitted_text.append(text)
        elif text:
            if text.strip():
                self._flush_omitted()
            self._pieces.append(piece if piece.text else Piece(text))

    def _flush_omitted(self) -> None:
        text = "".join(self._omitted_text).strip()
        if text:
            self._context.omit(self._omitted_reason, text)
        self._omitted_text = []
        self._omitted_reason = ""

    def _add_drawing(self, element: etree._Element, reason: str) -> None:
        if reason:
            text = " ".join(text.text or "" for text in element.iter(f"{W}t"))
            self._add_text(f" {text} ", Piece(""), reason)
            return
        drawing = read_drawing(element, self._context.graphics)
        if drawing.omitted:
            self._context.omit(*drawing.omitted)
        if drawing.items or drawing.text_boxes:
            self._drawings.append(drawing)
            self._captions.extend(filter(None, [drawing.alt]))
        elif drawing.alt or drawing.placeholder:
            self._images.append((len(self._pieces), drawing))

    def _place_images(self) -> list[str]:
        """Insert images that replace a word, and return the descriptions of the others."""
        captions: list[str] = []
        texts = [number for number, piece in enumerate(self._pieces) if piece.text.strip()]
        for position, drawing in reversed(self._images):
            before = bool(texts) and texts[0] < position
            after = bool(texts) and texts[-1] >= position
            is_word = 0 < len(drawing.alt.split()) <= MAX_INLINE_ALT_WORDS
            is_inside = (before and after) or (is_word and (before or after))
            if drawing.is_inline and is_inside:
                text = f" {drawing.alt or drawing.placeholder} "
                self._pieces.insert(position, Piece(text))
            elif drawing.alt:
                captions.insert(0, drawing.alt)
        return captions
