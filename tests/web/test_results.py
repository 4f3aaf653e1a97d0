"""The page of results beyond its hits: what was done, what is near, why, and what is safe."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from index.answer import Matched, QueryEcho, SearchRequest, Why
from kb.article import paragraph
from tests.web.library import CannedSearch, a_full_answer, a_hit, an_answer, facet, passage
from tests.web.page_text import links_of, text_of
from web.addresses import Addresses
from web.hits import SAFETY_SHOWN, view_safety
from web.wording import PLACES_OF_WORDS


def heard(page) -> str:
    """The words of a page as they are read out: a pause between any two elements."""
    words = re.sub(r"<[^>]+>", " ", page.text)
    return re.sub(r"\s+", " ", unescape(words))


def page_of(client_with, answer, path="/search?q=bledding"):
    return client_with(CannedSearch(answer)).get(path)


def numbered(*paths):
    return tuple(
        replace(passage(path, paragraph(f"Text {number} of it.")), id=f"p{number}")
        for number, path in enumerate(paths)
    )


def test_what_is_empty_is_not_shown(client_with):
    words = text_of(page_of(client_with, an_answer(a_hit())))
    for said in ("Did you mean", "Also searched", "With some of your words", "Why", "Safety in"):
        assert said not in words


def test_other_queries_are_offered_as_links(client_with):
    page = page_of(client_with, a_full_answer(), "/search?q=bledding&tag=safety&literal=1")
    assert "Did you mean bleeding gums, blood or breathing?" in text_of(page)
    assert "/search?q=blood&tag=safety" in links_of(page)


def test_a_similar_spelling_is_said_above_and_on_each_hit(client_with):
    words = heard(page_of(client_with, a_full_answer()))
    assert "Nothing is spelt “bledding”. These have words spelt like it: bleeding ." in words
    assert words.count("Similar spelling") == 2 * 10  # the label, and under "Why"


def test_why_a_passage_was_found(client_with):
    why = Why(
        fields=(("heading", ("clots",)), ("tags", ("safety",))), missing=("leg",), overdue=True
    )
    hit = a_hit(why=why, matched=Matched(exact=("clots",), synonym=("thrombosis", "emboli")))
    words = heard(page_of(client_with, an_answer(hit)))
    for said in (
        "Why this result: Bleeding",
        "In the heading clots",
        "In the tags safety",
        "Another name for your words thrombosis, emboli",
        "Not in this passage leg",
        "Placed lower its review is overdue",
    ):
        assert said in words, said


def test_every_place_that_the_search_names_has_words(search):
    answer = search.search(SearchRequest(q="warfarin bleeding safety cardiology coumadin"))
    named = {field for hit in answer.hits for field, _ in hit.why.fields}
    assert named <= set(PLACES_OF_WORDS)


def test_articles_with_some_of_the_words_stand_apart(client_with):
    page = page_of(client_with, an_answer(a_hit(), also=(a_hit("Aspirin"),)))
    before, heading, after = text_of(page).partition("With some of your words")
    assert heading
    assert "1 article" in before
    assert "Aspirin" not in before
    assert "Aspirin" in after
    assert page.text.count("<h3><a") == 1


def test_safety_of_the_leading_article_stands_in_its_hit(client_with):
    page = page_of(client_with, a_full_answer())
    note = heard(page).partition("Safety in this article , Warfarin 0")[2]
    assert note.startswith(" Harm 0 Harm 1 Harm 2 2 more on safety in Warfarin 0 Harm 3 Harm 4")
    assert text_of(page).count("Safety in this article") == 1
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
    note = view_safety(an_answer(a_hit(), safety=numbered(*paths)), Addresses())
    assert [link.label for link in note.first] == shown
    assert note.more == ()


def test_safety_keeps_the_order_of_the_article_and_folds_the_rest():
    paths = [(f"H{number}",) for number in range(5)]
    note = view_safety(an_answer(a_hit(), safety=numbered(*paths)), Addresses())
    labels = [link.label for link in (*note.first, *note.more)]
    assert labels == ["H0", "H1", "H2", "H3", "H4"]
    assert len(note.first) == SAFETY_SHOWN
    assert view_safety(an_answer(), Addresses()).first == ()


def test_passages_under_one_heading_are_told_apart_by_how_they_begin(client_with):
    more = numbered(("Harms", "Bleeding"), ("Harms", "Other"))
    words = heard(page_of(client_with, an_answer(a_hit(more_in_article=2, more=more))))
    assert "Bleeding: Text 0 of it. Other" in words


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
    assert "Only the words as you typed them." in text_of(page)


def test_nothing_found_for_literal_words_leads_to_the_wider_search(client_with):
    page = page_of(client_with, an_answer(), "/search?q=mi&literal=1")
    assert "Only the words as you typed them: mi" in text_of(page)
    assert "/search?q=mi" in links_of(page)


def test_nothing_found_offers_near_spellings(client_with):
    query = QueryEcho(q="", parsed="", did_you_mean=("warfarin",))
    page = page_of(client_with, an_answer(query=query), "/search?q=wafrarin")
    assert "Did you mean warfarin?" in text_of(page)
    assert "/search?q=warfarin" in links_of(page)


def test_the_content_team_can_be_told_from_every_page_of_results(client_with):
    page = page_of(client_with, an_answer(a_hit()), "/search?q=a+b")
    assert "/ask?q=a%20b" in links_of(page)


@pytest.mark.parametrize("value", ["yes", "2", "-1"])
def test_literal_is_one_or_nought(client, value):
    answer = client.get(f"/api/v1/search?q=x&literal={value}")
    assert answer.status_code == 400
    assert answer.get_json()["parameter"] == "literal"
