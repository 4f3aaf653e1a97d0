"""Vectors of published passages, and the progress of their computation.

The vectors follow the change feed: one process at a time holds a lease and processes the changes
after the stored position, so that the computation resumes after an interruption and all processes
share its result. A vector belongs to one model and one text; those of another model are replaced.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Update, delete, func, insert, or_, select, update

from kb.storage import mappers
from kb.storage.database import Database
from kb.storage.schema import passage_vectors, vector_progress

LEASE = timedelta(minutes=2)  # renewed with each batch of vectors, which takes seconds
MAX_ENTRIES = 65_536  # cached vectors of 384 bytes: about 35 MB per process
MAX_CHANGES = 1_000  # with more new vectors, the cache is cleared


@dataclass(frozen=True, slots=True)
class PassageVector:
    """The vector of a passage: int8 values, and the hash of the text that they describe."""

    passage_id: str
    text_hash: str
    vector: bytes


class PassageVectorStore:
    """Vectors of one model in one database, shared by the threads of a process."""

    def __init__(self, database: Database, model: str) -> None:
        self._database, self._model = database, model
        self._holder = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._seq = -1
        self._cache: OrderedDict[str, bytes] = OrderedDict()

    def load(self, passage_ids: Iterable[str]) -> dict[str, bytes]:
        """Return the vectors of those of the passages that have one."""
        requested = list(dict.fromkeys(passage_ids))
        with self._database.reading() as connection, self._lock:
            self._catch_up(connection)
            found = {id_: self._cache[id_] for id_ in requested if id_ in self._cache}
            missing = [id_ for id_ in requested if id_ not in found]
            for batch in mappers.iter_batches(missing):
                statement = select(passage_vectors.c.passage_id, passage_vectors.c.vector).where(
                    passage_vectors.c.passage_id.in_(batch), passage_vectors.c.model == self._model
                )
                found |= {row.passage_id: row.vector for row in connection.execute(statement)}
            for id_ in found:
                self._cache[id_] = found[id_]
                self._cache.move_to_end(id_)
            while len(self._cache) > MAX_ENTRIES:
                self._cache.popitem(last=False)
        return found

    def count(self) -> int:
        """Return the number of passages with a vector."""
        statement = select(func.count()).where(passage_vectors.c.model == self._model)
        with self._database.reading() as connection:
            return int(connection.execute(statement).scalar_one())

    def position(self) -> int:
        """Return the change feed position up to which the vectors are complete."""
        with self._database.reading() as connection:
            return self._position(connection)

    def acquire(self) -> bool:
        """Acquire the lease; return False if another process holds it."""
        now = datetime.now(UTC)
        with self._database.writing() as connection:
            known = connection.execute(select(vector_progress.c.model)).scalars().all()
            if self._model not in known:
                connection.execute(delete(vector_progress))
                connection.execute(
                    insert(vector_progress),
                    {"model": self._model, "seq": 0, "holder": "", "leased_until": now},
                )
            free = or_(
                vector_progress.c.leased_until <= now, vector_progress.c.holder == self._holder
            )
            return bool(connection.execute(self._renewal(now).where(free)).rowcount)

    def release(self) -> None:
        """Release the lease, if this process still holds it."""
        with self._database.writing() as connection:
            expired = update(vector_progress).values(leased_until=datetime.now(UTC))
            connection.execute(expired.where(vector_progress.c.holder == self._holder))

    def text_hashes(self, article_id: str) -> dict[str, str]:
        """Return the hashes of the texts with a vector of an article, by passage id."""
        columns = passage_vectors.c
        statement = select(columns.passage_id, columns.text_hash).where(
            columns.article_id == article_id, columns.model == self._model
        )
        with self._database.reading() as connection:
            return {row.passage_id: row.text_hash for row in connection.execute(statement)}

    def save(self, article_id: str, vectors: Sequence[PassageVector], seq: int) -> bool:
        """Store vectors and renew the lease; store nothing if the lease was lost."""
        with self._database.writing() as connection:
            if not self._renew(connection):
                return False
            ids = [vector.passage_id for vector in vectors]
            connection.execute(delete(passage_vectors).where(passage_vectors.c.passage_id.in_(ids)))
            rows = [
                {
                    "passage_id": each.passage_id,
                    "model": self._model,
                    "article_id": article_id,
                    "text_hash": each.text_hash,
                    "seq": seq,
                    "vector": each.vector,
                }
                for each in vectors
            ]
            connection.execute(insert(passage_vectors), rows)
            return True

    def delete(self, passage_ids: Collection[str]) -> None:
        """Delete the vectors of passages that are no longer published."""
        with self._database.writing() as connection:
            for batch in mappers.iter_batches(sorted(passage_ids)):
                connection.execute(
                    delete(passage_vectors).where(passage_vectors.c.passage_id.in_(batch))
                )

    def advance(self, seq: int) -> bool:
        """Store the position and renew the lease; return False if the lease was lost."""
        with self._database.writing() as connection:
            if not self._renew(connection):
                return False
            connection.execute(
                update(vector_progress)
                .values(seq=seq)
                .where(vector_progress.c.model == self._model)
            )
            return True

    def _renewal(self, now: datetime) -> Update:
        return (
            update(vector_progress)
            .values(holder=self._holder, leased_until=now + LEASE)
            .where(vector_progress.c.model == self._model)
        )

    def _renew(self, connection: Connection) -> bool:
        held = self._renewal(datetime.now(UTC)).where(vector_progress.c.holder == self._holder)
        return bool(connection.execute(held).rowcount)

    def _position(self, connection: Connection) -> int:
        statement = select(vector_progress.c.seq).where(vector_progress.c.model == self._model)
        return int(connection.execute(statement).scalar_one_or_none() or 0)

    def _catch_up(self, connection: Connection) -> None:
        """Drop cached vectors that were replaced since the last call."""
        position = self._position(connection)
        if position <= self._seq:
            return
        replaced = select(passage_vectors.c.passage_id).where(passage_vectors.c.seq > self._seq)
        ids = connection.execute(replaced.limit(MAX_CHANGES + 1)).scalars().all()
        if len(ids) > MAX_CHANGES:
            self._cache.clear()
        for id_ in ids:
            self._cache.pop(id_, None)
        self._seq = position
