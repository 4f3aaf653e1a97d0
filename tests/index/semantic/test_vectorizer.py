"""Vectors of published passages: kept in step with the change feed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from index.semantic.vectorizer import PASSAGES_PER_COMMIT, Vectorizer
from kb.editorial.workflow import ReviewWorkflow
from kb.storage.article_store import ArticleStore
from kb.storage.passage_vectors import PassageVectorStore
from tests.kb.builders import EDITOR, save


class FakeModel:
    """A model that records the texts that it embeds."""

    name = "fake"

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.after_each: Callable[[], object] = lambda: None

    def embed(self, text: str) -> bytes:
        self.texts.append(text)
        self.after_each()
        return text.encode()[:4].ljust(4)


class World:
    """A store with its vectors and their vectorizer."""

    def __init__(self, store: ArticleStore, name: str = "fake") -> None:
        self.store, self.model = store, FakeModel()
        self.vectors = PassageVectorStore(store.database, name)
        self.vectorizer = Vectorizer(store, self.vectors, self.model)  # type: ignore[arg-type]

    def ids(self, article: str) -> list[str]:
        return [passage.id for passage in self.store.article(article).passages]


@pytest.fixture
def world(store: ArticleStore) -> World:
    return World(store)


def test_published_passages_get_vectors_of_title_headings_and_text(world: World) -> None:
    save(world.store, "Gout", ("Care", "Rest the joint."), ("Drugs", "Take colchicine."))
    save(world.store, "Draft", ("Care", "Not yet."), publish=False)
    assert world.vectorizer.status().behind == world.store.last_seq()

    assert world.vectorizer.sync()

    assert world.model.texts == ["Gout\nCare\nRest the joint.", "Gout\nDrugs\nTake colchicine."]
    assert world.vectors.load(world.ids("gout")).keys() == set(world.ids("gout"))
    assert (world.vectorizer.status().vectors, world.vectorizer.status().behind) == (2, 0)


def test_only_changed_texts_are_computed_again(world: World) -> None:
    save(world.store, "Gout", ("Care", "Rest the joint well."), ("Drugs", "Take colchicine."))
    world.vectorizer.sync()
    world.model.texts.clear()
    before = world.vectors.load(world.ids("gout"))

    save(world.store, "Gout", ("Care", "Rest the joint well."), ("Tablets", "Take colchicine."))
    world.vectorizer.sync()

    assert world.model.texts == ["Gout\nTablets\nTake colchicine."]
    assert world.vectors.load(world.ids("gout")).keys() == set(world.ids("gout"))
    assert world.vectors.count() == 2
    assert before.keys() & set(world.ids("gout"))


def test_vectors_of_a_retired_article_are_deleted(world: World) -> None:
    save(world.store, "Gout", ("Care", "Rest the joint."))
    world.vectorizer.sync()
    ids = world.ids("gout")

    ReviewWorkflow(world.store.database).retire("gout", reason="", replaced_by="", actor=EDITOR)
    world.vectorizer.sync()

    assert world.vectors.count() == 0
    assert world.vectorizer.status().behind == 0
    assert World(world.store).vectors.load(ids) == {}


def test_interrupted_computation_resumes(world: World) -> None:
    sections = [("Care", f"Rest joint number {n}.") for n in range(2 * PASSAGES_PER_COMMIT)]
    save(world.store, "Gout", *sections)
    stopping = threading.Event()
    world.model.after_each = stopping.set

    world.vectorizer.sync(stopping=stopping)
    done = world.vectors.count()
    world.vectorizer.sync()

    assert done == 1
    assert len(world.model.texts) == len(set(world.model.texts)) == len(world.ids("gout"))


def test_another_process_does_not_compute_at_the_same_time(world: World) -> None:
    save(world.store, "Gout", ("Care", "Rest the joint."))
    other = World(world.store)
    assert other.vectors.acquire()

    assert not world.vectorizer.sync()
    other.vectors.release()
    assert world.vectorizer.sync()

    assert world.vectors.count() == 1


def test_process_that_lost_its_lease_stores_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(world.store, "Gout", ("Care", "Rest the joint."))
    other = World(world.store)
    world.model.after_each = lambda: (world.vectors.release(), other.vectors.acquire())

    assert not world.vectorizer.sync()

    assert world.vectors.count() == 0


def test_another_model_replaces_the_vectors(world: World) -> None:
    save(world.store, "Gout", ("Care", "Rest the joint."))
    world.vectorizer.sync()
    newer = World(world.store, "newer")
    assert newer.vectors.load(world.ids("gout")) == {}

    newer.vectorizer.sync()

    assert (world.vectors.count(), newer.vectors.count()) == (0, 1)
    assert world.vectorizer.status().behind == world.store.last_seq()


def test_replaced_vector_is_seen_by_other_processes(world: World) -> None:
    save(world.store, "Gout", ("Care", "Rest the joint well, and drink enough."))
    world.vectorizer.sync()
    other = World(world.store)
    (id_,) = world.ids("gout")
    before = other.vectors.load([id_])

    save(world.store, "Gout", ("Advice", "Rest the joint well, and drink enough."))
    world.vectorizer.sync()

    assert world.ids("gout") == [id_]
    assert other.vectors.load([id_]) == world.vectors.load([id_])
    assert before.keys() == {id_}
