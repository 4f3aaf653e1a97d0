"""Search curation: pinned passages and synonyms.

Both apply at query time and are not part of the index; each process reloads them when their
revision changes.
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
from kb.storage.mappers import map_row, strip_nul
from kb.storage.schema import passages, pins, synonyms

MAX_QUERY_LENGTH = 200  # characters of a query with a pin, and of a note
MAX_LINE_LENGTH = 500  # characters of a synonym rule
MAX_PINS = 3  # per query; more would displace the ranked results


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A passage pinned to the top of the results of a query."""

    number: int = 0
    query: str
    passage_id: str
    note: str = ""
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SynonymRule:
    """A synonym rule in the syntax of `index.query.synonym_rules`."""

    number: int = 0
    line: str
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CurationRules:
    """All pins and synonym rules. `state` is a revision that changes with them."""

    pins: tuple[Pin, ...]
    synonyms: tuple[SynonymRule, ...]
    revision: str = ""


class CurationStore:
    """Pins and synonym rules of one knowledge base. Each method is one transaction."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._clock = database, clock

    def get_revision(self) -> str:
        """Return a revision that changes whenever a pin or a synonym rule does."""
        with self._database.reading() as connection:
            return _get_revision(connection)

    def load(self) -> CurationRules:
        """Return all pins and synonym rules."""
        with self._database.reading() as connection:
            rows = connection.execute(select(pins).order_by(pins.c.number))
            all_pins = tuple(map_row(Pin, row) for row in rows)
            lines = connection.execute(select(synonyms).order_by(synonyms.c.number))
            rules = tuple(map_row(SynonymRule, row) for row in lines)
            return CurationRules(all_pins, rules, _get_revision(connection))

    def add_pin(self, query: str, passage_id: str, *, note: str = "", actor: Actor) -> int:
        """Pin a passage to a query. Returns the number of the pin.

        Raises `NotFoundError` for an unknown passage, and `WorkflowStateError` if the query is
        invalid or has too many pins.
        """
        query, passage_id = " ".join(query.split()), passage_id.strip()
        if not query or len(query) > MAX_QUERY_LENGTH:
            raise WorkflowStateError(
                f"The query is empty or too long. Enter up to {MAX_QUERY_LENGTH} characters.",
                code="query-length",
            )
        with self._database.writing() as connection:
            statement = select(passages.c.id).where(passages.c.id == strip_nul(passage_id)).limit(1)
            if connection.execute(statement).one_or_none() is None:
                raise NotFoundError("passage", passage_id)
            same_query = select(pins.c.passage_id).where(func.lower(pins.c.query) == query.lower())
            pinned = list(connection.execute(same_query).scalars())
            if passage_id in pinned:
                raise WorkflowStateError(
                    "This passage is already pinned to this query.", code="pinned-already"
                )
            if len(pinned) >= MAX_PINS:
                raise WorkflowStateError(
                    f"This query already has {MAX_PINS} pinned passages. Remove one first.",
                    code="too-many-pins",
                )
            result = connection.execute(
                insert(pins).values(
                    query=query, passage_id=passage_id, note=note.strip()[:MAX_QUERY_LENGTH],
                    name=actor.name, at=self._clock(),
                )
            )  # fmt: skip
            event = AuditEvent(actor, "pin.added", passage_id, query)
            audit_log.append_events(connection, [event], self._clock())
            return _get_key(result)

    def remove_pin(self, number: int, *, actor: Actor) -> None:
        """Remove a pin. Raises `NotFoundError`."""
        with self._database.writing() as connection:
            row = connection.execute(select(pins).where(pins.c.number == number)).one_or_none()
            if row is None:
                raise NotFoundError("pin", str(number))
            connection.execute(delete(pins).where(pins.c.number == number))
            event = AuditEvent(actor, "pin.taken-off", row.passage_id, row.query)
            audit_log.append_events(connection, [event], self._clock())

    def add_synonym(self, line: str, *, actor: Actor) -> int:
        """Add a synonym rule that the caller has validated. Returns its number."""
        line = " ".join(line.split())
        if len(line) > MAX_LINE_LENGTH:
            raise WorkflowStateError(
                f"The line is longer than {MAX_LINE_LENGTH} characters. Split it into two.",
                code="line-length",
            )
        with self._database.writing() as connection:
            result = connection.execute(
                insert(synonyms).values(line=line, name=actor.name, at=self._clock())
            )
            audit_log.append_events(
                connection, [AuditEvent(actor, "synonym.added", "", line)], self._clock()
            )
            return _get_key(result)

    def remove_synonym(self, number: int, *, actor: Actor) -> None:
        """Remove a synonym rule. Raises `NotFoundError`."""
        with self._database.writing() as connection:
            condition = synonyms.c.number == number
            row = connection.execute(select(synonyms).where(condition)).one_or_none()
            if row is None:
                raise NotFoundError("synonym rule", str(number))
            connection.execute(delete(synonyms).where(condition))
            audit_log.append_events(
                connection, [AuditEvent(actor, "synonym.taken-out", "", row.line)], self._clock()
            )


def _get_revision(connection: Connection) -> str:
    parts = []
    for table in (pins, synonyms):
        statement = select(func.count(), func.max(table.c.number), func.sum(table.c.number))
        parts.append(":".join(map(str, connection.execute(statement).one())))
    return "/".join(parts)


def _get_key(result: object) -> int:
    key = result.inserted_primary_key  # type: ignore[attr-defined]
    return int(key[0])
