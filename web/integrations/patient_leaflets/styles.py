"""Fonts, paragraph styles and text of patient leaflets.

The font is a subset of DejaVu Sans (``web/data``), because the standard fonts of PDF lack Greek and
Polish letters and "≥". Characters that the font lacks are shown as boxes.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from kb.model.article import MarkKind
from web.presentation.article_view import FormattedText

FONTS = Path(__file__).parents[2] / "data"
PLAIN, BOLD, OBLIQUE = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"
SIZE, LEADING = 10.5, 15.5
SIDE = 22 * mm
WIDTH = A4[0] - 2 * SIDE
BOX = "\ufffd"

TAGS = {
    MarkKind.STRONG: "b",
    MarkKind.EMPHASIS: "i",
    MarkKind.SUPERSCRIPT: "super",
    MarkKind.SUBSCRIPT: "sub",
}


@lru_cache(maxsize=1)
def register_fonts() -> frozenset[int]:
    """Register the fonts and return the code points that all of them support."""
    faces = []
    for name in (PLAIN, BOLD, OBLIQUE):
        font = TTFont(name, FONTS / f"{name}.ttf")
        pdfmetrics.registerFont(font)
        faces.append(set(font.face.charToGlyph))
    # Emphasis inside strong text stays bold: the stronger of the two is kept.
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=OBLIQUE, boldItalic=BOLD)
    return frozenset(set.intersection(*faces))


def replace_unsupported(text: str) -> str:
    """Return `text` with a box for each character that the font lacks."""
    supported = register_fonts()
    return "".join(c if ord(c) in supported or c in "\n\t" else BOX for c in text)


def make_style(name: str, **values: Any) -> ParagraphStyle:
    """Return a style with these attributes; the others are those of running text."""
    attributes = {"fontName": PLAIN, "fontSize": SIZE, "leading": LEADING, "spaceAfter": 5}
    return ParagraphStyle(name, **(attributes | values))


QUIET = colors.HexColor("#55616a")
EDGE = colors.HexColor("#75818a")
WASH = colors.HexColor("#f3f5f7")
LINK = "#0a558c"

TEXT = make_style("text")
TITLE = make_style("title", fontName=BOLD, fontSize=20, leading=26)
HEADING = make_style("heading", fontName=BOLD, fontSize=13, leading=18, spaceBefore=9)
SMALL = make_style("small", fontSize=8.5, leading=12, textColor=QUIET)
REPEATED = make_style("repeated", textColor=QUIET)
ITEM = make_style("item", spaceAfter=3, bulletFontName=PLAIN, bulletFontSize=SIZE)
WARNING = make_style(
    "warning", fontName=BOLD, borderPadding=5, backColor=colors.HexColor("#fdf3e1")
)
# The border is drawn outside the paragraph, so it needs space on all sides.
CALLOUT = make_style(
    "callout", borderPadding=6, leftIndent=7, rightIndent=7, spaceBefore=20, spaceAfter=20,
    borderWidth=0.75, borderColor=EDGE,
)  # fmt: skip
CALLOUTS = {
    "emergency": make_style("emergency", parent=CALLOUT, borderWidth=2.5, borderColor="#a8201a"),
    "urgent": make_style("urgent", parent=CALLOUT, borderWidth=1.5, borderColor="#a8201a"),
    "non-urgent": make_style("non-urgent", parent=CALLOUT, borderWidth=1.5, borderColor="#0a558c"),
    "important": make_style("important", parent=CALLOUT, borderWidth=1.5, borderColor="#ffb81c"),
}


def plain_paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    """Return a paragraph without formatting."""
    return Paragraph(_escape(text), style)


def paragraph(
    text: FormattedText, style: ParagraphStyle, *, label: str = "", bullet: str | None = None
) -> Paragraph:
    """Return a paragraph with the formatting of `text`, after a label in bold on its own line."""
    start = f"<b>{_escape(label)}</b><br/>" if label else ""
    return Paragraph(start + markup(text), style, bulletText=bullet)


def markup(text: FormattedText) -> str:
    """Return the text in the markup of reportlab; the address of a link follows its text.

    A hidden "^" is left out, and a number after it is raised.
    """
    parts: list[str] = []
    for number, span in enumerate(text):
        piece = "" if span.hidden else _escape(span.text)
        for kind, tag in TAGS.items():
            if kind in span.kinds and piece:
                piece = f"<{tag}>{piece}</{tag}>"
        if span.href:
            piece = f'<a href="{escape(span.href)}" color="{LINK}">{piece}</a>'
        parts.append(piece)
        following = text[number + 1].href if number + 1 < len(text) else ""
        if span.href and span.href != following:
            parts.append(_escape(_printed_address(text, number)))
    return "".join(parts)


def _printed_address(text: FormattedText, last: int) -> str:
    """Return the address of a link in parentheses, unless the text of the link shows it."""
    href = text[last].href
    first = last
    while first and text[first - 1].href == href:
        first -= 1
    shown = "".join(span.text for span in text[first : last + 1]).strip()
    address = href.removeprefix("mailto:").removeprefix("tel:")
    known = {address, address.removeprefix("https://").removeprefix("http://").rstrip("/")}
    same_number = href.startswith("tel:") and _digits(shown) == _digits(address)
    return "" if shown in known or same_number else f" ({address})"


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _escape(text: str) -> str:
    return escape(replace_unsupported(text)).replace("\n", "<br/>")
