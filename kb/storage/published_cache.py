"""What is published at present, as it was read lately: a search asks for the same again and again.

Whatever changes what is found appends to the change feed in the same transaction. So what was read
when the feed stood at a number holds as long as it stands there, and once it has moved, for all
articles that have no entry since: each search asks for the number, and a withdrawn article is gone
with the first search after it. What is read of an older state than the one that is kept is used and
not kept.
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
from kb.storage.schema import changes

KEPT = 8_192  # passages, some 4 kB each: 32 MB in a process
LOOKED_AT = 1_000  # entries of the feed: after more everything is read anew

Found = tuple[ArticleSummary, Passage]


class PublishedCache:
    """What a process has read of the published articles of one store."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = -1
        self._passages: OrderedDict[str, Found] = OrderedDict()
        self._tagged: OrderedDict[tuple[str, frozenset[str]], list[Passage]] = OrderedDict()

    def at(self, connection: Connection) -> PublishedSnapshot:
        """Return what is published at the moment that the connection sees."""
        return PublishedSnapshot(self, connection, self._catch_up(connection))

    def passages(self, connection: Connection, ids: Iterable[str], seq: int) -> dict[str, Found]:
        """Return the published passages among `ids` as the feed stands at `seq`."""
        wanted = list(ids)
        with self._lock:
            known = {id_: self._passages[id_] for id_ in wanted if id_ in self._passages}
            known = known if seq >= self._seq else {}
            for id_ in known:
                self._passages.move_to_end(id_)  # what is asked for often stays
        missing = [id_ for id_ in wanted if id_ not in known]
        if missing:
            read = mappers.published_passages(connection, missing)
            self._keep(self._passages, read, seq)
            known |= read
        return known

    def tagged(
        self, connection: Connection, article_id: str, tags: Collection[str], seq: int
    ) -> list[Passage]:
        """Return the tagged passages of a published article as the feed stands at `seq`."""
        key = (article_id, frozenset(tags))
        with self._lock:
            known = self._tagged.get(key) if seq >= self._seq else None
        if known is None:
            known = mappers.tagged_passages(connection, article_id, tags)
            self._keep(self._tagged, {key: known}, seq)
        return known

    def _catch_up(self, connection: Connection) -> int:
        """Forget the articles that have changed; return the number at which this one reads."""
        seq = change_feed.last_number(connection)
        if seq <= self._seq:
            return seq
        after = changes.c.seq > self._seq
        moved = connection.execute(
            select(changes.c.article_id).where(after, changes.c.seq <= seq).limit(LOOKED_AT + 1)
        )
        changed = list(moved.scalars())
        with self._lock:
            if seq > self._seq:
                self._forget(set(changed), everything=len(changed) > LOOKED_AT)
                self._seq = seq
        return seq

    def _forget(self, changed: set[str], *, everything: bool) -> None:
        if everything:
            self._passages.clear()
            self._tagged.clear()
            return
        for id_ in [i for i, found in self._passages.items() if found[0].id in changed]:
            del self._passages[id_]
        for key in [key for key in self._tagged if key[0] in changed]:
            del self._tagged[key]

    def _keep(self, kept: OrderedDict[Any, Any], read: dict[Any, Any], seq: int) -> None:
        with self._lock:
            if seq == self._seq:
                kept.update(read)
                while len(kept) > KEPT:
                    kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class PublishedSnapshot:
    """What is published at one moment: all that is asked of it belongs together."""

    _present: PublishedCache
    _connection: Connection
    _seq: int

    def passages(self, ids: Iterable[str]) -> dict[str, Found]:
        """Return the published passages among `ids`, each with its article.

        A passage that was withdrawn since an index was built is simply not there.
        """
        return self._present.passages(self._connection, ids, self._seq)

    def tagged(self, article_id: str, tags: Collection[str]) -> list[Passage]:
        """Return the passages of a published article that have one of `tags`, in their order."""
        return self._present.tagged(self._connection, article_id, tags, self._seq)
