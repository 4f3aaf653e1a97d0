"""Review state of an article."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kb.model.records import DUE_SOON_DAYS, ReviewState, get_review_state

TODAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (-1, ReviewState.OVERDUE),
        (0, ReviewState.DUE_SOON),
        (DUE_SOON_DAYS, ReviewState.DUE_SOON),
        (DUE_SOON_DAYS + 1, ReviewState.CURRENT),
    ],
)
def test_the_review_state_follows_the_days_that_are_left(days: int, state: ReviewState) -> None:
    assert get_review_state(TODAY + timedelta(days=days), TODAY) is state


def test_without_a_review_date_the_state_is_unknown() -> None:
    assert get_review_state(None, TODAY) is ReviewState.UNKNOWN
