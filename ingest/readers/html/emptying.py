"""Taking elements out of a page: each is reported with what it said, and leaves a rule behind.

An emptied element stays as an `hr`: taking elements out one by one costs a search among their
siblings each, which is quadratic on a flat page.
"""

from __future__ import annotations

from bs4.element import PageElement, Tag

from ingest.readers.base import OmittedText
from ingest.readers.html.dom import BLOCKS, is_text, visible_text


def remove_element(tag: Tag, reason: str, dropped: list[OmittedText]) -> None:
    """Report and empty an element; with an empty reason there is nothing to report."""
    text = words_of(tag) if reason else ""
    if text:
        dropped.append(OmittedText(reason, text))
    following = after(tag)
    tag.contents = []
    tag.next_element = following
    if following is not None:
        following.previous_element = tag
    tag.name = "hr" if tag.name in BLOCKS else tag.name
    tag.attrs.clear()


def after(tag: Tag) -> PageElement | None:
    """Return what follows an element in the page, past all that it holds."""
    current: Tag | None = tag
    while current is not None:
        if current.next_sibling is not None:
            return current.next_sibling
        current = current.parent
    return None


def words_of(element: PageElement) -> str:
    """Return the visible text of an element in one line."""
    if isinstance(element, Tag):
        if element.name == "template":  # its text is of a kind of its own
            return " ".join(element.get_text(" ").split())
        return " ".join(visible_text(element).split())
    return " ".join(str(element).split()) if is_text(element) else ""
