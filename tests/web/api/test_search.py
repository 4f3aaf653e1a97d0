"""The JSON API: its shapes, its bounds and its errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb.errors import IndexCorruptError
from tests.web.builders import CannedSearch, an_answer

DOCUMENT = Path(__file__).parents[3] / "docs" / "api.md"


def problem(response) -> dict:
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert {"type", "title", "status", "detail", "code"} <= body.keys()
    assert body["status"] == response.status_code
    return body


def test_search_answers_with_hits_whose_address_leads_to_the_passage(client):
    answer = client.get("/api/v1/search?q=gut+bleeding&tag=safety").get_json()
    assert answer["total"] == 1
    hit = answer["hits"][0]
    assert hit["url"].startswith(f"/articles/warfarin/{hit['id']}?q=gut%20bleeding#p-")
    assert ["gut", True] in hit["snippet"]
    assert hit["article"]["review_state"] == "overdue"
    page = client.get(hit["url"].partition("#")[0])
    assert f'id="{hit["passage"]["anchor"]}"' in page.text


@pytest.mark.parametrize(
    ("query", "parameter", "bounds"),
    [
        ("limit=many", "limit", ("1", "50")),
        ("limit=51", "limit", ("1", "50")),
        ("limit=0", "limit", ("1", "50")),
        ("limit=1e1", "limit", ("1", "50")),
        ("limit=٣", "limit", ("1", "50")),
        ("offset=-1", "offset", ("0", "1000")),
        ("offset=1001", "offset", ("0", "1000")),
        ("offset=99999999999999999999", "offset", ("0", "1000")),
        ("sort=newest", "sort", ("relevance", "date")),
        ("&".join(f"topic={n}" for n in range(21)), "topic", ("20",)),
    ],
)
def test_a_parameter_out_of_bounds_is_named_with_its_bounds(client, query, parameter, bounds):
    response = client.get(f"/api/v1/search?q=x&{query}")
    assert response.status_code == 400
    body = problem(response)
    assert body["parameter"] == parameter
    assert set(bounds) <= set(re.findall(r"\w+", body["detail"]))
    if parameter != "limit":  # the page decides for itself how many it shows
        assert client.get(f"/search?q=x&{query}").status_code == 400


def test_an_unknown_tag_and_an_endless_query_are_refused(client):
    assert problem(client.get("/api/v1/search?tag=nothing"))["code"] == "query"
    assert problem(client.get("/api/v1/search?q=" + "a" * 2001))["status"] == 400


def test_limit_and_offset_are_passed_on(client):
    answer = client.get("/api/v1/search?q=operation&limit=5&offset=20").get_json()
    assert (answer["limit"], answer["offset"], answer["total"]) == (5, 20, 24)
    assert len(answer["hits"]) == 4


def test_an_index_that_cannot_be_used_is_a_503_with_its_mend(client_with):
    client = client_with(CannedSearch(error=IndexCorruptError("a file is short")))
    body = problem(client.get("/api/v1/search?q=x"))
    assert body["status"] == 503
    assert "kb index rebuild" in body["detail"]


def test_articles_lists_the_published_ones(client):
    found = client.get("/api/v1/articles").get_json()["articles"]
    assert len(found) == 26
    assert {article["status"] for article in found} == {"published"}
    assert client.get("/api/v1/articles?status=published").status_code == 200
    assert problem(client.get("/api/v1/articles?status=draft"))["parameter"] == "status"


def test_an_article_is_whole(client):
    article = client.get("/api/v1/articles/warfarin").get_json()
    assert article["title"] == "Warfarin"
    assert article["reviewed"] == "2025-06-09"
    assert article["passages"][1]["tags"] == [
        {"tag": "mechanism", "confidence": 0.9, "reason": "the heading says so"}
    ]


def test_a_passage_comes_with_its_article(client, store):
    id_ = store.article("warfarin").passages[2].id
    found = client.get(f"/api/v1/passages/{id_}").get_json()
    assert found["article"]["id"] == "warfarin"
    assert [block["kind"] for block in found["blocks"]] == ["list", "table", "callout"]


def test_what_is_not_published_does_not_exist(client, store):
    draft = store.article("draft-article")
    for path in (
        "articles/draft-article",
        "articles/nothing",
        "passages/nothing",
        f"passages/{draft.passages[0].id}",
        "nothing",
        "",
    ):
        response = client.get(f"/api/v1/{path}")
        assert response.status_code == 404
        assert problem(response)["code"] == "not-found"


def test_another_method_is_refused(client):
    response = client.post("/api/v1/search")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    problem(response)


def test_a_fault_of_ours_shows_no_trace(client_with):
    client = client_with(CannedSearch(error=RuntimeError("secret")))
    response = client.get("/api/v1/search?q=x")
    assert response.status_code == 500
    assert "secret" not in response.text
    problem(response)


def test_the_document_describes_every_route(app):
    text = DOCUMENT.read_text(encoding="utf-8")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") or rule.rule in {"/healthz", "/readyz"}:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                assert f"{method} {rule.rule}" in text


def test_health(client, client_with):
    assert client.get("/healthz").get_json()["status"] == "up"
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.get_json()["index"]["behind"] == 0
    broken = client_with(CannedSearch(an_answer(), IndexCorruptError("a file is short")))
    assert broken.get("/healthz").status_code == 200
    assert broken.get("/readyz").status_code == 503
    assert "kb index rebuild" in broken.get("/readyz").get_json()["detail"]
