"""In-memory catalogue of published articles with the tags of their passages.

Tags are not stored in a separate column, and topic pages must work without the search index.
Each process therefore loads the catalogue once, and afterwards only the articles named in the
change feed.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kb.model.taxonomy import Taxonomy
from kb.storage.article_listing import ArticleOutline, PassageRef
from kb.storage.article_store import ArticleStore

FEED_BATCH = 1_000  # changes per read; far more than occur between two requests


@dataclass(frozen=True, slots=True)
class TopicArticles:
    """A topic in its most frequent spelling, with its articles sorted by title."""

    name: str
    articles: tuple[ArticleOutline, ...]


@dataclass(frozen=True)
class CatalogSnapshot:
    """Catalogue at one point in time: articles by title, and topics by case-folded name.

    The tags of a passage include their ancestors in the taxonomy, as in the search facets.
    """

    articles: tuple[ArticleOutline, ...]
    topics: dict[str, TopicArticles]


class CatalogCache:
    """Catalogue of an article store, updated from the change feed."""

    def __init__(self, store: ArticleStore, taxonomy: Taxonomy) -> None:
        self._store, self._taxonomy = store, taxonomy
        self._lock = threading.Lock()
        self._seq = -1
        self._held: dict[str, ArticleOutline] = {}
        self._shelves = CatalogSnapshot((), {})

    def snapshot(self) -> CatalogSnapshot:
        """Return the catalogue as of the latest change."""
        seq = self._store.last_seq()
        with self._lock:
            if self._seq < seq:
                self._read(seq)
                self._shelves = build_snapshot(self._held.values())
            return self._shelves

    def _read(self, seq: int) -> None:
        """Load the changed articles. Concurrent changes are loaded again by the next call."""
        ids = None if self._seq < 0 else self._changed()
        for id_ in ids or ():
            self._held.pop(id_, None)
        for contents in self._store.list_outlines(ids):
            refs = tuple(self._under_ancestors(ref) for ref in contents.passages)
            self._held[contents.article.id] = replace(contents, passages=refs)
        self._seq = seq

    def _changed(self) -> set[str]:
        article_ids: set[str] = set()
        after = self._seq
        while changes := self._store.changes(after, FEED_BATCH):
            article_ids |= {change.article_id for change in changes}
            after = changes[-1].seq
        return article_ids

    def _under_ancestors(self, ref: PassageRef) -> PassageRef:
        return replace(ref, tags=self._taxonomy.with_ancestors(ref.tags))


def build_snapshot(contents: Iterable[ArticleOutline]) -> CatalogSnapshot:
    """Sort the articles by title and group them by topic."""
    ordered = sorted(
        contents, key=lambda outline: (outline.article.title.casefold(), outline.article.id)
    )
    spellings: dict[str, list[str]] = defaultdict(list)
    by_topic: dict[str, dict[str, ArticleOutline]] = defaultdict(dict)
    for outline in ordered:
        for topic in outline.article.metadata.topics:
            spellings[topic.casefold()].append(topic)
            by_topic[topic.casefold()][outline.article.id] = outline
    topics = {
        key: TopicArticles(_most_common(spellings[key]), tuple(members.values()))
        for key, members in sorted(by_topic.items())
    }
    return CatalogSnapshot(tuple(ordered), topics)


def _most_common(names: Sequence[str]) -> str:
    return max(sorted(set(names)), key=names.count)
