import os

import pytest

from ingest.workers import AHEAD, WorkerDiedError, in_order
from kb.errors import SourceError


def work(item, shared):
    if item == "die":
        os._exit(1)
    if item == "fail":
        raise ValueError("no")
    return f"{item}{shared}"


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_order_and_failures_are_results(jobs):
    error = SourceError("s", "p", "m")
    items = ["a", error, "fail", *map(str, range(20))]
    results = list(in_order(work, items, "!", jobs=jobs))
    assert [item for item, _ in results] == items
    assert results[0][1] == "a!"
    assert results[1][1] is error
    assert isinstance(results[2][1], ValueError)
    assert [result for _, result in results[3:]] == [f"{n}!" for n in range(20)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_nothing_is_read_far_ahead(jobs):
    taken = []
    items = (taken.append(n) or str(n) for n in range(1000))
    results = in_order(work, items, "", jobs=jobs)
    next(results)
    assert len(taken) <= AHEAD * jobs
    results.close()


def test_a_process_that_dies_costs_one_item():
    results = dict(in_order(work, ["a", "b", "die", "c", "d"], "!", jobs=2))
    assert isinstance(results.pop("die"), WorkerDiedError)
    assert results == {name: f"{name}!" for name in "abcd"}
