"""Review comments on an article or a passage. Each function runs in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from kb.errors import NotFoundError, WorkflowStateError
from kb.storage import mappers
from kb.storage.schema import comments

MAX_COMMENT_LENGTH = 4_000  # characters, about one page


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A review comment on a passage, or on the whole article if `passage_id` is empty."""

    number: int
    version: int
    passage_id: str
    name: str
    text: str
    at: datetime
    done_at: datetime | None


def list_comments(connection: Connection, article_id: str) -> list[Comment]:
    """Return the comments on an article, oldest first."""
    rows = connection.execute(
        select(comments)
        .where(comments.c.article_id == mappers.strip_nul(article_id))
        .order_by(comments.c.number)
    )
    return [mappers.map_row(Comment, row) for row in rows]


def has_open_comment(connection: Connection, article_id: str, version: int) -> bool:
    """Return whether a version has a comment that is not resolved."""
    return any(
        comment.version == version and comment.done_at is None
        for comment in list_comments(connection, article_id)
    )


def insert_comment(
    connection: Connection,
    article_id: str,
    version: int,
    text: str,
    *,
    name: str,
    at: datetime,
    passage_id: str = "",
) -> None:
    """Add a comment unless it is blank. Raises `WorkflowStateError` if it is too long."""
    if not text.strip():
        return
    if len(text) > MAX_COMMENT_LENGTH:
        raise WorkflowStateError(
            f"The comment is longer than {MAX_COMMENT_LENGTH:,} characters. Shorten it.",
            code="comment-length",
        )
    connection.execute(
        insert(comments).values(
            article_id=article_id,
            version=version,
            passage_id=passage_id,
            name=name,
            text=text.strip(),
            at=at,
        )
    )


def resolve_comment(connection: Connection, article_id: str, number: int, now: datetime) -> None:
    """Mark a comment as resolved. Raises `NotFoundError` if there is no such open comment."""
    condition = (comments.c.number == number, comments.c.article_id == article_id)
    done = update(comments).where(*condition, comments.c.done_at.is_(None))
    if connection.execute(done.values(done_at=now)).rowcount == 0:
        raise NotFoundError("open comment", str(number))
