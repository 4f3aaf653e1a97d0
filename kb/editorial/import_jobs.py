"""Persistent queue of imports and edits.

A job has items. An uploaded, pasted or linked source is an item that waits to be read; each article
found in it becomes another item, ready to be checked, corrected and saved. An edit of a saved
article is an item as well, based on the version that was current at the time.

A worker leases an item before it processes it. If the worker dies, the lease expires and another
worker processes the item.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from kb.errors import NotFoundError, WorkflowStateError
from kb.model.corrections import Correction, CorrectionKind
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.database import Database
from kb.storage.mappers import map_row
from kb.storage.schema import import_items, import_jobs_table

LEASE = timedelta(minutes=3)  # longer than the time limit for reading one document
RETENTION = timedelta(days=14)  # retention of jobs


class ItemKind(StrEnum):
    """Kind of an item."""

    FILE = "file"
    ADDRESS = "address"
    ARTICLE = "article"  # an article found in a source
    EDIT = "edit"  # an edit of a saved article


class ItemState(StrEnum):
    """Processing state of an item."""

    WAITING = "waiting"
    READING = "reading"
    READ = "read"  # its articles are separate items
    READY = "ready"
    SAVED = "saved"
    FAILED = "failed"
    STOPPED = "stopped"
    DISCARDED = "discarded"


OPEN_STATES = (ItemState.WAITING, ItemState.READING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem:
    """One item of a job. `draft` is JSON in the format of `ingest.drafts`."""

    number: int
    job: int
    kind: ItemKind
    source: str
    state: ItemState
    title: str = ""
    reason: str = ""
    draft: str = ""
    corrections: tuple[Correction, ...] = ()
    article_id: str = ""
    made_from: int | None = None
    parent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """A job with its items in order."""

    number: int
    name: str  # sign-in name of the owner
    at: datetime
    items: tuple[ImportItem, ...]
    article_id: str = ""  # article that gets a new version; empty for new articles

    @property
    def is_open(self) -> bool:
        """Whether any item is still to be read."""
        return any(item.state in OPEN_STATES for item in self.items)


class ImportJobStore:
    """Import jobs of one knowledge base. Each method is one transaction."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._clock = database, clock

    def create_job(
        self, sources: Sequence[tuple[ItemKind, str]], *, article_id: str = "", actor: Actor
    ) -> tuple[int, list[int]]:
        """Create a job. Returns its number and the numbers of its items.

        The items are `STOPPED` until `start`, so that none is read before its file is stored.
        """
        with self._database.writing() as connection:
            job = self._insert_job(connection, article_id, actor)
            numbers = [
                self._insert_item(
                    connection, job, kind=kind, source=source, state=ItemState.STOPPED
                )
                for kind, source in sources
            ]
            names = ", ".join(source for _, source in sources)
            event = AuditEvent(actor, "job.begun", str(job), names[:400])
            audit_log.append_events(connection, [event], self._clock())
        return job, numbers

    def start(self, job: int) -> None:
        """Queue the stopped and failed sources of a job."""
        again = (ItemState.STOPPED, ItemState.FAILED)
        self._set_states(job, again, ItemState.WAITING, ItemKind.FILE, ItemKind.ADDRESS)

    def stop(self, job: int) -> None:
        """Stop reading the sources of a job. Articles already found are kept."""
        self._set_states(job, OPEN_STATES, ItemState.STOPPED, ItemKind.FILE, ItemKind.ADDRESS)

    def retry(self, number: int) -> None:
        """Queue an item again that failed or was read."""
        self._update_item(
            number, (ItemState.FAILED, ItemState.READ), state=ItemState.WAITING, reason=""
        )

    def discard(self, number: int, *, actor: Actor) -> None:
        """Discard an imported article or an edit."""
        states = (ItemState.READY, ItemState.FAILED, ItemState.WAITING, ItemState.STOPPED)
        self._update_item(number, states, state=ItemState.DISCARDED)
        with self._database.writing() as connection:
            event = AuditEvent(actor, "item.discarded", str(number))
            audit_log.append_events(connection, [event], self._clock())

    def get_job(self, number: int) -> ImportJob:
        """Return a job. Raises `NotFoundError`."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(import_jobs_table).where(import_jobs_table.c.number == number)
            ).one_or_none()
            if row is None:
                raise NotFoundError("job", str(number))
            return self._map_job(connection, row)

    def list_jobs(self, name: str, limit: int = 20) -> list[ImportJob]:
        """Return the jobs of a user, latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(import_jobs_table)
                .where(import_jobs_table.c.name == name)
                .order_by(import_jobs_table.c.number.desc())
                .limit(limit)
            ).all()
            return [self._map_job(connection, row) for row in rows]

    def get_item(self, number: int) -> ImportItem:
        """Return an item. Raises `NotFoundError`."""
        with self._database.reading() as connection:
            return _map_item(_get_item_row(connection, number))

    # Reading sources

    def lease_next(self) -> ImportItem | None:
        """Lease the next item that is waiting or has an expired lease, or return None."""
        now = self._clock()
        forgotten = (import_items.c.state == ItemState.READING) & (
            import_items.c.leased_until < now
        )
        statement = (
            select(import_items)
            .where(or_(import_items.c.state == ItemState.WAITING, forgotten))
            .order_by(import_items.c.number)
            .limit(1)
        )
        with self._database.reading() as connection:  # usually the queue is empty
            if connection.execute(statement).one_or_none() is None:
                return None
        with self._database.writing() as connection:
            row = connection.execute(statement).one_or_none()
            if row is None:
                return None
            lease = {"state": ItemState.READING, "leased_until": now + LEASE}
            connection.execute(
                update(import_items).where(import_items.c.number == row.number).values(lease)
            )
            # Retry what an earlier attempt could not read, but keep the articles that it found.
            failed = (import_items.c.parent == row.number, import_items.c.state == ItemState.FAILED)
            connection.execute(delete(import_items).where(*failed))
            return _map_item(row)

    def add_result(
        self, item: ImportItem, *, source: str, title: str, draft: str = "", reason: str = ""
    ) -> int | None:
        """Store an article found in a source, or the reason for a failure.

        Returns the number of the new item, or None if the source item has been stopped.
        """
        with self._database.writing() as connection:
            if _get_item_row(connection, item.number).state != ItemState.READING:
                return None
            lease = {"leased_until": self._clock() + LEASE}
            connection.execute(
                update(import_items).where(import_items.c.number == item.number).values(lease)
            )
            condition = (import_items.c.parent == item.number, import_items.c.source == source)
            existing = (
                connection.execute(select(import_items.c.number).where(*condition))
                .scalars()
                .first()
            )
            if existing is not None:  # found by an earlier, interrupted attempt
                return int(existing)
            return self._insert_item(
                connection,
                item.job,
                kind=ItemKind.ARTICLE,
                source=source,
                state=ItemState.READY if draft else ItemState.FAILED,
                title=title,
                draft=draft,
                reason=reason,
                parent=item.number,
            )

    def finish_item(self, item: ImportItem, *, reason: str = "") -> None:
        """Mark an item as read, or as failed if there is a reason."""
        state = ItemState.FAILED if reason else ItemState.READ
        with self._database.writing() as connection:
            condition = (
                import_items.c.number == item.number,
                import_items.c.state == ItemState.READING,
            )
            values = {"state": state, "reason": reason, "leased_until": None}
            connection.execute(update(import_items).where(*condition).values(values))

    # Correcting and saving

    def create_edit(
        self, article_id: str, title: str, draft: str, made_from: int, *, actor: Actor
    ) -> tuple[int, int]:
        """Start an edit of an article version. Returns the numbers of the job and the item."""
        with self._database.writing() as connection:
            job = self._insert_job(connection, article_id, actor)
            item = self._insert_item(
                connection, job, kind=ItemKind.EDIT, source=article_id, state=ItemState.READY,
                title=title, draft=draft, article_id=article_id, made_from=made_from,
            )  # fmt: skip
            return job, item

    def set_corrections(self, number: int, corrections: Sequence[Correction]) -> None:
        """Store the corrections of an item that is ready."""
        serialized = json.dumps(
            [asdict(correction) for correction in corrections], ensure_ascii=False
        )
        self._update_item(number, (ItemState.READY,), corrections=serialized)

    def rebase(self, number: int, draft: str, made_from: int) -> None:
        """Base an edit on a newer version, with the same corrections."""
        self._update_item(number, (ItemState.READY,), draft=draft, made_from=made_from)

    def mark_saved(self, number: int, article_id: str) -> None:
        """Mark an item as saved as a version of an article."""
        self._update_item(number, (ItemState.READY,), state=ItemState.SAVED, article_id=article_id)

    def purge_old(self) -> list[int]:
        """Delete old jobs. Returns their numbers, so that the caller can delete their files."""
        before = self._clock() - RETENTION
        with self._database.writing() as connection:
            old = list(
                connection.execute(
                    select(import_jobs_table.c.number).where(import_jobs_table.c.at < before)
                ).scalars()
            )
            connection.execute(delete(import_items).where(import_items.c.job.in_(old)))
            connection.execute(delete(import_jobs_table).where(import_jobs_table.c.number.in_(old)))
        return old

    # Inside a transaction

    def _insert_job(self, connection: Connection, article_id: str, actor: Actor) -> int:
        values = {"name": actor.name, "at": self._clock(), "article_id": article_id}
        return _get_key(connection.execute(insert(import_jobs_table).values(values)))

    def _insert_item(self, connection: Connection, job: int, **values: Any) -> int:
        whole = {
            "title": "", "reason": "", "draft": "", "corrections": "[]", "article_id": "",
            "made_from": None, "parent": None, "leased_until": None, **values,
        }  # fmt: skip
        return _get_key(connection.execute(insert(import_items).values(job=job, **whole)))

    def _map_job(self, connection: Connection, row: Row[Any]) -> ImportJob:
        rows = connection.execute(
            select(import_items)
            .where(import_items.c.job == row.number)
            .order_by(import_items.c.number)
        )
        return map_row(ImportJob, row, items=tuple(map(_map_item, rows)))

    def _set_states(
        self, job: int, states: Sequence[ItemState], state: ItemState, *kinds: ItemKind
    ) -> None:
        with self._database.writing() as connection:
            condition = (
                import_items.c.job == job,
                import_items.c.state.in_(states),
                import_items.c.kind.in_(kinds),
            )
            values = {"state": state, "reason": "", "leased_until": None}
            connection.execute(update(import_items).where(*condition).values(values))

    def _update_item(self, number: int, states: Sequence[ItemState], **values: Any) -> None:
        with self._database.writing() as connection:
            row = _get_item_row(connection, number)
            if row.state not in states:
                raise WorkflowStateError(
                    f"This item is already {row.state}. Reload the page.",
                    code=f"already-{row.state}",
                )
            connection.execute(
                update(import_items).where(import_items.c.number == number).values(values)
            )


def _get_key(result: Any) -> int:
    return int(result.inserted_primary_key[0])


def _get_item_row(connection: Connection, number: int) -> Row[Any]:
    row = connection.execute(
        select(import_items).where(import_items.c.number == number)
    ).one_or_none()
    if row is None:
        raise NotFoundError("item", str(number))
    return row


def _map_item(row: Row[Any]) -> ImportItem:
    corrections = tuple(
        Correction(CorrectionKind(item["what"]), tuple(item["place"]), item["old"], item["new"])
        for item in json.loads(row.corrections)
    )
    kind, state = ItemKind(row.kind), ItemState(row.state)
    return map_row(ImportItem, row, kind=kind, state=state, corrections=corrections)
