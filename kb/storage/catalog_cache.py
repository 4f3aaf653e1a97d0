"""All published articles with the tags of their passages, held in memory for the pages that gather.

Which passages carry a tag stands in no column of the store, and a page of a topic must not wait for
the index, which may be away. So each process reads the list once, and then only the articles that
the change feed names.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kb.model.taxonomy import Taxonomy
from kb.storage.article_listing import Contents, Place
from kb.storage.article_store import Store

FEED_BATCH = 1_000  # changes read at once: many more than are made between two requests


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as most of its articles write it, with them by title."""

    name: str
    articles: tuple[Contents, ...]


@dataclass(frozen=True)
class Shelves:
    """One state of the list: the articles by title, and the topics by their name in lower case.

    The tags of a place hold those above them in the taxonomy, too, as the search counts them.
    """

    articles: tuple[Contents, ...]
    topics: dict[str, Topic]


class Catalogue:
    """The present list of a store."""

    def __init__(self, store: Store, taxonomy: Taxonomy) -> None:
        self._store, self._taxonomy = store, taxonomy
        self._lock = threading.Lock()
        self._seq = -1
        self._held: dict[str, Contents] = {}
        self._shelves = Shelves((), {})

    def shelves(self) -> Shelves:
        """Return the list as of the newest change."""
        seq = self._store.last_seq()
        with self._lock:
            if self._seq < seq:
                self._read(seq)
                self._shelves = shelve(self._held.values())
            return self._shelves

    def _read(self, seq: int) -> None:
        """Read what changed; a change that comes meanwhile is read again by the next call."""
        ids = None if self._seq < 0 else self._changed()
        for id_ in ids or ():
            self._held.pop(id_, None)
        for contents in self._store.contents(ids):
            places = tuple(self._under_ancestors(place) for place in contents.places)
            self._held[contents.article.id] = replace(contents, places=places)
        self._seq = seq

    def _changed(self) -> set[str]:
        found: set[str] = set()
        after = self._seq
        while changes := self._store.changes(after, FEED_BATCH):
            found |= {change.article_id for change in changes}
            after = changes[-1].seq
        return found

    def _under_ancestors(self, place: Place) -> Place:
        return replace(place, tags=self._taxonomy.with_ancestors(place.tags))


def shelve(contents: Iterable[Contents]) -> Shelves:
    """Order the articles by title and gather them by topic."""
    ordered = sorted(contents, key=lambda one: (one.article.title.casefold(), one.article.id))
    spellings: dict[str, list[str]] = defaultdict(list)
    gathered: dict[str, dict[str, Contents]] = defaultdict(dict)
    for one in ordered:
        for topic in one.article.metadata.topics:
            spellings[topic.casefold()].append(topic)
            gathered[topic.casefold()][one.article.id] = one
    topics = {
        key: Topic(_commonest(spellings[key]), tuple(found.values()))
        for key, found in sorted(gathered.items())
    }
    return Shelves(tuple(ordered), topics)


def _commonest(names: Sequence[str]) -> str:
    return max(sorted(set(names)), key=names.count)
