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
    """A change that has no number yet."""

    article_id: str
    kind: str  # saved, published, retired, tagged, reviewed
    by: Actor
    detail: str = ""  # for the audit log


def append_changes(connection: Connection, entries: Sequence[PendingChange]) -> None:
    """Append changes in order, with their audit log entries."""
    if not entries:
        return
    first = reserve_numbers(connection, len(entries))
    now = datetime.now(UTC)
    connection.execute(
        INSERT_CHANGES,
        [
            {
                "seq": seq,
                "article_id": entry.article_id,
                "kind": entry.kind,
                "actor": entry.by.name,
                "at": now,
            }
            for seq, entry in enumerate(entries, start=first)
        ],
    )
    events = [
        AuditEvent(entry.by, f"article.{entry.kind}", entry.article_id, entry.detail)
        for entry in entries
    ]
    audit_log.append_events(connection, events, now)


def reserve_numbers(connection: Connection, count: int) -> int:
    """Reserve `count` consecutive numbers and return the first."""
    connection.execute(RESERVE_NUMBERS, {"count": count})
    return get_last_number(connection) - count + 1


def get_last_number(connection: Connection) -> int:
    """Return the number of the latest change, or 0."""
    return int(connection.execute(SELECT_LAST_NUMBER).scalar_one())


def list_changes(connection: Connection, after: int, most: int) -> list[ChangeEvent]:
    """Return up to `most` changes with numbers above `after`, in order."""
    return [
        ChangeEvent(row.seq, row.article_id, row.kind, row.at)
        for row in connection.execute(SELECT_CHANGES, {"after": after, "most": most})
    ]
