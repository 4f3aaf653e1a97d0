"""From draft to published: who may do what in which state, and what stays found meanwhile."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kb.errors import NotFoundError, StateError
from kb.record import review_state
from kb.reviewing import SCHEDULE, Reviewing, State, due_first
from kb.store import Store
from kb.trail import By
from tests.kb.building import Clock, save
from tests.raising import raises

ANN, BEN, DORA = By("ann"), By("ben"), By("dora")


@pytest.fixture
def way(store: Store, clock: Clock) -> Reviewing:
    save(store, "Gout", ("Use", "Take it once."), by=ANN, publish=False)
    return Reviewing(store.database, clock=clock)


def bring(way: Reviewing, state: State) -> None:
    """Bring version 1 of gout to a state."""
    if state is State.DRAFT:
        return
    way.submit("gout", 1, by=ANN)
    if state is State.IN_REVIEW:
        return
    if state is State.CHANGES_REQUESTED:
        way.request_changes("gout", 1, note="Say how much.", by=BEN)
        return
    way.approve("gout", 1, by=BEN)
    if state is State.SCHEDULED:
        way.publish("gout", 1, at=Clock().now + timedelta(hours=1), by=DORA)
    elif state is State.PUBLISHED:
        way.publish("gout", 1, by=DORA)


DEEDS = {
    "submit": lambda way: way.submit("gout", 1, by=ANN),
    "withdraw": lambda way: way.withdraw("gout", 1, by=ANN),
    "request changes": lambda way: way.request_changes("gout", 1, note="More.", by=BEN),
    "approve": lambda way: way.approve("gout", 1, by=BEN),
    "publish": lambda way: way.publish("gout", 1, by=DORA),
}
# From which state each deed leads where; from any other it is refused.
LEADS = {
    "submit": {State.DRAFT: State.IN_REVIEW, State.CHANGES_REQUESTED: State.IN_REVIEW},
    "withdraw": dict.fromkeys((State.IN_REVIEW, State.APPROVED, State.SCHEDULED), State.DRAFT),
    "request changes": dict.fromkeys((State.IN_REVIEW, State.APPROVED), State.CHANGES_REQUESTED),
    "approve": {State.IN_REVIEW: State.APPROVED},
    "publish": dict.fromkeys((State.APPROVED, State.SCHEDULED), State.PUBLISHED),
}


@pytest.mark.parametrize("state", [state for state in State if state is not State.RETIRED])
@pytest.mark.parametrize("deed", DEEDS)
def test_what_leads_where(way: Reviewing, state: State, deed: str) -> None:
    bring(way, state)
    assert way.standing("gout").state is state
    leads_to = LEADS[deed].get(state)
    if leads_to is None:
        with raises(StateError, "wrong-state"):
            DEEDS[deed](way)
    else:
        DEEDS[deed](way)
    assert way.standing("gout").state is (leads_to or state)


def test_nobody_approves_their_own(way: Reviewing, store: Store) -> None:
    way.submit("gout", 1, by=BEN)
    standing = way.standing("gout")
    for name in ("ann", "ben"):
        assert way.rule_against(standing, name)
        with raises(StateError, "four-eyes"):
            way.approve("gout", 1, by=By(name))
    way.approve("gout", 1, by=DORA)
    assert way.standing("gout").decided_by == "dora"


def test_the_rule_can_be_off(way: Reviewing, store: Store) -> None:
    alone = Reviewing(store.database, four_eyes=False)
    assert alone.rule_against(alone.standing("gout"), "ann") == ""
    alone.publish("gout", 1, by=ANN)
    assert store.article("gout").published_version == 1


def test_the_old_version_stays_found_and_an_approval_is_of_one_version(
    way: Reviewing, store: Store
) -> None:
    bring(way, State.PUBLISHED)
    save(store, "Gout", ("Use", "Take it twice."), by=ANN, publish=False)
    way.submit("gout", 2, by=ANN)
    way.approve("gout", 2, by=BEN)
    assert store.article("gout").passages[0].text == "Take it once."
    save(store, "Gout", ("Use", "Take it three times."), by=ANN, publish=False)
    assert way.standing("gout").state is State.DRAFT
    for late in (2, 9):
        with raises(StateError, "newer-version"):
            way.publish("gout", late, by=DORA)
    assert store.article("gout").passages[0].text == "Take it once."


def test_publishing_at_a_time_happens_once(way: Reviewing, store: Store, clock: Clock) -> None:
    bring(way, State.SCHEDULED)
    assert way.publish_due() == []
    clock.now += timedelta(hours=1)
    assert way.publish_due() == ["gout"]
    assert way.publish_due() == []
    assert way.standing("gout").state is State.PUBLISHED
    (step,) = [s for s in store.trail(limit=50) if s.deed.action == "article.published"]
    assert step.deed.by == By(SCHEDULE, "ben")


def test_comments_stand_beside_passages_until_they_are_seen_to(
    way: Reviewing, store: Store
) -> None:
    way.submit("gout", 1, by=ANN)
    (passage,) = store.article("gout", 1).passages
    with raises(StateError, "note-missing"):
        way.request_changes("gout", 1, note=" ", by=BEN)
    way.comment("gout", 1, passage.id, "How much?", BEN)
    way.request_changes("gout", 1, note="", by=BEN)
    (comment,) = way.comments("gout")
    assert (comment.name, comment.text, comment.passage_id) == ("ben", "How much?", passage.id)
    way.finish_comment("gout", comment.number, by=ANN)
    with pytest.raises(NotFoundError):
        way.finish_comment("gout", comment.number, by=ANN)
    assert way.comments("gout")[0].done_at
    for passage_id, text in ((passage.id, " "), ("no-such", "Hm."), ("", "x" * 4_001)):
        with pytest.raises((StateError, NotFoundError)):
            way.comment("gout", 1, passage_id, text, BEN)


def test_a_review_without_a_change_outlives_the_same_text_and_yields_to_a_newer_one(
    store: Store, clock: Clock
) -> None:
    way = Reviewing(store.database, clock=clock)
    dates = {"reviewed": date(2024, 3, 1), "review_due": date(2026, 3, 1)}
    save(store, "Gout", ("Use", "Take it once."), **dates)
    seq = store.last_seq()
    assert way.confirm("gout", note="Still right.", due=None, by=BEN) == date(2028, 3, 8)
    assert [change.kind for change in store.changes(seq, 9)] == ["reviewed"]
    save(store, "Gout", ("Use", "Take it once a day."), **dates)
    for metadata in (
        store.article("gout").article.metadata,
        store.summaries()[0].metadata,
        store.contents()[0].article.metadata,
    ):
        assert (metadata.reviewed, metadata.review_due) == (date(2026, 3, 9), date(2028, 3, 8))
    newer = {"reviewed": date(2026, 5, 1), "review_due": date(2027, 5, 1)}
    save(store, "Gout", ("Use", "Take it once a day."), **newer)
    assert store.summaries()[0].metadata.review_due == date(2027, 5, 1)
    with raises(StateError, "due-past"):
        way.confirm("gout", note="", due=date(2026, 3, 9), by=BEN)
    assert way.confirm("gout", note="", due=date(2026, 9, 9), by=BEN) == date(2026, 9, 9)


def test_what_is_due_stands_in_order(store: Store) -> None:
    for title, due in (("A", 5), ("B", 1), ("C", 30), ("D", None)):
        day = date(2026, 3, due) if due else None
        save(store, title, ("Use", f"Take {title}."), review_due=day)
    save(store, "E", ("Use", "Take E."), review_due=date(2026, 1, 1), publish=False)
    due = due_first(store.summaries(), date(2026, 3, 9))
    assert [summary.title for summary in due] == ["B", "A"]
    state = review_state(due[0].metadata.review_due, date(2026, 3, 9))
    assert state.value == "overdue"


def test_what_was_approved_and_retired_may_be_brought_back(way: Reviewing, store: Store) -> None:
    bring(way, State.PUBLISHED)
    store.retire("gout", reason="Old.", replaced_by="", by=DORA)
    assert [s.state for s in way.all()] == [State.APPROVED]
    way.publish("gout", 1, by=DORA)
    assert store.article("gout").published_version == 1
    with pytest.raises(NotFoundError):
        way.standing("no-such")
