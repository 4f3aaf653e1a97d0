"""How much text each element of a page holds, and how much of it is in links: counted in one walk.

Rules ask for the share of links of many elements in each other. Asking the tree each time would
cost a walk for each question; with running totals taken where an element begins and ends, every
answer costs one subtraction, and a page of 140,000 elements stays linear.
"""

from __future__ import annotations

from dataclasses import dataclass

from bs4.element import Tag

from ingest.readers.page import BLOCKS, UNSEEN, is_text, walk


@dataclass(frozen=True, slots=True)
class Weight:
    """What an element holds: words, those of them in links, links, and level-one headings."""

    words: int = 0
    linked: int = 0
    links: int = 0
    within_page: int = 0  # links to a place on the same page
    titles: int = 0  # h1, main and article: what no piece of boilerplate holds
    blocks: int = 0  # elements that hold blocks of text, not counting the element itself

    @property
    def prose(self) -> int:
        """Words that are not in links."""
        return self.words - self.linked

    @property
    def link_share(self) -> float:
        """Share of the words that are in links; 0 where there are no words."""
        return self.linked / self.words if self.words else 0.0


NOTHING = Weight()
TITLES = frozenset({"h1", "main", "article"})


class Weights:
    """The weights of all elements below one, as they were when it was made."""

    def __init__(self, root: Tag) -> None:
        self._weights: dict[int, Weight] = {}
        counts = [0, 0, 0, 0, 0, 0]
        starts: list[tuple[Tag, list[int]]] = [(root, counts.copy())]
        open_links = unseen = 0
        for element, _ in walk(root):
            if isinstance(element, Tag):
                starts.append((element, counts.copy()))
                unseen += element.name in UNSEEN
                open_links += element.name == "a"
                if element.name == "a":
                    counts[2] += 1
                    counts[3] += str(element.get("href", "")).startswith("#")
                counts[4] += element.name in TITLES
                counts[5] += element.name in BLOCKS
            elif element is None:
                tag, before = starts.pop()
                unseen -= tag.name in UNSEEN
                open_links -= tag.name == "a"
                self._end(tag, before, counts)
            elif is_text(element) and not unseen:
                words = len(str(element).split())
                counts[0] += words
                counts[1] += words if open_links else 0
        for tag, before in starts:
            self._end(tag, before, counts)

    def _end(self, tag: Tag, before: list[int], now: list[int]) -> None:
        words, linked, links, within, titles, blocks = (
            after - start for after, start in zip(now, before, strict=True)
        )
        self._weights[id(tag)] = Weight(
            words,
            linked,
            links,
            within,
            titles - (tag.name in TITLES and tag.name != "h1"),
            blocks - (tag.name in BLOCKS),
        )

    def of(self, tag: Tag) -> Weight:
        """Return the weight of an element; of one that was not there, nothing."""
        return self._weights.get(id(tag), NOTHING)
