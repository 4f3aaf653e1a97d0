"""Computes the vectors of published passages from the change feed, at low priority."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.semantic.model import EmbeddingModel
from kb.model.passage import Passage
from kb.storage.article_store import ArticleStore
from kb.storage.passage_vectors import PassageVector, PassageVectorStore

CHANGES_PER_STEP = 50  # changes after which the position is stored
PASSAGES_PER_COMMIT = 16  # about half a second of work, which an interruption may repeat
NEVER = threading.Event()


@dataclass(frozen=True, slots=True)
class VectorStatus:
    """Number of passages with a vector, and of changes that have not been processed."""

    vectors: int
    behind: int


class Vectorizer:
    """Keeps the vectors of one store in step with its change feed."""

    def __init__(
        self, store: ArticleStore, vectors: PassageVectorStore, model: EmbeddingModel
    ) -> None:
        self._store, self._vectors, self._model = store, vectors, model

    def status(self) -> VectorStatus:
        """Return the progress."""
        position = self._vectors.position()  # read before the feed, which can grow
        return VectorStatus(self._vectors.count(), self._store.last_seq() - position)

    def sync(self, *, rest: float = 0.0, stopping: threading.Event = NEVER) -> bool:
        """Process all pending changes; return False if another process is doing so.

        Rests for `rest` times the duration of each passage, so that searches are not slowed down.
        Ends after the current passage when `stopping` is set.
        """
        if not self.status().behind:
            return True
        if not self._vectors.acquire():
            return False
        try:
            while changes := self._store.changes(self._vectors.position(), CHANGES_PER_STEP):
                last = changes[-1].seq
                for article_id in sorted({change.article_id for change in changes}):
                    for batch in self._batches(article_id):
                        vectors = list(self._compute(batch, rest, stopping))
                        if not self._vectors.save(article_id, vectors, last):
                            return False
                        if stopping.is_set():
                            return True
                if not self._vectors.advance(last):
                    return False
        finally:
            self._vectors.release()
        return True

    def _compute(
        self, batch: Iterable[tuple[str, str]], rest: float, stopping: threading.Event
    ) -> Iterator[PassageVector]:
        """Yield the vectors of a batch, until `stopping` is set."""
        for passage_id, text in batch:
            started = time.monotonic()
            yield PassageVector(passage_id, _hash(text), self._model.embed(text))
            if stopping.wait(rest * (time.monotonic() - started)):
                return

    def _batches(self, article_id: str) -> Iterator[list[tuple[str, str]]]:
        """Yield ids and texts of the passages to compute, and delete vectors of removed ones."""
        texts = {
            passage.id: passage_text(record.article.title, passage)
            for record in self._store.published([article_id])
            for passage in record.passages
        }
        known = self._vectors.text_hashes(article_id)
        if removed := known.keys() - texts.keys():
            self._vectors.delete(removed)
        pending = [(id_, text) for id_, text in texts.items() if known.get(id_) != _hash(text)]
        for start in range(0, len(pending), PASSAGES_PER_COMMIT):
            yield pending[start : start + PASSAGES_PER_COMMIT]


def passage_text(title: str, passage: Passage) -> str:
    """Return the text that is embedded for a passage: title, headings and text."""
    return "\n".join((title, *passage.heading_path, passage.text))


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
