"""Content requests from readers."""

from __future__ import annotations

import pytest

from kb.errors import WorkflowStateError
from kb.storage import content_requests
from kb.storage.article_store import ArticleStore
from tests.raises import raises


def test_open_requests_are_listed_oldest_first(store: ArticleStore) -> None:
    store.add_content_request("gout diet", "May they eat fish?", "ward 4")
    store.add_content_request("zebra", "", "")

    first, second = store.list_content_requests()
    assert (first.query, first.sentence, first.reach) == (
        "gout diet",
        "May they eat fish?",
        "ward 4",
    )
    assert second.query == "zebra"
    assert first.at <= second.at

    store.close_content_request(first.id)
    assert store.list_content_requests() == [second]


@pytest.mark.parametrize("done_before", [False, True])
def test_request_that_is_not_open_cannot_be_closed(store: ArticleStore, done_before: bool) -> None:
    store.add_content_request("gout", "", "")
    (question,) = store.list_content_requests()
    number = question.id if done_before else question.id + 1
    if done_before:
        store.close_content_request(number)

    with raises(WorkflowStateError, "done" if done_before else "unknown") as raised:
        store.close_content_request(number)
    assert str(number) in str(raised.value)
    assert done_before or "`kb requests`" in str(raised.value)


def test_full_table_deletes_closed_requests_or_rejects_new_ones(
    store: ArticleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_requests, "MAX_STORED", 2)
    store.add_content_request("one", "", "")
    store.add_content_request("two", "", "")
    with raises(WorkflowStateError, "full"):
        store.add_content_request("three", "", "")

    store.close_content_request(store.list_content_requests()[0].id)
    store.add_content_request("three", "", "")

    assert [question.query for question in store.list_content_requests()] == ["two", "three"]
