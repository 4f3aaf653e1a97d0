"""Lines about the review of a text: clinical content, even in the footer of a page."""

from __future__ import annotations

import re

from bs4.element import Tag

from ingest.readers.html.dom import BLOCKS
from ingest.readers.html.emptying import words_of

REVIEW_LINE = re.compile(
    r"\b(?:last|medically|clinically|content|page|date) (?:last )?(?:reviewed|updated|modified|"
    r"checked|revised)\b|\b(?:next|date of) review\b|\breview (?:date|due)\b"
    r"|\breviewed (?:on|by|in)\b",
    re.I,
)
MAX_REVIEW_LINE_LENGTH = 30  # words
MAX_REVIEW_LINES = 5
COPYRIGHT = re.compile(r"©|\ball rights reserved\b", re.I)


def review_lines(tag: Tag) -> list[Tag]:
    """Take out of an element the short lines about the review of the text, and return them."""
    if not REVIEW_LINE.search(words_of(tag)):
        return []
    lines = [
        line
        for line in tag.find_all(["p", "div", "li", "dd", "td"])
        if not line.find(list(BLOCKS))
        and REVIEW_LINE.search(text := words_of(line))
        and len(text.split()) <= MAX_REVIEW_LINE_LENGTH
        and not COPYRIGHT.search(text)
    ]
    return [line.extract() for line in lines[:MAX_REVIEW_LINES]]
