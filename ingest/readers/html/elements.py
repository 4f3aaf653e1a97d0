"""Inline text and headings of single HTML elements.

`ingest.readers.html.reader` emits them in reading order.
"""

from __future__ import annotations

import re

from bs4.element import PageElement, Tag

from ingest.readers.html.dom import BLOCKS, is_text, walk

HEADINGS = {f"h{level}": level for level in range(1, 7)}
SUBHEADINGS = frozenset(HEADINGS) - {"h1"}  # all but the title

_SPACE = re.compile(r"\s+")


def inline_text(tag: Tag, *, images: bool = True) -> str:
    """Return the text of an element, with a line break for `br`."""
    parts: list[str] = []
    for element, is_end in walk(tag):
        if isinstance(element, Tag):
            if element.name in BLOCKS and "".join(parts[-1:]).strip():
                parts.append(" ")
            elif is_end:
                continue
            elif element.name == "br":
                parts.append("\n")
            elif element.name == "img" and images:
                parts.append(str(element.get("alt", "")))
        elif is_text(element):
            parts.append(collapse_whitespace(element))
    return "".join(parts)


def collapse_whitespace(element: PageElement | None) -> str:
    """Return the text of a node with whitespace collapsed, as HTML requires."""
    return _SPACE.sub(" ", str(element))
