"""Review workflow: transitions, the four-eyes rule, schedules and retirement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from kb.editorial.workflow import SCHEDULE_ACTOR, ReviewWorkflow, list_due_reviews
from kb.errors import NotFoundError, WorkflowStateError
from kb.model.records import WorkflowState, get_review_state
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import Clock, save
from tests.raises import raises

ANN, BEN, DORA = Actor("ann"), Actor("ben"), Actor("dora")


@pytest.fixture
def way(store: ArticleStore, clock: Clock) -> ReviewWorkflow:
    save(store, "Gout", ("Use", "Take it once."), actor=ANN, publish=False)
    return ReviewWorkflow(store.database, clock=clock)


def bring(way: ReviewWorkflow, state: WorkflowState) -> None:
    """Bring version 1 of gout into a state."""
    if state is WorkflowState.DRAFT:
        return
    way.submit("gout", 1, actor=ANN)
    if state is WorkflowState.IN_REVIEW:
        return
    if state is WorkflowState.CHANGES_REQUESTED:
        way.request_changes("gout", 1, note="Say how much.", actor=BEN)
        return
    way.approve("gout", 1, actor=BEN)
    if state is WorkflowState.SCHEDULED:
        way.publish("gout", 1, at=Clock().now + timedelta(hours=1), actor=DORA)
    elif state in (WorkflowState.PUBLISHED, WorkflowState.RETIRED):
        way.publish("gout", 1, actor=DORA)
    if state is WorkflowState.RETIRED:
        way.retire("gout", reason="Old.", replaced_by="", actor=DORA)


HOUR = timedelta(hours=1)
SAVED, PUBLISHED = ["article.saved"], ["article.published"]
Step = tuple[WorkflowState, list[str]]

# Each action on version 1 of an article.
ACTIONS: dict[str, Callable[[ReviewWorkflow, ArticleStore, Clock], object]] = {
    "submit": lambda way, store, clock: way.submit("gout", 1, actor=ANN),
    "withdraw": lambda way, store, clock: way.withdraw("gout", 1, actor=ANN),
    "request changes": lambda way, store, clock: way.request_changes(
        "gout", 1, note="More.", actor=BEN
    ),
    "approve": lambda way, store, clock: way.approve("gout", 1, actor=BEN),
    "publish": lambda way, store, clock: way.publish("gout", 1, actor=DORA),
    "schedule": lambda way, store, clock: way.publish("gout", 1, at=clock.now + HOUR, actor=DORA),
    "retire": lambda way, store, clock: way.retire(
        "gout", reason="Old.", replaced_by="", actor=DORA
    ),
    "publish as operator": lambda way, store, clock: way.publish_unreviewed("gout", actor=DORA),
    "save a draft": lambda way, store, clock: save(store, *OTHER, actor=ANN, publish=False),
    "save and publish": lambda way, store, clock: save(store, *OTHER, actor=ANN, publish=True),
    "time passes": lambda way, store, clock: (clock.go(hours=2), way.publish_due()),
}
OTHER = ("Gout", ("Use", "Take it twice."))


def steps(
    *allowed: WorkflowState, to: WorkflowState, audit: list[str]
) -> dict[WorkflowState, Step]:
    return dict.fromkeys(allowed, (to, audit))


ALL = tuple(WorkflowState)
DRAFT, IN_REVIEW, CHANGES, APPROVED, SCHEDULED, LIVE, RETIRED = ALL
CANCELLED = ["review.schedule-cancelled"]
# The state that each action leads to and what it writes to the audit log; the entries that begin
# with "article." are those of the change feed, too. From any state that is not named the action is
# refused with `WorkflowStateError` and writes nothing.
TRANSITIONS: dict[str, dict[WorkflowState, Step]] = {
    "submit": steps(DRAFT, CHANGES, RETIRED, to=IN_REVIEW, audit=["review.submitted"]),
    "withdraw": steps(IN_REVIEW, APPROVED, SCHEDULED, to=DRAFT, audit=["review.withdrawn"]),
    "request changes": steps(IN_REVIEW, APPROVED, to=CHANGES, audit=["review.changes-requested"]),
    "approve": steps(IN_REVIEW, to=APPROVED, audit=["review.approved"]),
    "publish": steps(APPROVED, SCHEDULED, to=LIVE, audit=PUBLISHED),
    "schedule": steps(APPROVED, SCHEDULED, to=SCHEDULED, audit=["review.scheduled"]),
    "retire": {
        **steps(DRAFT, IN_REVIEW, CHANGES, APPROVED, LIVE, to=RETIRED, audit=["article.retired"]),
        SCHEDULED: (RETIRED, [*CANCELLED, "article.retired"]),
    },
    "publish as operator": steps(
        DRAFT, IN_REVIEW, CHANGES, APPROVED, SCHEDULED, RETIRED, to=LIVE, audit=PUBLISHED
    ),
    "save a draft": {**steps(*ALL, to=DRAFT, audit=SAVED), RETIRED: (RETIRED, SAVED)},
    "save and publish": {
        **steps(DRAFT, IN_REVIEW, CHANGES, APPROVED, LIVE, to=LIVE, audit=[*SAVED, *PUBLISHED]),
        SCHEDULED: (LIVE, [*SAVED, *CANCELLED, *PUBLISHED]),
        RETIRED: (RETIRED, SAVED),
    },
    "time passes": {
        **{state: (state, []) for state in ALL},
        SCHEDULED: (LIVE, PUBLISHED),
    },
}
# Additional transitions if approval is not required.
WITHOUT_APPROVAL: dict[str, dict[WorkflowState, Step]] = {
    "publish": steps(DRAFT, IN_REVIEW, CHANGES, RETIRED, to=LIVE, audit=PUBLISHED),
    "schedule": steps(DRAFT, IN_REVIEW, CHANGES, RETIRED, to=SCHEDULED, audit=["review.scheduled"]),
}


# Error codes other than "wrong-state".
REFUSALS = {"retire": "already-retired", "publish as operator": "already-published"}


@pytest.mark.parametrize("independent_approval", [True, False], ids=["reviewed", "alone"])
@pytest.mark.parametrize("state", ALL)
@pytest.mark.parametrize("action", ACTIONS)
def test_transition(
    way: ReviewWorkflow,
    store: ArticleStore,
    clock: Clock,
    state: WorkflowState,
    action: str,
    independent_approval: bool,
) -> None:
    bring(way, state)
    assert way.get_status("gout").state is state
    seq, number = store.last_seq(), store.list_audit_entries(limit=1)[0].number
    acting = ReviewWorkflow(store.database, independent_approval=independent_approval, clock=clock)
    allowed = TRANSITIONS[action] | (
        {} if independent_approval else WITHOUT_APPROVAL.get(action, {})
    )
    expected = allowed.get(state)
    if expected is None:
        with raises(WorkflowStateError, REFUSALS.get(action, "wrong-state")):
            ACTIONS[action](acting, store, clock)
        expected = (state, [])
    else:
        ACTIONS[action](acting, store, clock)
    standing = way.get_status("gout")
    audit = [
        step.event.action for step in store.list_audit_entries(limit=50) if step.number > number
    ][::-1]
    assert (standing.state, audit) == expected
    feed = [f"article.{change.kind}" for change in store.changes(seq, 9)]
    assert feed == [entry for entry in audit if entry.startswith("article.")]
    published = {LIVE: standing.version, DRAFT: 1 if state is LIVE else None}
    assert standing.published_version == published.get(standing.state)
    still_scheduled = standing.state is SCHEDULED or (state, action) == (SCHEDULED, "save a draft")
    assert [one.version for one in standing.schedules] == ([1] if still_scheduled else [])


def test_transition_table_covers_every_action_and_state() -> None:
    assert set(TRANSITIONS) == set(ACTIONS)
    assert {state for rows in TRANSITIONS.values() for state in rows} == set(WorkflowState)


def test_authors_cannot_approve_their_own_version(way: ReviewWorkflow, store: ArticleStore) -> None:
    way.submit("gout", 1, actor=BEN)
    standing = way.get_status("gout")
    for name in ("ann", "ben"):
        assert way.get_approval_blocker(standing, name)
        with raises(WorkflowStateError, "four-eyes"):
            way.approve("gout", 1, actor=Actor(name))
    way.approve("gout", 1, actor=DORA)
    assert way.get_status("gout").decided_by == "dora"


def test_four_eyes_rule_can_be_disabled(way: ReviewWorkflow, store: ArticleStore) -> None:
    alone = ReviewWorkflow(store.database, independent_approval=False)
    assert alone.get_approval_blocker(alone.get_status("gout"), "ann") == ""
    alone.publish("gout", 1, actor=ANN)
    assert store.article("gout").published_version == 1


def test_published_version_stays_searchable_and_approval_covers_one_version(
    way: ReviewWorkflow, store: ArticleStore
) -> None:
    bring(way, WorkflowState.PUBLISHED)
    save(store, "Gout", ("Use", "Take it twice."), actor=ANN, publish=False)
    way.submit("gout", 2, actor=ANN)
    way.approve("gout", 2, actor=BEN)
    assert store.article("gout").passages[0].text == "Take it once."
    save(store, "Gout", ("Use", "Take it three times."), actor=ANN, publish=False)
    assert way.get_status("gout").state is WorkflowState.DRAFT
    for late in (2, 9):
        with raises(WorkflowStateError, "newer-version"):
            way.publish("gout", late, actor=DORA)
    assert store.article("gout").passages[0].text == "Take it once."


def test_scheduled_version_is_published_once(
    way: ReviewWorkflow, store: ArticleStore, clock: Clock
) -> None:
    bring(way, WorkflowState.SCHEDULED)
    assert way.publish_due() == []
    clock.now += timedelta(hours=1)
    assert way.publish_due() == ["gout"]
    assert way.publish_due() == []
    assert way.get_status("gout").state is WorkflowState.PUBLISHED
    (step,) = [
        s for s in store.list_audit_entries(limit=50) if s.event.action == "article.published"
    ]
    assert step.event.actor == Actor(SCHEDULE_ACTOR, "ben")


def test_comment_stays_open_until_resolved(way: ReviewWorkflow, store: ArticleStore) -> None:
    way.submit("gout", 1, actor=ANN)
    (passage,) = store.article("gout", 1).passages
    with raises(WorkflowStateError, "note-missing"):
        way.request_changes("gout", 1, note=" ", actor=BEN)
    way.add_comment("gout", 1, passage.id, "How much?", BEN)
    way.request_changes("gout", 1, note="", actor=BEN)
    (comment,) = way.list_comments("gout")
    assert (comment.name, comment.text, comment.passage_id) == ("ben", "How much?", passage.id)
    way.resolve_comment("gout", comment.number, actor=ANN)
    with pytest.raises(NotFoundError):
        way.resolve_comment("gout", comment.number, actor=ANN)
    assert way.list_comments("gout")[0].done_at
    for passage_id, text in ((passage.id, " "), ("no-such", "Hm."), ("", "x" * 4_001)):
        with pytest.raises((WorkflowStateError, NotFoundError)):
            way.add_comment("gout", 1, passage_id, text, BEN)


def test_confirmed_review_survives_reingest_until_a_later_review(
    store: ArticleStore, clock: Clock
) -> None:
    way = ReviewWorkflow(store.database, clock=clock)
    dates = {"reviewed": date(2024, 3, 1), "review_due": date(2026, 3, 1)}
    save(store, "Gout", ("Use", "Take it once."), **dates)
    seq = store.last_seq()
    assert way.confirm_review("gout", note="Still right.", due=None, actor=BEN) == date(2028, 3, 8)
    assert [change.kind for change in store.changes(seq, 9)] == ["reviewed"]
    save(store, "Gout", ("Use", "Take it once a day."), **dates)
    for metadata in (
        store.article("gout").article.metadata,
        store.summaries()[0].metadata,
        store.list_outlines()[0].article.metadata,
    ):
        assert (metadata.reviewed, metadata.review_due) == (date(2026, 3, 9), date(2028, 3, 8))
    newer = {"reviewed": date(2026, 5, 1), "review_due": date(2027, 5, 1)}
    save(store, "Gout", ("Use", "Take it once a day."), **newer)
    assert store.summaries()[0].metadata.review_due == date(2027, 5, 1)
    with raises(WorkflowStateError, "due-past"):
        way.confirm_review("gout", note="", due=date(2026, 3, 9), actor=BEN)
    assert way.confirm_review("gout", note="", due=date(2026, 9, 9), actor=BEN) == date(2026, 9, 9)


def test_due_reviews_are_sorted_by_date(store: ArticleStore) -> None:
    for title, due in (("A", 5), ("B", 1), ("C", 30), ("D", None)):
        day = date(2026, 3, due) if due else None
        save(store, title, ("Use", f"Take {title}."), review_due=day)
    save(store, "E", ("Use", "Take E."), review_due=date(2026, 1, 1), publish=False)
    overdue = list_due_reviews(store.summaries(), date(2026, 3, 9))
    assert [summary.title for summary in overdue] == ["B", "A"]
    state = get_review_state(overdue[0].metadata.review_due, date(2026, 3, 9))
    assert state.value == "overdue"


def test_retired_article_returns_through_a_new_review(
    way: ReviewWorkflow, store: ArticleStore
) -> None:
    bring(way, WorkflowState.RETIRED)
    with pytest.raises(WorkflowStateError):
        way.publish("gout", 1, actor=DORA)
    way.submit("gout", 1, actor=ANN)
    way.approve("gout", 1, actor=BEN)
    assert store.article("gout").published_version is None
    way.publish("gout", 1, actor=DORA)
    assert store.article("gout").published_version == 1
    with pytest.raises(NotFoundError):
        way.get_status("no-such")


def scheduled_update(way: ReviewWorkflow, store: ArticleStore, clock: Clock) -> None:
    """Publish version 1 of gout, and schedule version 2 in an hour."""
    bring(way, WorkflowState.PUBLISHED)
    save(store, *OTHER, actor=ANN, publish=False)
    way.submit("gout", 2, actor=ANN)
    way.approve("gout", 2, actor=BEN)
    way.publish("gout", 2, at=clock.now + HOUR, actor=DORA)


def test_retiring_cancels_a_schedule(
    way: ReviewWorkflow, store: ArticleStore, clock: Clock
) -> None:
    scheduled_update(way, store, clock)
    way.retire("gout", reason="Unsafe.", replaced_by="", actor=DORA)
    clock.go(hours=2)
    assert way.publish_due() == []
    assert store.article("gout").published_version is None
    assert way.get_status("gout").state is WorkflowState.RETIRED
    retired, cancelled = store.list_audit_entries(limit=2)
    assert (cancelled.event.action, cancelled.event.actor) == ("review.schedule-cancelled", DORA)
    assert cancelled.event.detail.startswith("version 2:")
    assert retired.event.action == "article.retired"


def test_retiring_cancels_the_schedule_of_an_older_version(
    way: ReviewWorkflow, store: ArticleStore, clock: Clock
) -> None:
    scheduled_update(way, store, clock)
    save(store, "Gout", ("Use", "Take it three times."), actor=ANN, publish=False)
    way.retire("gout", reason="Unsafe.", replaced_by="", actor=DORA)
    clock.go(hours=2)
    assert way.publish_due() == []
    assert way.get_status("gout").schedules == ()


def test_retired_article_with_a_schedule_can_be_retired_again(
    way: ReviewWorkflow, store: ArticleStore, clock: Clock
) -> None:
    bring(way, WorkflowState.RETIRED)
    way.submit("gout", 1, actor=ANN)
    way.approve("gout", 1, actor=BEN)
    way.publish("gout", 1, at=clock.now + HOUR, actor=DORA)
    save(store, *OTHER, actor=ANN, publish=False)
    assert way.get_status("gout").state is WorkflowState.RETIRED
    way.retire("gout", reason="Still unsafe.", replaced_by="", actor=DORA)
    clock.go(hours=2)
    assert way.publish_due() == []
    assert store.article("gout").retired_reason == "Still unsafe."


def test_a_schedule_survives_a_newer_draft(
    way: ReviewWorkflow, store: ArticleStore, clock: Clock
) -> None:
    bring(way, WorkflowState.SCHEDULED)
    save(store, *OTHER, actor=ANN, publish=False)
    (schedule,) = way.get_status("gout").schedules
    assert (schedule.version, schedule.at) == (1, clock.now + HOUR)
    clock.go(hours=2)
    assert way.publish_due() == ["gout"]
    assert store.article("gout").published_version == 1
    standing = way.get_status("gout")
    assert (standing.state, standing.version) == (WorkflowState.DRAFT, 2)
    way.submit("gout", 2, actor=ANN)
    assert store.article("gout").published_version == 1


def test_schedule_of_an_older_version_can_be_withdrawn(
    way: ReviewWorkflow, store: ArticleStore, clock: Clock
) -> None:
    bring(way, WorkflowState.SCHEDULED)
    save(store, *OTHER, actor=ANN, publish=False)
    way.withdraw("gout", 1, actor=ANN)
    assert store.list_audit_entries(limit=1)[0].event.action == "review.schedule-cancelled"
    clock.go(hours=2)
    assert way.publish_due() == []
    with pytest.raises(WorkflowStateError):
        way.withdraw("gout", 1, actor=ANN)


@pytest.mark.parametrize(("first", "second", "published"), [(1, 2, [1, 2]), (2, 1, [2])])
def test_an_older_version_never_replaces_a_newer_one(
    way: ReviewWorkflow,
    store: ArticleStore,
    clock: Clock,
    first: int,
    second: int,
    published: list[int],
) -> None:
    bring(way, WorkflowState.APPROVED)
    way.publish("gout", 1, at=clock.now + first * HOUR, actor=DORA)
    save(store, *OTHER, actor=ANN, publish=False)
    way.submit("gout", 2, actor=ANN)
    way.approve("gout", 2, actor=BEN)
    way.publish("gout", 2, at=clock.now + second * HOUR, actor=DORA)
    clock.go(hours=9)
    way.publish_due()
    assert store.article("gout").published_version == published[-1]
    feed = [change.kind for change in store.changes(0, 99)]
    assert feed.count("published") == len(published)
    assert way.get_status("gout").schedules == ()
