"""How much text each element of a page holds, and how much of it is in links: counted in one walk.

Rules ask for the share of links of many elements in each other. Asking the tree each time would
cost a walk for each question; with running totals taken where an element begins and ends, every
answer costs one subtraction, and a page of 40,000 elements stays linear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import sub
from typing import NamedTuple

from bs4.element import Tag

from ingest.readers.html.dom import BLOCKS, INVISIBLE, is_text, walk


class ElementDensity(NamedTuple):
    """What an element holds: words, those of them in links, links, and level-one headings."""

    words: int = 0
    linked_words: int = 0
    links: int = 0
    internal_links: int = 0  # links to a place on the same page
    titles: int = 0  # h1, main and article: what no piece of boilerplate holds
    blocks: int = 0  # elements that hold blocks of text, not counting the element itself

    @property
    def prose(self) -> int:
        """Words that are not in links."""
        return self.words - self.linked_words

    @property
    def link_share(self) -> float:
        """Share of the words that are in links; 0 where there are no words."""
        return self.linked_words / self.words if self.words else 0.0


NO_DENSITY = ElementDensity()
TITLES = frozenset({"h1", "main", "article"})


class TextDensity:
    """The weights of all elements below one, as they were when it was made."""

    def __init__(self, root: Tag) -> None:
        self._tags = [root]  # in reading order
        self._ends = [0]  # number of the first tag after each and all it holds
        self._counts: dict[int, tuple[list[int], list[int]]] = {}  # before and after each
        self._numbers: dict[int, int] = {}  # of each tag, by its identity
        now = [0, 0, 0, 0, 0, 0]
        open_tags: list[tuple[int, list[int]]] = [(0, now.copy())]
        open_links = unseen = 0
        for element, _ in walk(root):
            if isinstance(element, Tag):
                open_tags.append((len(self._tags), now.copy()))
                self._tags.append(element)
                self._ends.append(0)
                unseen += element.name in INVISIBLE
                now[4] += element.name in TITLES
                now[5] += element.name in BLOCKS
                if element.name == "a":
                    open_links += 1
                    now[2] += 1
                    now[3] += str(element.get("href", "")).startswith("#")
            elif element is None:
                number, before = open_tags.pop()
                self._numbers[id(self._tags[number])] = number
                tag = self._tags[number]
                unseen -= tag.name in INVISIBLE
                open_links -= tag.name == "a"
                self._ends[number] = len(self._tags)
                self._counts[id(tag)] = (before, now.copy())
            elif is_text(element) and not unseen:
                words = len(str(element).split())
                now[0] += words
                now[1] += words if open_links else 0

    def measure(self, tag: Tag) -> ElementDensity:
        """Return the weight of an element; of one that was not there, nothing."""
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
        """Yield all elements below the root, or below another element, in reading order.

        Those that stood in an element emptied meanwhile are left out.
        """
        first = 0 if root is None else self._numbers[id(root)]
        number, last = first + 1, self._ends[first]
        while number < last:
            tag, end = self._tags[number], self._ends[number]
            if tag.contents or end == number + 1:
                yield tag
            number = number + 1 if tag.contents else end


def ancestor_ids(tags: Iterable[Tag]) -> set[int]:
    """Return the identities of all elements that hold one of these."""
    holders: set[int] = set()
    for tag in tags:
        for above in tag.parents:
            if id(above) in holders:
                break
            holders.add(id(above))
    return holders
