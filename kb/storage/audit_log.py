"""Append-only, hash-chained audit log.

Entries record the actor, the action, the time and the origin, and are written in the transaction
of the action itself. `kb.storage.change_feed` writes the entries of article changes; other callers
append their own. Each entry contains a hash of itself and the previous entry, so that
`kb audit verify` detects later changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from kb.storage.schema import audit_log_table, known_settings

COMMAND_LINE = "command line"
MAX_ENTRY_NUMBER = 2**31 - 1  # largest integer key in every supported database
SELECT_LAST_HASH = select(audit_log_table.c.seal).order_by(audit_log_table.c.number.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Actor:
    """The user who performs an action: sign-in name and origin (IP address or `COMMAND_LINE`)."""

    name: str
    origin: str = COMMAND_LINE


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """An action such as ``article.published``, its object and details in words."""

    actor: Actor
    action: str
    about: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Filter for audit log entries. Empty fields match everything."""

    name: str = ""
    action: str = ""
    about: str = ""
    since: date | None = None
    until: date | None = None  # inclusive


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A stored entry of the audit log."""

    number: int
    at: datetime
    event: AuditEvent


def append_events(connection: Connection, events: Sequence[AuditEvent], now: datetime) -> None:
    """Append events in the caller's transaction."""
    if not events:
        return
    last_hash = connection.execute(SELECT_LAST_HASH).scalar_one_or_none() or ""
    rows = []
    for event in events:
        last_hash = _entry_hash(last_hash, now, event)
        rows.append(
            {
                "at": now,
                "name": event.actor.name,
                "origin": event.actor.origin,
                "action": event.action,
                "about": event.about,
                "detail": event.detail,
                "seal": last_hash,
            }
        )
    connection.execute(insert(audit_log_table), rows)


def record_settings(
    connection: Connection, digests: Mapping[str, str], actor: Actor, now: datetime
) -> None:
    """Append an event for each setting whose digest differs from the stored one."""
    stored = {row.name: row.digest for row in connection.execute(select(known_settings))}
    changed = sorted(
        name
        for name in stored.keys() | digests.keys()
        if stored.get(name) != digests.get(name) and stored
    )
    if stored == digests:
        return
    connection.execute(delete(known_settings))
    rows = [{"name": name, "digest": digest} for name, digest in digests.items()]
    connection.execute(insert(known_settings), rows)
    append_events(
        connection, [AuditEvent(actor, "settings.changed", name) for name in changed], now
    )


def find_altered_entry(connection: Connection) -> AuditEntry | None:
    """Return the first entry that does not match its hash, or None if the chain is intact.

    A mismatch means that the entry was changed or its predecessor removed. Entries removed from
    the end are not detected: compare the last number with an older export.
    """
    last_hash = ""
    for row in connection.execute(select(audit_log_table).order_by(audit_log_table.c.number)):
        step = _map_entry(row)
        last_hash = _entry_hash(last_hash, row.at, step.event)
        if last_hash != row.seal:
            return step
    return None


def list_entries(
    connection: Connection, criteria: AuditFilter, *, before: int, limit: int | None
) -> list[AuditEntry]:
    """Return matching entries with numbers below `before`, latest first."""
    condition = audit_log_table.c.number < before
    statement = (
        select(audit_log_table)
        .where(condition)
        .order_by(audit_log_table.c.number.desc())
        .limit(limit)
    )
    for column in ("name", "action", "about"):
        if value := getattr(criteria, column):
            statement = statement.where(audit_log_table.c[column] == value)
    if criteria.since:
        statement = statement.where(audit_log_table.c.at >= _midnight(criteria.since))
    if criteria.until:
        statement = statement.where(
            audit_log_table.c.at < _midnight(criteria.until + timedelta(days=1))
        )
    return [_map_entry(row) for row in connection.execute(statement)]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _map_entry(row: Row[Any]) -> AuditEntry:
    event = AuditEvent(Actor(row.name, row.origin), row.action, row.about, row.detail)
    return AuditEntry(row.number, row.at, event)


def _entry_hash(before: str, at: datetime, event: AuditEvent) -> str:
    hashed = (
        before,
        at.astimezone(UTC).isoformat(),
        event.actor.name,
        event.actor.origin,
        event.action,
        event.about,
    )
    return hashlib.sha256("\x1f".join((*hashed, event.detail)).encode()).hexdigest()
