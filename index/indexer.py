"""Indexing: brings the index to where the store's change feed is.

The index carries the place in the feed that it has reached, in the same commit as its content;
so after any crash the work goes on from what is really there. One process writes at a time: who
finds the lock taken leaves the work to the holder, and the holder looks at the feed once more
after it has let go of the lock, so that no change falls between the two.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from index.document import IndexDocument, build_documents
from index.engine import Engine, IndexState, IndexWriter
from kb.errors import IndexCorruptError, IndexLockedError
from kb.model.taxonomy import Taxonomy
from kb.storage.article_store import ArticleStore

BATCH_SIZE = (
    500  # changes in one commit: a few seconds of work, and little to do again after a crash
)
# Articles in one commit of a rebuild: each commit makes a segment, and a search pays for each. This
# many are some tens of megabytes of text.
REBUILD_BATCH_SIZE = 5_000
LOCK_TIMEOUT = 30.0  # a rebuild waits this long for a writer to finish its batch
LOCK_POLL_INTERVAL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a sync did. `busy` means that another process is at work and was left to it."""

    changes: int = 0
    busy: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)


class Indexer:
    """Keeps one engine in step with one store."""

    def __init__(self, store: ArticleStore, engine: Engine, taxonomy: Taxonomy) -> None:
        self._store, self._engine, self._taxonomy = store, engine, taxonomy

    def pending_changes(self) -> int:
        """Return how many changes the index has not seen; raises `SearchIndexError`."""
        checkpoint = self._engine.state().checkpoint  # first: the feed may go on meanwhile
        last = self._store.last_seq()
        if checkpoint > last:
            raise IndexCorruptError(
                f"it has seen {checkpoint - last} changes that these articles never had, as after "
                "a restore that was cut off",
                code="ahead",
            )
        return last - checkpoint

    def sync(self) -> SyncResult:
        """Index every change up to now, unless another process is doing so.

        Raises `SearchIndexError` when there is no sound index to add to.
        """
        done = 0
        refused: dict[str, str] = {}
        while self.pending_changes():
            with self._engine.try_acquire_writer() as writer:
                if writer is None:
                    return SyncResult(changes=done, busy=True, refused=refused)
                done += self._catch_up(writer, refused)
        return SyncResult(changes=done, refused=refused)

    def rebuild(self) -> IndexState:
        """Build the index anew from the store, beside the old one, and switch to it."""
        deadline = time.monotonic() + LOCK_TIMEOUT
        while True:
            with self._engine.try_acquire_writer() as writer:
                if writer is not None:
                    # What changes from here on has a higher number and is caught up with below.
                    checkpoint = self._store.last_seq()
                    writer.rebuild(self._all_batches(), checkpoint)
                    break
            if time.monotonic() > deadline:
                raise IndexLockedError
            time.sleep(LOCK_POLL_INTERVAL)
        self.sync()
        return self._engine.state()

    def _catch_up(self, writer: IndexWriter, refused: dict[str, str]) -> int:
        done = 0
        while changes := self._store.changes(writer.state.checkpoint, BATCH_SIZE):
            # A version that was saved but not published changes nothing that is found.
            touched = {change.article_id for change in changes if change.kind != "saved"}
            refused.update(writer.apply(self._documents(sorted(touched)), changes[-1].seq))
            done += len(changes)
        return done

    def _all_batches(self) -> Iterator[dict[str, Sequence[IndexDocument]]]:
        ids = self._store.published_ids()
        for start in range(0, len(ids), REBUILD_BATCH_SIZE):
            yield self._documents(ids[start : start + REBUILD_BATCH_SIZE])

    def _documents(self, article_ids: Sequence[str]) -> dict[str, Sequence[IndexDocument]]:
        """Return the documents of each article; none for one that is not published."""
        found: dict[str, Sequence[IndexDocument]] = dict.fromkeys(article_ids, ())
        for record in self._store.published(article_ids):
            found[record.id] = build_documents(record, self._taxonomy)
        return found
