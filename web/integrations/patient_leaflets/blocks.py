"""Blocks of a passage in a patient leaflet, built from the same view as the article pages."""

from __future__ import annotations

from collections.abc import Iterator

from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from kb.model.article import BlockKind
from kb.model.passage import Passage
from web.integrations.patient_leaflets.styles import (
    CALLOUT,
    CALLOUTS,
    ITEM,
    PLAIN,
    REPEATED,
    SIZE,
    SMALL,
    TEXT,
    paragraph,
    plain_paragraph,
    replace_unsupported,
)
from web.integrations.patient_leaflets.tables import render_table
from web.presentation.article_view import (
    OCR_NOTE,
    BlockView,
    ListView,
    TextSpan,
    build_block_view,
)

BULLET = "•"
INDENT = 14  # points for each level of a list, more if a label needs it
LABEL_GAP = 7  # points between a label and its text
MAX_LABEL_WIDTH = 80  # points; a longer label is the start of the text
MAX_LIST_INDENT = 200  # points; deeper levels are not indented further


def render_passage(passage: Passage) -> Iterator[Flowable]:
    """Yield the blocks of a passage, after a note if its text was recognised by OCR."""
    if passage.ocr:
        yield plain_paragraph(OCR_NOTE, SMALL)
    for block in passage.blocks:
        yield from _render_block(build_block_view(block))


def _render_block(block: BlockView) -> Iterator[Flowable]:
    if block.list:
        yield from _render_list(block.list, 0)
    elif block.kind is BlockKind.TABLE:
        yield from render_table(block)
    elif block.kind is BlockKind.CALLOUT:
        yield paragraph(block.text, CALLOUTS.get(block.level, CALLOUT), label=block.word)
    elif block.kind is BlockKind.CAPTION:
        yield paragraph(block.text, SMALL)
    else:
        yield paragraph(block.text, REPEATED if block.repeated else TEXT)


def _render_list(view: ListView, indent: float) -> Iterator[Flowable]:
    """Yield the items with their labels, each level further from the margin by `indent` points."""
    labels = [replace_unsupported(label) for label in _labels(view)]
    widest = max((stringWidth(label, PLAIN, SIZE) for label in labels), default=0)
    inner = indent + max(INDENT, min(widest, MAX_LABEL_WIDTH) + LABEL_GAP)
    style = ParagraphStyle("item", parent=ITEM, bulletIndent=indent, leftIndent=inner)
    for item, label in zip(view.items, labels, strict=True):
        if stringWidth(label, PLAIN, SIZE) > MAX_LABEL_WIDTH:
            yield paragraph((TextSpan(f"{label} "), *item.text), style)
        else:
            yield paragraph(item.text, style, bullet=label)
        if item.below:
            yield from _render_list(item.below, min(inner, MAX_LIST_INDENT))


def _labels(view: ListView) -> list[str]:
    """Return the labels of the source, or else numbers or bullets."""
    if not view.numbering:
        return [item.label or BULLET for item in view.items]
    return [item.label or f"{view.start + number}." for number, item in enumerate(view.items)]
