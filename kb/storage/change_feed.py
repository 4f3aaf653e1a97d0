"""The change feed: who follows it learns of everything that changes what is found, in its order.

An entry is numbered inside the writing transaction that makes the change. `kb.storage.database` has that
transaction begin with the lock of the one row of `feed`, so the order of the numbers is the order
of the commits, and no reader passes over a number that was given early and committed late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from kb.model.records import ChangeEvent
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.schema import changes, feed

TAKE_NUMBERS = update(feed).values(last_seq=feed.c.last_seq + bindparam("count"))
LAST_NUMBER = select(feed.c.last_seq)
APPEND = insert(changes)
FOLLOWING = (
    select(changes)
    .where(changes.c.seq > bindparam("after"))
    .order_by(changes.c.seq)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that is not numbered yet."""

    article_id: str
    kind: str  # saved, published, retired, tagged, reviewed
    by: Actor
    detail: str = ""  # for the trail: what else there is to say


def append(connection: Connection, entries: Sequence[PendingChange]) -> None:
    """Number these changes in their order and write them, with the trail of who made them."""
    if not entries:
        return
    first = take_numbers(connection, len(entries))
    now = datetime.now(UTC)
    connection.execute(
        APPEND,
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
    deeds = [
        AuditEvent(entry.by, f"article.{entry.kind}", entry.article_id, entry.detail)
        for entry in entries
    ]
    audit_log.append(connection, deeds, now)


def take_numbers(connection: Connection, count: int) -> int:
    """Take so many numbers for changes; return the first of them."""
    connection.execute(TAKE_NUMBERS, {"count": count})
    return last_number(connection) - count + 1


def last_number(connection: Connection) -> int:
    """Return the number of the newest change, 0 when there is none."""
    return int(connection.execute(LAST_NUMBER).scalar_one())


def changes_after(connection: Connection, after: int, most: int) -> list[ChangeEvent]:
    """Return up to `most` changes numbered above `after`, in order."""
    return [
        ChangeEvent(row.seq, row.article_id, row.kind, row.at)
        for row in connection.execute(FOLLOWING, {"after": after, "most": most})
    ]
