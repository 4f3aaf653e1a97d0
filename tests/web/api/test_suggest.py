"""Search suggestions: the JSON response and the markup of the search box."""

from __future__ import annotations

import pytest

from tests.web.page_text import values

FIELDS = {"text", "kind", "see", "url", "articles", "passages", "source"}
MOST = 8


def suggested(client, q: str) -> list[dict]:
    answer = client.get("/api/v1/suggest", query_string={"q": q}).get_json()
    assert set(answer) == {"q", "did_you_mean", "suggestions"}
    assert answer["q"] == q
    return answer["suggestions"]


def test_title_prefix_suggests_article_with_url(client) -> None:
    (first, *_) = suggested(client, "warf")
    assert first == {
        "text": "Warfarin",
        "kind": "article",
        "see": "",
        "url": "/articles/warfarin",
        "articles": 1,
        "passages": 5,
        "source": "Sample Hospital",
    }


def test_topic_name_and_heading_suggestions_link_to_targets(client) -> None:
    (topic,) = suggested(client, "leaflets")[:1]
    assert (topic["kind"], topic["articles"]) == ("topic", 24)
    assert "Leaflets" in client.get(topic["url"]).text
    (other,) = suggested(client, "coum")
    assert (other["kind"], other["see"], other["url"]) == ("see", "Warfarin", "/articles/warfarin")
    (heading,) = suggested(client, "how it w")
    assert (heading["kind"], heading["see"]) == ("heading", "Warfarin")
    assert 'arrived"' in client.get(heading["url"]).text


def test_common_heading_suggestion_links_to_search(client) -> None:
    (shared,) = [entry for entry in suggested(client, "bleeding") if not entry["see"]]
    assert (shared["kind"], shared["articles"]) == ("heading", 25)
    assert shared["url"] == "/search?q=heading%3A%22Bleeding%22"
    assert values(client.get(shared["url"]), "data-articles") == ["25"]


def test_suggestion_shows_spelling_correction(client) -> None:
    answer = client.get("/api/v1/suggest?q=warfatin").get_json()
    assert answer["did_you_mean"] is True
    assert answer["suggestions"][0]["text"] == "Warfarin"
    assert client.get("/api/v1/suggest?q=warfarin").get_json()["did_you_mean"] is False


@pytest.mark.parametrize(
    "q", ["", "   ", "xyzzy" * 100, "\u0301" * 1000, "e\u0301" * 500, '"', "\0"]
)
def test_empty_or_unmatched_input_returns_no_suggestions(client, q) -> None:
    assert suggested(client, q) == []


def test_unpublished_article_is_not_suggested(client) -> None:
    assert suggested(client, "draft") == []


def test_suggestion_urls_resolve(client) -> None:
    for letter in "abcdefghijklmnopqrstuvwxyz":
        entries = suggested(client, letter)
        assert len(entries) <= MOST
        for entry in entries:
            assert set(entry) == FIELDS
            assert client.get(entry["url"].partition("#")[0]).status_code == 200


def test_suggestions_are_not_cached(client) -> None:
    answer = client.get("/api/v1/suggest?q=warf")
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/", "/articles/warfarin", "/search?q=bleeding", "/topics"])
def test_search_box_on_every_page_has_listbox_and_assets(client, path) -> None:
    page = client.get(path).text
    assert page.count('id="q-offer"') == page.count('id="q-said"') == 1
    assert page.count("/combobox.js") == page.count("/combobox.css") == 1
    assert 'data-suggest="/api/v1/suggest"' in page


def test_search_box_uses_mount_path(client) -> None:
    page = client.get("/", environ_overrides={"SCRIPT_NAME": "/kb"}).text
    assert 'data-suggest="/kb/api/v1/suggest"' in page
