"""Applies the store's change feed to the search index.

Each commit stores the feed position it includes, so that indexing resumes correctly after a crash.
Only one process writes at a time. A process that cannot get the lock returns immediately; the
lock holder re-checks the change feed after releasing the lock, so that no change is missed.
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

BATCH_SIZE = 500  # changes per commit: a few seconds of work, which a crash may repeat
# Articles per batch of a rebuild: each batch creates a segment. About 50 MB of text.
REBUILD_BATCH_SIZE = 5_000
LOCK_TIMEOUT = 30.0  # seconds that a rebuild waits for another writer to finish its batch
LOCK_POLL_INTERVAL = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """Result of a sync; `busy` means that another process is indexing the remaining changes."""

    changes: int = 0
    busy: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)


class Indexer:
    """Synchronises one engine with one store."""

    def __init__(self, store: ArticleStore, engine: Engine, taxonomy: Taxonomy) -> None:
        self._store, self._engine, self._taxonomy = store, engine, taxonomy

    def pending_changes(self) -> int:
        """Return the number of changes that are not indexed; raises `SearchIndexError`."""
        checkpoint = self._engine.state().checkpoint  # read before the feed, which can grow
        last = self._store.last_seq()
        if checkpoint > last:
            raise IndexCorruptError(
                f"it is {checkpoint - last} changes ahead of this database, for example after an "
                "interrupted restore",
                code="ahead",
            )
        return last - checkpoint

    def sync(self) -> SyncResult:
        """Index all pending changes unless another process is indexing.

        Raises `SearchIndexError` if the index is missing or corrupt.
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
        """Rebuild the index from the store and switch to it; raises `SearchIndexError`."""
        deadline = time.monotonic() + LOCK_TIMEOUT
        while True:
            with self._engine.try_acquire_writer() as writer:
                if writer is not None:
                    # Later changes have higher numbers; the sync below indexes them.
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
            # Saving a version without publishing it does not affect the index.
            touched = {change.article_id for change in changes if change.kind != "saved"}
            refused.update(writer.apply(self._documents(sorted(touched)), changes[-1].seq))
            done += len(changes)
        return done

    def _all_batches(self) -> Iterator[dict[str, Sequence[IndexDocument]]]:
        ids = self._store.published_ids()
        for start in range(0, len(ids), REBUILD_BATCH_SIZE):
            yield self._documents(ids[start : start + REBUILD_BATCH_SIZE])

    def _documents(self, article_ids: Sequence[str]) -> dict[str, Sequence[IndexDocument]]:
        """Return the documents of each article; unpublished articles have none."""
        found: dict[str, Sequence[IndexDocument]] = dict.fromkeys(article_ids, ())
        for record in self._store.published(article_ids):
            found[record.id] = build_documents(record, self._taxonomy)
        return found
