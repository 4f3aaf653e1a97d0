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
    standings: tuple[WorkflowStatus, ...]


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
    person: User, standing: WorkflowStatus, reviewing: ReviewWorkflow
) -> list[WorkflowAction]:
    """Return the actions that the workflow and the user's permissions allow."""
    found = []
    for action, label, note, right in ACTIONS:
        if not reviewing.allows(action, standing.state) or not person.has_permission(right):
            continue
        approves = action is Action.APPROVE
        refused = reviewing.get_approval_blocker(standing, person.name) if approves else ""
        strong = action in (Action.SUBMIT, Action.APPROVE, Action.PUBLISH)
        scheduled = action is Action.SCHEDULE
        found.append(WorkflowAction(action.value, label, note, refused, scheduled, strong))
    return found


def build_queues(
    person: User, all_standings: Iterable[WorkflowStatus], reviewing: ReviewWorkflow
) -> list[WorkQueue]:
    """Return the non-empty queues of a user, most urgent first."""
    by_state: dict[WorkflowState, list[WorkflowStatus]] = {}
    scheduled = []
    for standing in all_standings:
        if standing.schedules:
            scheduled.append(standing)
        by_state.setdefault(standing.state, []).append(standing)

    def mine(*states: WorkflowState) -> list[WorkflowStatus]:
        return [s for state in states for s in by_state.get(state, ()) if s.author == person.name]

    to_review = [
        standing
        for standing in by_state.get(WorkflowState.IN_REVIEW, ())
        if person.has_permission(Permission.REVIEW)
        and not reviewing.get_approval_blocker(standing, person.name)
    ]
    to_publish = (
        by_state.get(WorkflowState.APPROVED, [])
        if person.has_permission(Permission.PUBLISH)
        else []
    )
    piles = (
        ("to-review", "Waiting for your review", to_review),
        ("to-publish", "Approved, ready to publish", to_publish),
        ("changes-requested", "Changes requested", mine(WorkflowState.CHANGES_REQUESTED)),
        ("drafts", "Your drafts", mine(WorkflowState.DRAFT)),
        ("in-review", "Your articles in review", mine(WorkflowState.IN_REVIEW)),
        ("scheduled", "Scheduled", scheduled),
    )
    return [WorkQueue(key, title, tuple(standings)) for key, title, standings in piles if standings]


def group_comments(comments: Iterable[Comment], present: Iterable[str]) -> dict[str, list[Comment]]:
    """Return comments by passage id; "" has those on the article and on removed passages."""
    ids = set(present)
    found: dict[str, list[Comment]] = {}
    for comment in comments:
        place = comment.passage_id if comment.passage_id in ids else ""
        found.setdefault(place, []).append(comment)
    return found


def is_owned_by(summary: ArticleSummary, person: User) -> bool:
    """Return whether a user owns an article, matched by name, email address or "name <address>"."""
    owner = summary.metadata.owner.casefold()
    names = {person.name.casefold(), person.display_name.casefold(), person.email.casefold()} - {""}
    return not names.isdisjoint((owner, *parseaddr(owner)))


def group_by_owner(due: Sequence[ArticleSummary]) -> list[tuple[str, list[ArticleSummary]]]:
    """Return articles by owner, in the order of `due`."""
    found: dict[str, list[ArticleSummary]] = {}
    for summary in due:
        found.setdefault(summary.metadata.owner or "No owner", []).append(summary)
    return list(found.items())


def summarize_status(standing: WorkflowStatus) -> str:
    """Return the versions and schedules of an article in sentences, to follow its status label."""
    sentences = [
        f"Version {schedule.version} is scheduled for {schedule.at:%d %B %Y, %H:%M} UTC."
        for schedule in standing.schedules
    ]
    if standing.state is not WorkflowState.SCHEDULED:
        sentences.insert(0, f"Version {standing.version}.")
    if standing.published_version and standing.published_version != standing.version:
        sentences.append(f"Version {standing.published_version} is published.")
    elif not standing.published_version and standing.state is not WorkflowState.RETIRED:
        sentences.append("No version is published yet.")
    return " ".join(sentences)


def parse_optional_date(text: str) -> date | None:
    """Return the date in a form field, or None if it is empty. Raises `ValueError` if invalid."""
    return date.fromisoformat(text) if text.strip() else None
