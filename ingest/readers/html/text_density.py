"""Word and link counts of every element of a page, computed in one pass.

The rules need the link share of many nested elements. Running totals at the start and end of each
element make every lookup a subtraction, so a page of 40,000 elements takes linear time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bs4.element import Tag

from ingest.readers.html.dom import BLOCKS, INVISIBLE, is_text


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
        self._densities: dict[int, ElementDensity] = {}  # by object id
        self._numbers: dict[int, int] = {}  # index of each, by object id
        words = linked_words = links = internal_links = titles = blocks = 0
        open_links = unseen = 0
        # Each open element with its index, its remaining children and the totals at its start.
        open_elements = [(root, 0, iter(root.contents), (0, 0, 0, 0, 0, 0))]
        while open_elements:
            tag, index, children, before = open_elements[-1]
            for element in children:
                if isinstance(element, Tag):
                    name = element.name
                    start = (words, linked_words, links, internal_links, titles, blocks)
                    open_elements.append((element, len(self._tags), iter(element.contents), start))
                    self._tags.append(element)
                    self._ends.append(0)
                    unseen += name in INVISIBLE
                    titles += name in TITLES
                    blocks += name in BLOCKS
                    if name == "a":
                        open_links += 1
                        links += 1
                        internal_links += str(element.get("href", "")).startswith("#")
                    break
                if not unseen and is_text(element):
                    count = len(element.split())
                    words += count
                    linked_words += count if open_links else 0
            else:
                open_elements.pop()
                name = tag.name
                unseen -= name in INVISIBLE
                open_links -= name == "a"
                words_0, linked_words_0, links_0, internal_links_0, titles_0, blocks_0 = before
                self._numbers[id(tag)] = index
                self._ends[index] = len(self._tags)
                self._densities[id(tag)] = ElementDensity(
                    words - words_0,
                    linked_words - linked_words_0,
                    links - links_0,
                    internal_links - internal_links_0,
                    titles - titles_0 - (name in TITLES and name != "h1"),
                    blocks - blocks_0 - (name in BLOCKS),
                )

    def measure(self, tag: Tag) -> ElementDensity:
        """Return the density of an element, or zeros if it was not in the tree."""
        return self._densities.get(id(tag), NO_DENSITY)

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
