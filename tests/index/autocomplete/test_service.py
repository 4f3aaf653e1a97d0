"""Autocomplete follows the store: published articles are suggested, withdrawn ones are not."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from index.autocomplete import service
from index.autocomplete.service import AutocompleteService
from kb.editorial.workflow import ReviewWorkflow
from kb.errors import StoreError
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.web.builders import save, simple


@pytest.fixture
def store(tmp_path):
    store = ArticleStore.create(f"sqlite:///{tmp_path / 'kb.sqlite'}")
    yield store
    store.close()


def texts(found: AutocompleteService, typed: str) -> list[str]:
    return [name.text for name in found.find(typed).names]


def settle(found: AutocompleteService) -> None:
    if found._thread:
        found._thread.join(30)


@pytest.fixture(params=["at once", "in a thread"])
def following(request, monkeypatch):
    """Run a test with synchronous and background updates; `settle` waits for the thread."""
    if request.param == "in a thread":
        monkeypatch.setattr(service, "MAX_SYNCHRONOUS_ARTICLES", -1)
        monkeypatch.setattr(service, "REST_FACTOR", 0)


@pytest.mark.usefixtures("following")
def test_only_published_articles_are_suggested(store):
    found = AutocompleteService(store)
    assert texts(found, "gout") == []
    saved = save(store, *simple("Gout", "Crystals.", topics=("Joints",), also_called=("Podagra",)))
    save(store, *simple("Gouty draft", "Not yet."), publish=False)
    texts(found, "gout")
    settle(found)
    assert texts(found, "gout") == ["Gout"]
    assert texts(found, "pod") == ["Podagra"]
    assert texts(found, "joi") == ["Joints"]
    assert texts(found, "gout blee") == ["Bleeding"]
    ReviewWorkflow(store.database).retire(
        saved.article_id, reason="old", replaced_by="", actor=Actor("test")
    )
    # Hidden from the very next answer on, however long the sorting takes.
    for typed in ("gout", "pod", "joi", "bleed"):
        assert texts(found, typed) == []
    settle(found)
    assert texts(found, "gout") == []


@pytest.mark.usefixtures("following")
def test_new_version_replaces_previous_suggestions(store):
    article, passages = simple("Gout", "Crystals.", also_called=("Podagra",))
    save(store, article, passages)
    found = AutocompleteService(store)
    texts(found, "g")
    settle(found)
    newer, passages = simple("Gout", "More crystals.", also_called=("Toe pain",))
    save(store, newer, passages)
    texts(found, "g")
    settle(found)
    assert texts(found, "pod") == []
    assert texts(found, "toe") == ["Toe pain"]


def test_empty_input_does_not_query_the_store(store):
    found = AutocompleteService(store)
    store.close()
    assert found.find("  ").names == ()


def test_titles_are_suggested_before_headings_are_loaded(store, monkeypatch):
    save(store, *simple("Gout", "Crystals.", topics=("Joints",)))
    monkeypatch.setattr(service, "MAX_SYNCHRONOUS_ARTICLES", 0)
    go_on = threading.Event()
    contents = store.list_outlines
    monkeypatch.setattr(store, "list_outlines", lambda ids: (go_on.wait(30), contents(ids))[1])
    found = AutocompleteService(store)
    assert texts(found, "gout") == ["Gout"]
    assert texts(found, "joi") == ["Joints"]
    assert texts(found, "bleed") == []
    go_on.set()
    settle(found)
    assert texts(found, "bleed") == ["Bleeding"]


def test_change_during_update_is_read_again(store, monkeypatch):
    save(store, *simple("Gout", "Crystals.", also_called=("Podagra",)))
    found = AutocompleteService(store)
    contents = store.list_outlines

    def changing(ids):
        read = contents(ids)
        monkeypatch.setattr(store, "list_outlines", contents)
        ReviewWorkflow(store.database).retire(
            read[0].article.id, reason="old", replaced_by="", actor=Actor("test")
        )
        found._read_changes()
        return read

    monkeypatch.setattr(store, "list_outlines", changing)
    assert texts(found, "pod") == []
    assert texts(found, "gout") == []


def test_failed_update_is_retried(store, monkeypatch):
    save(store, *simple("Gout", "Crystals."))
    found = AutocompleteService(store)
    contents = store.list_outlines

    def failing(ids):
        monkeypatch.setattr(store, "list_outlines", contents)
        raise StoreError("gone")

    monkeypatch.setattr(store, "list_outlines", failing)
    with pytest.raises(StoreError):
        found.find("gout")
    assert texts(found, "bleed") == ["Bleeding"]


def test_threads_can_search_during_updates(store):
    found = AutocompleteService(store)
    stop = threading.Event()

    def ask() -> set[str]:
        seen: set[str] = set()
        while not stop.is_set():
            seen.update(texts(found, "drug"))
        return seen

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        for number in range(10):
            save(store, *simple(f"Drug {number}", "Text."))
        stop.set()
        seen = set().union(*(future.result(30) for future in asking))
    assert seen <= {f"Drug {number}" for number in range(10)}
    assert len(texts(found, "drug")) == 8
