"""The page of results beyond its hits: what was done, what is near, why, and what is safe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.search.results import MatchedWords, MatchExplanation, QueryEcho, SearchRequest
from kb.model.article import paragraph
from tests.web.builders import CannedSearch, a_full_answer, a_hit, an_answer, facet, passage
from tests.web.page_text import elements, links_of, texts, values
from web.presentation.formatting import FIELD_LABELS
from web.presentation.urls import UrlBuilder
from web.view_models.search_results import MAX_SAFETY_LINKS, build_safety_note


def page_of(client_with, answer, path="/search?q=bledding"):
    return client_with(CannedSearch(answer)).get(path)


def numbered(*paths):
    return tuple(
        replace(passage(path, paragraph(f"Text {number} of it.")), id=f"p{number}")
        for number, path in enumerate(paths)
    )


def test_empty_parts_of_the_results_page_are_omitted(client_with):
    page = page_of(client_with, an_answer(a_hit()))
    for left_out in (".meant", ".done", ".also-found", ".why", ".hit-safety", "[data-relaxed]"):
        assert elements(page, left_out) == []
    shown = page_of(client_with, a_full_answer())
    for there in (".meant", ".done", ".also-found", ".why", ".hit-safety", "[data-relaxed]"):
        assert elements(shown, there)


def test_alternative_queries_are_links(client_with):
    page = page_of(client_with, a_full_answer(), "/search?q=bledding&tag=safety&literal=1")
    assert texts(page, ".meant a") == ["bleeding gums", "blood", "breathing"]
    assert "/search?q=blood&tag=safety" in links_of(page)


def test_a_similar_spelling_is_said_above_and_on_each_hit(client_with):
    page = page_of(client_with, a_full_answer())
    typed, found = texts(page, '[data-relaxed="fuzzy"] b')
    assert "bledding" in typed
    assert found == "bleeding"
    assert len(elements(page, ".tag-fuzzy")) == 10
    assert len(elements(page, '[data-reason="fuzzy"]')) == 10


def test_why_a_passage_was_found(client_with):
    why = MatchExplanation(
        fields=(("heading", ("clots",)), ("tags", ("safety",))), missing=("leg",), overdue=True
    )
    hit = a_hit(why=why, matched=MatchedWords(exact=("clots",), synonym=("thrombosis", "emboli")))
    page = page_of(client_with, an_answer(hit))
    assert "Bleeding" in texts(page, ".why summary")[0]
    reasons = elements(page, "[data-reason]")
    assert all(reason.dt and reason.dt.text for reason in reasons)
    said = {reason["data-reason"]: reason.dd.text for reason in reasons if reason.dd}
    assert said.pop("overdue")
    assert said == {
        "heading": "clots",
        "tags": "safety",
        "synonym": "thrombosis, emboli",
        "missing": "leg",
    }


def test_every_place_that_the_search_names_has_words(search):
    answer = search.search(SearchRequest(q="warfarin bleeding safety cardiology coumadin"))
    named = {field for hit in answer.hits for field, _ in hit.why.fields}
    assert named <= set(FIELD_LABELS)


def test_articles_with_some_of_the_words_stand_apart(client_with):
    page = page_of(client_with, an_answer(a_hit(), partial_hits=(a_hit("Aspirin"),)))
    (apart,) = elements(page, ".also-found")
    assert apart["aria-labelledby"] == "some-words"
    assert values(page, "data-articles") == ["1"]
    assert "Aspirin" not in texts(page, ".hits")[0]
    assert "Aspirin" in apart.text
    assert page.text.count("<h3><a") == 1


def test_safety_of_the_leading_article_stands_in_its_hit(client_with):
    page = page_of(client_with, a_full_answer())
    (note,) = elements(page, ".hit-safety")
    (hit,) = [one for one in elements(page, ".hit") if one.select_one(".hit-safety")]
    assert values(str(hit), "href")[0].startswith("/articles/warfarin")
    assert "Warfarin 0" in note.text
    assert texts(str(note), "a") == [f"Harm {number}" for number in range(5)]
    assert texts(str(note), "details a") == ["Harm 3", "Harm 4"]
    assert values(str(note), "data-more") == ["2"]
    assert "/articles/warfarin/s4?q=bledding#p-s4" in links_of(page)


@pytest.mark.parametrize(
    ("paths", "shown"),
    [
        ([], []),
        ([("Harms", "Bleeding")], []),  # the hit itself stands under this heading
        ([("Harms", "Bleeding"), ("Care",)], ["Care"]),
        ([("Care",), ("Care",), ("Rash",)], ["Care", "Rash"]),
        ([(), ("Care",)], ["Text 0 of it.", "Care"]),
        ([("Care",), ("Old", "Care")], ["Care: Text 0 of it.", "Care: Text 1 of it."]),
    ],
)
def test_safety_shows_each_heading_once_and_never_the_hit_itself(paths, shown):
    note = build_safety_note(an_answer(a_hit(), safety=numbered(*paths)), UrlBuilder())
    assert [link.label for link in note.first] == shown
    assert note.more == ()


def test_safety_keeps_the_order_of_the_article_and_folds_the_rest():
    paths = [(f"H{number}",) for number in range(5)]
    note = build_safety_note(an_answer(a_hit(), safety=numbered(*paths)), UrlBuilder())
    labels = [link.label for link in (*note.first, *note.more)]
    assert labels == ["H0", "H1", "H2", "H3", "H4"]
    assert len(note.first) == MAX_SAFETY_LINKS
    assert build_safety_note(an_answer(), UrlBuilder()).first == ()


def test_passages_under_one_heading_are_told_apart_by_how_they_begin(client_with):
    more = numbered(("Harms", "Bleeding"), ("Harms", "Other"))
    page = page_of(client_with, an_answer(a_hit(more_in_article=2, more=more)))
    assert texts(page, ".more a") == ["Bleeding: Text 0 of it.", "Other"]


def test_literal_stays_in_every_link_but_that_of_other_words(client_with):
    answer = an_answer(a_hit(), total=30, tag_facet=(facet(1)[0],), topic_facet=facet(2))
    path = "/search?q=mi&literal=1&topic=v0"
    page = page_of(client_with, replace(answer, query=QueryEcho(q="", parsed="")), path)
    states = [link for link in links_of(page) if link.startswith("/search?q=mi")]
    wider = "/search?q=mi&topic=v0"
    assert wider in states
    assert "/search?q=mi&topic=v0&literal=1&offset=10" in states
    assert "/search?q=mi&topic=v0&sort=date&literal=1" in states
    assert "/search?q=mi&literal=1" in states
    assert {link for link in states if "literal=1" not in link} == {wider}
    assert elements(page, "[data-literal]")


def test_nothing_found_for_literal_words_leads_to_the_wider_search(client_with):
    page = page_of(client_with, an_answer(), "/search?q=mi&literal=1")
    (tried,) = elements(page, '[data-tried="literal"]')
    assert texts(str(tried), "b") == ["mi"]
    assert links_of(str(tried)) == ["/search?q=mi"]


def test_nothing_found_offers_near_spellings(client_with):
    query = QueryEcho(q="", parsed="", did_you_mean=("warfarin",))
    page = page_of(client_with, an_answer(query=query), "/search?q=wafrarin")
    (meant,) = elements(page, ".meant a")
    assert (meant.text, meant["href"]) == ("warfarin", "/search?q=warfarin")


def test_the_content_team_can_be_told_from_every_page_of_results(client_with):
    page = page_of(client_with, an_answer(a_hit()), "/search?q=a+b")
    assert "/ask?q=a%20b" in links_of(page)


@pytest.mark.parametrize("value", ["yes", "2", "-1"])
def test_literal_is_one_or_nought(client, value):
    answer = client.get(f"/api/v1/search?q=x&literal={value}")
    assert answer.status_code == 400
    assert answer.get_json()["parameter"] == "literal"
