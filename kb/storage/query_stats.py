"""Daily query counters, triage of the search report, and dead links.

Only counters by day and query are stored, without single searches, users or times of day. The
caller (`web.analytics.query_redaction`) decides whether the text can be stored: if it may identify
a person, only a keyed hash is stored until the same query has occurred on several days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.database import Database
from kb.storage.mappers import map_row
from kb.storage.schema import dead_links, query_stats_table, query_triage

ASSIGNED, DISMISSED = "assigned", "dismissed"
MIN_DAYS_BEFORE_STORING = 3  # days with the same query before its text is stored


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCounters:
    """Increments for today's counters of a query."""

    key: str
    text: str  # text to store immediately; empty if it may identify a person
    words: str = ""  # text to store after `MIN_DAYS_BEFORE_STORING`; empty: never store
    times: int = 0
    found: int = 0
    changed: int = 0
    opened: int = 0
    helped: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryStats:
    """Counters of a query, summed over a number of days."""

    key: str
    text: str
    times: int
    found: int
    changed: int
    opened: int
    helped: int
    failed: int
    days: int
    last: date


@dataclass(frozen=True, slots=True)
class Triage:
    """Triage decision for an item of the search report."""

    key: str
    state: str
    name: str
    note: str
    on: date


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A URL in an article that could not be opened."""

    article_id: str
    address: str
    problem: str
    on: date


COUNTERS = ("times", "found", "changed", "opened", "helped", "failed")


class QueryStatsStore:
    """Query counters, triage and dead links. Each method is one transaction."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._clock = database, clock

    def add_counts(self, counts: Iterable[QueryCounters]) -> None:
        """Add to today's counters."""
        today = self._clock().date()
        with self._database.writing() as connection:
            for counters in counts:
                self._count(connection, counters, today)

    def list_recent(self, days: int) -> list[QueryStats]:
        """Return the queries of the last `days` days, most frequent first."""
        first = self._clock().date() - timedelta(days=days - 1)
        totals = [func.sum(query_stats_table.c[name]).label(name) for name in COUNTERS]
        with self._database.reading() as connection:
            rows = connection.execute(
                select(
                    query_stats_table.c.key,
                    func.max(query_stats_table.c.text).label("text"),
                    func.count().label("days"),
                    func.max(query_stats_table.c.day).label("last"),
                    *totals,
                )
                .where(query_stats_table.c.day >= first)
                .group_by(query_stats_table.c.key)
            ).all()
        stats = [map_row(QueryStats, row) for row in rows]
        return sorted(stats, key=lambda entry: (-entry.times, entry.text))

    def purge(self, days: int) -> None:
        """Delete counters older than `days` days; 0 deletes all."""
        first = self._clock().date() - timedelta(days=days - 1)
        old = query_stats_table.c.day < first
        with self._database.reading() as connection:
            if (
                connection.execute(select(query_stats_table.c.key).where(old).limit(1)).first()
                is None
            ):
                return
        with self._database.writing() as connection:
            connection.execute(delete(query_stats_table).where(old))

    def set_triage(
        self, key: str, state: str, *, name: str = "", note: str = "", actor: Actor
    ) -> None:
        """Assign an item of the search report to a user, or dismiss it."""
        with self._database.writing() as connection:
            connection.execute(delete(query_triage).where(query_triage.c.key == key))
            connection.execute(
                insert(query_triage).values(
                    key=key, state=state, name=name, note=note[:400], on=self._clock().date()
                )
            )
            event = AuditEvent(actor, f"board.{state}", "", f"{key} {name} {note}".strip()[:400])
            audit_log.append_events(connection, [event], self._clock())

    def list_triage(self) -> dict[str, Triage]:
        """Return the triage decisions by key."""
        with self._database.reading() as connection:
            return {
                row.key: map_row(Triage, row) for row in connection.execute(select(query_triage))
            }

    def replace_dead_links(self, links: Iterable[tuple[str, str, str]]) -> None:
        """Replace all stored dead links by (article id, URL, problem) tuples."""
        today = self._clock().date()
        with self._database.writing() as connection:
            connection.execute(delete(dead_links))
            for article_id, address, problem in dict.fromkeys(links):
                connection.execute(
                    insert(dead_links).values(
                        article_id=article_id, address=address[:2000], problem=problem, on=today
                    )
                )

    def list_dead_links(self) -> list[DeadLink]:
        """Return the dead links of the last check."""
        with self._database.reading() as connection:
            return [
                map_row(DeadLink, row)
                for row in connection.execute(select(dead_links).order_by("article_id", "address"))
            ]

    def _count(self, connection: Connection, counters: QueryCounters, today: date) -> None:
        condition = (query_stats_table.c.key == counters.key, query_stats_table.c.day == today)
        increments = {
            name: query_stats_table.c[name] + getattr(counters, name) for name in COUNTERS
        }
        changed = connection.execute(update(query_stats_table).where(*condition).values(increments))
        if changed.rowcount == 0:
            first = {name: getattr(counters, name) for name in COUNTERS}
            values = {"key": counters.key, "day": today, "text": counters.text, **first}
            connection.execute(insert(query_stats_table).values(values))
        if counters.text or not counters.words:
            return
        days = (
            select(func.count())
            .select_from(query_stats_table)
            .where(query_stats_table.c.key == counters.key)
        )
        if connection.execute(days).scalar_one() >= MIN_DAYS_BEFORE_STORING:
            statement = update(query_stats_table).where(*condition).values(text=counters.words)
            connection.execute(statement)
