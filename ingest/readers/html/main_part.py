"""Which element of a page holds the article, and what of the rest belongs to it.

The page may mark it; where it does not, it is the smallest element that holds nearly all the prose.
"""

from __future__ import annotations

from collections.abc import Iterator

from bs4.element import PageElement, Tag

from ingest.readers.html.dom import BLOCKS
from ingest.readers.html.text_density import TextDensity

# Less text than this share of the page in "main" means that the page is marked wrongly.
MIN_MAIN_SHARE = 0.25
# Words of prose, and their share in links, with which a box beside the content may belong to it.
TEXT_BESIDE = 25
LINKS_BESIDE = 0.25
MAX_PROSE_SHARE = 0.9  # of the page: an element with it is the content of a page without mark-up


def find_main_element(body: Tag, weights: TextDensity) -> Tag:
    """The element that the page marks as its content, or the one that holds nearly all prose."""
    marked = body.find_all("main") or body.find_all(role="main")
    marked = marked or body.find_all("article")
    if marked:
        largest: Tag = max(marked, key=lambda tag: weights.of(tag).words)
        share = MIN_MAIN_SHARE
        if len(marked) > 1 and largest.name == "article":
            share = 0.5  # a page of several articles is not its largest one
        if weights.of(largest).words >= share * weights.of(body).words:
            return largest
        if len(marked) > 1:
            return body
    return _densest(body, weights)


def _densest(body: Tag, weights: TextDensity) -> Tag:
    """Go down from the body as long as one element holds nearly all the prose and the title."""
    least = MAX_PROSE_SHARE * weights.of(body).prose
    current = body
    while True:
        titles = weights.of(current).titles
        inner = [
            child
            for child in current.children
            if isinstance(child, Tag)
            and child.name in BLOCKS
            and weights.of(child).prose >= least
            and weights.of(child).prose
        ]
        if len(inner) != 1 or (titles and not _titles_in(inner[0], weights)):
            return current
        if any(
            weights.of(child).prose >= TEXT_BESIDE and weights.of(child).link_share < LINKS_BESIDE
            for child in current.children
            if isinstance(child, Tag) and child is not inner[0]
        ):
            return current
        current = inner[0]


def _titles_in(tag: Tag, weights: TextDensity) -> bool:
    return tag.name == "h1" or bool(weights.of(tag).titles)


def around(content: Tag, body: Tag) -> Iterator[PageElement]:
    """Yield what stands in the body beside an element and beside all that is above it."""
    current = content
    while current is not body and current.parent is not None:
        yield from (element for element in current.parent.contents if element is not current)
        current = current.parent
