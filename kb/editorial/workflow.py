"""Review workflow of an article, from draft to publication and retirement.

The state is stored separately from the version, which never changes. An approval applies to one
version; a newer version starts as a draft. During the review of a new version, the published
version remains searchable, and scheduled versions are still published on time.

All callers publish, schedule and retire through `ReviewWorkflow`, which writes through
`kb.storage.publication`. With the setting `require_independent_approval`, users cannot approve
versions that they wrote or submitted, and only approved versions are published, except by
`publish_unreviewed`. Retiring an article cancels its schedules and ends the review of its latest
version; publishing it again requires a new review. Callers check permissions
(`kb.model.permissions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from kb.errors import NotFoundError, WorkflowStateError
from kb.model.records import ArticleStatus, ArticleSummary, WorkflowState
from kb.storage import audit_log, change_feed, mappers, publication, review_comments
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.change_feed import PendingChange
from kb.storage.database import Database
from kb.storage.publication import Schedule
from kb.storage.review_comments import Comment
from kb.storage.schema import articles, reviews, versions

SCHEDULE_ACTOR = "schedule"  # actor of scheduled publications
DEFAULT_REVIEW_INTERVAL = timedelta(days=365)  # for articles without review dates


class Action(StrEnum):
    """Action on the latest version of an article."""

    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    REQUEST_CHANGES = "request-changes"
    APPROVE = "approve"
    PUBLISH = "publish"
    SCHEDULE = "schedule"
    RETIRE = "retire"


# The states in which each action is allowed.
ALLOWED: Mapping[Action, tuple[WorkflowState, ...]] = {
    Action.SUBMIT: (
        WorkflowState.DRAFT, WorkflowState.CHANGES_REQUESTED, WorkflowState.RETIRED,
    ),
    Action.WITHDRAW: (
        WorkflowState.IN_REVIEW, WorkflowState.APPROVED, WorkflowState.SCHEDULED,
    ),
    Action.REQUEST_CHANGES: (WorkflowState.IN_REVIEW, WorkflowState.APPROVED),
    Action.APPROVE: (WorkflowState.IN_REVIEW,),
    Action.PUBLISH: (WorkflowState.APPROVED, WorkflowState.SCHEDULED),
    Action.SCHEDULE: (WorkflowState.APPROVED, WorkflowState.SCHEDULED),
    Action.RETIRE: tuple(state for state in WorkflowState if state is not WorkflowState.RETIRED),
}  # fmt: skip
# Additional states that allow publishing and scheduling if approval is not required.
ALLOWED_WITHOUT_APPROVAL = (
    WorkflowState.DRAFT, WorkflowState.IN_REVIEW, WorkflowState.CHANGES_REQUESTED,
    WorkflowState.RETIRED,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStatus:
    """Workflow status of an article. `version` is the latest version."""

    article_id: str
    title: str
    state: WorkflowState
    version: int
    published_version: int | None
    author: str
    created_at: datetime
    submitted_by: str = ""
    decided_by: str = ""
    at: datetime | None = None
    schedules: tuple[Schedule, ...] = ()  # pending, including earlier versions; earliest first


class ReviewWorkflow:
    """Review workflow of one knowledge base. Each method is one transaction.

    Actions raise `NotFoundError` for an unknown article, and `WorkflowStateError` if `version` is
    not the latest or its state does not allow the action.
    """

    def __init__(
        self,
        database: Database,
        *,
        independent_approval: bool = True,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database, self.independent_approval, self._clock = (
            database,
            independent_approval,
            clock,
        )

    # Reading

    def get_status(self, article_id: str) -> WorkflowStatus:
        """Return the status of an article. Raises `NotFoundError`."""
        with self._database.reading() as connection:
            return self._load_status(connection, article_id)

    def list_statuses(self) -> list[WorkflowStatus]:
        """Return the status of all articles, most recently updated first."""
        with self._database.reading() as connection:
            rows = connection.execute(_SELECT_STATUS.order_by(articles.c.updated_at.desc())).all()
            pending = publication.list_schedules(connection)
            return [_map_status(row, pending.get(row.id, ())) for row in rows]

    def list_comments(self, article_id: str) -> list[Comment]:
        """Return the comments on an article, oldest first."""
        with self._database.reading() as connection:
            return review_comments.list_comments(connection, article_id)

    def allows(self, action: Action, state: WorkflowState) -> bool:
        """Return whether an action is allowed in a state."""
        if state in ALLOWED[action]:
            return True
        publishes = action in (Action.PUBLISH, Action.SCHEDULE)
        return publishes and not self.independent_approval and state in ALLOWED_WITHOUT_APPROVAL

    def get_approval_blocker(self, status: WorkflowStatus, name: str) -> str:
        """Return why the four-eyes rule forbids this user to approve a version, or ""."""
        if self.independent_approval and name in (status.author, status.submitted_by):
            return "You wrote or submitted this version. Another reviewer must approve it."
        return ""

    # Actions

    def submit(self, article_id: str, version: int, *, note: str = "", actor: Actor) -> None:
        """Submit the latest version for review."""
        with self._database.writing() as connection:
            status = self._require_allowed(connection, article_id, version, Action.SUBMIT)
            self._set_state(connection, status, WorkflowState.IN_REVIEW, submitted_by=actor.name)
            self._insert_comment(connection, status, note, actor)
            self._append_audit_event(connection, status, "submitted", actor, note)

    def withdraw(self, article_id: str, version: int, *, actor: Actor) -> None:
        """Turn a version back into a draft, or cancel its schedule if a newer version exists."""
        with self._database.writing() as connection:
            status = self._load_status(connection, article_id)
            scheduled = {schedule.version for schedule in status.schedules}
            if version != status.version and version in scheduled:
                publication.cancel_schedule(
                    connection,
                    article_id,
                    version,
                    actor=actor,
                    now=self._clock(),
                    reason="withdrawn",
                )
                return
            status = self._require_allowed(connection, article_id, version, Action.WITHDRAW)
            self._set_state(connection, status, WorkflowState.DRAFT)
            self._append_audit_event(connection, status, "withdrawn", actor)

    def request_changes(self, article_id: str, version: int, *, note: str, actor: Actor) -> None:
        """Return a version to its author. Requires a note or an open comment."""
        with self._database.writing() as connection:
            if not note.strip() and not review_comments.has_open_comment(
                connection, article_id, version
            ):
                raise WorkflowStateError(
                    "There is no note. Describe the changes here or in a comment on a passage.",
                    code="note-missing",
                )
            status = self._require_allowed(connection, article_id, version, Action.REQUEST_CHANGES)
            self._set_state(
                connection, status, WorkflowState.CHANGES_REQUESTED,
                submitted_by=status.submitted_by, decided_by=actor.name,
            )  # fmt: skip
            self._insert_comment(connection, status, note, actor)
            self._append_audit_event(connection, status, "changes-requested", actor, note)

    def approve(self, article_id: str, version: int, *, note: str = "", actor: Actor) -> None:
        """Approve a version. Raises `WorkflowStateError` if the four-eyes rule forbids it."""
        with self._database.writing() as connection:
            status = self._require_allowed(connection, article_id, version, Action.APPROVE)
            against = self.get_approval_blocker(status, actor.name)
            if against:
                raise WorkflowStateError(against, code="four-eyes")
            self._set_state(
                connection, status, WorkflowState.APPROVED,
                submitted_by=status.submitted_by, decided_by=actor.name,
            )  # fmt: skip
            self._insert_comment(connection, status, note, actor)
            self._append_audit_event(connection, status, "approved", actor, note)

    def publish(
        self, article_id: str, version: int, *, at: datetime | None = None, actor: Actor
    ) -> None:
        """Publish the latest version now, or schedule it. Newer drafts do not cancel a schedule."""
        now = self._clock()
        with self._database.writing() as connection:
            if at is None or at <= now:
                self._require_allowed(connection, article_id, version, Action.PUBLISH)
                publication.publish_version(connection, article_id, version, actor=actor, now=now)
                return
            status = self._require_allowed(connection, article_id, version, Action.SCHEDULE)
            self._set_state(
                connection, status, WorkflowState.SCHEDULED, publish_at=at,
                submitted_by=status.submitted_by, decided_by=status.decided_by or actor.name,
            )  # fmt: skip
            self._append_audit_event(
                connection, status, "scheduled", actor, at.isoformat(timespec="minutes")
            )

    def publish_unreviewed(self, article_id: str, *, actor: Actor) -> None:
        """Publish the latest version without a review, on behalf of the operator."""
        with self._database.writing() as connection:
            status = self._load_status(connection, article_id)
            if status.state is WorkflowState.PUBLISHED:
                raise WorkflowStateError(
                    f"Version {status.version} of {article_id} is already published. Nothing "
                    "was changed.",
                    code="already-published",
                )
            publication.publish_version(
                connection, article_id, status.version, actor=actor, now=self._clock()
            )

    def publish_due(self) -> list[str]:
        """Publish the versions whose schedule is due. Returns the ids of their articles."""
        now = self._clock()
        with self._database.reading() as connection:
            if publication.find_next_due(connection, now) is None:
                return []
        published = []
        with self._database.writing() as connection:
            while due := publication.find_next_due(connection, now):
                actor = Actor(SCHEDULE_ACTOR, due.decided_by)
                publication.publish_version(
                    connection, due.article_id, due.version, actor=actor, now=now
                )
                published.append(due.article_id)
        return published

    def retire(self, article_id: str, *, reason: str, replaced_by: str, actor: Actor) -> None:
        """Remove an article from search, cancel its schedules and end its review.

        `replaced_by` is the id of the replacement to which old links lead, or empty.
        """
        with self._database.writing() as connection:
            status = self._load_status(connection, article_id)
            if status.state is WorkflowState.RETIRED and not status.schedules:
                raise WorkflowStateError(
                    f"{article_id} is already retired. Nothing was changed.",
                    code="already-retired",
                )
            if replaced_by == article_id:
                raise WorkflowStateError(
                    f"{article_id} cannot replace itself. Name another article.",
                    code="replaced-by-itself",
                )
            if replaced_by:
                mappers.get_article_row(connection, replaced_by)
            publication.retire_article(
                connection,
                article_id,
                reason=reason,
                replaced_by=replaced_by,
                actor=actor,
                now=self._clock(),
            )

    # Comments

    def add_comment(
        self, article_id: str, version: int, passage_id: str, text: str, actor: Actor
    ) -> None:
        """Add a comment on a passage of a version, or on the article if `passage_id` is empty."""
        if not text.strip():
            raise WorkflowStateError("The comment is empty. Enter some text.", code="comment-empty")
        with self._database.writing() as connection:
            status = self._load_status(connection, article_id)
            kept = mappers.load_passages(connection, status.article_id, version)
            if passage_id and passage_id not in {passage.id for passage in kept}:
                raise NotFoundError("passage", passage_id)
            self._insert_comment(connection, status, text, actor, passage_id)
            self._append_audit_event(connection, status, "commented", actor, passage_id)

    def resolve_comment(self, article_id: str, number: int, *, actor: Actor) -> None:
        """Mark a comment as resolved."""
        with self._database.writing() as connection:
            review_comments.resolve_comment(connection, article_id, number, self._clock())
            event = AuditEvent(actor, "review.comment-done", article_id, str(number))
            audit_log.append_events(connection, [event], self._clock())

    # Review dates

    def confirm_review(self, article_id: str, *, note: str, due: date | None, actor: Actor) -> date:
        """Confirm that the published version is still correct. Returns the next due date.

        The confirmation overrides the review dates of versions (`kb.storage.mappers`), so it
        survives the next ingest of the same text. Without `due`, the previous interval is used.
        """
        today = self._clock().date()
        with self._database.writing() as connection:
            row = mappers.get_article_row(connection, article_id)
            if row.published_version is None:
                raise WorkflowStateError(
                    f"{article_id} is not published. Publish it before you confirm a review.",
                    code="not-published",
                )
            metadata = mappers.load_record(connection, row, row.published_version).article.metadata
            if due is None:
                interval = DEFAULT_REVIEW_INTERVAL
                if metadata.reviewed and metadata.review_due:
                    interval = max(metadata.review_due - metadata.reviewed, timedelta(days=1))
                due = today + interval
            if due <= today:
                raise WorkflowStateError(
                    "The next review date is not in the future. Choose a later date.",
                    code="due-past",
                )
            changed = {"confirmed_on": today, "confirmed_due": due}
            connection.execute(update(articles).where(articles.c.id == article_id).values(changed))
            detail = f"next on {due}" + (f": {note.strip()}" if note.strip() else "")
            change_feed.append_changes(
                connection, [PendingChange(article_id, "reviewed", actor, detail)]
            )
        return due

    # Inside a transaction

    def _load_status(self, connection: Connection, article_id: str) -> WorkflowStatus:
        statement = _SELECT_STATUS.where(articles.c.id == mappers.strip_nul(article_id))
        row = connection.execute(statement).one_or_none()
        if row is None:
            raise NotFoundError("article", article_id)
        return _map_status(row, publication.list_schedules(connection, row.id).get(row.id, ()))

    def _require_allowed(
        self, connection: Connection, article_id: str, version: int, action: Action
    ) -> WorkflowStatus:
        """Return the status if `version` is the latest and the action is allowed."""
        status = self._load_status(connection, article_id)
        if version != status.version:
            raise WorkflowStateError(
                f"The latest version of {article_id} is {status.version}, not {version}. Reload "
                "the page and check the latest version first.",
                code="newer-version",
            )
        if not self.allows(action, status.state):
            allowed = [state for state in WorkflowState if self.allows(action, state)]
            raise WorkflowStateError(
                f"Version {version} of {article_id} is {format_state(status.state)}. "
                f"Allowed states: {', '.join(map(format_state, allowed))}.",
                code="wrong-state",
            )
        return status

    def _set_state(
        self, connection: Connection, status: WorkflowStatus, state: WorkflowState, **columns: Any
    ) -> None:
        publication.delete_review(connection, status.article_id, status.version)
        values = {"submitted_by": "", "decided_by": "", "publish_at": None, **columns}
        connection.execute(
            insert(reviews).values(
                article_id=status.article_id,
                version=status.version,
                state=state,
                at=self._clock(),
                **values,
            )
        )

    def _insert_comment(
        self,
        connection: Connection,
        status: WorkflowStatus,
        text: str,
        actor: Actor,
        passage_id: str = "",
    ) -> None:
        review_comments.insert_comment(
            connection, status.article_id, status.version, text,
            name=actor.name, at=self._clock(), passage_id=passage_id,
        )  # fmt: skip

    def _append_audit_event(
        self,
        connection: Connection,
        status: WorkflowStatus,
        action: str,
        actor: Actor,
        detail: str = "",
    ) -> None:
        text = f"version {status.version}" + (f": {detail}" if detail else "")
        event = AuditEvent(actor, f"review.{action}", status.article_id, text)
        audit_log.append_events(connection, [event], self._clock())


_SELECT_STATUS = (
    select(
        articles,
        versions.c.title,
        versions.c.created_by,
        versions.c.created_at,
        reviews.c.state,
        reviews.c.submitted_by,
        reviews.c.decided_by,
        reviews.c.at,
    )
    .join(
        versions,
        (versions.c.article_id == articles.c.id) & (versions.c.number == articles.c.latest_version),
    )
    .outerjoin(
        reviews,
        (reviews.c.article_id == articles.c.id) & (reviews.c.version == articles.c.latest_version),
    )
)


def format_state(state: WorkflowState) -> str:
    """Return the display name of a state, such as "in review"."""
    return state.replace("-", " ")


def _map_status(row: Row[Any], pending: tuple[Schedule, ...]) -> WorkflowStatus:
    state = WorkflowState(row.state or WorkflowState.DRAFT)
    if row.published_version == row.latest_version:
        state = WorkflowState.PUBLISHED
    elif row.status == ArticleStatus.RETIRED and state is WorkflowState.DRAFT:
        state = WorkflowState.RETIRED
    return WorkflowStatus(
        article_id=row.id,
        title=row.title,
        state=state,
        version=row.latest_version,
        published_version=row.published_version,
        author=row.created_by,
        created_at=row.created_at,
        submitted_by=row.submitted_by or "",
        decided_by=row.decided_by or "",
        at=row.at,
        schedules=pending,
    )


def list_due_reviews(summaries: list[ArticleSummary], until: date) -> list[ArticleSummary]:
    """Return the published articles with a review due by `until`, longest overdue first."""
    due = [
        (summary.metadata.review_due, summary)
        for summary in summaries
        if summary.status is ArticleStatus.PUBLISHED and summary.metadata.review_due
    ]
    return [summary for day, summary in sorted(due, key=lambda pair: pair[0]) if day <= until]
