"""Rendering of patient leaflets: one or more articles as a PDF, with review state on every page.

The font is a subset of DejaVu Sans (``web/data``), because the standard fonts of PDF lack Greek and
Polish letters and "≥". Characters that the font lacks are shown as boxes; `unsupported_characters`
returns them, so that callers can warn.
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
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    ListFlowable,
    ListItem,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Table,
    TableStyle,
)

from kb.model.article import Block, BlockKind
from kb.model.passage import Passage
from kb.model.records import ArticleRecord, get_review_state
from web.presentation.formatting import format_date, format_review

FONTS = Path(__file__).parents[2] / "data"
PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
SIZE, LEADING = 10.5, 15.5
FOOT = 8
SIDE, ABOVE, BELOW = 22 * mm, 20 * mm, 28 * mm
WIDTH = A4[0] - 2 * SIDE
PAGE_NUMBER_WIDTH = 20 * mm  # reserved in the footer
MAX_COLUMNS = 8  # with more columns, each would be narrower than 2 cm
# Table headers are repeated on each page up to this number of rows and characters per cell.
MAX_HEADER_ROWS, MAX_HEADER_CHARACTERS = 3, 120
MAX_LIST_DEPTH = 5  # deeper levels are not indented further
BOX = "\ufffd"


@dataclass(frozen=True, slots=True)
class Leaflet:
    """Article to render, and its full URL."""

    record: ArticleRecord
    address: str


def render_pdf(leaflets: Sequence[Leaflet], site: str, today: date) -> bytes:
    """Return a PDF in which each leaflet starts on a new page.

    `site` is the name of the site. The output is deterministic.
    """
    _fonts()
    buffer = BytesIO()
    first = leaflets[0].record.article
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=_replace_unsupported(first.title),
        subject=_replace_unsupported(site),
        author=_replace_unsupported(first.metadata.owner or site),
        lang=first.metadata.language or "en",
        invariant=1,
    )
    frame = Frame(SIDE, BELOW, WIDTH, A4[1] - BELOW - ABOVE, 0, 0, 0, 0)
    document.addPageTemplates(
        [
            PageTemplate(str(number), [frame], onPage=_footer(leaflet, site, today))
            for number, leaflet in enumerate(leaflets)
        ]
    )
    flowables: list[Flowable] = []
    for number, leaflet in enumerate(leaflets):
        flowables.append(NextPageTemplate(str(number)))
        if number:
            flowables.append(PageBreak())
        flowables += _article(leaflet, today)
    document.build(flowables)
    return buffer.getvalue()


def unsupported_characters(record: ArticleRecord) -> str:
    """Return the distinct characters of an article that the font lacks."""
    supported = _fonts()
    metadata = record.article.metadata
    facts = (metadata.owner, metadata.source, metadata.licence, *metadata.also_called)
    texts = [record.article.title, *facts]
    for passage in record.passages:
        texts += [*passage.heading_path, passage.text]
    characters = {c for text in texts for c in text if ord(c) not in supported and c.isprintable()}
    return "".join(sorted(characters))


@lru_cache(maxsize=1)
def _fonts() -> frozenset[int]:
    """Register the fonts and return the code points that both support."""
    faces = []
    for name in (PLAIN, BOLD):
        font = TTFont(name, FONTS / f"{name}.ttf")
        pdfmetrics.registerFont(font)
        faces.append(set(font.face.charToGlyph))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    return frozenset(set.intersection(*faces))


def _style(name: str, **values: Any) -> ParagraphStyle:
    attributes = {"fontName": PLAIN, "fontSize": SIZE, "leading": LEADING, "spaceAfter": 5}
    return ParagraphStyle(name, **(attributes | values))


TEXT = _style("text")
TITLE = _style("title", fontName=BOLD, fontSize=20, leading=26)
HEADING = _style("heading", fontName=BOLD, fontSize=13, leading=18, spaceBefore=9)
SMALL = _style("small", fontSize=8.5, leading=12, textColor=colors.HexColor("#55616a"))
CELL = _style("cell", fontSize=9, leading=12.5, splitLongWords=1)
CELL_HEAD = _style("cell-head", fontName=BOLD, fontSize=9, leading=12.5, splitLongWords=1)
WARNING = _style("warning", fontName=BOLD, borderPadding=5, backColor=colors.HexColor("#fdf3e1"))


def _article(leaflet: Leaflet, today: date) -> Iterator[Flowable]:
    record, metadata = leaflet.record, leaflet.record.article.metadata
    yield _paragraph(record.article.title, TITLE)
    if metadata.also_called:
        yield _paragraph(f"Also called {', '.join(metadata.also_called)}", SMALL)
    state = format_review(metadata, get_review_state(metadata.review_due, today))
    overdue = state.state.value == "overdue"
    yield _paragraph(state.words, WARNING if overdue else SMALL)
    path: tuple[str, ...] = ()
    for passage in record.passages:
        if passage.heading_path != path:
            path = passage.heading_path
            if path:
                yield _paragraph(" › ".join(path), HEADING)
        yield from _blocks(passage)


def _blocks(passage: Passage) -> Iterator[Flowable]:
    for block in passage.blocks:
        if block.kind is BlockKind.LIST:
            yield _list(block)
        elif block.kind is BlockKind.TABLE:
            yield from _table(block)
        else:
            yield _paragraph(block.text, WARNING if block.kind is BlockKind.CALLOUT else TEXT)


def _list(block: Block) -> Flowable:
    items = [
        ListItem(_paragraph(item.text, TEXT), leftIndent=14 * (min(item.depth, MAX_LIST_DEPTH) + 1))
        for item in block.items
    ]
    kind = "1" if block.ordered else "bullet"
    start = None if block.ordered else "•"
    return ListFlowable(items, bulletType=kind, start=start, bulletFontName=PLAIN, leftIndent=14)


def _table(block: Block) -> Iterator[Flowable]:
    """Yield a table; one with more than `MAX_COLUMNS` columns is rendered as lines of text."""
    width = max(map(len, block.rows), default=0)
    if width > MAX_COLUMNS:
        for row in block.rows:
            yield _paragraph(" | ".join(cell.text for cell in row), TEXT)
        return
    if not width:
        return
    rows = [
        [_paragraph(cell.text, CELL_HEAD if at < block.header_rows else CELL) for cell in row]
        + [""] * (width - len(row))
        for at, row in enumerate(block.rows)
    ]
    header_rows = block.rows[: block.header_rows]
    repeated = len(header_rows) <= MAX_HEADER_ROWS and all(
        len(c.text) <= MAX_HEADER_CHARACTERS for row in header_rows for c in row
    )
    table = Table(
        rows,
        colWidths=[WIDTH / width] * width,
        repeatRows=min(len(header_rows), len(rows) - 1) if repeated else 0,
        splitInRow=1,
    )
    grid = ("GRID", (0, 0), (-1, -1), 0.5, colors.HexColor("#75818a"))
    table.setStyle(TableStyle([grid, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    yield table


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_replace_unsupported(text)).replace("\n", "<br/>"), style)


def _replace_unsupported(text: str) -> str:
    """Return `text` with a box for each character that the font lacks."""
    supported = _fonts()
    return "".join(c if ord(c) in supported or c in "\n\t" else BOX for c in text)


def _footer(leaflet: Leaflet, site: str, today: date) -> Any:
    """Return a function that draws the footer: review state, source and URL."""
    record, metadata = leaflet.record, leaflet.record.article.metadata
    state = format_review(metadata, get_review_state(metadata.review_due, today)).words
    lines = (
        (f"{record.article.title}, version {record.version}", state),
        (site, metadata.owner, metadata.source, metadata.licence),
        (leaflet.address, f"created {format_date(today)}"),
    )

    def draw(canvas: Any, _document: Any) -> None:
        canvas.saveState()
        canvas.setFillColor(SMALL.textColor)
        for row, parts in enumerate(lines):
            line = _replace_unsupported(" · ".join(part for part in parts if part))
            canvas.setFont(PLAIN, FOOT)
            canvas.drawString(SIDE, (19 - 4 * row) * mm, _truncate(line, WIDTH - PAGE_NUMBER_WIDTH))
        canvas.drawRightString(A4[0] - SIDE, 11 * mm, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()

    return draw


def _truncate(line: str, width: float) -> str:
    """Return `line` shortened to `width` points in the bold font."""
    if stringWidth(line, BOLD, FOOT) <= width:
        return line
    while line and stringWidth(f"{line}…", BOLD, FOOT) > width:
        line = line[:-1]
    return f"{line}…"
