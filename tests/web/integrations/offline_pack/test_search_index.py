"""Search data of the pack: the site's stems and synonyms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.analyzer import stem_text, stem_word
from index.document import build_documents
from index.query.intents import load_intents
from index.query.synonym_rules import MAX_WORDS
from index.search.sections import intent_score
from kb.model.taxonomy import Taxonomy
from kb.storage.article_store import ArticleStore
from tests.kb.builders import save
from tests.web.integrations.offline_pack.conftest import FewNames
from web.context import Services
from web.integrations.offline_pack.search_index import script, search_data


@pytest.fixture(scope="module")
def data(sample_pack: Path) -> Any:
    written = (sample_pack / "data" / "search.js").read_text("utf-8")
    return json.loads(written.removeprefix("window.kbPack=").removesuffix(";\n"))


@pytest.mark.parametrize("word", ["bleeding", "Crohn's", "hepatitis", "haemorrhage", "hemorrhage"])
def test_data_has_stems_of_the_site_for_words_of_articles_and_names(data: Any, word: str) -> None:
    assert data["stems"].get(word.lower(), word) == stem_word(word)


def test_data_has_every_published_passage(data: Any, sample_site: Services) -> None:
    store = sample_site.store
    records = store.published(store.published_ids())
    there = {(record.id, one.anchor) for record in records for one in record.passages}
    articles = [one["id"] for one in data["articles"]]
    assert {(articles[one["article"]], one["anchor"]) for one in data["passages"]} == there


def test_data_has_only_synonyms_that_an_article_contains(data: Any, sample_site: Services) -> None:
    store, taxonomy = sample_site.store, sample_site.taxonomy
    contained = {
        " ".join(stems[at:end])
        for record in store.published(store.published_ids())
        for document in build_documents(record, taxonomy)
        for stems in map(stem_text, document.texts.values())
        for at in range(len(stems))
        for end in range(at + 1, at + MAX_WORDS + 1)
    }
    assert "heart attack" in [stems for stems, _, _ in data["synonyms"]["mi"]]
    assert {stems for found in data["synonyms"].values() for stems, _, _ in found} <= contained


def test_data_has_no_pin_of_a_withdrawn_passage(data: Any) -> None:
    (pinned,) = data["pins"].values()
    assert [data["articles"][data["passages"][at]["article"]]["id"] for at in pinned] == ["gout"]


def test_data_has_names_of_articles_and_answers_of_passages(
    data: Any, sample_site: Services
) -> None:
    (number,) = data["names"]["gout"]
    assert data["articles"][number]["id"] == "gout"
    intents = load_intents().intents
    labels = [intent["label"] for intent in data["intents"]]
    assert labels == [intent.label for intent in intents]
    passages = {one.anchor: one for one in sample_site.store.article("gout").passages}
    for one in data["passages"]:
        if one["article"] == number:
            scores = [intent_score(passages[one["anchor"]], intent) for intent in intents]
            expected = {str(at): round(score, 3) for at, score in enumerate(scores) if score}
            assert one["answers"] == expected


def test_data_has_gaps_of_phrases(data: Any) -> None:
    (overview,) = (intent for intent in data["intents"] if intent["overview"])
    assert [["what", "is"], []] in overview["phrases"]


def test_data_of_a_single_article(taxonomy: Taxonomy, empty_store: ArticleStore) -> None:
    save(empty_store, "Gout", ("Care", "Rest the joint; take 5mg."))
    found = search_data([empty_store.article("gout")], taxonomy, FewNames(), load_intents(), [])
    assert [one["text"] for one in found["passages"]] == ["Rest the joint; take 5mg."]
    assert {"rest", "joint", "5", "mg"} <= set(found["stems"])
    assert "the" in found["small"]
    assert not found["synonyms"]


def test_script_escapes_what_could_end_it() -> None:
    value = ["</script>\u2028\u2029<!--", 'a"b\\']
    written = script("kbPack", value).decode()
    assert not set("<\u2028\u2029") & set(written)
    assert json.loads(written.removeprefix("window.kbPack=").removesuffix(";\n")) == value
