"""The trail: who did what, when and from where, in the transaction that does it; it only grows.

The change feed is for machines that follow what is found; the trail is for people who must be able
to say, years later, how a text came to stand there. Every change of an article passes through
`kb.feed`, which writes here too; sign-ins, settings and the rest are added by those who make them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from kb.tables import trail

COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class By:
    """Who does something: a sign-in name, and from where (an address, or `COMMAND_LINE`)."""

    name: str
    origin: str = COMMAND_LINE


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does: an action such as ``article.published``, on what, and more in words."""

    by: By
    action: str
    about: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """An entry of the trail, as it is read."""

    number: int
    at: datetime
    deed: Deed


def append(connection: Connection, deeds: Sequence[Deed], now: datetime) -> None:
    """Write what is done, inside the transaction that does it."""
    if deeds:
        connection.execute(
            insert(trail),
            [
                {
                    "at": now,
                    "name": deed.by.name,
                    "origin": deed.by.origin,
                    "action": deed.action,
                    "about": deed.about,
                    "detail": deed.detail,
                }
                for deed in deeds
            ],
        )


def read(connection: Connection, *, before: int | None, limit: int, about: str = "") -> list[Step]:
    """Return steps, the newest first: those numbered below `before`, and about one thing only."""
    statement = select(trail).order_by(trail.c.number.desc()).limit(limit)
    if before is not None:
        statement = statement.where(trail.c.number < before)
    if about:
        statement = statement.where(trail.c.about == about)
    return [
        Step(row.number, row.at, Deed(By(row.name, row.origin), row.action, row.about, row.detail))
        for row in connection.execute(statement)
    ]
