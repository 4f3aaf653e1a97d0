"""LRU cache of published passages, invalidated by the change feed.

Every change to published content appends to the change feed in the same transaction. Each search
reads the latest change number and drops the articles that have changed since, so a retired article
disappears with the next search. Content from a snapshot older than the cache is not cached.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from kb.model.passage import Passage
from kb.model.records import ArticleSummary
from kb.storage import change_feed, mappers
from kb.storage.schema import change_feed_table

MAX_ENTRIES = 8_192  # passages of about 4 kB each: 32 MB per process
MAX_CHANGES = 1_000  # with more new changes, the cache is cleared

MAX_ARTICLES = 256  # with all their passages, 30 on average

PublishedPassage = tuple[ArticleSummary, Passage]
PublishedArticle = tuple[ArticleSummary, list[Passage]]


class PublishedCache:
    """Published passages of one database, shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = -1
        self._passages: OrderedDict[str, PublishedPassage] = OrderedDict()
        self._tagged: OrderedDict[tuple[str, frozenset[str]], list[Passage]] = OrderedDict()
        self._articles: OrderedDict[str, PublishedArticle] = OrderedDict()

    def snapshot(self, connection: Connection) -> PublishedSnapshot:
        """Return the published content as seen by the connection's transaction."""
        return PublishedSnapshot(self, connection, self._catch_up(connection))

    def passages(
        self, connection: Connection, ids: Iterable[str], seq: int
    ) -> dict[str, PublishedPassage]:
        """Return the published passages among `ids` at change number `seq`."""
        requested = list(ids)
        with self._lock:
            cached = {id_: self._passages[id_] for id_ in requested if id_ in self._passages}
            cached = cached if seq >= self._seq else {}
            for id_ in cached:
                self._passages.move_to_end(id_)
        missing = [id_ for id_ in requested if id_ not in cached]
        if missing:
            loaded = mappers.load_published_passages(connection, missing)
            self._keep(self._passages, loaded, seq)
            cached |= loaded
        return cached

    def tagged(
        self, connection: Connection, article_id: str, tags: Collection[str], seq: int
    ) -> list[Passage]:
        """Return the tagged passages of a published article at change number `seq`."""
        key = (article_id, frozenset(tags))
        with self._lock:
            cached = self._tagged.get(key) if seq >= self._seq else None
            article = self._articles.get(article_id) if seq >= self._seq else None
        if cached is None:
            cached = (
                [each for each in article[1] if any(tag.tag in tags for tag in each.tags)]
                if article
                else mappers.load_tagged_passages(connection, article_id, tags)
            )
            self._keep(self._tagged, {key: cached}, seq)
        return cached

    def article(self, connection: Connection, article_id: str, seq: int) -> PublishedArticle | None:
        """Return a published article with its passages at change number `seq`.

        Its passages are also cached one by one, because most of them are hits of the same search.
        """
        with self._lock:
            cached = self._articles.get(article_id) if seq >= self._seq else None
            if cached is not None:
                self._articles.move_to_end(article_id)
                return cached
        loaded = mappers.load_published_article(connection, article_id)
        if loaded is not None:
            self._keep(self._articles, {article_id: loaded}, seq, MAX_ARTICLES)
            article, passages = loaded
            self._keep(self._passages, {each.id: (article, each) for each in passages}, seq)
        return loaded

    def _catch_up(self, connection: Connection) -> int:
        """Drop the articles that have changed. Returns the change number of the connection."""
        seq = change_feed.get_last_number(connection)
        if seq <= self._seq:
            return seq
        after = change_feed_table.c.seq > self._seq
        moved = connection.execute(
            select(change_feed_table.c.article_id)
            .where(after, change_feed_table.c.seq <= seq)
            .limit(MAX_CHANGES + 1)
        )
        changed = list(moved.scalars())
        with self._lock:
            if seq > self._seq:
                self._forget(set(changed), everything=len(changed) > MAX_CHANGES)
                self._seq = seq
        return seq

    def _forget(self, changed: set[str], *, everything: bool) -> None:
        if everything:
            self._passages.clear()
            self._tagged.clear()
            self._articles.clear()
            return
        for id_ in [i for i, entry in self._passages.items() if entry[0].id in changed]:
            del self._passages[id_]
        for key in [key for key in self._tagged if key[0] in changed]:
            del self._tagged[key]
        for id_ in changed:
            self._articles.pop(id_, None)

    def _keep(
        self,
        cache: OrderedDict[Any, Any],
        loaded: dict[Any, Any],
        seq: int,
        limit: int = MAX_ENTRIES,
    ) -> None:
        with self._lock:
            if seq == self._seq:
                cache.update(loaded)
                while len(cache) > limit:
                    cache.popitem(last=False)


@dataclass(frozen=True, slots=True)
class PublishedSnapshot:
    """Published content at one change number; valid until the transaction ends."""

    _present: PublishedCache
    _connection: Connection
    _seq: int

    def passages(self, ids: Iterable[str]) -> dict[str, PublishedPassage]:
        """Return the published passages among `ids`, each with its article.

        Passages that are no longer published are omitted.
        """
        return self._present.passages(self._connection, ids, self._seq)

    def article(self, article_id: str) -> PublishedArticle | None:
        """Return a published article with all its passages; None if it is not published."""
        return self._present.article(self._connection, article_id, self._seq)

    def first_passages(self, article_ids: Iterable[str]) -> dict[str, str]:
        """Return the id of the first passage of each published article."""
        return mappers.load_first_passages(self._connection, article_ids)

    def tagged(self, article_id: str, tags: Collection[str]) -> list[Passage]:
        """Return the passages of a published article that have one of `tags`, in order."""
        return self._present.tagged(self._connection, article_id, tags, self._seq)
