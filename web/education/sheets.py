"""A sheet: one or more articles as a PDF, with what says how far to trust them on every page.

Letters come from a part of DejaVu Sans that ships (``web/data``): what PDF readers bring along has
no Greek, no "≥" and no Polish. A character that the font lacks is shown as a box; `unknown` names
them, so that nothing goes missing in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    Flowable,
    ListFlowable,
    ListItem,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Table,
    TableStyle,
)

from kb.article import Block, BlockKind
from kb.passage import Passage
from kb.record import ArticleRecord, review_state
from web.wording import full_date, review

FONTS = Path(__file__).parents[1] / "data"
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
SIZE, LEADING = 10.5, 15.5
BOX = "\ufffd"


@dataclass(frozen=True, slots=True)
class Sheet:
    """An article on its way onto paper, and the full address under which it stands."""

    record: ArticleRecord
    address: str


def pdf(sheets: Sequence[Sheet], site: str, today: date) -> bytes:
    """Return the PDF of some articles, each beginning on a page of its own.

    The same articles give the same bytes.
    """
    _fonts()
    out = BytesIO()
    first = sheets[0].record.article
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=22 * mm, rightMargin=22 * mm, topMargin=20 * mm,
        bottomMargin=26 * mm, title=first.title, author=first.metadata.owner or site, subject=site,
        lang=first.metadata.language or "en", invariant=1,
    )  # fmt: skip
    story: list[Flowable] = []
    for number, sheet in enumerate(sheets):
        if number:
            story.append(PageBreak())
        story += _article(sheet, today)
    footer = _footer(sheets, site, today)
    document.build(story, onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def unknown(record: ArticleRecord) -> str:
    """Return the characters of an article that the font lacks, each once."""
    known = _fonts()
    texts = (record.article.title, *(passage.text for passage in record.passages))
    found = {c for text in texts for c in text if ord(c) not in known and c.isprintable()}
    return "".join(sorted(found))


@lru_cache(maxsize=1)
def _fonts() -> frozenset[int]:
    """Register the fonts; return the characters that both have."""
    faces = []
    for name in (PLAIN, BOLD):
        font = TTFont(name, FONTS / f"{name}.ttf")
        pdfmetrics.registerFont(font)
        faces.append(set(font.face.charToGlyph))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    return frozenset(set.intersection(*faces))


def _style(name: str, **values: Any) -> ParagraphStyle:
    plain = {"fontName": PLAIN, "fontSize": SIZE, "leading": LEADING, "spaceAfter": 5}
    return ParagraphStyle(name, **(plain | values))


TEXT = _style("text")
TITLE = _style("title", fontName=BOLD, fontSize=20, leading=26)
HEADING = _style("heading", fontName=BOLD, fontSize=13, leading=18, spaceBefore=9)
SMALL = _style("small", fontSize=8.5, leading=12, textColor=colors.HexColor("#55616a"))
WARNING = _style("warning", fontName=BOLD, borderPadding=5, backColor=colors.HexColor("#fdf3e1"))


def _article(sheet: Sheet, today: date) -> Iterator[Flowable]:
    record, metadata = sheet.record, sheet.record.article.metadata
    yield _paragraph(record.article.title, TITLE)
    if metadata.also_called:
        yield _paragraph(f"Also called {', '.join(metadata.also_called)}", SMALL)
    state = review(metadata, review_state(metadata.review_due, today))
    overdue = state.state.value == "overdue"
    yield _paragraph(state.words, WARNING if overdue else SMALL)
    above: tuple[str, ...] = ()
    for passage in record.passages:
        if passage.heading_path != above:
            above = passage.heading_path
            if above:
                yield _paragraph(" › ".join(above), HEADING)
        yield from _blocks(passage)
    facts = [metadata.owner, metadata.source, metadata.licence, f"Version {record.version}"]
    yield _paragraph(" · ".join(fact for fact in facts if fact), SMALL)
    yield _paragraph(sheet.address, SMALL)


def _blocks(passage: Passage) -> Iterator[Flowable]:
    for block in passage.blocks:
        if block.kind is BlockKind.LIST:
            yield _list(block)
        elif block.kind is BlockKind.TABLE:
            yield _table(block)
        else:
            yield _paragraph(block.text, WARNING if block.kind is BlockKind.CALLOUT else TEXT)


def _list(block: Block) -> Flowable:
    items = [
        ListItem(_paragraph(item.text, TEXT), leftIndent=14 * (item.depth + 1))
        for item in block.items
    ]
    kind = "1" if block.ordered else "bullet"
    start = None if block.ordered else "•"
    return ListFlowable(items, bulletType=kind, start=start, bulletFontName=PLAIN, leftIndent=14)


def _table(block: Block) -> Flowable:
    width = max(map(len, block.rows))
    rows = [
        [_paragraph(cell, HEADING if at < block.header_rows else TEXT) for cell in row]
        + [""] * (width - len(row))
        for at, row in enumerate(block.rows)
    ]
    table = Table(rows, repeatRows=block.header_rows, colWidths=[166 * mm / width] * width)
    grid = ("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor("#75818a"))
    table.setStyle(TableStyle([grid, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    known = _fonts()
    shown = "".join(c if ord(c) in known or c in "\n\t" else BOX for c in text)
    return Paragraph(escape(shown).replace("\n", "<br/>"), style)


def _footer(sheets: Sequence[Sheet], site: str, today: date) -> Any:
    names = ", ".join(f"{s.record.article.title}, version {s.record.version}" for s in sheets)

    def draw(canvas: Any, _document: Any) -> None:
        canvas.saveState()
        canvas.setFont(PLAIN, 8)
        for row, words in enumerate((f"{site}: {names}"[:110], f"Made {full_date(today)}")):
            canvas.drawString(22 * mm, (16 - 4 * row) * mm, words)
        canvas.drawRightString(A4[0] - 22 * mm, 12 * mm, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()

    return draw
