"""Content requests from readers to the content team.

Requests are anonymous: neither account nor IP address is stored, only the text and the contact
details that the reader chose to enter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from kb.errors import WorkflowStateError
from kb.storage.mappers import map_row
from kb.storage.schema import content_requests_table

MAX_QUERY_LENGTH, MAX_SENTENCE_LENGTH, MAX_CONTACT_LENGTH = 200, 500, 120  # characters
MAX_STORED = 5_000  # limits the disk space that automated requests can use


@dataclass(frozen=True, slots=True)
class ContentRequest:
    """An open content request."""

    id: int
    query: str
    sentence: str
    reach: str
    at: datetime


def add_request(connection: Connection, query: str, sentence: str, contact: str) -> None:
    """Store a request. When the table is full, the request closed longest ago is deleted.

    Raises `WorkflowStateError` if the table is full of open requests.
    """
    count = connection.execute(
        select(func.count()).select_from(content_requests_table)
    ).scalar_one()
    if count >= MAX_STORED:
        oldest = (
            select(content_requests_table.c.id)
            .where(content_requests_table.c.done_at.is_not(None))
            .order_by(content_requests_table.c.done_at)
            .limit(1)
            .scalar_subquery()
        )
        if (
            connection.execute(
                delete(content_requests_table).where(content_requests_table.c.id == oldest)
            ).rowcount
            == 0
        ):
            raise WorkflowStateError(
                "The list of content requests is full. Contact the content team directly.",
                code="full",
            )
    connection.execute(
        insert(content_requests_table).values(
            query=query, sentence=sentence, reach=contact, at=datetime.now(UTC)
        )
    )


def list_open_requests(connection: Connection) -> list[ContentRequest]:
    """Return the open requests, oldest first."""
    statement = (
        select(content_requests_table)
        .where(content_requests_table.c.done_at.is_(None))
        .order_by(content_requests_table.c.id)
    )
    return [map_row(ContentRequest, row) for row in connection.execute(statement)]


def close_request(connection: Connection, number: int) -> None:
    """Close a request and delete its contact details."""
    row = connection.execute(
        select(content_requests_table).where(content_requests_table.c.id == number)
    ).one_or_none()
    if row is None:
        raise WorkflowStateError(
            f"There is no content request {number}. Run `kb requests` to list the open ones.",
            code="unknown",
        )
    if row.done_at is not None:
        raise WorkflowStateError(f"Content request {number} is already closed.", code="done")
    connection.execute(
        update(content_requests_table)
        .where(content_requests_table.c.id == number)
        .values(done_at=datetime.now(UTC), reach="")
    )
