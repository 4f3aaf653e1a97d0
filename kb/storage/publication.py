"""Publication, schedules and retirement: the only code that changes which version readers see.

Each function runs inside the caller's writing transaction and writes the state, the change feed
entry and the audit entry together; only `set_published` leaves the entries to a caller that saves
many articles. The rules, such as who must have approved a version, belong to
`kb.editorial.workflow`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, or_, select, update

from kb.model.records import ArticleStatus, WorkflowState
from kb.storage import audit_log, change_feed, mappers
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.change_feed import PendingChange, PendingEntry
from kb.storage.schema import articles, reviews

# Built once, because an ingest runs them for every article.
PUBLISH = (
    update(articles)
    .where(articles.c.id == bindparam("article"))
    .values(
        status=ArticleStatus.PUBLISHED,
        published_version=bindparam("number"),
        published_at=bindparam("now"),
        updated_at=bindparam("now"),
        retired_reason="",
        replaced_by="",
    )
)
SELECT_SCHEDULED = (
    select(reviews.c.article_id, reviews.c.version, reviews.c.publish_at, reviews.c.decided_by)
    .where(reviews.c.state == WorkflowState.SCHEDULED)
    .order_by(reviews.c.publish_at, reviews.c.version)
)
# Reviews affected by publishing a version: its own, and the schedules of earlier versions.
SELECT_AFFECTED = select(reviews.c.version, reviews.c.state).where(
    reviews.c.article_id == bindparam("article"),
    or_(
        reviews.c.version == bindparam("number"),
        and_(reviews.c.version < bindparam("number"), reviews.c.state == WorkflowState.SCHEDULED),
    ),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A version scheduled for publication, and the user who decided it."""

    article_id: str
    version: int
    at: datetime
    decided_by: str


def publish_version(
    connection: Connection,
    article_id: str,
    version: int,
    *,
    actor: Actor,
    now: datetime,
    detail: str = "",
) -> None:
    """Publish a version, and cancel the schedules of earlier versions, which would replace it."""
    entries = set_published(connection, article_id, version, actor=actor, now=now, detail=detail)
    change_feed.append_changes(connection, entries)


def set_published(
    connection: Connection,
    article_id: str,
    version: int,
    *,
    actor: Actor,
    now: datetime,
    detail: str = "",
) -> list[PendingEntry]:
    """Publish a version and return its change feed entries, which the caller must append."""
    entries: list[PendingEntry] = []
    connection.execute(PUBLISH, {"article": article_id, "number": version, "now": now})
    for row in connection.execute(
        SELECT_AFFECTED, {"article": article_id, "number": version}
    ).all():
        if row.version == version:
            done = {"state": WorkflowState.APPROVED, "publish_at": None, "at": now}
            connection.execute(
                update(reviews).where(*_match_review(article_id, version)).values(done)
            )
        else:
            reason = f"version {version} was published"
            entries.append(
                _cancel_schedule(connection, article_id, row.version, actor=actor, reason=reason)
            )
    return [*entries, PendingChange(article_id, "published", actor, detail)]


def retire_article(
    connection: Connection,
    article_id: str,
    *,
    reason: str,
    replaced_by: str,
    actor: Actor,
    now: datetime,
    detail: str = "",
) -> None:
    """Retire an article, cancel its schedules and end the review of its latest version."""
    for schedule in list_schedules(connection, article_id).get(article_id, ()):
        why = "the article was retired"
        cancel_schedule(connection, article_id, schedule.version, actor=actor, now=now, reason=why)
    row = mappers.get_article_row(connection, article_id)
    delete_review(connection, article_id, row.latest_version)
    changed = {
        "status": ArticleStatus.RETIRED,
        "published_version": None,
        "updated_at": now,
        "retired_reason": reason,
        "replaced_by": replaced_by,
    }
    connection.execute(update(articles).where(articles.c.id == article_id).values(changed))
    change_feed.append_changes(connection, [PendingChange(article_id, "retired", actor, detail)])


def list_schedules(connection: Connection, article_id: str = "") -> dict[str, tuple[Schedule, ...]]:
    """Return the pending schedules of one or all articles, by article id, earliest first."""
    statement = (
        SELECT_SCHEDULED.where(reviews.c.article_id == article_id)
        if article_id
        else SELECT_SCHEDULED
    )
    schedules: dict[str, tuple[Schedule, ...]] = defaultdict(tuple)
    for row in connection.execute(statement):
        schedules[row.article_id] += (_map_schedule(row),)
    return schedules


def find_next_due(connection: Connection, now: datetime) -> Schedule | None:
    """Return the earliest schedule that is due, or None."""
    statement = SELECT_SCHEDULED.where(reviews.c.publish_at <= now).limit(1)
    row = connection.execute(statement).one_or_none()
    return _map_schedule(row) if row else None


def cancel_schedule(
    connection: Connection,
    article_id: str,
    version: int,
    *,
    actor: Actor,
    now: datetime,
    reason: str,
) -> None:
    """Cancel the schedule of a version; the version itself is kept."""
    event = _cancel_schedule(connection, article_id, version, actor=actor, reason=reason)
    audit_log.append_events(connection, [event], now)


def _cancel_schedule(
    connection: Connection, article_id: str, version: int, *, actor: Actor, reason: str
) -> AuditEvent:
    delete_review(connection, article_id, version)
    detail = f"version {version}: {reason}"
    return AuditEvent(actor, "review.schedule-cancelled", article_id, detail)


def delete_review(connection: Connection, article_id: str, version: int) -> None:
    """Delete the review state of a version, which makes it a draft."""
    connection.execute(delete(reviews).where(*_match_review(article_id, version)))


def _map_schedule(row: Any) -> Schedule:
    return Schedule(row.article_id, row.version, row.publish_at, row.decided_by)


def _match_review(article_id: str, version: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return reviews.c.article_id == article_id, reviews.c.version == version
