"""What the response says about the subject of a query, and the card of a named article."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.engines import open_engine
from index.indexer import Indexer
from index.search.cards import CARD_INTENTS
from index.search.results import SearchRequest, SearchResponse
from index.search.service import SearchService
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from tests.kb.builders import save


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchService]:
    folder = tmp_path_factory.mktemp("subjects")
    store = ArticleStore.create(f"sqlite:///{folder / 'kb.sqlite'}")
    save(
        store,
        "Apixaban",
        ("", "Apixaban prevents clots."),
        ("Interactions", "Avoid it with rifampicin.", "interactions"),
        ("Who should not have it", "People who bleed.", "contraindications"),
        ("How much to take", "5 mg twice daily.", "dosing-course"),
        also_called=("Eliquis",),
    )
    save(
        store,
        "Type 2 diabetes",
        ("", "It raises blood glucose."),
        ("Complications > From diabetes itself", "Diabetes damages eyes.", "safety"),
    )
    save(store, "Xarelto (rivaroxaban)", ("", "It prevents clots."), ("Warnings", "Bleeding."))
    save(
        store,
        "Asthma",
        ("", "Airways narrow."),
        ("Symptoms", "Wheeze."),
        ("Treatment", "Inhalers help."),
    )
    save(store, "Inhalers in asthma", ("", "Shake them."), ("Technique", "Breathe in."))
    save(store, "Support", ("Blogs and forums about diabetes", "Diabetes, diabetes, diabetes."))
    save(store, "Knee pain", ("", "It hurts."), ("Pain at night", "Knee pain, knee pain."))
    save(store, "Hip pain", ("", "It hurts too."), ("Pain at night", "Hip pain, hip pain."))
    taxonomy = load_taxonomy()
    engine = open_engine(f"whoosh:{folder / 'index'}", taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    yield SearchService(store, engine, taxonomy)
    store.close()


def ask(service: SearchService, q: str, **values: object) -> SearchResponse:
    return service.search(SearchRequest(q=q, **values))  # type: ignore[arg-type]


def intents_of(response: SearchResponse) -> list[str]:
    return [key for key, _ in response.query.intents]


def test_response_contains_subject_and_intents(service: SearchService) -> None:
    response = ask(service, "apixaban dose")
    assert (response.query.subject, intents_of(response)) == ("apixaban", ["dose"])
    assert (response.query.missing, response.query.is_absent, response.card) == ((), False, None)


def test_unanswered_intent_is_reported_with_the_opening(service: SearchService) -> None:
    response = ask(service, "apixaban overdose")
    assert (response.query.article, response.query.missing) == ("Apixaban", ("overdose",))
    assert response.hits[0].passage.heading_path == ()
    assert response.card is not None


def test_only_the_unanswered_of_two_intents_is_reported(service: SearchService) -> None:
    response = ask(service, "apixaban dose in children")
    assert response.query.missing == ("children",)
    assert response.hits[0].passage.heading == "How much to take"


def test_absent_subject_is_reported(service: SearchService) -> None:
    response = ask(service, "amoxicillin overdose")
    assert (response.total, response.query.subject) == (0, "amoxicillin")
    assert response.query.is_absent


def test_filters_do_not_make_a_subject_absent(service: SearchService) -> None:
    response = ask(service, "amoxicillin", tags=("safety",))
    assert (response.total, response.query.is_absent) == (0, False)


@pytest.mark.parametrize("name", ["apixaban", "Eliquis"])
def test_name_leads_to_the_card_with_sections_in_order(service: SearchService, name: str) -> None:
    card = ask(service, name).card
    assert card is not None
    assert card.hit.passage.heading_path == ()
    linked = [(link.intent, link.passage.heading) for link in card.links]
    assert linked == [
        ("dose", "How much to take"),
        ("contraindications", "Who should not have it"),
        ("interactions", "Interactions"),
    ]
    assert [key for key, _ in linked] == [
        key for key in CARD_INTENTS if key in {key for key, _ in linked}
    ]


def test_name_in_one_title_leads_to_the_opening(service: SearchService) -> None:
    response = ask(service, "diabetes")
    assert response.hits[0].article.title == "Type 2 diabetes"
    assert response.hits[0].passage.heading_path == ()
    assert response.card is not None


def test_name_in_several_titles_shows_their_openings(service: SearchService) -> None:
    response = ask(service, "pain")
    assert {hit.article.title for hit in response.hits} == {"Knee pain", "Hip pain"}
    assert all(hit.passage.heading_path == () for hit in response.hits)
    assert response.card is None


@pytest.mark.parametrize("values", [{"offset": 1}, {"sort": "date"}, {"literal": True}])
def test_card_is_only_on_the_first_page_by_relevance(
    service: SearchService, values: dict[str, object]
) -> None:
    assert ask(service, "apixaban", **values).card is None


@pytest.mark.parametrize("q", ["apixaban starter pack dose", "dose of branded apixaban"])
def test_named_subject_answers_beside_words_that_describe_it(
    service: SearchService, q: str
) -> None:
    response = ask(service, q)
    assert response.query.subject == "apixaban"
    assert response.hits[0].passage.heading == "How much to take"


def test_words_of_another_title_are_not_taken_for_a_description(service: SearchService) -> None:
    response = ask(service, "asthma inhaler symptoms")
    assert response.query.subject == "asthma inhaler"


def test_two_named_subjects_are_both_kept(service: SearchService) -> None:
    assert ask(service, "apixaban asthma dose").query.subject == "apixaban asthma"


@pytest.mark.parametrize("name", ["xarelto", "rivaroxaban"])
def test_both_names_of_a_title_with_brackets_name_the_article(
    service: SearchService, name: str
) -> None:
    response = ask(service, f"{name} overdose")
    assert response.query.article == "Xarelto (rivaroxaban)"
    assert response.query.missing == ("overdose",)
