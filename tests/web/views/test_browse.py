"""The pages to browse by: topics, tags, A to Z, what is new."""

from __future__ import annotations

from datetime import date

import pytest

from kb.editorial.workflow import ReviewWorkflow
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_listing import ArticleOutline, PassageRef
from kb.storage.audit_log import Actor
from kb.storage.catalog_cache import CatalogCache
from tests.kb.builders import save
from tests.web.builders import HOSTILE, CannedSearch
from tests.web.page_text import elements, links_of, text_of, texts, values
from web.presentation.urls import UrlBuilder
from web.view_models import topic_page
from web.views import browse

SOON = date(2027, 1, 1)
LONG_AGO = date(2026, 1, 31)


@pytest.fixture
def site(client_with, empty_store):
    """A site of three articles on two topics, one of them overdue, and its store."""
    save(
        empty_store,
        "Warfarin",
        ("", "A blood thinner."),
        ("Harms > Bleeding", "It bleeds.", "safety"),
        ("Harms > Bleeding", "It bleeds more.", "interactions"),
        ("How it works", "It blocks.", "mechanism"),
        topics=("Medicines", "Blood/clotting"),
        review_due=LONG_AGO,
    )
    save(
        empty_store,
        "Metformin",
        ("Side effects", "It upsets.", "safety"),
        topics=("medicines",),
        review_due=SOON,
    )
    save(empty_store, "Gout", ("Harms", "It hurts.", "safety"), topics=("Joints",))
    return client_with(CannedSearch(), empty_store), empty_store


def pages_of(page):
    """Return the number of a page, how many there are, and which neighbours it links to."""
    (nav,) = elements(page, "nav[data-page]")
    return nav["data-page"], nav["data-pages"], [link["rel"][0] for link in nav.select("a[rel]")]


def test_topics_lists_topics_and_tags_with_counts(site):
    page = site[0].get("/topics")
    counts = {
        links_of(str(line))[0]: line.get("data-articles", line.get("data-passages"))
        for line in elements(page, ".counted li")
    }
    assert counts["/topics/Medicines"] == "2"
    assert counts["/topics/Joints"] == counts["/topics/Blood%2Fclotting"] == "1"
    assert counts["/tags/safety"] == "4"  # an interaction is about safety, too
    assert [line.split()[0] for line in texts(page, ".counted .quiet")] == list(counts.values())


def test_a_topic_gathers_passages_of_all_its_articles_by_tag_in_the_order_of_the_taxonomy(site):
    page = site[0].get("/topics/Medicines")
    (lead,) = elements(page, ".lead")
    assert (lead["data-articles"], lead["data-overdue"]) == ("2", "1")
    sections = [(one["data-tag"], one["data-passages"]) for one in elements(page, ".by-tag")]
    assert sections == [
        ("mechanism", "1"),
        ("safety", "3"),
        ("interactions", "1"),
        ("-", "1"),
    ]
    assert "January 2026" in texts(page, '.named [data-review-state="overdue"]')[0]
    (bleeding,) = texts(page, '.by-safety .lines [data-passages="2"]')
    assert bleeding.startswith("Bleeding")
    assert "Harms" in bleeding
    assert "Gout" not in text_of(page)


def test_a_topic_leads_to_each_passage_in_its_article(site):
    client, store = site
    page = client.get("/topics/Medicines")
    record = store.article("metformin")
    assert f"/articles/metformin/{record.passages[0].id}#p-{record.passages[0].id}" in links_of(
        page
    )


def test_the_name_of_a_topic_is_found_in_any_case_and_with_a_stroke_in_it(site):
    assert "Medicines" in text_of(site[0].get("/topics/MEDICINES"))
    assert "Warfarin" in text_of(site[0].get("/topics/Blood%2Fclotting"))


def test_filters_of_a_topic_are_links_that_go_on_and_off(site):
    client, _ = site
    assert "/topics/Medicines?tag=safety&due=overdue" in links_of(
        client.get("/topics/Medicines?due=overdue")
    )
    page = client.get("/topics/Medicines?tag=safety&due=overdue")
    (section,) = elements(page, "section[data-tag]")
    assert (section["data-tag"], section["data-passages"]) == ("safety", "2")
    assert "Metformin" not in section.text
    assert "/topics/Medicines?tag=safety" in links_of(page)
    assert "/topics/Medicines?due=overdue" in links_of(page)


def test_passages_without_a_tag_have_a_filter_of_their_own(site):
    page = site[0].get("/topics/Medicines?tag=-")
    (section,) = elements(page, "section[data-tag]")
    assert (section["data-tag"], section["data-passages"]) == ("-", "1")
    assert len(texts(page, "section[data-tag] .lines a")) == 1


def test_filter_without_matches_shows_an_empty_state(site):
    assert values(site[0].get("/topics/Joints?tag=mechanism"), "data-empty") == ["tag"]
    assert values(site[0].get("/topics/Joints?due=overdue"), "data-empty") == ["overdue"]


def test_a_section_shows_its_first_passages_and_leads_to_all(site, monkeypatch):
    monkeypatch.setattr(topic_page, "MAX_SECTION_ARTICLES", 2)
    page = site[0].get("/topics/Medicines")
    (all_of_them,) = elements(page, ".by-tag .all[data-passages]")
    assert all_of_them["data-passages"] == "3"
    assert links_of(str(all_of_them)) == ["/topics/Medicines?tag=safety"]


def test_a_topic_names_its_first_articles_and_leads_to_all(site, monkeypatch):
    monkeypatch.setattr(browse, "MAX_NAMED", 1)
    page = site[0].get("/topics/Medicines")
    (all_of_them,) = elements(page, ".all[data-articles]")
    assert all_of_them["data-articles"] == "2"
    assert links_of(str(all_of_them)) == ["/search?topic=Medicines"]


def test_the_passages_of_one_tag_of_a_topic_come_in_pages(site, monkeypatch):
    client, _ = site
    monkeypatch.setattr(browse, "MAX_LINES", 2)
    first, second = (client.get(f"/topics/Medicines?tag=safety&page={page}") for page in (1, 2))
    assert pages_of(first) == ("1", "2", ["next"])
    assert pages_of(second) == ("2", "2", ["prev"])
    assert "/articles/metformin" in links_of(first)
    assert "/articles/metformin" not in links_of(second)
    assert "/articles/warfarin" in links_of(second)
    assert client.get("/topics/Medicines?tag=safety&page=3").status_code == 404


def test_a_tag_gathers_its_passages_by_article_with_topics_as_filters(site):
    page = site[0].get("/tags/safety")
    (lead,) = elements(page, ".lead")
    assert (lead["data-passages"], lead["data-articles"]) == ("4", "3")
    words = text_of(page)
    assert words.index("Gout") < words.index("Metformin") < words.index("Warfarin")
    assert "/tags/safety?topic=Joints" in links_of(page)
    assert "/tags/safety?due=overdue" in links_of(page)


def test_filters_of_a_tag_narrow_together(site):
    page = site[0].get("/tags/safety?topic=Medicines&due=overdue")
    (lead,) = elements(page, ".lead")
    assert (lead["data-passages"], lead["data-articles"]) == ("2", "1")
    assert "Medicines" in lead.text
    assert elements(page, '.filter-due[aria-current="true"]')
    assert "/tags/safety?due=overdue" in links_of(page)
    assert "/tags/safety?topic=Medicines" in links_of(page)


def test_a_tag_comes_in_pages(site, monkeypatch):
    monkeypatch.setattr(browse, "MAX_ARTICLES", 2)
    first, second = (text_of(site[0].get(f"/tags/safety?page={page}")) for page in (1, 2))
    assert "Metformin" in first
    assert "Warfarin" not in first
    assert "Warfarin" in second
    assert site[0].get("/tags/safety?page=3").status_code == 404


def test_tag_without_passages_shows_an_empty_state(site):
    assert values(site[0].get("/tags/prognosis"), "data-empty") == ["tag"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/topics/Nothing", 404),
        ("/tags/nothing", 404),
        ("/topics/Medicines?tag=nothing", 400),
        ("/topics/Medicines?due=soon", 400),
        ("/tags/safety?page=0", 400),
        ("/new?page=2", 404),
        ("/topics/%00", 404),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(site, address, status):
    assert site[0].get(address).status_code == status


def test_recent_changes_show_event_and_replacement(site):
    client, store = site
    save(store, "Gout", ("Harms", "It hurts less.", "safety"), topics=("Joints",))
    ReviewWorkflow(store.database).retire(
        "metformin", reason="Out of date", replaced_by="warfarin", actor=Actor("editor")
    )
    page = client.get("/new")
    retired, changed, new = elements(page, "[data-event]")[:3]
    assert retired["data-event"] == "retired"
    assert "Metformin" in retired.text
    assert "Out of date" in retired.text
    assert values(str(retired), "data-replacement") == ["warfarin"]
    assert links_of(str(retired)) == ["/articles/metformin", "/articles/warfarin"]
    assert changed["data-event"] == "changed"
    assert "Gout" in changed.text
    assert "2" in changed.text
    assert new["data-event"] == "new"


def test_recent_changes_are_paged(site, monkeypatch):
    monkeypatch.setattr(browse, "MAX_ACTIVITY", 2)
    first, second = site[0].get("/new"), site[0].get("/new?page=2")
    assert "/new?page=2" in links_of(first)
    assert "Warfarin" not in text_of(first)
    assert "Warfarin" in text_of(second)


def test_the_pages_of_an_empty_base_say_so(client_with, empty_store):
    client = client_with(CannedSearch(), empty_store)
    for address in ("/topics", "/new", "/a-z"):
        assert values(client.get(address), "data-empty") == ["base"]
    assert values(client.get("/tags/safety"), "data-empty") == ["tag"]


def test_an_old_address_of_a_letter_leads_to_the_list_from_a_to_z(site):
    answer = site[0].get("/topics?letter=W")
    assert (answer.status_code, answer.location) == (301, "/a-z?letter=W")


def test_hostile_names_do_no_harm(client):
    for address in ("/topics", "/new", "/tags/safety", UrlBuilder().topic(HOSTILE)):
        page = client.get(address)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


# The list behind them


def test_the_list_follows_the_change_feed(empty_store):
    catalogue = CatalogCache(empty_store, load_taxonomy())
    assert catalogue.snapshot().articles == ()

    save(empty_store, "Gout", ("Harms", "It hurts.", "interactions"), topics=("Joints",))
    (gout,) = catalogue.snapshot().articles
    assert "safety" in gout.passages[0].tags
    assert "joints" in catalogue.snapshot().topics

    save(empty_store, "Asthma", ("", "Inhale."))
    assert [one.article.title for one in catalogue.snapshot().articles] == ["Asthma", "Gout"]

    ReviewWorkflow(empty_store.database).retire(
        "gout", reason="", replaced_by="", actor=Actor("editor")
    )
    assert [one.article.title for one in catalogue.snapshot().articles] == ["Asthma"]
    assert catalogue.snapshot().topics == {}


def test_the_list_reads_only_what_changed(empty_store, monkeypatch):
    for title in ("Asthma", "Gout"):
        save(empty_store, title, ("", f"{title}."))
    catalogue = CatalogCache(empty_store, load_taxonomy())
    catalogue.snapshot()
    read: list[list[str] | None] = []
    contents = empty_store.list_outlines

    def spy(ids):
        read.append(sorted(ids) if ids is not None else None)
        return contents(ids)

    monkeypatch.setattr(empty_store, "list_outlines", spy)
    catalogue.snapshot()
    save(empty_store, "Gout", ("", "Gout has changed."))
    catalogue.snapshot()

    assert read == [["gout"]]


@pytest.mark.parametrize(
    ("start", "most", "shown"),
    [(0, 2, ["a1", "a2"]), (2, 2, ["a3", "b1"]), (3, 9, ["b1", "b2"]), (5, 9, [])],
)
def test_passages_are_cut_across_articles(store, start, most, shown):
    (summary,) = [one.article for one in store.list_outlines(["warfarin"])]
    articles = [
        ArticleOutline(summary, tuple(PassageRef(name, (name,), ("safety",)) for name in names))
        for names in (["a1", "a2", "a3"], ["b1", "b2"])
    ]
    gatherer = topic_page.TopicPageBuilder(load_taxonomy(), UrlBuilder(), date(2026, 3, 15))

    groups = gatherer.groups(articles, "safety", start, most)

    assert [line.heading for group in groups for line in group.lines] == shown
