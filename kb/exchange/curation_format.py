"""What a content team taught the search, as it travels: synonyms and pins of the desk.

They are rows of the database, unlike ``synonyms.txt``, so they come in with the articles, in the
same transaction. Nothing that is here is changed: what is here already is left, what cannot be
placed is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from pydantic import ConfigDict, TypeAdapter
from sqlalchemy import Connection, func, insert, select

from kb.exchange.export_format import PASSAGE_ID, InvalidExportError, When, validate
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.curation_store import MAX_LINE_LENGTH, MAX_PINS, MAX_QUERY_LENGTH
from kb.storage.schema import passages, pins, synonyms

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedSynonym:
    """A line of synonyms, and who wrote it when."""

    line: str
    name: str
    at: When

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPin:
    """A passage that leads for a query."""

    query: str
    passage_id: str
    note: str = ""
    name: str
    at: When

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCuration:
    """All of it, in the order in which it was made."""

    synonyms: tuple[ExportedSynonym, ...] = ()
    pins: tuple[ExportedPin, ...] = ()

    __pydantic_config__ = _STRICT

    def __bool__(self) -> bool:
        return bool(self.synonyms or self.pins)


@cache
def _adapter() -> TypeAdapter[ExportedCuration]:
    return TypeAdapter(ExportedCuration)


def dump_curation(taught: ExportedCuration) -> bytes:
    """Return it as JSON, a value to a line."""
    return _adapter().dump_json(taught, indent=1, exclude_defaults=True) + b"\n"


def load_curation(content: bytes) -> ExportedCuration:
    """Read it; raises `InvalidExportError`."""
    taught = validate(_adapter(), content)
    for place, problem in _faults(taught):
        raise InvalidExportError(place, problem)
    return taught


def _faults(taught: ExportedCuration) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(taught.synonyms):
        if not 0 < len(line.line) <= MAX_LINE_LENGTH or "\n" in line.line:
            yield (
                f"synonyms.{number}.line",
                f"is not one line of up to {MAX_LINE_LENGTH} characters",
            )
        if "\0" in line.line + line.name:
            yield f"synonyms.{number}", "has a NUL"
    for number, pin in enumerate(taught.pins):
        if not 0 < len(pin.query) <= MAX_QUERY_LENGTH or len(pin.note) > MAX_QUERY_LENGTH:
            yield f"pins.{number}.query", f"is not up to {MAX_QUERY_LENGTH} characters"
        if not PASSAGE_ID.fullmatch(pin.passage_id):
            yield f"pins.{number}.passage_id", "is not the id of a passage"
        if "\0" in pin.query + pin.note + pin.name:
            yield f"pins.{number}", "has a NUL"


def of(connection: Connection, passage_ids: Collection[str]) -> ExportedCuration:
    """Return all synonyms, and the pins of these passages."""
    return ExportedCuration(
        synonyms=tuple(
            ExportedSynonym(line=row.line, name=row.name, at=row.at)
            for row in connection.execute(select(synonyms).order_by(synonyms.c.number))
        ),
        pins=tuple(
            ExportedPin(
                query=row.query, passage_id=row.passage_id, note=row.note, name=row.name, at=row.at
            )
            for row in connection.execute(select(pins).order_by(pins.c.number))
            if row.passage_id in passage_ids
        ),
    )  # fmt: skip


def import_curation(
    connection: Connection, taught: ExportedCuration, renamed: Mapping[str, str], by: Actor
) -> tuple[int, list[str]]:
    """Write what is not here; return how much that is, and sentences on what found no place."""
    known = set(connection.execute(select(synonyms.c.line)).scalars())
    deeds: list[AuditEvent] = []
    notes: list[str] = []
    for line in taught.synonyms:
        if line.line not in known:
            known.add(line.line)
            connection.execute(insert(synonyms).values(line=line.line, name=line.name, at=line.at))
            deeds.append(AuditEvent(by, "synonym.added", "", line.line))
    for pin in taught.pins:
        passage_id = renamed.get(pin.passage_id, pin.passage_id)
        same = select(pins.c.passage_id).where(func.lower(pins.c.query) == pin.query.lower())
        there = list(connection.execute(same).scalars())
        if passage_id in there:
            continue
        mine = select(passages.c.id).where(passages.c.id == passage_id).limit(1)
        if connection.execute(mine).one_or_none() is None:
            notes.append(f"{passage_id} leads for “{pin.query}” there and is not here")
        elif len(there) >= MAX_PINS:
            notes.append(f"{MAX_PINS} passages lead for “{pin.query}” here; {passage_id} does not")
        else:
            connection.execute(
                insert(pins).values(
                    query=pin.query, passage_id=passage_id, note=pin.note, name=pin.name, at=pin.at
                )
            )
            deeds.append(AuditEvent(by, "pin.added", passage_id, pin.query))
    audit_log.append(connection, deeds, datetime.now(UTC))
    return len(deeds), notes
