"""What readers looked for and told the content team of: kept until somebody has seen to it.

Nothing here says who asked: no account and no address is kept, only the words, and the way to
reach them that a reader chose to write.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from kb.errors import WorkflowStateError
from kb.storage.schema import asked

QUERY_MOST, SENTENCE_MOST, REACH_MOST = 200, 500, 120  # characters: a query, a sentence, a name
MAX_STORED = 5_000  # more than a team reads in a year; a flood cannot fill the disk


@dataclass(frozen=True, slots=True)
class ContentRequest:
    """What one reader told and nobody has seen to yet."""

    id: int
    query: str
    sentence: str
    reach: str
    at: datetime


def add(connection: Connection, query: str, sentence: str, reach: str) -> None:
    """Keep what a reader told; what was done longest ago makes room when the table is full."""
    held = connection.execute(select(func.count()).select_from(asked)).scalar_one()
    if held >= MAX_STORED:
        oldest = (
            select(asked.c.id)
            .where(asked.c.done_at.is_not(None))
            .order_by(asked.c.done_at)
            .limit(1)
            .scalar_subquery()
        )
        if connection.execute(delete(asked).where(asked.c.id == oldest)).rowcount == 0:
            raise WorkflowStateError(
                "The content team has as many questions as can be kept. Ask them directly.",
                code="full",
            )
    connection.execute(
        insert(asked).values(query=query, sentence=sentence, reach=reach, at=datetime.now(UTC))
    )


def list_open(connection: Connection) -> list[ContentRequest]:
    """Return what nobody has seen to yet, the oldest first."""
    statement = select(asked).where(asked.c.done_at.is_(None)).order_by(asked.c.id)
    return [
        ContentRequest(row.id, row.query, row.sentence, row.reach, row.at)
        for row in connection.execute(statement)
    ]


def close(connection: Connection, number: int) -> None:
    """Mark a question as seen to, and forget how to reach whoever asked."""
    row = connection.execute(select(asked).where(asked.c.id == number)).one_or_none()
    if row is None:
        raise WorkflowStateError(
            f"There is no question {number}. `kb asked` shows those that are open.", code="unknown"
        )
    if row.done_at is not None:
        raise WorkflowStateError(f"Question {number} is done already.", code="done")
    connection.execute(
        update(asked).where(asked.c.id == number).values(done_at=datetime.now(UTC), reach="")
    )
