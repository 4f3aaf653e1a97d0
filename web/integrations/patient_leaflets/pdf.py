"""Rendering of patient leaflets: one or more articles as a PDF, with review state on every page.

`unsupported_characters` returns the characters that the font lacks, so that callers can warn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
)

from kb.model.records import ArticleRecord, get_review_state
from web.integrations.patient_leaflets.blocks import render_passage
from web.integrations.patient_leaflets.styles import (
    BOLD,
    HEADING,
    PLAIN,
    SIDE,
    SMALL,
    TITLE,
    WARNING,
    WIDTH,
    plain_paragraph,
    register_fonts,
    replace_unsupported,
)
from web.presentation.formatting import format_date, format_review
from web.presentation.line_breaks import join_amounts

FOOT = 8
ABOVE, BELOW = 20 * mm, 28 * mm
PAGE_NUMBER_WIDTH = 20 * mm  # reserved in the footer


@dataclass(frozen=True, slots=True)
class Leaflet:
    """Article to render, and its full URL."""

    record: ArticleRecord
    address: str


def render_pdf(leaflets: Sequence[Leaflet], site: str, today: date) -> bytes:
    """Return a PDF in which each leaflet starts on a new page.

    `site` is the name of the site. The output is deterministic.
    """
    register_fonts()
    buffer = BytesIO()
    first = leaflets[0].record.article
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=replace_unsupported(first.title),
        subject=replace_unsupported(site),
        author=replace_unsupported(first.metadata.owner or site),
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
    supported = register_fonts()
    metadata = record.article.metadata
    facts = (metadata.owner, metadata.source, metadata.licence, *metadata.also_called)
    texts = [record.article.title, *facts]
    for passage in record.passages:
        texts += [*passage.heading_path, passage.text]
    characters = {c for text in texts for c in text if ord(c) not in supported and c.isprintable()}
    return "".join(sorted(characters))


def _article(leaflet: Leaflet, today: date) -> Iterator[Flowable]:
    record, metadata = leaflet.record, leaflet.record.article.metadata
    yield plain_paragraph(record.article.title, TITLE)
    if metadata.also_called:
        yield plain_paragraph(f"Also called {', '.join(metadata.also_called)}", SMALL)
    state = format_review(metadata, get_review_state(metadata.review_due, today))
    overdue = state.state.value == "overdue"
    yield plain_paragraph(state.words, WARNING if overdue else SMALL)
    path: tuple[str, ...] = ()
    for passage in record.passages:
        if passage.heading_path != path:
            path = passage.heading_path
            if path:
                yield plain_paragraph(join_amounts(" › ".join(path)), HEADING)
        yield from render_passage(passage)


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
            line = replace_unsupported(" · ".join(part for part in parts if part))
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
