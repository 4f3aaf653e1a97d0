"""Watermarks of PDF pages, such as WITHDRAWN: slanted text, and large light text on most pages."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.readers.common.result import WATERMARK, OmittedText, watermark_warning
from ingest.readers.pdf.headings import measure_body_type
from ingest.readers.pdf.page import PdfPage

SLANTED = "slanted text"
MIN_WATERMARK_RATIO = 1.8  # times the size of the body text
MIN_PAGE_SHARE = 0.5
MIN_LIGHT_PAGES = 2  # a light heading on one page is a heading


def remove_watermarks(pages: Sequence[PdfPage]) -> tuple[list[OmittedText], list[str]]:
    """Remove watermarks from the pages. Returns the removed text, and a warning for each text."""
    body = measure_body_type([word for page in pages for word in page.words])
    min_size = MIN_WATERMARK_RATIO * body.size
    omitted: list[OmittedText] = []
    watermarks: dict[str, None] = {}
    for page in pages:
        for text, size in page.slanted:
            is_watermark = size >= min_size
            omitted.append(OmittedText(WATERMARK if is_watermark else SLANTED, text))
            if is_watermark:
                watermarks[text] = None
    light_texts = [_light_text(page, min_size) for page in pages]
    for page, text in zip(pages, light_texts, strict=True):
        count = light_texts.count(text)
        if not text or count < MIN_LIGHT_PAGES or count <= MIN_PAGE_SHARE * len(pages):
            continue
        page.words = [word for word in page.words if not (word.light and word.size >= min_size)]
        omitted.append(OmittedText(WATERMARK, text))
        watermarks[text] = None
    return omitted, list(map(watermark_warning, watermarks))


def _light_text(page: PdfPage, min_size: float) -> str:
    return " ".join(word.text for word in page.words if word.light and word.size >= min_size)
