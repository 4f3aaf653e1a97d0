"""Reranking by meaning: scores, the drug gate, paging, and the queries that it applies to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from index.engine import ArticleGroup
from index.engines import open_engine
from index.indexer import Indexer
from index.query.synonyms import SynonymDictionary
from index.search.results import SearchRequest, SearchResponse
from index.search.semantic_reranker import SemanticReranker, mix_scores, requested_drugs
from index.search.service import SearchService
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from tests.kb.builders import save

TAXONOMY = load_taxonomy()
DICTIONARY = SynonymDictionary()
LOOKALIKE_DRUGS = [
    tuple(line.split())
    for line in (Path(__file__).parents[1] / "query" / "lookalikes.txt").read_text().splitlines()
    if not line.startswith("#") and DICTIONARY.drugs.issuperset(line.lower().split())
]


class FakeModel:
    """The query points along the first axis, so a vector's first value is its similarity."""

    def embed_query(self, _query: str) -> np.ndarray:
        return np.array([1.0, 0.0], np.float32)


class FakeVectors:
    """Vectors with the given similarities, by passage id."""

    def __init__(self, similarities: dict[str, float]) -> None:
        self.similarities = similarities

    def load(self, ids: Iterable[str]) -> dict[str, bytes]:
        angles = {id_: self.similarities[id_] for id_ in ids if id_ in self.similarities}
        return {id_: _vector(similarity) for id_, similarity in angles.items()}


def _vector(similarity: float) -> bytes:
    pair = np.array([similarity, (1 - similarity**2) ** 0.5]) * 127
    return bytes(np.rint(pair).astype(np.int8).tobytes())


class World:
    """Articles with a search that reranks them by the similarities of `set_meaning`."""

    def __init__(self, folder: Path) -> None:
        self.store = ArticleStore.create(f"sqlite:///{folder / 'kb.sqlite'}")
        self.engine = open_engine(f"whoosh:{folder / 'index'}", TAXONOMY)
        self.vectors = FakeVectors({})
        reranker = SemanticReranker(FakeModel(), self.vectors)  # type: ignore[arg-type]
        self.lexical = SearchService(self.store, self.engine, TAXONOMY)
        self.service = SearchService(self.store, self.engine, TAXONOMY, reranker=reranker)

    def add(self, title: str, *sections: tuple[str, str]) -> None:
        save(self.store, title, *sections)

    def set_meaning(self, **similarities: float) -> None:
        """Give the first passage of each article a similarity to every query."""
        self.vectors.similarities = {
            self.store.article(article).passages[0].id: similarity
            for article, similarity in similarities.items()
        }

    def search(self, q: str, **values: object) -> SearchResponse:
        return self.service.search(SearchRequest(q=q, **values))  # type: ignore[arg-type]


def ids(response: SearchResponse) -> list[str]:
    return [hit.article.id for hit in response.hits]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    for number, times in enumerate((5, 4, 3, 2, 1)):
        made.add(f"Leaflet {'abcde'[number]}", ("Care", "swelling " * times + "and other words"))
    Indexer(made.store, made.engine, TAXONOMY).rebuild()
    yield made
    made.store.close()


ARTICLES = ["leaflet-a", "leaflet-b", "leaflet-c", "leaflet-d", "leaflet-e"]


def leaflets(*similarities: float) -> dict[str, float]:
    return dict(zip(ARTICLES, similarities, strict=True))


def test_mixed_score_is_the_mean_of_both_z_scores() -> None:
    assert mix_scores([3.0, 2.0, 1.0], [0.1, 0.5, 0.9]) == pytest.approx([0, 0, 0])
    assert mix_scores([1.0, 1.0, 1.0], [0.1, 0.2, 0.9])[2] > 0.5


def test_article_without_vector_keeps_its_score_by_words() -> None:
    nan = float("nan")
    spread = (2 / 3) ** 0.5

    assert mix_scores([3.0, 2.0, 1.0], [nan, 0.5, 0.9])[0] == pytest.approx(1 / spread)
    assert mix_scores([3.0, 2.0, 1.0], [nan] * 3) == pytest.approx([1 / spread, 0, -1 / spread])


def test_similar_article_rises_and_the_reason_is_given(world: World) -> None:
    assert ids(world.search("swelling")) == ARTICLES

    world.set_meaning(**leaflets(0.1, 0.1, 0.1, 0.9, 0.1))
    response = world.search("swelling")

    assert ids(response) == ["leaflet-d", "leaflet-a", "leaflet-b", "leaflet-c", "leaflet-e"]
    assert [hit.why.reranked for hit in response.hits] == [True, True, True, True, False]


def test_reranking_changes_neither_totals_nor_facets(world: World) -> None:
    world.set_meaning(**leaflets(0.1, 0.2, 0.1, 0.9, 0.1))
    request = SearchRequest(q="swelling")

    by_words, by_meaning = world.lexical.search(request), world.service.search(request)

    assert ids(by_words) != ids(by_meaning)
    assert sorted(ids(by_words)) == sorted(ids(by_meaning))
    assert by_words.total == by_meaning.total
    assert by_words.total_passages == by_meaning.total_passages
    assert by_words.tag_facet == by_meaning.tag_facet


def test_nothing_is_found_by_meaning_alone(world: World) -> None:
    world.set_meaning(**leaflets(0.9, 0.9, 0.9, 0.9, 0.9))

    assert world.search("pangolins of kirkcaldy").total == 0


@pytest.mark.parametrize(
    ("q", "values"),
    [
        ('"swelling and"', {}),
        ("body:swelling", {}),
        ("swelling -pangolin", {}),
        ("swell*", {}),
        ("swelling OR pangolin", {}),
        ("swelling", {"literal": True}),
        ("swelling", {"sort": "date"}),
    ],
)
def test_other_queries_are_not_reranked(world: World, q: str, values: dict[str, object]) -> None:
    world.set_meaning(**leaflets(0.1, 0.1, 0.1, 0.9, 0.1))

    response = world.search(q, **values)

    by_words = world.lexical.search(SearchRequest(q=q, **values))  # type: ignore[arg-type]
    assert response.total
    assert ids(response) == ids(by_words)
    assert not any(hit.why.reranked for hit in response.hits)


def test_pages_continue_one_ranking(world: World) -> None:
    world.set_meaning(**leaflets(0.1, 0.3, 0.2, 0.5, 0.9))
    whole = world.search("swelling words", limit=5)

    pages = [world.search("swelling words", limit=2, offset=offset) for offset in (0, 2, 4)]

    assert [id_ for page in pages for id_ in ids(page)] == ids(whole)
    assert [page.total for page in pages] == [5, 5, 5]


def test_pages_continue_through_partial_matches(world: World) -> None:
    for name in ("Note f", "Note g", "Note h"):
        world.add(name, ("Care", "swelling of the knee"))
    Indexer(world.store, world.engine, TAXONOMY).sync()
    world.set_meaning(**leaflets(0.1, 0.3, 0.2, 0.5, 0.9), **{"note-g": 0.9, "note-f": 0.1})

    whole = world.search("swelling knee", limit=8)
    pages = [world.search("swelling knee", limit=2, offset=offset) for offset in range(0, 8, 2)]

    def both(response: SearchResponse) -> list[str]:
        return [hit.article.id for hit in (*response.hits, *response.partial_hits)]

    assert len(whole.hits) == 3
    assert len(whole.partial_hits) == 5
    assert [id_ for page in pages for id_ in both(page)] == both(whole)


def test_article_that_is_the_subject_stays_first(world: World) -> None:
    world.add("Swelling", ("What it is", "Fluid in the tissue."))
    Indexer(world.store, world.engine, TAXONOMY).sync()
    world.set_meaning(swelling=0.0, **leaflets(0.1, 0.1, 0.1, 0.9, 0.1))

    assert ids(world.search("swelling"))[:2] == ["swelling", "leaflet-d"]


# The drug gate


@pytest.mark.parametrize(("requested", "other"), LOOKALIKE_DRUGS)
def test_lookalike_drug_never_rises_above_the_requested_one(
    tmp_path: Path, requested: str, other: str
) -> None:
    store = ArticleStore.create(f"sqlite:///{tmp_path / 'kb.sqlite'}")
    save(store, "Notes one", ("Dose", f"{requested.capitalize()} is given twice a day."))
    save(store, "Notes two", ("Side effects", f"{other.capitalize()} may cause dizziness."))
    save(store, "Notes three", ("Care", "Dizziness passes with rest."))
    passages = {id_: store.article(id_).passages[0].id for id_ in store.published_ids()}
    groups = [
        ArticleGroup(article, score, (passages[article],))
        for article, score in (("notes-one", 2.0), ("notes-two", 1.9), ("notes-three", 1.8))
    ]
    meaning = {"notes-one": 0.1, "notes-two": 0.9, "notes-three": 0.5}
    vectors = FakeVectors({passages[article]: value for article, value in meaning.items()})
    reranker = SemanticReranker(FakeModel(), vectors)  # type: ignore[arg-type]
    query = f"{requested} side effects"

    def order(query: str) -> list[str]:
        drugs = requested_drugs(query.split(), DICTIONARY)
        with store.published_snapshot() as published:
            reranked = reranker.rerank(query, drugs, groups, published)
        return [group.article_id for group in reranked]

    assert order("side effects")[0] == "notes-two"
    assert order(query) == ["notes-one", "notes-two", "notes-three"]
    store.close()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("ventolin dose", "Salbutamol is inhaled."),
        ("paracetamol in pregnancy", "acetaminophen"),
        ("warfarin", "Warfarin."),
    ],
)
def test_drug_is_recognised_under_all_its_names(words: str, text: str) -> None:
    (pattern,) = requested_drugs(words.split(), DICTIONARY)

    assert pattern.search(text.casefold())
    assert not pattern.search("prewarfarinized metformin")


def test_query_without_drug_has_no_gate() -> None:
    assert requested_drugs(["hip", "replacement", "recovery"], DICTIONARY) == []


def test_each_of_two_drugs_has_its_own_pattern() -> None:
    assert len(requested_drugs(["warfarin", "with", "amiodarone"], DICTIONARY)) == 2
