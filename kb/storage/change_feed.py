"""Change feed: every change that affects search results, in commit order.

Entries are numbered inside the write transaction that makes the change. `kb.storage.database`
begins each write transaction by locking the only row of `change_feed_position`, so numbers increase
in commit order and readers never miss an entry that is numbered early and committed late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from kb.model.records import ChangeEvent
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.schema import change_feed_position, change_feed_table

RESERVE_NUMBERS = update(change_feed_position).values(
    last_seq=change_feed_position.c.last_seq + bindparam("count")
)
SELECT_LAST_NUMBER = select(change_feed_position.c.last_seq)
INSERT_CHANGES = insert(change_feed_table)
SELECT_CHANGES = (
    select(change_feed_table)
    .where(change_feed_table.c.seq > bindparam("after"))
    .order_by(change_feed_table.c.seq)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that has not been numbered yet."""

    article_id: str
    kind: str  # saved, published, retired, tagged, reviewed
    actor: Actor
    detail: str = ""  # for the audit log

    @property
    def event(self) -> AuditEvent:
        """Audit event of the change."""
        return AuditEvent(self.actor, f"article.{self.kind}", self.article_id, self.detail)


PendingEntry = PendingChange | AuditEvent


def append_changes(connection: Connection, entries: Sequence[PendingEntry]) -> None:
    """Append changes with their audit events, and other audit events among them, in order."""
    now = datetime.now(UTC)
    changes = [entry for entry in entries if isinstance(entry, PendingChange)]
    if changes:
        first = reserve_numbers(connection, len(changes))
        connection.execute(
            INSERT_CHANGES,
            [
                {
                    "seq": seq,
                    "article_id": change.article_id,
                    "kind": change.kind,
                    "actor": change.actor.name,
                    "at": now,
                }
                for seq, change in enumerate(changes, start=first)
            ],
        )
    events = [entry.event if isinstance(entry, PendingChange) else entry for entry in entries]
    audit_log.append_events(connection, events, now)


def reserve_numbers(connection: Connection, count: int) -> int:
    """Reserve `count` consecutive numbers and return the first."""
    connection.execute(RESERVE_NUMBERS, {"count": count})
    return get_last_number(connection) - count + 1


def get_last_number(connection: Connection) -> int:
    """Return the number of the latest change, or 0."""
    return int(connection.execute(SELECT_LAST_NUMBER).scalar_one())


def list_changes(connection: Connection, after: int, limit: int) -> list[ChangeEvent]:
    """Return up to `limit` changes with numbers above `after`, in order."""
    return [
        ChangeEvent(row.seq, row.article_id, row.kind, row.at)
        for row in connection.execute(SELECT_CHANGES, {"after": after, "most": limit})
    ]
