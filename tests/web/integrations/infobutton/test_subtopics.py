"""Subtopics: mapping of codes and names to intents, and the passages that answer them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.query.intents import load_intents
from kb.model.taxonomy import TagDefinition, Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.catalog_cache import CatalogCache
from tests.kb.builders import save
from tests.web.builders import CannedSearch
from web.integrations.infobutton.matching import InfobuttonMatcher
from web.integrations.infobutton.request import InfobuttonConcept, InfobuttonRequest, ResponseFormat


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ArticleStore]:
    store = ArticleStore.create(Settings(home=tmp_path).database_url)
    yield store
    store.close()


@pytest.fixture
def matcher(store: ArticleStore, taxonomy: Taxonomy) -> InfobuttonMatcher:
    return InfobuttonMatcher(CannedSearch(), store, taxonomy, load_intents())


def keys(matcher: InfobuttonMatcher, concept: InfobuttonConcept) -> set[str]:
    return {intent.key for intent in matcher.intents_of(concept)}


@pytest.mark.parametrize(
    ("code", "intents"),
    [
        ("Q000494", {"mechanism"}),
        ("Q000493", {"pharmacokinetics"}),
        ("Q000627", {"effectiveness", "indications"}),
        ("Q000628", {"indications", "alternatives", "treatment"}),
        ("Q000744", {"contraindications"}),
        ("Q000009", {"side-effects"}),
        ("Q000633", {"overdose"}),
        ("Q000506", {"overdose"}),
        ("Q000150", {"complications"}),
        ("D004347", {"interactions"}),
        ("Q000008", {"dose", "administration"}),
        ("D011379", {"outlook", "long-term-care"}),
        ("D000359", {"long-term-care"}),
        ("Q000175", {"diagnosis"}),
        ("Q000209", {"causes"}),
        ("Q000145", {"overview", "stages"}),
        ("Q999999", set()),
        ("", set()),
    ],
)
def test_code_maps_to_intents(matcher: InfobuttonMatcher, code: str, intents: set[str]) -> None:
    assert keys(matcher, InfobuttonConcept(sent=(("c", code),))) == intents
    assert keys(matcher, InfobuttonConcept(sent=(("c", code.lower()),))) == intents


@pytest.mark.parametrize(
    ("name", "intents"),
    [
        ("Administration & dosage", {"dose", "administration"}),
        ("Administration and dosage", {"dose", "administration"}),
        ("Adverse Effects", {"side-effects"}),
        ("Drug interactions", {"interactions"}),
        ("Therapeutic use", {"indications"}),
        ("Etiology", {"causes"}),
        ("Follow-up", {"long-term-care"}),
        ("Pregnancy", {"pregnancy"}),
        ("Safety and side effects", {"safety"}),  # the label of a tag
        ("weather", set()),
        ("dose of the weather", set()),
    ],
)
def test_name_maps_to_intents(matcher: InfobuttonMatcher, name: str, intents: set[str]) -> None:
    assert keys(matcher, InfobuttonConcept(name=name)) == intents
    assert keys(matcher, InfobuttonConcept(text=name)) == intents


def test_custom_tag_can_have_a_code(store: ArticleStore) -> None:
    taxonomy = Taxonomy([TagDefinition(key="diet", label="Diet", infobutton=("D004032",))])
    matcher = InfobuttonMatcher(CannedSearch(), store, taxonomy, load_intents())
    (intent,) = matcher.intents_of(InfobuttonConcept(sent=(("c", "D004032"),)))
    assert intent.tags == ("diet",)


def test_section_on_the_subtopic_precedes_broader_ones(
    matcher: InfobuttonMatcher, store: ArticleStore, taxonomy: Taxonomy
) -> None:
    save(
        store,
        "Apixaban",
        ("How it works", "It inhibits factor Xa."),
        ("Bleeding", "It can cause bleeding.", "safety"),
        ("Taking it with food", "Take it at any time."),
        ("Overdose", "Call for help after too much."),
    )
    catalog = CatalogCache(store, taxonomy).snapshot()

    def places(code: str) -> list[str]:
        request = InfobuttonRequest(
            form=ResponseFormat.JSON,
            main=(InfobuttonConcept(name="apixaban"),),
            subtopics=(InfobuttonConcept(sent=(("c", code),)),),
        )
        refs = {ref.passage_id: ref for ref in catalog.articles[0].passages}
        found = matcher.matches(request, catalog)
        assert {match.found_by for match in found} <= {"apixaban"}
        return [refs[match.passage_id].heading_path[-1] for match in found]

    assert places("Q000506") == ["Overdose", "Bleeding"]
    assert places("Q000009") == ["Bleeding"]
    assert places("Q000494") == ["How it works"]
    assert places("Q000175") == []
