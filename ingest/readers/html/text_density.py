"""Word and link counts of every element of a page, computed in one pass.

The rules need the link share of many nested elements. Running totals at the start and end of each
element make every lookup a subtraction, so a page of 40,000 elements takes linear time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import sub
from typing import NamedTuple

from bs4.element import Tag

from ingest.readers.html.dom import BLOCKS, INVISIBLE, is_text, walk


class ElementDensity(NamedTuple):
    """Counts of an element: words, words in links, links, titles and blocks."""

    words: int = 0
    linked_words: int = 0
    links: int = 0
    internal_links: int = 0  # links to anchors on the same page
    titles: int = 0  # h1, main and article elements, which boilerplate never contains
    blocks: int = 0  # block elements inside the element

    @property
    def prose(self) -> int:
        """Number of words outside links."""
        return self.words - self.linked_words

    @property
    def link_share(self) -> float:
        """Share of the words in links; 0 for an element without words."""
        return self.linked_words / self.words if self.words else 0.0


NO_DENSITY = ElementDensity()
TITLES = frozenset({"h1", "main", "article"})


class TextDensity:
    """Densities of all descendants of an element at the time of creation."""

    def __init__(self, root: Tag) -> None:
        self._tags = [root]  # in reading order
        self._ends = [0]  # index after the last descendant of each
        # totals at the start and end of each, by object id
        self._counts: dict[int, tuple[list[int], list[int]]] = {}
        self._numbers: dict[int, int] = {}  # index of each, by object id
        totals = [0, 0, 0, 0, 0, 0]
        open_tags: list[tuple[int, list[int]]] = [(0, totals.copy())]
        open_links = unseen = 0
        for element, _ in walk(root):
            if isinstance(element, Tag):
                open_tags.append((len(self._tags), totals.copy()))
                self._tags.append(element)
                self._ends.append(0)
                unseen += element.name in INVISIBLE
                totals[4] += element.name in TITLES
                totals[5] += element.name in BLOCKS
                if element.name == "a":
                    open_links += 1
                    totals[2] += 1
                    totals[3] += str(element.get("href", "")).startswith("#")
            elif element is None:
                index, before = open_tags.pop()
                self._numbers[id(self._tags[index])] = index
                tag = self._tags[index]
                unseen -= tag.name in INVISIBLE
                open_links -= tag.name == "a"
                self._ends[index] = len(self._tags)
                self._counts[id(tag)] = (before, totals.copy())
            elif is_text(element) and not unseen:
                words = len(str(element).split())
                totals[0] += words
                totals[1] += words if open_links else 0

    def measure(self, tag: Tag) -> ElementDensity:
        """Return the density of an element, or zeros if it was not in the tree."""
        if id(tag) not in self._counts:
            return NO_DENSITY
        before, after = self._counts[id(tag)]
        words, linked, links, within, titles, blocks = map(sub, after, before)
        name = tag.name
        return ElementDensity(
            words,
            linked,
            links,
            within,
            titles - (name in TITLES and name != "h1"),
            blocks - (name in BLOCKS),
        )

    def iter_tags(self, root: Tag | None = None) -> Iterator[Tag]:
        """Yield the descendants of `root` in reading order, except those of emptied elements.

        Without `root`, all elements are yielded.
        """
        first = 0 if root is None else self._numbers[id(root)]
        index, last = first + 1, self._ends[first]
        while index < last:
            tag, end = self._tags[index], self._ends[index]
            if tag.contents or end == index + 1:
                yield tag
            index = index + 1 if tag.contents else end


def ancestor_ids(tags: Iterable[Tag]) -> set[int]:
    """Return the object ids of all ancestors of the given elements."""
    ids: set[int] = set()
    for tag in tags:
        for ancestor in tag.parents:
            if id(ancestor) in ids:
                break
            ids.add(id(ancestor))
    return ids
