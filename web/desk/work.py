"""What the desk's pages show, as values: what waits for somebody, and what may be done now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from email.utils import parseaddr

from kb.people import Person, Right
from kb.record import ArticleSummary
from kb.reviewing import Comment, Reviewing, Standing, State, words


@dataclass(frozen=True, slots=True)
class Pile:
    """Articles that wait for the same thing."""

    key: str
    title: str
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done with an article now: where the form leads, and what it says.

    `refused` says why this person may not, where a rule forbids it; `note` asks for words.
    """

    key: str
    label: str
    note: str = ""
    refused: str = ""
    at: bool = False  # asks for a moment
    strong: bool = False


# What may be done in which state, with which right: key, label, what its note is for.
DEEDS: tuple[tuple[str, str, str, Right, tuple[State, ...]], ...] = (
    (
        "submit", "Send for review", "What the reviewer should look at (optional)", Right.WRITE,
        (State.DRAFT, State.CHANGES_REQUESTED),
    ),
    ("approve", "Approve", "A note (optional)", Right.REVIEW, (State.IN_REVIEW,)),
    (
        "request-changes", "Ask for changes", "What to change", Right.REVIEW,
        (State.IN_REVIEW, State.APPROVED),
    ),
    ("publish", "Publish now", "", Right.PUBLISH, (State.APPROVED, State.SCHEDULED)),
    ("schedule", "Publish at a time", "", Right.PUBLISH, (State.APPROVED,)),
    (
        "withdraw", "Take back to draft", "", Right.WRITE,
        (State.IN_REVIEW, State.APPROVED, State.SCHEDULED),
    ),
)  # fmt: skip
ALONE = (State.DRAFT, State.IN_REVIEW, State.CHANGES_REQUESTED)  # published at once without a rule


def deeds_for(person: Person, standing: Standing, reviewing: Reviewing) -> list[Deed]:
    """Return what this person may do with an article as it stands."""
    found = []
    for key, label, note, right, states in DEEDS:
        ready = standing.state in states or (
            key == "publish" and not reviewing.four_eyes and standing.state in ALONE
        )
        if not ready or not person.may(right):
            continue
        refused = reviewing.rule_against(standing, person.name) if key == "approve" else ""
        strong = key in ("submit", "approve", "publish")
        found.append(Deed(key, label, note, refused, key == "schedule", strong))
    return found


def piles_for(
    person: Person, all_standings: Iterable[Standing], reviewing: Reviewing
) -> list[Pile]:
    """Return what waits for somebody, the most pressing first; nothing that waits for nobody."""
    by_state: dict[State, list[Standing]] = {}
    for standing in all_standings:
        by_state.setdefault(standing.state, []).append(standing)

    def mine(*states: State) -> list[Standing]:
        return [s for state in states for s in by_state.get(state, ()) if s.made_by == person.name]

    to_review = [
        standing
        for standing in by_state.get(State.IN_REVIEW, ())
        if person.may(Right.REVIEW) and not reviewing.rule_against(standing, person.name)
    ]
    to_publish = by_state.get(State.APPROVED, []) if person.may(Right.PUBLISH) else []
    piles = (
        ("to-review", "Waiting for your review", to_review),
        ("to-publish", "Approved, waiting to be published", to_publish),
        ("changes-requested", "Changes were asked for", mine(State.CHANGES_REQUESTED)),
        ("drafts", "Your drafts", mine(State.DRAFT)),
        ("in-review", "Yours, in review", mine(State.IN_REVIEW)),
        ("scheduled", "To be published at a time", by_state.get(State.SCHEDULED, [])),
    )
    return [Pile(key, title, tuple(standings)) for key, title, standings in piles if standings]


def comments_by_passage(
    comments: Iterable[Comment], present: Iterable[str]
) -> dict[str, list[Comment]]:
    """Return the comments under the passage that they are about; "" has those of the whole.

    One on a passage that is gone stands with the whole, so that it is not lost.
    """
    ids = set(present)
    found: dict[str, list[Comment]] = {}
    for comment in comments:
        place = comment.passage_id if comment.passage_id in ids else ""
        found.setdefault(place, []).append(comment)
    return found


def is_mine(summary: ArticleSummary, person: Person) -> bool:
    """Whether somebody answers for an article: by name, by address, or by both as in a mail."""
    owner = summary.metadata.owner.casefold()
    names = {person.name.casefold(), person.shown.casefold(), person.email.casefold()} - {""}
    return not names.isdisjoint((owner, *parseaddr(owner)))


def by_owner(due: Sequence[ArticleSummary]) -> list[tuple[str, list[ArticleSummary]]]:
    """Return what is due under who answers for it, the most overdue owner first."""
    found: dict[str, list[ArticleSummary]] = {}
    for summary in due:
        found.setdefault(summary.metadata.owner or "Nobody answers for these", []).append(summary)
    return list(found.items())


def said(standing: Standing) -> str:
    """Say how an article stands, in a sentence."""
    found = f"Version {standing.version} is {words(standing.state)}"
    if standing.state is State.PUBLISHED:
        return f"{found}."
    if standing.publish_at:
        found += f" for {standing.publish_at:%d %B %Y, %H:%M} UTC"
    still = (
        f" Version {standing.found} stays found." if standing.found else " Nothing is found yet."
    )
    return f"{found}.{still}"


def day_after(text: str) -> date | None:
    """Return the day of a form's field, None where it is empty. Raises `ValueError`."""
    return date.fromisoformat(text) if text.strip() else None
