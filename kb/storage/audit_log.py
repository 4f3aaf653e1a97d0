"""The trail: who did what, when and from where, in the transaction that does it; it only grows.

The change feed is for machines that follow what is found; the trail is for people who must be able
to say, years later, how a text came to stand there. Every change of an article passes through
`kb.storage.change_feed`, which writes here too; sign-ins, settings and the rest are added by those who make them.
Each step carries a hash over itself and the one before, so that a change of an old one
shows: `kb audit verify`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from kb.storage.schema import known_settings, trail

COMMAND_LINE = "command line"
MAX_ENTRY_NUMBER = 2**31 - 1  # number of a step that every database counts to
LAST_SEAL = select(trail.c.seal).order_by(trail.c.number.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a sign-in name, and from where (an address, or `COMMAND_LINE`)."""

    name: str
    origin: str = COMMAND_LINE


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What somebody does: an action such as ``article.published``, on what, and more in words."""

    by: Actor
    action: str
    about: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which steps are asked for: of one person, one kind, about one thing, between two days."""

    name: str = ""
    action: str = ""
    about: str = ""
    since: date | None = None
    until: date | None = None  # that day, too


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry of the trail, as it is read."""

    number: int
    at: datetime
    deed: AuditEvent


def append(connection: Connection, deeds: Sequence[AuditEvent], now: datetime) -> None:
    """Write what is done, inside the transaction that does it."""
    if not deeds:
        return
    seal = connection.execute(LAST_SEAL).scalar_one_or_none() or ""
    written = []
    for deed in deeds:
        seal = _entry_hash(seal, now, deed)
        written.append(
            {
                "at": now,
                "name": deed.by.name,
                "origin": deed.by.origin,
                "action": deed.action,
                "about": deed.about,
                "detail": deed.detail,
                "seal": seal,
            }
        )
    connection.execute(insert(trail), written)


def note_settings(
    connection: Connection, digests: Mapping[str, str], by: Actor, now: datetime
) -> None:
    """Tell which settings differ from those of the last time, by digests of their values."""
    known = {row.name: row.digest for row in connection.execute(select(known_settings))}
    changed = sorted(
        name
        for name in known.keys() | digests.keys()
        if known.get(name) != digests.get(name) and known
    )
    if known == digests:
        return
    connection.execute(delete(known_settings))
    rows = [{"name": name, "digest": digest} for name, digest in digests.items()]
    connection.execute(insert(known_settings), rows)
    append(connection, [AuditEvent(by, "settings.changed", name) for name in changed], now)


def first_altered(connection: Connection) -> AuditEntry | None:
    """Return the first entry that does not match its hash, or None if the chain is intact.

    An entry was changed, or the one before it was removed. Entries removed from the end leave no
    trace here: compare the last number with an older export.
    """
    seal = ""
    for row in connection.execute(select(trail).order_by(trail.c.number)):
        step = _step(row)
        seal = _entry_hash(seal, row.at, step.deed)
        if seal != row.seal:
            return step
    return None


def read(
    connection: Connection, asked: AuditFilter, *, before: int, limit: int | None
) -> list[AuditEntry]:
    """Return the steps of numbers below `before`, the newest first."""
    earlier = trail.c.number < before
    statement = select(trail).where(earlier).order_by(trail.c.number.desc()).limit(limit)
    for column in ("name", "action", "about"):
        if wanted := getattr(asked, column):
            statement = statement.where(trail.c[column] == wanted)
    if asked.since:
        statement = statement.where(trail.c.at >= _midnight(asked.since))
    if asked.until:
        statement = statement.where(trail.c.at < _midnight(asked.until + timedelta(days=1)))
    return [_step(row) for row in connection.execute(statement)]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _step(row: Row[Any]) -> AuditEntry:
    deed = AuditEvent(Actor(row.name, row.origin), row.action, row.about, row.detail)
    return AuditEntry(row.number, row.at, deed)


def _entry_hash(before: str, at: datetime, deed: AuditEvent) -> str:
    said = (
        before,
        at.astimezone(UTC).isoformat(),
        deed.by.name,
        deed.by.origin,
        deed.action,
        deed.about,
    )
    return hashlib.sha256("\x1f".join((*said, deed.detail)).encode()).hexdigest()
