"""Worklist of a user, and the workflow actions available for an article."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import parseaddr

from kb.editorial.workflow import Action, ReviewWorkflow, WorkflowStatus
from kb.model.permissions import Permission, User
from kb.model.records import ArticleSummary, WorkflowState
from kb.storage.review_comments import Comment


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """Articles that need the same next step."""

    key: str
    title: str
    statuses: tuple[WorkflowStatus, ...]


@dataclass(frozen=True, slots=True)
class WorkflowAction:
    """An action available for an article.

    `key` is the last part of the form's URL. `note` is the label of the note field, empty for none.
    `refused` explains why this user may not perform the action, empty if allowed.
    """

    key: str
    label: str
    note: str = ""
    refused: str = ""
    at: bool = False  # the form has a date and time field
    strong: bool = False


# Action, label of the button, label of the note field, required permission.
ACTIONS: tuple[tuple[Action, str, str, Permission], ...] = (
    (
        Action.SUBMIT,
        "Send for review",
        "What the reviewer should look at (optional)",
        Permission.WRITE,
    ),
    (Action.APPROVE, "Approve", "Note (optional)", Permission.REVIEW),
    (Action.REQUEST_CHANGES, "Request changes", "What to change", Permission.REVIEW),
    (Action.PUBLISH, "Publish now", "", Permission.PUBLISH),
    (Action.SCHEDULE, "Schedule", "", Permission.PUBLISH),
    (Action.WITHDRAW, "Return to draft", "", Permission.WRITE),
)


def available_actions(
    user: User, status: WorkflowStatus, workflow: ReviewWorkflow
) -> list[WorkflowAction]:
    """Return the actions that the workflow and the user's permissions allow."""
    actions = []
    for action, label, note, permission in ACTIONS:
        if not workflow.allows(action, status.state) or not user.has_permission(permission):
            continue
        approves = action is Action.APPROVE
        refused = workflow.get_approval_blocker(status, user.name) if approves else ""
        is_primary = action in (Action.SUBMIT, Action.APPROVE, Action.PUBLISH)
        scheduled = action is Action.SCHEDULE
        actions.append(WorkflowAction(action.value, label, note, refused, scheduled, is_primary))
    return actions


def build_queues(
    user: User, all_statuses: Iterable[WorkflowStatus], workflow: ReviewWorkflow
) -> list[WorkQueue]:
    """Return the non-empty queues of a user, most urgent first."""
    by_state: dict[WorkflowState, list[WorkflowStatus]] = {}
    scheduled = []
    for status in all_statuses:
        if status.schedules:
            scheduled.append(status)
        by_state.setdefault(status.state, []).append(status)

    def mine(*states: WorkflowState) -> list[WorkflowStatus]:
        return [s for state in states for s in by_state.get(state, ()) if s.author == user.name]

    to_review = [
        status
        for status in by_state.get(WorkflowState.IN_REVIEW, ())
        if user.has_permission(Permission.REVIEW)
        and not workflow.get_approval_blocker(status, user.name)
    ]
    to_publish = (
        by_state.get(WorkflowState.APPROVED, []) if user.has_permission(Permission.PUBLISH) else []
    )
    queues = (
        ("to-review", "Waiting for your review", to_review),
        ("to-publish", "Approved, ready to publish", to_publish),
        ("changes-requested", "Changes requested", mine(WorkflowState.CHANGES_REQUESTED)),
        ("drafts", "Your drafts", mine(WorkflowState.DRAFT)),
        ("in-review", "Your articles in review", mine(WorkflowState.IN_REVIEW)),
        ("scheduled", "Scheduled", scheduled),
    )
    return [WorkQueue(key, title, tuple(statuses)) for key, title, statuses in queues if statuses]


def group_comments(
    comments: Iterable[Comment], passage_ids: Iterable[str]
) -> dict[str, list[Comment]]:
    """Return comments by passage id; "" has those on the article and on removed passages."""
    ids = set(passage_ids)
    groups: dict[str, list[Comment]] = {}
    for comment in comments:
        key = comment.passage_id if comment.passage_id in ids else ""
        groups.setdefault(key, []).append(comment)
    return groups


def is_owned_by(summary: ArticleSummary, user: User) -> bool:
    """Return whether a user owns an article, matched by name, email address or "name <address>"."""
    owner = summary.metadata.owner.casefold()
    names = {user.name.casefold(), user.display_name.casefold(), user.email.casefold()} - {""}
    return not names.isdisjoint((owner, *parseaddr(owner)))


def group_by_owner(due: Sequence[ArticleSummary]) -> list[tuple[str, list[ArticleSummary]]]:
    """Return articles by owner, in the order of `due`."""
    groups: dict[str, list[ArticleSummary]] = {}
    for summary in due:
        groups.setdefault(summary.metadata.owner or "No owner", []).append(summary)
    return list(groups.items())


def summarize_status(status: WorkflowStatus) -> str:
    """Return the versions and schedules of an article in sentences, to follow its status label."""
    sentences = [
        f"Version {schedule.version} is scheduled for {schedule.at:%d %B %Y, %H:%M} UTC."
        for schedule in status.schedules
    ]
    if status.state is not WorkflowState.SCHEDULED:
        sentences.insert(0, f"Version {status.version}.")
    if status.published_version and status.published_version != status.version:
        sentences.append(f"Version {status.published_version} is published.")
    elif not status.published_version and status.state is not WorkflowState.RETIRED:
        sentences.append("No version is published yet.")
    return " ".join(sentences)


def parse_optional_date(text: str) -> date | None:
    """Return the date in a form field, or None if it is empty. Raises `ValueError` if invalid."""
    return date.fromisoformat(text) if text.strip() else None
