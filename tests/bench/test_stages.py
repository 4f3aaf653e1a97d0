"""Measurement of the stages of a search."""

from __future__ import annotations

from collections import defaultdict

from bench.stages import time_stages
from index.search import query_expander


def test_stages_are_timed_and_restored() -> None:
    original = query_expander.parse
    spent: dict[str, float] = defaultdict(float)
    with time_stages(spent):
        query_expander.parse("gout")
    assert set(spent) == {"parse"}
    assert query_expander.parse is original
