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
from kb.storage.article_listing import ArticleOutline, PassageRef
from kb.storage.article_store import ArticleStore

FEED_BATCH = 1_000  # changes read at once: many more than are made between two requests


@dataclass(frozen=True, slots=True)
class TopicArticles:
    """A topic as most of its articles write it, with them by title."""

    name: str
    articles: tuple[ArticleOutline, ...]


@dataclass(frozen=True)
class CatalogSnapshot:
    """One state of the list: the articles by title, and the topics by their name in lower case.

    The tags of a place hold those above them in the taxonomy, too, as the search counts them.
    """

    articles: tuple[ArticleOutline, ...]
    topics: dict[str, TopicArticles]


class CatalogCache:
    """The present list of a store."""

    def __init__(self, store: ArticleStore, taxonomy: Taxonomy) -> None:
        self._store, self._taxonomy = store, taxonomy
        self._lock = threading.Lock()
        self._seq = -1
        self._held: dict[str, ArticleOutline] = {}
        self._shelves = CatalogSnapshot((), {})

    def shelves(self) -> CatalogSnapshot:
        """Return the list as of the newest change."""
        seq = self._store.last_seq()
        with self._lock:
            if self._seq < seq:
                self._read(seq)
                self._shelves = build_snapshot(self._held.values())
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

    def _under_ancestors(self, place: PassageRef) -> PassageRef:
        return replace(place, tags=self._taxonomy.with_ancestors(place.tags))


def build_snapshot(contents: Iterable[ArticleOutline]) -> CatalogSnapshot:
    """Order the articles by title and gather them by topic."""
    ordered = sorted(contents, key=lambda one: (one.article.title.casefold(), one.article.id))
    spellings: dict[str, list[str]] = defaultdict(list)
    gathered: dict[str, dict[str, ArticleOutline]] = defaultdict(dict)
    for one in ordered:
        for topic in one.article.metadata.topics:
            spellings[topic.casefold()].append(topic)
            gathered[topic.casefold()][one.article.id] = one
    topics = {
        key: TopicArticles(_commonest(spellings[key]), tuple(found.values()))
        for key, found in sorted(gathered.items())
    }
    return CatalogSnapshot(tuple(ordered), topics)


def _commonest(names: Sequence[str]) -> str:
    return max(sorted(set(names)), key=names.count)
