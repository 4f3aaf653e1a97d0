"""Work at the desk that outlives a request and a restart: what comes in, and what is being edited.

A job has items. What somebody uploads, pastes or names is an item that waits to be read; what a
reading found are further items, each one article that is ready to be looked at, corrected and
saved. An article that is being edited is such an item, too, made from the version that it had then.

Two processes never work on the same item: who takes one leases it for a while, in one transaction;
when a process dies, the lease runs out and another takes the item.
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
from kb.storage.schema import import_items, import_jobs_table

LEASE = timedelta(minutes=3)  # longer than any one piece may take to read
KEPT = timedelta(days=14)  # of a job that nothing happens in any more


class ItemKind(StrEnum):
    """What an item is."""

    FILE = "file"
    ADDRESS = "address"
    ARTICLE = "article"  # what a reading has found
    EDIT = "edit"  # a saved article that is being corrected


class ItemState(StrEnum):
    """How far an item is."""

    WAITING = "waiting"
    READING = "reading"
    READ = "read"  # what was in it stands in items of its own
    READY = "ready"
    SAVED = "saved"
    FAILED = "failed"
    STOPPED = "stopped"
    DISCARDED = "discarded"


OPEN = (ItemState.WAITING, ItemState.READING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportItem:
    """One thing of a job. `draft` is JSON that who made it can read (`ingest.drafts`)."""

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
    """A job and its items in order."""

    number: int
    name: str  # whose it is
    at: datetime
    items: tuple[ImportItem, ...]
    article_id: str = ""  # whose next version is uploaded; empty for new articles

    @property
    def is_open(self) -> bool:
        """Whether something is still to be read."""
        return any(item.state in OPEN for item in self.items)


class ImportJobStore:
    """The jobs of one knowledge base. A method is one transaction."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._clock = database, clock

    def begin(
        self, sources: Sequence[tuple[ItemKind, str]], *, article_id: str = "", by: Actor
    ) -> tuple[int, list[int]]:
        """Begin a job; return its number, and those of its items, whose files may be put in place.

        The items wait in `STOPPED` until `start`, so that none is read before its file is there.
        """
        with self._database.writing() as connection:
            job = self._begin(connection, article_id, by)
            numbers = [
                self._add(connection, job, kind=kind, source=source, state=ItemState.STOPPED)
                for kind, source in sources
            ]
            names = ", ".join(source for _, source in sources)
            deed = AuditEvent(by, "job.begun", str(job), names[:400])
            audit_log.append(connection, [deed], self._clock())
        return job, numbers

    def start(self, job: int) -> None:
        """Let what was stopped be read; also what had failed, which is tried again."""
        again = (ItemState.STOPPED, ItemState.FAILED)
        self._turn(job, again, ItemState.WAITING, ItemKind.FILE, ItemKind.ADDRESS)

    def stop(self, job: int) -> None:
        """Let nothing more of a job be read; what was found stays."""
        self._turn(job, OPEN, ItemState.STOPPED, ItemKind.FILE, ItemKind.ADDRESS)

    def retry(self, number: int) -> None:
        """Read an item again that had failed."""
        self._set(number, (ItemState.FAILED, ItemState.READ), state=ItemState.WAITING, reason="")

    def discard(self, number: int, *, by: Actor) -> None:
        """Leave out what was found, or give an edit up."""
        states = (ItemState.READY, ItemState.FAILED, ItemState.WAITING, ItemState.STOPPED)
        self._set(number, states, state=ItemState.DISCARDED)
        with self._database.writing() as connection:
            deed = AuditEvent(by, "item.discarded", str(number))
            audit_log.append(connection, [deed], self._clock())

    def job(self, number: int) -> ImportJob:
        """Return a job; raises `NotFoundError`."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(import_jobs_table).where(import_jobs_table.c.number == number)
            ).one_or_none()
            if row is None:
                raise NotFoundError("job", str(number))
            return self._job(connection, row)

    def of(self, name: str, limit: int = 20) -> list[ImportJob]:
        """Return the jobs of a person, the newest first."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(import_jobs_table)
                .where(import_jobs_table.c.name == name)
                .order_by(import_jobs_table.c.number.desc())
                .limit(limit)
            ).all()
            return [self._job(connection, row) for row in found]

    def item(self, number: int) -> ImportItem:
        """Return an item; raises `NotFoundError`."""
        with self._database.reading() as connection:
            return _item(_row(connection, number))

    # Reading what came

    def take(self) -> ImportItem | None:
        """Lease the next item that waits, or whose lease has run out; None when there is none."""
        now = self._clock()
        forgotten = (import_items.c.state == ItemState.READING) & (
            import_items.c.leased_until < now
        )
        wanted = (
            select(import_items)
            .where(or_(import_items.c.state == ItemState.WAITING, forgotten))
            .order_by(import_items.c.number)
            .limit(1)
        )
        with self._database.reading() as connection:  # mostly there is nothing to do
            if connection.execute(wanted).one_or_none() is None:
                return None
        with self._database.writing() as connection:
            row = connection.execute(wanted).one_or_none()
            if row is None:
                return None
            lease = {"state": ItemState.READING, "leased_until": now + LEASE}
            connection.execute(
                update(import_items).where(import_items.c.number == row.number).values(lease)
            )
            # What an earlier reading could not read is tried again; what it found stays (`found`).
            failed = (import_items.c.parent == row.number, import_items.c.state == ItemState.FAILED)
            connection.execute(delete(import_items).where(*failed))
            return _item(row)

    def found(
        self, item: ImportItem, *, source: str, title: str, draft: str = "", reason: str = ""
    ) -> int | None:
        """Keep an article that a reading has found, or why there is none; None once stopped."""
        with self._database.writing() as connection:
            if _row(connection, item.number).state != ItemState.READING:
                return None
            lease = {"leased_until": self._clock() + LEASE}
            connection.execute(
                update(import_items).where(import_items.c.number == item.number).values(lease)
            )
            same = (import_items.c.parent == item.number, import_items.c.source == source)
            known = connection.execute(select(import_items.c.number).where(*same)).scalars().first()
            if known is not None:  # an earlier reading was cut off after it
                return int(known)
            return self._add(
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

    def finish(self, item: ImportItem, *, reason: str = "") -> None:
        """Say that an item was read, or why it could not be."""
        state = ItemState.FAILED if reason else ItemState.READ
        with self._database.writing() as connection:
            mine = (import_items.c.number == item.number, import_items.c.state == ItemState.READING)
            values = {"state": state, "reason": reason, "leased_until": None}
            connection.execute(update(import_items).where(*mine).values(values))

    # Correcting and saving

    def edit(
        self, article_id: str, title: str, draft: str, made_from: int, *, by: Actor
    ) -> tuple[int, int]:
        """Begin to edit a version of an article; return the job and the item."""
        with self._database.writing() as connection:
            job = self._begin(connection, article_id, by)
            item = self._add(
                connection, job, kind=ItemKind.EDIT, source=article_id, state=ItemState.READY,
                title=title, draft=draft, article_id=article_id, made_from=made_from,
            )  # fmt: skip
            return job, item

    def correct(self, number: int, corrections: Sequence[Correction]) -> None:
        """Keep what was corrected so far of an item that is ready."""
        written = json.dumps([asdict(one) for one in corrections], ensure_ascii=False)
        self._set(number, (ItemState.READY,), corrections=written)

    def rebase(self, number: int, draft: str, made_from: int) -> None:
        """Go on editing from a newer version, with the same corrections."""
        self._set(number, (ItemState.READY,), draft=draft, made_from=made_from)

    def saved(self, number: int, article_id: str) -> None:
        """Say that an item has become a version of an article."""
        self._set(number, (ItemState.READY,), state=ItemState.SAVED, article_id=article_id)

    def forget_old(self) -> list[int]:
        """Forget jobs in which nothing is left to do; return them, so that files can go."""
        before = self._clock() - KEPT
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

    def _begin(self, connection: Connection, article_id: str, by: Actor) -> int:
        values = {"name": by.name, "at": self._clock(), "article_id": article_id}
        return _number(connection.execute(insert(import_jobs_table).values(values)))

    def _add(self, connection: Connection, job: int, **values: Any) -> int:
        whole = {
            "title": "", "reason": "", "draft": "", "corrections": "[]", "article_id": "",
            "made_from": None, "parent": None, "leased_until": None, **values,
        }  # fmt: skip
        return _number(connection.execute(insert(import_items).values(job=job, **whole)))

    def _job(self, connection: Connection, row: Row[Any]) -> ImportJob:
        found = connection.execute(
            select(import_items)
            .where(import_items.c.job == row.number)
            .order_by(import_items.c.number)
        )
        return ImportJob(
            number=row.number, name=row.name, at=row.at, article_id=row.article_id,
            items=tuple(map(_item, found)),
        )  # fmt: skip

    def _turn(
        self, job: int, states: Sequence[ItemState], state: ItemState, *kinds: ItemKind
    ) -> None:
        with self._database.writing() as connection:
            mine = (
                import_items.c.job == job,
                import_items.c.state.in_(states),
                import_items.c.kind.in_(kinds),
            )
            values = {"state": state, "reason": "", "leased_until": None}
            connection.execute(update(import_items).where(*mine).values(values))

    def _set(self, number: int, states: Sequence[ItemState], **values: Any) -> None:
        with self._database.writing() as connection:
            row = _row(connection, number)
            if row.state not in states:
                raise WorkflowStateError(
                    f"This is {row.state} already. Load the page again.",
                    code=f"already-{row.state}",
                )
            connection.execute(
                update(import_items).where(import_items.c.number == number).values(values)
            )


def _number(result: Any) -> int:
    return int(result.inserted_primary_key[0])


def _row(connection: Connection, number: int) -> Row[Any]:
    row = connection.execute(
        select(import_items).where(import_items.c.number == number)
    ).one_or_none()
    if row is None:
        raise NotFoundError("item", str(number))
    return row


def _item(row: Row[Any]) -> ImportItem:
    said = json.loads(row.corrections)
    return ImportItem(
        number=row.number,
        job=row.job,
        kind=ItemKind(row.kind),
        source=row.source,
        state=ItemState(row.state),
        title=row.title,
        reason=row.reason,
        draft=row.draft,
        corrections=tuple(
            Correction(CorrectionKind(one["what"]), tuple(one["place"]), one["old"], one["new"])
            for one in said
        ),
        article_id=row.article_id,
        made_from=row.made_from,
        parent=row.parent,
    )
