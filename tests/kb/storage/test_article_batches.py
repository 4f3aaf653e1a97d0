"""Batches of articles: one transaction, and a rejected article in a batch."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from kb.errors import RejectedError
from kb.storage.article_store import ArticleStore
from kb.storage.article_writer import SaveRequest, SaveResult
from kb.storage.audit_log import Actor
from tests.kb.builders import article_of, passage, save
from tests.kb.storage.test_article_store import everything, kinds


def submission(title: str, *texts: str, key: str = "") -> SaveRequest:
    return SaveRequest(
        article=article_of(title, [("Care", text) for text in texts]),
        passages=tuple(passage("Care", text) for text in texts),
        source_key=key or f"test:{title}",
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        publish=True,
        actor=Actor("editor"),
    )


def bad(title: str) -> SaveRequest:
    """Return a request that every database rejects: a version without coverage."""
    nothing: Any = None
    return replace(submission(title, "Rest."), coverage=nothing)


def commits(store: ArticleStore) -> list[None]:
    made: list[None] = []
    event.listen(store._database._engine, "commit", lambda _: made.append(None))
    return made


def test_articles_saved_together_are_one_transaction_in_their_order(store: ArticleStore) -> None:
    save(store, "Migraine", ("Care", "Rest in the dark."))
    made = commits(store)

    answers = store.save_all(
        [
            submission("Gout", "Rest the joint."),
            submission("Migraine", "Rest in a dark room."),
            submission("Asthma", "Use the inhaler."),
        ]
    )

    assert [
        (answer.article_id, answer.version, answer.status)
        for answer in answers
        if isinstance(answer, SaveResult)
    ] == [("gout", 1, "added"), ("migraine", 2, "updated"), ("asthma", 1, "added")]
    assert len(made) == 1
    assert kinds(store, after=2) == [
        (name, kind) for name in ("gout", "migraine", "asthma") for kind in ("saved", "published")
    ]
    assert store.last_seq() == 8
    assert store.article("migraine").passages[0].text == "Rest in a dark room."


def test_articles_saved_together_know_of_each_other(store: ArticleStore) -> None:
    first, same, other = store.save_all(
        [
            submission("Gout", "Rest the joint."),
            submission("Gout", "Rest the joint."),
            submission("Gout", "Drink water.", key="another"),
        ]
    )

    assert isinstance(first, SaveResult)
    assert isinstance(same, SaveResult)
    assert isinstance(other, SaveResult)
    assert (same.status, same.passages) == ("unchanged", first.passages)
    assert other.article_id == "gout-2"
    assert re.search(r"\bgout\b", other.notes[0])


def test_rejected_article_does_not_prevent_saving_the_others(
    store: ArticleStore,
) -> None:
    answers = store.save_all([submission("Gout", "Rest."), bad("Bad"), submission("Asthma", "Go.")])

    assert [type(answer) for answer in answers] == [SaveResult, RejectedError, SaveResult]
    assert isinstance(answers[1], RejectedError)
    assert "coverage" in answers[1].detail
    assert store.published_ids() == ["asthma", "gout"]
    assert [change.seq for change in store.changes(0, 10)] == [1, 2, 3, 4]


def test_single_rejected_article_is_returned_as_error(store: ArticleStore) -> None:
    before = everything(store)
    (answer,) = store.save_all([bad("Bad")])
    assert isinstance(answer, RejectedError)
    assert everything(store) == before
    assert store.save_all([]) == []


def test_a_commit_that_fails_keeps_none_of_them(store: ArticleStore) -> None:
    before = everything(store)

    def failing(_: object) -> None:
        raise ConnectionAbortedError

    event.listen(store._database._engine, "commit", failing)
    with pytest.raises(ConnectionAbortedError):
        store.save_all([submission("Gout", "Rest."), submission("Asthma", "Go.")])
    event.remove(store._database._engine, "commit", failing)

    assert everything(store) == before


def test_repeated_title_gets_the_lowest_free_number(
    store: ArticleStore,
) -> None:
    store.save_all([submission("Gout", "Rest.", key=f"k{number}") for number in range(25)])

    assert len(store.published_ids()) == 25
    assert store.article("gout-25").version == 1
