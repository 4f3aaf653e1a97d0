"""What a content team decides of the search: passages that lead for a query, and names for things.

Both act at query time, so each process reads them anew when their state has changed; the index
knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select

from kb.errors import NotFoundError, WorkflowStateError
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.database import Database
from kb.storage.mappers import strip_nul
from kb.storage.schema import passages, pins, synonyms

MAX_QUERY_LENGTH = 200  # characters of a query that is pinned for
MAX_LINE_LENGTH = 500
MAX_PINS = 3  # of one query: more would be a page that nobody ranked


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A passage that leads the results of a query."""

    number: int = 0
    query: str
    passage_id: str
    note: str = ""
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynonymRule:
    """A line of synonyms."""

    number: int = 0
    line: str
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CurationRules:
    """Pins and synonyms as they stand; `state` changes with them."""

    pins: tuple[Pin, ...]
    lines: tuple[SynonymRule, ...]
    state: str = ""


class CurationStore:
    """Pins and synonyms of one knowledge base. A method is one transaction."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._clock = database, clock

    def state(self) -> str:
        """Return what changes whenever a pin or a line does."""
        with self._database.reading() as connection:
            return _state(connection)

    def all(self) -> CurationRules:
        """Return all pins and lines."""
        with self._database.reading() as connection:
            found = connection.execute(select(pins).order_by(pins.c.number))
            kept = tuple(
                Pin(
                    number=row.number, query=row.query, passage_id=row.passage_id, note=row.note,
                    name=row.name, at=row.at,
                )
                for row in found
            )  # fmt: skip
            lines = connection.execute(select(synonyms).order_by(synonyms.c.number))
            told = tuple(
                SynonymRule(number=row.number, line=row.line, name=row.name, at=row.at)
                for row in lines
            )
            return CurationRules(kept, told, _state(connection))

    def pin(self, query: str, passage_id: str, *, note: str = "", by: Actor) -> int:
        """Let a passage lead for a query; returns the number of the pin."""
        query, passage_id = " ".join(query.split()), passage_id.strip()
        if not query or len(query) > MAX_QUERY_LENGTH:
            raise WorkflowStateError(
                f"Write the query that it leads for, in up to {MAX_QUERY_LENGTH} characters.",
                code="query-length",
            )
        with self._database.writing() as connection:
            mine = select(passages.c.id).where(passages.c.id == strip_nul(passage_id)).limit(1)
            if connection.execute(mine).one_or_none() is None:
                raise NotFoundError("passage", passage_id)
            same = select(pins.c.passage_id).where(func.lower(pins.c.query) == query.lower())
            there = list(connection.execute(same).scalars())
            if passage_id in there:
                raise WorkflowStateError(
                    "This passage leads for this query already.", code="pinned-already"
                )
            if len(there) >= MAX_PINS:
                raise WorkflowStateError(
                    f"{MAX_PINS} passages lead for this query already. Take one off.",
                    code="too-many-pins",
                )
            result = connection.execute(
                insert(pins).values(
                    query=query, passage_id=passage_id, note=note.strip()[:MAX_QUERY_LENGTH],
                    name=by.name, at=self._clock(),
                )
            )  # fmt: skip
            deed = AuditEvent(by, "pin.added", passage_id, query)
            audit_log.append(connection, [deed], self._clock())
            return _number(result)

    def unpin(self, number: int, *, by: Actor) -> None:
        """Take a pin off."""
        with self._database.writing() as connection:
            row = connection.execute(select(pins).where(pins.c.number == number)).one_or_none()
            if row is None:
                raise NotFoundError("pin", str(number))
            connection.execute(delete(pins).where(pins.c.number == number))
            deed = AuditEvent(by, "pin.taken-off", row.passage_id, row.query)
            audit_log.append(connection, [deed], self._clock())

    def add_line(self, line: str, *, by: Actor) -> int:
        """Add a line of synonyms, which the caller has checked; returns its number."""
        line = " ".join(line.split())
        if len(line) > MAX_LINE_LENGTH:
            raise WorkflowStateError(
                f"A line has at most {MAX_LINE_LENGTH} characters. Write two.", code="line-length"
            )
        with self._database.writing() as connection:
            result = connection.execute(
                insert(synonyms).values(line=line, name=by.name, at=self._clock())
            )
            audit_log.append(connection, [AuditEvent(by, "synonym.added", "", line)], self._clock())
            return _number(result)

    def drop_line(self, number: int, *, by: Actor) -> None:
        """Take a line of synonyms out."""
        with self._database.writing() as connection:
            mine = synonyms.c.number == number
            row = connection.execute(select(synonyms).where(mine)).one_or_none()
            if row is None:
                raise NotFoundError("line of synonyms", str(number))
            connection.execute(delete(synonyms).where(mine))
            audit_log.append(
                connection, [AuditEvent(by, "synonym.taken-out", "", row.line)], self._clock()
            )


def _state(connection: Connection) -> str:
    parts = []
    for table in (pins, synonyms):
        statement = select(func.count(), func.max(table.c.number), func.sum(table.c.number))
        parts.append(":".join(map(str, connection.execute(statement).one())))
    return "/".join(parts)


def _number(result: object) -> int:
    key = result.inserted_primary_key  # type: ignore[attr-defined]
    return int(key[0])
