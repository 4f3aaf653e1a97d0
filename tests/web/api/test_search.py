"""JSON API: response schemas, parameter bounds and errors."""

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


def test_search_hits_link_to_their_passages(client):
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
def test_out_of_bounds_parameter_error_names_parameter_and_bounds(client, query, parameter, bounds):
    response = client.get(f"/api/v1/search?q=x&{query}")
    assert response.status_code == 400
    body = problem(response)
    assert body["parameter"] == parameter
    assert set(bounds) <= set(re.findall(r"\w+", body["detail"]))
    if parameter != "limit":  # the page decides for itself how many it shows
        assert client.get(f"/search?q=x&{query}").status_code == 400


def test_search_rejects_unknown_tag_and_oversized_query(client):
    assert problem(client.get("/api/v1/search?tag=nothing"))["code"] == "query"
    assert problem(client.get("/api/v1/search?q=" + "a" * 2001))["status"] == 400


def test_search_passes_limit_and_offset_to_service(client):
    answer = client.get("/api/v1/search?q=operation&limit=5&offset=20").get_json()
    assert (answer["limit"], answer["offset"], answer["total"]) == (5, 20, 24)
    assert len(answer["hits"]) == 4


def test_unusable_index_returns_503_with_fix(client_with):
    client = client_with(CannedSearch(error=IndexCorruptError("a file is short")))
    body = problem(client.get("/api/v1/search?q=x"))
    assert body["status"] == 503
    assert "kb index rebuild" in body["detail"]


def test_articles_lists_published_articles(client):
    found = client.get("/api/v1/articles").get_json()["articles"]
    assert len(found) == 26
    assert {article["status"] for article in found} == {"published"}
    assert client.get("/api/v1/articles?status=published").status_code == 200
    assert problem(client.get("/api/v1/articles?status=draft"))["parameter"] == "status"


def test_article_response_is_complete(client):
    article = client.get("/api/v1/articles/warfarin").get_json()
    assert article["title"] == "Warfarin"
    assert article["reviewed"] == "2025-06-09"
    assert article["passages"][1]["tags"] == [
        {"tag": "mechanism", "confidence": 0.9, "reason": "the heading says so"}
    ]


def test_passage_response_contains_its_article(client, store):
    id_ = store.article("warfarin").passages[2].id
    found = client.get(f"/api/v1/passages/{id_}").get_json()
    assert found["article"]["id"] == "warfarin"
    assert [block["kind"] for block in found["blocks"]] == ["list", "table", "callout"]


def test_unpublished_content_returns_404(client, store):
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


def test_unsupported_method_is_rejected(client):
    response = client.post("/api/v1/search")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    problem(response)


def test_internal_error_hides_traceback(client_with):
    client = client_with(CannedSearch(error=RuntimeError("secret")))
    response = client.get("/api/v1/search?q=x")
    assert response.status_code == 500
    assert "secret" not in response.text
    problem(response)


def test_openapi_document_describes_every_route(app):
    text = DOCUMENT.read_text(encoding="utf-8")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/") or rule.rule in {"/healthz", "/readyz"}:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                assert f"{method} {rule.rule}" in text


def test_health_routes_report_state(client, client_with):
    assert client.get("/healthz").get_json()["status"] == "up"
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.get_json()["index"]["behind"] == 0
    broken = client_with(CannedSearch(an_answer(), IndexCorruptError("a file is short")))
    assert broken.get("/healthz").status_code == 200
    assert broken.get("/readyz").status_code == 503
    assert "kb index rebuild" in broken.get("/readyz").get_json()["detail"]
