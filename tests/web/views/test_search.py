"""Every page, in every state that a reader may meet."""

from __future__ import annotations

import re
from datetime import date

import pytest

from index.engines import open_engine
from index.indexer import Indexer
from index.search.results import QueryEcho
from index.search.service import SearchService
from kb.editorial.workflow import ReviewWorkflow
from kb.errors import IndexMissingError, StoreError
from kb.model.article import paragraph
from kb.storage.audit_log import Actor
from tests.web.builders import (
    TODAY,
    WARFARIN,
    WARFARIN_PASSAGES,
    CannedSearch,
    a_hit,
    an_answer,
    facet,
    passage,
    save,
    simple,
)
from tests.web.page_text import elements, links_of, text_of, texts, values

# The search box and what comes of it


def test_home_offers_search_first_class_tags_topics_and_the_list(client):
    page = client.get("/")
    assert page.status_code == 200
    assert 'name="q"' in page.text
    for tag in ("mechanism", "safety", "long-term-care"):
        assert f"/tags/{tag}" in links_of(page)
    assert {"/topics/Leaflets", "/topics", "/a-z", "/new"} <= set(links_of(page))
    assert texts(page, '.entry-end a[href="/a-z"]')[0].startswith("26 ")


def test_home_without_topics_offers_letters_and_new_articles(client_with, empty_store):
    save(empty_store, *simple("Gout", "It hurts."))
    save(empty_store, *simple("Asthma", "It wheezes."))
    page = client_with(CannedSearch(), empty_store).get("/")
    assert texts(page, "[aria-labelledby=by-letter] a") == ["A", "G"]
    assert set(texts(page, "[aria-labelledby=new-articles] a")) == {"Asthma", "Gout"}
    assert "/tags/safety" in links_of(page)


def test_search_without_words_is_home(client):
    assert text_of(client.get("/search?q=+")) == text_of(client.get("/"))


def test_an_empty_base_teaches_how_to_add_the_first_article(client_with, empty_store):
    page = client_with(CannedSearch(), empty_store).get("/")
    (taught,) = texts(page, '[data-empty="base"]')
    assert "kb add" in taught
    assert "kb publish" in taught


def test_a_hit_shows_place_heading_snippet_tags_and_review(client):
    page = client.get("/search?q=gut+bleeding")
    assert values(page, "data-articles") == ["1"]
    (hit,) = elements(page, ".found > .hits > .hit")
    (place,) = texts(str(hit), ".hit-place")
    assert place.startswith("Warfarin › Harms")
    assert "Sample Hospital" in place
    assert "<mark>gut</mark>" in str(hit)
    assert values(str(hit), "data-tag") == ["safety"]
    (review,) = texts(str(hit), '[data-review-state="overdue"]')
    assert "January 2026" in review


def test_a_hit_leads_to_its_passage_with_the_words_marked(client):
    page = client.get("/search?q=gut+bleeding")
    (address,) = {link for link in links_of(page) if link.startswith("/articles/warfarin/")}
    path, _, anchor = address.partition("#")
    article = client.get(path)
    assert f'id="{anchor}" class="passage passage-begins safety arrived"' in article.text
    assert "<mark>gut</mark>" in article.text
    assert "<mark>Bleeding</mark>" in article.text


def test_drafts_are_not_found(client):
    assert elements(client.get("/search?q=unpublished"), '[data-empty="results"]')


def test_pages_of_ten_are_linked_both_ways(client):
    first = client.get("/search?q=operation")
    assert values(first, "data-articles") == ["24"]
    assert len(elements(first, ".hits > .hit")) == 10
    assert "/search?q=operation&offset=10" in links_of(first)
    assert 'rel="prev"' not in first.text
    second = client.get("/search?q=operation&offset=10")
    assert (values(second, "data-page"), values(second, "data-pages")) == (["2"], ["3"])
    assert 'start="11"' in second.text
    assert "/search?q=operation" in links_of(second)
    last = client.get("/search?q=operation&offset=20")
    assert 'rel="next"' not in last.text


def test_a_facet_is_a_link_there_and_back(client):
    page = client.get("/search?q=bleeding")
    there = "/search?q=bleeding&tag=safety"
    assert there in links_of(page)
    chosen = client.get(there)
    (removing,) = elements(chosen, ".chosen a")
    assert removing["href"] == "/search?q=bleeding"
    assert '<input type="hidden" name="tag" value="safety">' in chosen.text


def test_sorting_is_a_link(client):
    page = client.get("/search?q=bleeding&sort=date")
    assert "/search?q=bleeding" in links_of(page)
    assert "/search?q=bleeding&sort=date" in links_of(page)


def test_more_in_article_folds_under_the_hit(client):
    page = client.get("/search?q=bleeding+OR+vitamin")
    assert elements(page, ".hit details.more summary[data-more]")


def test_no_results_page_lists_attempts_and_suggestions(client):
    page = client.get("/search?q=zebra+stripes&tag=safety")
    assert page.status_code == 200
    (nothing,) = elements(page, '[data-empty="results"]')
    assert nothing.select_one("h1")
    assert texts(page, '[data-tried="any"] b') == ["zebra stripes"]
    assert "/search?q=zebra%20stripes" in links_of(page)
    assert "/a-z" in links_of(page)
    assert "/ask?q=zebra%20stripes" in links_of(page)
    assert "/topics/Leaflets" in links_of(page)


def test_query_changes_are_listed_with_an_undo_link(client_with):
    note = "Only the first 32 words are searched."
    synonyms = (("heart attack", "myocardial infarction"),)
    query = QueryEcho(q="", parsed="", synonyms=synonyms, notes=(note,))
    answer = an_answer(a_hit(), query=query, partial=True)
    page = client_with(CannedSearch(answer)).get("/search?q=heart+attack")
    assert texts(page, "[data-synonyms] b") == ["myocardial infarction"]
    assert "heart attack" in texts(page, "[data-synonyms]")[0]
    assert texts(page, "[data-note]") == [note]
    (partial,) = texts(page, "[data-partial]")
    assert partial
    assert "/search?q=heart%20attack&literal=1" in links_of(page)


@pytest.mark.parametrize(("names", "shown"), [(1, 3), (2, 1), (5, 1)])
def test_few_synonyms_are_shown_and_the_others_folded(client_with, names, shown):
    synonyms = tuple((f"drug {n}", f"brand {n} {m}") for n in range(names) for m in range(8))
    query = QueryEcho(q="", parsed="", synonyms=synonyms)
    page = client_with(CannedSearch(an_answer(a_hit(), query=query))).get("/search?q=drug")
    assert values(page, "data-more")[:names] == [str(8 - shown)] * names
    assert len(texts(page, "[data-synonyms] > b")) == shown * names
    assert len(texts(page, "[data-synonyms] details b")) == (8 - shown) * names


@pytest.mark.parametrize(
    ("echo", "label", "named"),
    [
        (QueryEcho(q="", parsed="", relaxed="any"), '[data-relaxed="any"]', ""),
        (QueryEcho(q="", parsed="", relaxed="fuzzy"), '[data-relaxed="fuzzy"]', "a b"),
        (QueryEcho(q="", parsed="", corrected="warfarin"), "[data-corrected]", "warfarin"),
    ],
)
def test_relaxed_and_corrected_queries_are_labelled(client_with, echo, label, named):
    page = client_with(CannedSearch(an_answer(a_hit(), query=echo))).get("/search?q=a+b")
    (said,) = texts(page, label)
    assert said
    assert named in said
    assert len(elements(page, "[data-relaxed], [data-corrected]")) == 1
    assert links_of(page).count("/search?q=a%20b&literal=1") == 1


def test_forty_facet_values_show_twelve_and_fold_the_rest(client_with):
    answer = an_answer(a_hit(), topic_facet=facet(40), tag_facet=facet(14))
    page = client_with(CannedSearch(answer)).get("/search?q=x")
    assert values(page, "data-more") == ["2", "28"]
    assert "Value 39" in text_of(page)


def test_last_reachable_page_reports_the_cut_off(client_with):
    answer = an_answer(a_hit(), total=5000)
    page = client_with(CannedSearch(answer)).get("/search?q=x&offset=1000")
    assert 'rel="next"' not in page.text
    assert values(page, "data-cut-off") == ["1010"]
    assert "1,010" in texts(page, "[data-cut-off]")[0]


def test_without_an_index_the_articles_stay_within_reach(client_with):
    page = client_with(CannedSearch(error=IndexMissingError("/kb/index"))).get("/search?q=clot")
    assert page.status_code == 503
    assert values(page, "data-problem") == ["index"]
    (notice,) = texts(page, ".notice")
    assert "/kb/index" in notice
    assert texts(page, ".notice code") == ["kb index rebuild"]
    assert "/articles/warfarin" in links_of(page)
    assert "/a-z" in links_of(page)
    assert 'value="clot"' in page.text


# Articles


def test_article_shows_owner_and_review_date(client):
    page = client.get("/articles/warfarin")
    for fact, said in (
        ("also-called", "Coumadin, Vitamin K antagonist"),
        ("owner", "Anticoagulation team"),
        ("reviewed", "9 June 2025"),
        ("review-due", "31 January 2026"),
        ("status", "1"),
        ("licence", "CC0-1.0"),
        ("address", "https://example.org/warfarin"),
        ("published", "2 January 2020"),
    ):
        (shown,) = texts(page, f'[data-fact="{fact}"]')
        assert said in shown
    assert elements(page, '[data-fact="review-due"][data-review-state="overdue"]')
    assert '<article lang="en-GB">' in page.text


def test_headings_stand_once_at_their_level(client):
    page = client.get("/articles/warfarin").text
    assert page.count("<h2>Harms</h2>") == 1
    assert page.count("<h3>Bleeding</h3>") == 1
    assert page.count("<h3>Other harms</h3>") == 1


def test_blocks_keep_their_structure(client):
    page = re.sub(r"\s+", " ", client.get("/articles/warfarin").text)
    assert "<li>Bleeding <ul> <li>from the gut</li> </ul> </li>" in page
    assert '<th class="first" scope="col">Drug</th>' in page
    (table,) = elements(page, '.table[role="region"][tabindex="0"]')
    assert "Bleeding" in str(table["aria-label"])
    assert '<p class="callout-word">Warning</p><p>call 999 for heavy bleeding.</p>' in page
    assert '<ol data-numbering="decimal"> <li>Stop warfarin</li>' in page


def test_a_passage_under_safety_carries_band_and_word(client):
    page = client.get("/articles/warfarin")
    section = next(one for one in elements(page, "section.passage.safety") if "Stop" in one.text)
    tags = {str(tag["data-tag"]): tag.get_text() for tag in section.select("[data-tag]")}
    assert list(tags) == ["safety", "interactions"]
    assert all(tags.values())


def test_each_passage_has_a_link_to_itself_and_a_citation(client):
    page = client.get("/articles/warfarin")
    links = elements(page, ".passage-tools a[aria-label]")
    assert len(links) == len(WARFARIN_PASSAGES)
    for link in links:
        assert re.fullmatch(r"/articles/warfarin/\w+\?v=1#p-\w+", str(link["href"]))
    citation = values(page, "data-citation")[2]
    assert citation.startswith("Warfarin, Harms, Bleeding. Sample Hospital.")
    assert "9 June 2025" in citation
    assert re.search(r"\b1\b", citation)


def test_contents_count_the_matches(client):
    page = client.get("/articles/warfarin?q=bleeding")
    (entry,) = [one for one in elements(page, ".contents a") if one.text.startswith("Bleeding")]
    count = entry.select_one(".contents-count")
    assert count is not None
    assert re.match(r"\d", count.get_text(strip=True))
    (total,) = values(page, "data-matches")
    assert int(total) == page.text.count("<mark>") > 1
    assert texts(page, ".matches-for b") == ["bleeding"]


def test_an_unknown_article_and_a_draft_are_answered_alike(client):
    unknown, draft = client.get("/articles/nothing"), client.get("/articles/draft-article")
    assert unknown.status_code == draft.status_code == 404
    assert text_of(unknown) == text_of(draft)
    assert values(draft, "data-problem") == ["not-found"]


def test_retired_article_shows_reason_and_replacement(client_with, empty_store):
    old = save(empty_store, *simple("Old", "Old text."))
    new = save(empty_store, *simple("New", "New text."))
    save(empty_store, *simple("Alone", "Text."))
    ReviewWorkflow(empty_store.database).retire(
        old.article_id, reason="Superseded.", replaced_by="new", actor=Actor("test")
    )
    ReviewWorkflow(empty_store.database).retire(
        "alone", reason="", replaced_by="", actor=Actor("test")
    )
    client = client_with(CannedSearch(), empty_store)
    for path in ("/articles/old", f"/articles/old/{old.passages[0].id}"):
        page = client.get(path)
        assert page.status_code == 410
        assert elements(page, "[data-retired]")
        assert "Superseded." in text_of(page)
        assert f"/articles/{new.article_id}" in links_of(page)
        assert values(page, "data-replacement") == ["new"]
        assert "Old text" not in text_of(page)
    assert values(client.get("/articles/alone"), "data-replacement") == ["none"]


# Links to passages


def test_passage_link_survives_a_change_with_a_notice(client_with, empty_store):
    first = save(empty_store, WARFARIN, WARFARIN_PASSAGES)
    changed = passage(("How it works",), paragraph("It blocks vitamin K in the liver."))
    save(empty_store, WARFARIN, (WARFARIN_PASSAGES[0], changed, *WARFARIN_PASSAGES[2:]))
    client = client_with(CannedSearch(), empty_store)
    page = client.get(f"/articles/warfarin/{first.passages[1].id}?v=1")
    assert values(page, "data-arrival") == ["changed"]
    assert texts(page, "[data-arrival]") != [""]
    again = client.get(f"/articles/warfarin/{first.passages[1].id}?v=2")
    assert values(again, "data-arrival") == []


def test_a_link_to_a_rewritten_passage_lands_on_its_successor(client_with, empty_store):
    first = save(empty_store, WARFARIN, WARFARIN_PASSAGES)
    both = [paragraph("It blocks vitamin K."), paragraph("Warfarin thins the blood.")]
    save(empty_store, WARFARIN, (passage(("How it works",), *both), *WARFARIN_PASSAGES[2:]))
    gone = [
        old.id
        for old in first.passages
        if empty_store.locate(old.id).moved and empty_store.locate(old.id).passage_id
    ]
    assert gone
    page = client_with(CannedSearch(), empty_store).get(f"/articles/warfarin/{gone[0]}")
    assert values(page, "data-arrival") == ["moved"]
    assert f'id="p-{gone[0]}"' in page.text  # the link's own fragment still leads there


def test_a_link_to_a_passage_without_successor_lands_on_top(client_with, empty_store):
    first = save(empty_store, WARFARIN, WARFARIN_PASSAGES)
    save(empty_store, WARFARIN, [passage(("Other",), paragraph("Wholly new words here."))])
    places = [(old.id, empty_store.locate(old.id)) for old in first.passages]
    lost = next(id_ for id_, place in places if place.passage_id is None)
    page = client_with(CannedSearch(), empty_store).get(f"/articles/warfarin/{lost}")
    assert page.status_code == 200
    assert values(page, "data-arrival") == ["gone"]


def test_a_passage_of_another_article_is_not_here(client, store):
    other = store.article("leaflet-00").passages[0].id
    assert client.get(f"/articles/warfarin/{other}").status_code == 404
    assert client.get("/articles/warfarin/nothing").status_code == 404


def test_a_permanent_link_leads_to_the_article(client, store):
    id_ = store.article("warfarin").passages[1].id
    moved = client.get(f"/passages/{id_}")
    assert moved.status_code == 302
    assert moved.location == f"/articles/warfarin/{id_}#p-{id_}"
    draft = store.article("draft-article").passages[0].id
    assert client.get(f"/passages/{draft}").status_code == 404


@pytest.mark.parametrize("version", ["x", "0", "-1"])
def test_a_version_that_is_no_number_is_refused(client, store, version):
    id_ = store.article("warfarin").passages[1].id
    assert client.get(f"/articles/warfarin/{id_}?v={version}").status_code == 400


# A to Z


def test_the_list_holds_titles_topics_and_other_names(client):
    page = client.get("/a-z")
    (other,) = [line for line in elements(page, '[data-kind="see"]') if "Coumadin" in line.text]
    assert links_of(str(other)) == ["/articles/warfarin"]
    assert "Warfarin" in other.text
    (topic,) = [line for line in elements(page, '[data-kind="topic"]') if "Leaflets" in line.text]
    assert "24" in topic.text
    assert "/topics/Medicines" in links_of(page)
    assert "#letter-W" in links_of(page)
    assert "Draft article" not in text_of(page)


def test_the_list_of_an_empty_base_leads_home(client_with, empty_store):
    page = client_with(CannedSearch(), empty_store).get("/a-z")
    assert [link["href"] for link in elements(page, '[data-empty="base"] a')] == ["/"]


def test_a_long_list_shows_one_letter(client, monkeypatch):
    monkeypatch.setattr("web.presentation.az_index.MAX_SINGLE_PAGE_ENTRIES", 3)
    page = client.get("/a-z?letter=W")
    assert "Warfarin" in text_of(page)
    assert "Leaflet 01" not in text_of(page)
    assert "/a-z?letter=L#letter-L" in links_of(page)


# What goes wrong


def test_a_store_that_is_away_is_answered_calmly(client_with, monkeypatch):
    client = client_with(CannedSearch(error=StoreError("The database does not answer.")))
    page = client.get("/search?q=x")
    assert page.status_code == 503
    assert values(page, "data-problem") == ["store"]


def test_a_fault_of_ours_shows_no_trace(client_with, caplog):
    client = client_with(CannedSearch(error=RuntimeError("secret")))
    page = client.get("/search?q=Mrs+Jones")
    assert page.status_code == 500
    assert values(page, "data-problem") == ["unexpected"]
    assert "secret" not in page.text
    assert "Jones" not in caplog.text


def test_newest_review_first_and_unreviewed_articles_last(
    client_with, empty_store, taxonomy, tmp_path
):
    dates = {"Alpha": None, "Beta": date(2024, 5, 1), "Gamma": date(2026, 1, 1)}
    for title, reviewed in dates.items():
        save(empty_store, *simple(title, "Zebra stripes bleed.", reviewed=reviewed))
    engine = open_engine(f"whoosh:{tmp_path / 'index'}", taxonomy)
    Indexer(empty_store, engine, taxonomy).rebuild()
    service = SearchService(empty_store, engine, taxonomy, today=lambda: TODAY)
    page = client_with(service, empty_store).get("/search?q=zebra&sort=date")
    found = [hit.get_text() for hit in elements(page, ".hits .hit")]
    places = [next(title for title in dates if title in text) for text in found]
    assert places == ["Gamma", "Beta", "Alpha"]
