"""Query counters: sums, retention and redaction of the text; triage and dead links."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.query_stats import (
    ASSIGNED,
    DISMISSED,
    MIN_DAYS_BEFORE_STORING,
    QueryCounters,
    QueryStatsStore,
)
from tests.kb.builders import Clock

ANN = Actor("ann")


@pytest.fixture
def searches(store: ArticleStore, clock: Clock) -> QueryStatsStore:
    return QueryStatsStore(store.database, clock)


def test_counters_add_up_over_days(searches: QueryStatsStore, clock: Clock) -> None:
    searches.add_counts(
        [
            QueryCounters(key="a", text="gout", times=2, found=1),
            QueryCounters(key="b", text="", times=1),
        ]
    )
    clock.now += timedelta(days=1)
    searches.add_counts(
        [QueryCounters(key="a", text="gout", times=3, found=3, opened=2, failed=1, changed=1)]
    )
    one, other = searches.list_recent(30)
    assert (one.text, one.times, one.found, one.opened, one.failed, one.changed, one.days) == (
        "gout", 5, 4, 2, 1, 1, 2,
    )  # fmt: skip
    assert one.last == date(2026, 3, 10)
    assert (other.text, other.times) == ("", 1)
    assert [found.times for found in searches.list_recent(1)] == [3]


def test_text_is_stored_after_the_same_query_on_several_days(
    searches: QueryStatsStore, clock: Clock
) -> None:
    for day in range(MIN_DAYS_BEFORE_STORING):
        assert [one.text for one in searches.list_recent(30)] == (["", ""] if day else [])
        for _ in range(5):  # on one day as often as one likes
            searches.add_counts([QueryCounters(key="a", text="", words="tirzepatide", times=1)])
            searches.add_counts([QueryCounters(key="b", text="", words="", times=1)])
        clock.now += timedelta(days=1)
    assert {one.key: one.text for one in searches.list_recent(30)} == {"a": "tirzepatide", "b": ""}


def test_old_counters_are_purged(searches: QueryStatsStore, clock: Clock) -> None:
    searches.add_counts([QueryCounters(key="a", text="gout", times=1)])
    clock.now += timedelta(days=10)
    searches.add_counts([QueryCounters(key="b", text="asthma", times=1)])
    searches.purge(10)
    assert [one.text for one in searches.list_recent(90)] == ["asthma"]
    searches.purge(0)
    assert searches.list_recent(90) == []


def test_latest_triage_decision_wins(searches: QueryStatsStore) -> None:
    searches.set_triage("a", ASSIGNED, name="ben", actor=ANN)
    searches.set_triage("a", DISMISSED, note="Not ours.", actor=ANN)
    assert {key: (h.state, h.note) for key, h in searches.list_triage().items()} == {
        "a": (DISMISSED, "Not ours.")
    }


def test_dead_links_are_those_of_the_last_check(searches: QueryStatsStore) -> None:
    searches.replace_dead_links([("gout", "https://a.example", "404"), ("gout", "https://b", "x")])
    searches.replace_dead_links([("gout", "https://b", "gone")] * 2)
    assert [(d.address, d.problem) for d in searches.list_dead_links()] == [("https://b", "gone")]
