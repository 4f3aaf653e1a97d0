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

from kb.exchange.export_format import PASSAGE_ID, When, WrongError, validated
from kb.storage import audit_log
from kb.storage.audit_log import By, Deed
from kb.storage.curation_store import LINE_MOST, PINS_MOST, QUERY_MOST
from kb.storage.schema import passages, pins, synonyms

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of synonyms, and who wrote it when."""

    line: str
    name: str
    at: When

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A passage that leads for a query."""

    query: str
    passage_id: str
    note: str = ""
    name: str
    at: When

    __pydantic_config__ = _STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """All of it, in the order in which it was made."""

    synonyms: tuple[Line, ...] = ()
    pins: tuple[Pin, ...] = ()

    __pydantic_config__ = _STRICT

    def __bool__(self) -> bool:
        return bool(self.synonyms or self.pins)


@cache
def _adapter() -> TypeAdapter[Taught]:
    return TypeAdapter(Taught)


def written(taught: Taught) -> bytes:
    """Return it as JSON, a value to a line."""
    return _adapter().dump_json(taught, indent=1, exclude_defaults=True) + b"\n"


def read(content: bytes) -> Taught:
    """Read it; raises `WrongError`."""
    taught = validated(_adapter(), content)
    for place, problem in _faults(taught):
        raise WrongError(place, problem)
    return taught


def _faults(taught: Taught) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(taught.synonyms):
        if not 0 < len(line.line) <= LINE_MOST or "\n" in line.line:
            yield f"synonyms.{number}.line", f"is not one line of up to {LINE_MOST} characters"
        if "\0" in line.line + line.name:
            yield f"synonyms.{number}", "has a NUL"
    for number, pin in enumerate(taught.pins):
        if not 0 < len(pin.query) <= QUERY_MOST or len(pin.note) > QUERY_MOST:
            yield f"pins.{number}.query", f"is not up to {QUERY_MOST} characters"
        if not PASSAGE_ID.fullmatch(pin.passage_id):
            yield f"pins.{number}.passage_id", "is not the id of a passage"
        if "\0" in pin.query + pin.note + pin.name:
            yield f"pins.{number}", "has a NUL"


def of(connection: Connection, passage_ids: Collection[str]) -> Taught:
    """Return all synonyms, and the pins of these passages."""
    return Taught(
        synonyms=tuple(
            Line(line=row.line, name=row.name, at=row.at)
            for row in connection.execute(select(synonyms).order_by(synonyms.c.number))
        ),
        pins=tuple(
            Pin(
                query=row.query, passage_id=row.passage_id, note=row.note, name=row.name, at=row.at
            )
            for row in connection.execute(select(pins).order_by(pins.c.number))
            if row.passage_id in passage_ids
        ),
    )  # fmt: skip


def arrive(
    connection: Connection, taught: Taught, renamed: Mapping[str, str], by: By
) -> tuple[int, list[str]]:
    """Write what is not here; return how much that is, and sentences on what found no place."""
    known = set(connection.execute(select(synonyms.c.line)).scalars())
    deeds: list[Deed] = []
    notes: list[str] = []
    for line in taught.synonyms:
        if line.line not in known:
            known.add(line.line)
            connection.execute(insert(synonyms).values(line=line.line, name=line.name, at=line.at))
            deeds.append(Deed(by, "synonym.added", "", line.line))
    for pin in taught.pins:
        passage_id = renamed.get(pin.passage_id, pin.passage_id)
        same = select(pins.c.passage_id).where(func.lower(pins.c.query) == pin.query.lower())
        there = list(connection.execute(same).scalars())
        if passage_id in there:
            continue
        mine = select(passages.c.id).where(passages.c.id == passage_id).limit(1)
        if connection.execute(mine).one_or_none() is None:
            notes.append(f"{passage_id} leads for “{pin.query}” there and is not here")
        elif len(there) >= PINS_MOST:
            notes.append(f"{PINS_MOST} passages lead for “{pin.query}” here; {passage_id} does not")
        else:
            connection.execute(
                insert(pins).values(
                    query=pin.query, passage_id=passage_id, note=pin.note, name=pin.name, at=pin.at
                )
            )
            deeds.append(Deed(by, "pin.added", passage_id, pin.query))
    audit_log.append(connection, deeds, datetime.now(UTC))
    return len(deeds), notes
