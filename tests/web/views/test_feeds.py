"""What other programs read of the site: feeds, maps, the search's and an article's description."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from kb.editorial.workflow import ReviewWorkflow
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.web.builders import HOSTILE, TODAY, WARFARIN, WARFARIN_PASSAGES, fill, save, simple
from web.app import create_app
from web.views import feeds

PUBLIC = "https://kb.hospital.example/clinical"
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


@pytest.fixture
def public(settings, store, search, taxonomy):
    """A client of a site that knows its address."""
    known = Settings(home=settings.home, public_url=PUBLIC + "/", title="Clinical knowledge base")
    return create_app(known, store, search, taxonomy, today=lambda: TODAY).test_client()


@pytest.fixture
def moving(client_with, search, empty_store: ArticleStore):
    """A store whose articles come and go, and a client of the site over it."""
    fill(empty_store)
    return empty_store, client_with(search, empty_store)


def xml(response) -> ElementTree.Element:
    assert response.status_code == 200, response.text
    return ElementTree.fromstring(response.data)


def told(feed: ElementTree.Element) -> list[tuple[str, str]]:
    """Return what happened to which article, for each entry of a feed of news."""
    return [(_event(entry), _article(entry)) for entry in feed.iter(f"{ATOM}entry")]


def _event(entry: ElementTree.Element) -> str:
    (event,) = [
        category.get("term", "")
        for category in entry.iter(f"{ATOM}category")
        if category.get("scheme", "").endswith("/new")
    ]
    return event


def _article(entry: ElementTree.Element) -> str:
    link = entry.find(f"{ATOM}link[@rel='alternate']")
    assert link is not None
    return link.get("href", "").rpartition("/")[2]


def test_the_search_describes_itself_to_a_browser(public):
    response = public.get("/opensearch.xml")
    assert response.mimetype == "application/opensearchdescription+xml"
    root = xml(response)
    assert root.tag == f"{OPENSEARCH}OpenSearchDescription"
    assert len(root.findtext(f"{OPENSEARCH}ShortName", "")) <= 16
    urls = {url.get("type"): url.get("template") for url in root.iter(f"{OPENSEARCH}Url")}
    assert urls["text/html"] == f"{PUBLIC}/search?q={{searchTerms}}"
    suggest = f"{PUBLIC}/opensearch/suggest?q={{searchTerms}}"
    assert urls["application/x-suggestions+json"] == suggest
    home = public.get("/").text
    assert '<link rel="search" type="application/opensearchdescription+xml"' in home


def test_suggestions_come_in_the_form_of_browsers(public):
    response = public.get("/opensearch/suggest?q=war")
    assert response.mimetype == "application/x-suggestions+json"
    typed, names, notes, addresses = json.loads(response.data)
    assert typed == "war"
    assert names[0] == "Warfarin"
    assert len(names) == len(notes) == len(addresses)
    assert addresses[0] == f"{PUBLIC}/search?q=Warfarin"
    assert response.headers["Cache-Control"] == "private, no-store"


def test_feed_of_changes_has_absolute_urls(public):
    response = public.get("/feeds/new.atom")
    assert response.mimetype == "application/atom+xml"
    feed = xml(response)
    own = feed.find(f"{ATOM}link[@rel='self']")
    assert own is not None and own.get("href") == f"{PUBLIC}/feeds/new.atom"
    entries = list(feed.iter(f"{ATOM}entry"))
    assert feed.findtext(f"{ATOM}updated") == max(e.findtext(f"{ATOM}updated", "") for e in entries)
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(ids) == len(set(ids)) == 26
    links = [link for entry in entries for link in entry.iter(f"{ATOM}link")]
    assert all(str(link.get("href")).startswith(f"{PUBLIC}/articles/") for link in links)
    names = [entry.findtext(f"{ATOM}title", "") for entry in entries]
    assert [name for name in names if name.endswith(HOSTILE)]  # as text
    assert {event for event, _ in told(feed)} == {"new"}
    assert ("new", "draft-article") not in told(feed)
    again = public.get("/feeds/new.atom", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?topic=Cardiology", [("new", "warfarin")]),
        ("?topic=cardiology&tag=safety", [("new", "warfarin")]),
        ("?topic=Leaflets&tag=safety", []),
        ("?tag=mechanism", [("new", "warfarin")]),
    ],
)
def test_a_feed_keeps_to_a_topic_and_a_tag(client, query, expected):
    assert told(xml(client.get(f"/feeds/new.atom{query}"))) == expected


@pytest.mark.parametrize("query", ["?topic=Zebras", "?tag=zebra"])
def test_a_feed_of_what_there_is_not_is_not_there(client, query):
    assert client.get(f"/feeds/new.atom{query}").status_code == 404


def test_who_follows_a_topic_or_a_tag_hears_that_an_article_was_retired(moving):
    store, client = moving
    save(store, *simple("Heparin", "Bleeding.", topics=("Cardiology",)))
    ReviewWorkflow(store.database).retire(
        "warfarin", reason="Out of date.", replaced_by="heparin", actor=Actor("editor")
    )
    for query in ("?tag=safety", "?topic=Cardiology&tag=mechanism"):
        feed = xml(client.get(f"/feeds/new.atom{query}"))
        assert told(feed)[:1] == [("retired", "warfarin")]
        first = feed.find(f"{ATOM}entry")
        assert first is not None
        assert first.findtext(f"{ATOM}title", "").endswith("Warfarin")
        summary = first.findtext(f"{ATOM}summary", "")
        assert summary.startswith("Out of date. ")
        assert summary.endswith("Heparin")
    ReviewWorkflow(store.database).retire(
        "heparin", reason="", replaced_by="", actor=Actor("editor")
    )
    feed = xml(client.get("/feeds/new.atom?topic=Cardiology"))
    assert ("retired", "heparin") in told(feed)


def test_pages_lead_to_their_feeds(client):
    for path, feed in (
        ("/", "/feeds/new.atom"),
        ("/topics/Cardiology", "/feeds/new.atom?topic=Cardiology"),
        ("/tags/safety", "/feeds/new.atom?tag=safety"),
    ):
        link = f'<link rel="alternate" type="application/atom+xml" href="{feed}"'
        assert link in client.get(path).text


def test_the_map_has_every_published_article(public):
    root = xml(public.get("/sitemap.xml"))
    assert root.tag == f"{MAP}urlset"
    places = {url.findtext(f"{MAP}loc"): url.findtext(f"{MAP}lastmod") for url in root}
    assert len(places) == 26
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", places[f"{PUBLIC}/articles/warfarin"] or "")
    assert not any("draft" in str(place) for place in places)


def test_sitemap_lists_the_latest_articles_up_to_the_limit(public, monkeypatch):
    def listed() -> list[tuple[str, str]]:
        return [
            (url.findtext(f"{MAP}lastmod", ""), url.findtext(f"{MAP}loc", ""))
            for url in xml(public.get("/sitemap.xml"))
        ]

    everything = listed()
    monkeypatch.setattr(feeds, "MAX_SITEMAP_URLS", 10)
    assert listed() == everything[:10]
    assert [when for when, _ in everything] == sorted(
        (when for when, _ in everything), reverse=True
    )


def described(client, path: str) -> dict[str, object]:
    (data,) = DATA.findall(client.get(path).text)
    found: dict[str, object] = json.loads(data)
    return found


def test_article_contains_json_ld(public):
    found = described(public, "/articles/warfarin")
    assert found["@type"] == "MedicalWebPage"
    assert found["url"] == f"{PUBLIC}/articles/warfarin"
    assert found["lastReviewed"] == "2025-06-09"
    assert found["reviewedBy"] == {"@type": "Organization", "name": "Anticoagulation team"}
    assert found["publisher"] == {"@type": "Organization", "name": "Sample Hospital"}
    assert found["about"] == ["Medicines", "Cardiology"]


def test_unreviewed_article_has_no_review_date_in_json_ld(moving):
    store, client = moving
    save(store, *simple("Plain", "Bleeding."))
    found = described(client, "/articles/plain")
    assert not {"lastReviewed", "reviewedBy", "publisher", "license"} & set(found)


def test_no_text_ends_the_description(client, store):
    (id_,) = [found.id for found in store.summaries() if found.title == HOSTILE]
    assert described(client, f"/articles/{id_}")["name"] == HOSTILE


def test_absolute_urls_default_to_the_request_host(client):
    first = xml(client.get("/sitemap.xml", base_url="http://kb.local:8000"))[0]
    assert str(first.findtext(f"{MAP}loc")).startswith("http://kb.local:8000/articles/")


def test_feed_lists_changes_and_new_articles(moving):
    store, client = moving
    save(store, WARFARIN, WARFARIN_PASSAGES[:2])
    feed = xml(client.get("/feeds/new.atom?topic=Cardiology"))
    assert told(feed) == [("changed", "warfarin"), ("new", "warfarin")]
