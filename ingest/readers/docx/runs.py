"""Text of runs: characters, symbols, and formatting that changes the meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.common.inline_text import (
    mark_note,
    mark_text,
    remove_noncharacters,
    strip_marks,
)
from ingest.readers.docx.formulas import linearize
from ingest.readers.docx.namespaces import (
    M,
    W,
    find_child,
    get_attribute,
    iter_children,
)
from ingest.readers.docx.notes import ENDNOTE, FOOTNOTE
from ingest.readers.docx.omissions import DELETED_ELEMENTS, HIDDEN, STRUCK
from ingest.readers.docx.styles import RunFormat, StyleSheet
from ingest.readers.docx.symbols import decode_letters, find_symbol
from kb.model.article import MarkKind

# Elements that represent a character.
CHARACTERS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-"}
TEXT_ELEMENTS = ("t", "delText")
NOTE_REFERENCES = {f"{W}footnoteReference": FOOTNOTE, f"{W}endnoteReference": ENDNOTE}
WHITE_SPACE = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a paragraph with one format. `shift` is 1 for raised, -1 for lowered text."""

    text: str
    href: str = ""
    shift: int = 0
    is_note: bool = False
    is_strong: bool = False
    is_emphasis: bool = False


def omission_reason(run_format: RunFormat) -> str:
    """Return the reason why text with this format is left out, or an empty string."""
    if run_format.is_hidden:
        return HIDDEN
    return STRUCK if run_format.is_struck else ""


def run_parts(
    run: etree._Element, run_format: RunFormat, unknown: list[str] | None = None
) -> Iterator[str | etree._Element]:
    """Yield the text of a run, and its elements that are not text, such as images.

    Symbols that cannot be identified are added to `unknown`.
    """
    for child in run.iterchildren(etree.Element):
        name = str(child.tag).removeprefix(W)
        if name in TEXT_ELEMENTS:
            text = remove_noncharacters(WHITE_SPACE.sub(" ", child.text or ""))
            decoded = decode_letters(text, *run_format.fonts)
        elif name == "sym":
            decoded = find_symbol(get_attribute(child, "font"), get_attribute(child, "char"))
        elif name == "br":
            yield "\n" if get_attribute(child, "type", "textWrapping") == "textWrapping" else " "
            continue
        elif name in CHARACTERS:
            yield CHARACTERS[name]
            continue
        else:
            yield child
            continue
        if unknown is not None:
            unknown.extend(decoded.unknown)
        yield decoded.text


def ruby_text(ruby: etree._Element) -> str:
    """Return the base text of a ruby element with its ruby text in parentheses."""
    base, above = (
        "".join(
            remove_noncharacters(text.text or "")
            for part in iter_children(ruby, name)
            for text in part.iter(f"{W}t")
        )
        for name in ("rubyBase", "rt")
    )
    return f"{base} ({above})"


def mark_pieces(pieces: Iterable[Piece]) -> str:
    """Return the pieces as one formatted text. No mark extends over a line break."""
    parts: list[str] = []
    for (href, shift, is_note), same in groupby(
        pieces, lambda piece: (piece.href, piece.shift, piece.is_note)
    ):
        lines: list[str] = [""]
        for piece in same:
            first, *others = piece.text.split("\n")
            lines[-1] += _emphasise(first, piece)
            lines.extend(_emphasise(line, piece) for line in others)
        parts.append("\n".join(_mark_line(line, href, shift, is_note) for line in lines))
    return "".join(parts)


def _emphasise(text: str, piece: Piece) -> str:
    if text and piece.is_emphasis:
        text = mark_text(MarkKind.EMPHASIS, text)
    return mark_text(MarkKind.STRONG, text) if text and piece.is_strong else text


def _mark_line(text: str, href: str, shift: int, is_note: bool) -> str:
    if not text:
        return ""
    if is_note:
        text = mark_note(text)
    elif shift:
        text = mark_text(MarkKind.SUPERSCRIPT if shift > 0 else MarkKind.SUBSCRIPT, text)
    return mark_text(MarkKind.LINK, text, href) if href else text


def part_text(tree: etree._Element, styles: StyleSheet) -> str:
    """Return all text of a part, one line per paragraph, with text that is left out in lines.

    This does not depend on the structure, so it is what coverage is measured against.
    """
    lines: list[str] = []
    for paragraph in tree.iter(f"{W}p"):
        pieces: list[Piece] = []
        omitted: list[str] = []
        style_id = styles.paragraph_style(find_child(paragraph, "pPr"))
        for element in paragraph.iter(f"{W}r", f"{M}oMath"):
            if _closest(element, f"{W}p", f"{W}ruby") is not paragraph:
                continue
            if element.tag == f"{M}oMath":
                pieces.append(Piece(f" {linearize(element)} "))
                continue
            run_format = styles.run_format(style_id, find_child(element, "rPr"))
            is_omitted = omission_reason(run_format) or _is_deleted(element)
            for part in run_parts(element, run_format):
                text = part if isinstance(part, str) else _element_text(part)
                if is_omitted:
                    omitted.append(text)
                else:
                    pieces.append(Piece(text, shift=run_format.shift(text)))
        lines.extend((strip_marks(mark_pieces(pieces)), "".join(omitted)))
    return "\n".join(lines)


def _element_text(element: etree._Element) -> str:
    if element.tag == f"{W}ruby":
        return ruby_text(element)
    return " " if element.tag in NOTE_REFERENCES else ""


def _closest(element: etree._Element, *tags: str) -> etree._Element | None:
    return next(element.iterancestors(*tags), None)


def _is_deleted(run: etree._Element) -> bool:
    return any(parent.tag in DELETED_ELEMENTS for parent in run.iterancestors())
