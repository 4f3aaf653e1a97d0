"""Synonym rules and pins in an export.

Unlike ``synonyms.txt`` they are rows of the database, so they are imported in the same transaction
as the articles. Existing rules and pins are never changed; pins that cannot be imported are
reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from pydantic import ConfigDict, TypeAdapter
from sqlalchemy import Connection, func, insert, select

from kb.exchange.export_format import PASSAGE_ID, ExportDate, InvalidExportError, validate
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.curation_store import MAX_LINE_LENGTH, MAX_PINS, MAX_QUERY_LENGTH
from kb.storage.mappers import map_row
from kb.storage.schema import passages, pins, synonyms

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedSynonym:
    """A synonym rule with its author and date."""

    line: str
    name: str
    at: ExportDate

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPin:
    """A passage pinned to a query."""

    query: str
    passage_id: str
    note: str = ""
    name: str
    at: ExportDate

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCuration:
    """Synonym rules and pins in the order of creation."""

    synonyms: tuple[ExportedSynonym, ...] = ()
    pins: tuple[ExportedPin, ...] = ()

    __pydantic_config__ = _STRICT

    def __bool__(self) -> bool:
        return bool(self.synonyms or self.pins)


@cache
def _adapter() -> TypeAdapter[ExportedCuration]:
    return TypeAdapter(ExportedCuration)


def dump_curation(curation: ExportedCuration) -> bytes:
    """Serialise to indented JSON."""
    return _adapter().dump_json(curation, indent=1, exclude_defaults=True) + b"\n"


def load_curation(content: bytes) -> ExportedCuration:
    """Parse and validate JSON. Raises `InvalidExportError`."""
    curation = validate(_adapter(), content)
    for location, problem in _find_faults(curation):
        raise InvalidExportError(location, problem)
    return curation


def _find_faults(curation: ExportedCuration) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(curation.synonyms):
        if not 0 < len(line.line) <= MAX_LINE_LENGTH or "\n" in line.line:
            yield (
                f"synonyms.{number}.line",
                f"is not one line of up to {MAX_LINE_LENGTH} characters",
            )
        if "\0" in line.line + line.name:
            yield f"synonyms.{number}", "contains a NUL character"
    for number, pin in enumerate(curation.pins):
        if not 0 < len(pin.query) <= MAX_QUERY_LENGTH or len(pin.note) > MAX_QUERY_LENGTH:
            yield f"pins.{number}.query", f"is empty or longer than {MAX_QUERY_LENGTH} characters"
        if not PASSAGE_ID.fullmatch(pin.passage_id):
            yield f"pins.{number}.passage_id", "is not the id of a passage"
        if "\0" in pin.query + pin.note + pin.name:
            yield f"pins.{number}", "contains a NUL character"


def load_exported_curation(
    connection: Connection, passage_ids: Collection[str]
) -> ExportedCuration:
    """Return all synonym rules, and the pins of these passages."""
    return ExportedCuration(
        synonyms=tuple(
            map_row(ExportedSynonym, row)
            for row in connection.execute(select(synonyms).order_by(synonyms.c.number))
        ),
        pins=tuple(
            map_row(ExportedPin, row)
            for row in connection.execute(select(pins).order_by(pins.c.number))
            if row.passage_id in passage_ids
        ),
    )


def import_curation(
    connection: Connection, curation: ExportedCuration, renamed: Mapping[str, str], actor: Actor
) -> tuple[int, list[str]]:
    """Import missing rules and pins. Returns their number, and notes on pins left out.

    `renamed` maps passage ids of the export to local ones.
    """
    existing_lines = set(connection.execute(select(synonyms.c.line)).scalars())
    events: list[AuditEvent] = []
    notes: list[str] = []
    for line in curation.synonyms:
        if line.line not in existing_lines:
            existing_lines.add(line.line)
            connection.execute(insert(synonyms).values(line=line.line, name=line.name, at=line.at))
            events.append(AuditEvent(actor, "synonym.added", "", line.line))
    for pin in curation.pins:
        passage_id = renamed.get(pin.passage_id, pin.passage_id)
        same_query = select(pins.c.passage_id).where(func.lower(pins.c.query) == pin.query.lower())
        pinned = list(connection.execute(same_query).scalars())
        if passage_id in pinned:
            continue
        statement = select(passages.c.id).where(passages.c.id == passage_id).limit(1)
        if connection.execute(statement).one_or_none() is None:
            notes.append(f"the pin for “{pin.query}” was left out: no passage {passage_id} here")
        elif len(pinned) >= MAX_PINS:
            notes.append(
                f"the pin of {passage_id} for “{pin.query}” was left out: the query already has "
                f"{MAX_PINS} pins"
            )
        else:
            connection.execute(
                insert(pins).values(
                    query=pin.query, passage_id=passage_id, note=pin.note, name=pin.name, at=pin.at
                )
            )
            events.append(AuditEvent(actor, "pin.added", passage_id, pin.query))
    audit_log.append_events(connection, events, datetime.now(UTC))
    return len(events), notes
