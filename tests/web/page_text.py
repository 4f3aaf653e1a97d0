"""The elements, links and visible text of a page, for assertions and for snapshots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString

INVISIBLE = {"head", "script", "style", "template"}
INLINE = {
    "a", "abbr", "b", "cite", "code", "em", "i", "kbd", "mark", "q", "small", "span", "strong",
    "sub", "sup", "time", "u",
}  # fmt: skip
LABELS = ("aria-label", "alt", "placeholder", "title")
BREAK = "\n"


class HasText(Protocol):
    """A response of the test client, or anything else with a body of text."""

    @property
    def text(self) -> str: ...


def parse(page: HasText | str) -> BeautifulSoup:
    return BeautifulSoup(page if isinstance(page, str) else page.text, "lxml")


def elements(page: HasText | str, selector: str) -> list[Tag]:
    """Return the elements of a page that match a CSS selector."""
    return list(parse(page).select(selector))


def texts(page: HasText | str, selector: str) -> list[str]:
    """Return the text of each element of a page that matches a CSS selector."""
    return [" ".join(element.get_text().split()) for element in elements(page, selector)]


def values(page: HasText | str, attribute: str) -> list[str]:
    """Return the values of an attribute wherever a page has it, in order."""
    return [str(element[attribute]) for element in elements(page, f"[{attribute}]")]


def links_of(page: HasText | str) -> list[str]:
    """Return the `href` of every element of a page, in order."""
    return values(page, "href")


def text_of(page: HasText | str) -> str:
    """Return the words of a page with single spaces, for assertions on content."""
    body = parse(page)
    for element in body(list(INVISIBLE)):
        element.decompose()
    return " ".join(body.get_text().split())


def visible_text(page: HasText | str, within: str = "body") -> str:
    """Return the text of a page for a snapshot: the title, then one line for each block.

    `within` is a CSS selector, such as "main" to leave out the header and footer. A label that
    only an attribute holds has a line of its own, with the attribute's name.
    """
    body = parse(page)
    title = f"title: {body.title.get_text().strip()}" if body.title else ""
    pieces = (piece for element in body.select(within) for piece in _pieces(element))
    lines = "".join((title, BREAK, *pieces)).split(BREAK)
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _pieces(element: Tag) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, Tag):
            if child.name in INVISIBLE:
                continue
            edge = "" if child.name in INLINE else BREAK
            yield edge
            for name in LABELS:
                if child.get(name):
                    yield f"{BREAK}{name}: {child[name]}{BREAK}"
            if child.name == "input" and child.get("type") in ("submit", "button"):
                yield str(child.get("value", ""))
            yield from _pieces(child)
            yield edge
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            yield re.sub(r"\s+", " ", child)
