"""Page headers, footers, comments and watermarks, which are reported and not part of the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.common.result import (
    WATERMARK,
    OmittedText,
    status_warning,
    watermark_warning,
)
from ingest.readers.docx.drawings import (
    DRAWING_TAGS,
    alternative_text,
    drawing_paragraphs,
    word_art,
)
from ingest.readers.docx.package import DocxPackage
from ingest.readers.docx.preprocess import preprocess
from ingest.readers.docx.runs import part_text
from ingest.readers.docx.styles import StyleSheet

HEADER = "the page header"
FOOTER = "the page footer"
COMMENT = "a comment"
# Prefix of a part name, relative to the folder of the main part -> reason why it is not content.
OTHER_PARTS = {"header": HEADER, "footer": FOOTER, "comments": COMMENT}
# Words on each page that say that a document must not be used as it is.
STATUS_WORDS = re.compile(
    r"\b(?:withdrawn|superseded|obsolete|archived|draft|out of date|do not use"
    r"|not (?:for|in) (?:clinical )?use|no longer (?:in use|valid|current))\b",
    re.I,
)


@dataclass(slots=True)
class OtherParts:
    """Text of the other parts, and warnings about the status of the document."""

    omitted: list[OmittedText] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_other_parts(package: DocxPackage, styles: StyleSheet, body: etree._Element) -> OtherParts:
    """Return the text of page headers, footers and comments, and the watermarks in them.

    WordArt in the body is text, but it is a warning if it states the status of the document.
    """
    others = OtherParts()
    others.warnings.extend(
        status_warning("The document is marked", text)
        for text in dict.fromkeys(word_art(body))
        if STATUS_WORDS.search(text)
    )
    watermarks: dict[str, None] = {}  # the same one is in the header of each kind of page
    for prefix, reason in OTHER_PARTS.items():
        for tree in package.parse_all(package.sibling(prefix)):
            watermarks.update(dict.fromkeys(_drawn_texts(tree)))
            preprocess(tree, others.omitted)
            text = part_text(tree, styles)
            if not text.strip():
                continue
            others.omitted.append(OmittedText(reason, text))
            line = " ".join(text.split())
            if reason != COMMENT and STATUS_WORDS.search(line):
                others.warnings.append(status_warning(f"{reason.capitalize()} reads", line))
    for text in watermarks:
        others.omitted.append(OmittedText(WATERMARK, text))
        others.warnings.append(watermark_warning(text))
    return others


def _drawn_texts(tree: etree._Element) -> list[str]:
    """Return the texts that are drawn on each page, including images described as a stamp."""
    stamps = filter(STATUS_WORDS.search, map(alternative_text, tree.iter(*DRAWING_TAGS)))
    texts = (*word_art(tree), *drawing_paragraphs(tree), *stamps)
    return [" ".join(text.split()) for text in texts]
