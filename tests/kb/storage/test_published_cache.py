"""The cache never returns stale content, even after changes by other processes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.editorial.workflow import ReviewWorkflow
from kb.model.passage import Passage
from kb.storage import mappers, published_cache
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.database import Database
from tests.kb.builders import empty, save

ANN = Actor("ann")


@pytest.fixture
def elsewhere(database_url: str) -> Iterator[ArticleStore]:
    """A second store on the same database, standing in for another process."""
    other = ArticleStore.open(database_url)
    yield other
    other.close()


def texts(store: ArticleStore, ids: list[str]) -> dict[str, str]:
    return {id_: passage.text for id_, (_, passage) in store.published_passages(ids).items()}


def tagged(store: ArticleStore, article_id: str) -> list[Passage]:
    with store.published_snapshot() as published:
        return published.tagged(article_id, ["safety"])


def test_changes_by_other_processes_are_visible_immediately(
    store: ArticleStore, elsewhere: ArticleStore
) -> None:
    gout = save(store, "Gout", ("Use", "Take it."), ("Harm", "It may itch."))
    asthma = save(store, "Asthma", ("Use", "Breathe."))
    ids = [p.id for p in (*gout.passages, *asthma.passages)]
    for _ in range(2):
        assert len(texts(store, ids)) == 3
        assert tagged(store, "gout") == []
    elsewhere.set_tag(ids[1], "safety", present=True, actor=ANN)
    assert [p.id for p in tagged(store, "gout")] == [ids[1]]
    assert "safety" in {tag.tag for tag in store.published_passages(ids)[ids[1]][1].tags}
    save(elsewhere, "Gout", ("Use", "Take it twice."), ("Harm", "It may itch."))
    assert texts(store, ids)[ids[0]] == "Take it twice."
    ReviewWorkflow(elsewhere.database).confirm_review(
        "asthma", note="", due=date(2090, 1, 1), actor=ANN
    )
    assert store.published_passages(ids)[ids[2]][0].metadata.review_due == date(2090, 1, 1)
    ReviewWorkflow(elsewhere.database).retire("gout", reason="", replaced_by="", actor=ANN)
    assert list(texts(store, ids)) == [ids[2]]
    assert tagged(store, "gout") == []
    ReviewWorkflow(elsewhere.database).publish_unreviewed("gout", actor=ANN)
    assert len(texts(store, ids)) == 3


def test_passages_of_a_cached_article_are_not_loaded_again(
    store: ArticleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    gout = save(store, "Gout", ("Use", "Take it."), ("Harm", "It may itch."))
    ids = [passage.id for passage in gout.passages]
    store.set_tag(ids[1], "safety", present=True, actor=ANN)
    with store.published_snapshot() as published:
        article = published.article("gout")
    assert article is not None
    with monkeypatch.context() as patched:
        patched.delattr(mappers, "load_published_passages")
        patched.delattr(mappers, "load_tagged_passages")
        assert [passage for _, passage in store.published_passages(ids).values()] == article[1]
        assert tagged(store, "gout") == article[1][1:]
    save(store, "Gout", ("Use", "Take it twice."), ("Harm", "It may itch."))
    assert texts(store, ids)[ids[0]] == "Take it twice."
    store.set_tag(ids[1], "safety", present=False, actor=ANN)
    assert tagged(store, "gout") == []


def test_cache_is_cleared_after_many_changes_and_limited_in_size(
    store: ArticleStore, elsewhere: ArticleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_cache, "MAX_CHANGES", 3)
    monkeypatch.setattr(published_cache, "MAX_ENTRIES", 2)
    saved = [save(store, f"A{n}", ("Use", f"Text {n}.")) for n in range(5)]
    ids = [one.passages[0].id for one in saved]
    assert len(texts(store, ids)) == 5
    for n in range(5):
        save(elsewhere, f"A{n}", ("Use", f"New {n}."))
    assert sorted(texts(store, ids).values()) == [f"New {n}." for n in range(5)]


@pytest.fixture(scope="module")
def in_memory() -> Iterator[Database]:
    """A database to empty for each example."""
    database = Database("sqlite://")
    database.create()
    yield database
    database.close()


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["save", "retire", "tag", "look"]))))
def test_cache_returns_the_same_as_an_uncached_store(
    in_memory: Database, deeds: list[tuple[int, str]]
) -> None:
    empty(in_memory)
    store = ArticleStore(in_memory)
    ids: set[str] = set()
    for number, (article, deed) in enumerate(deeds):
        name = f"a{article}"
        if deed == "save":
            saved = save(store, name, ("Use", f"Text {number}."), ("Harm", "Same."))
            ids |= {passage.id for passage in saved.passages}
        elif deed == "retire" and name in store.published_ids():
            ReviewWorkflow(store.database).retire(name, reason="", replaced_by="", actor=ANN)
        elif deed == "tag" and ids:
            store.set_tag(min(ids), "safety", present=bool(number % 2), actor=ANN)
        fresh = ArticleStore(store.database)
        assert store.published_passages(sorted(ids)) == fresh.published_passages(sorted(ids))
        assert tagged(store, name) == tagged(fresh, name)
