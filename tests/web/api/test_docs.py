"""OpenAPI document and API documentation page: complete and consistent with the routes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from kb.settings import Settings
from tests.web.page_text import elements, texts
from web.api.docs import CONTAINERS, FORMATS, TYPES, bounds, type_words
from web.app import create_app
from web.middleware.error_handlers import find_problem_for_class
from web.middleware.rate_limit import TooManyRequestsError

TOLD = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def document(client) -> dict:
    return client.get("/api/v1/openapi.json").get_json()


def test_openapi_describes_exactly_the_api_routes(app, document):
    served = {
        re.sub(r"<(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
    }
    assert set(document["paths"]) == served - {"/api/v1/openapi.json"}


def test_api_guide_covers_all_names_limits_and_errors(client):
    document = client.get("/api/v1/openapi.json").get_json()
    shapes = document["components"]["schemas"].values()
    names = {name for shape in shapes for name in shape["properties"]}
    words = set(re.findall(r"[\w-]+", TOLD))
    assert names <= words
    assert {kind["code"] for kind in document["x-problems"]} <= words
    operations = [one for found in document["paths"].values() for one in found.values()]
    assert {named["name"] for one in operations for named in one["parameters"]} <= words
    rate = Settings.model_fields["api_requests_per_minute"].default
    rows = [line for line in TOLD.splitlines() if line.startswith("|")]
    assert any(f"| {rate:,} " in row and "| 429 `rate`" in row for row in rows)
    for limit in document["x-limits"]:
        most = limit["most"].partition(" ")[0]
        assert any(f" {most} " in row and f" {limit['status']} " in row for row in rows), limit


def test_operations_document_errors_and_retry_after(document):
    for operation in (one for found in document["paths"].values() for one in found.values()):
        responses = operation["responses"]
        assert {"200", "413", "414", "429", "500", "503"} <= set(responses)
        assert "Retry-After" in responses["429"]["headers"]
        errors = [answer for status, answer in responses.items() if status >= "400"]
        assert all(list(answer["content"]) == ["application/problem+json"] for answer in errors)


def test_operations_document_304_for_cacheable_routes(document):
    kept = {
        path
        for path, one in document["paths"].items()
        if "304" in one.get("get", {"responses": {}})["responses"]
    }
    assert kept == {
        "/api/v1/articles",
        "/api/v1/articles/{article_id}",
        "/api/v1/passages/{passage_id}",
    }


def test_search_parameters_document_bounds_and_tags(document, taxonomy):
    search = document["paths"]["/api/v1/search"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in search}
    assert schemas["limit"] == {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}
    assert schemas["offset"]["maximum"] == 1000
    assert schemas["tag"]["items"]["enum"] == [tag.key for tag in taxonomy]


def test_docs_page_examples_return_200(client, document):
    page = client.get("/api").text
    addresses = [str(link["href"]) for link in elements(page, "a[data-example]")]
    every = [one for found in document["paths"].values() for one in found.values()]
    open_to_all = [one for one in every if "security" not in one]
    assert len(addresses) == len(open_to_all)
    for address in addresses:
        assert client.get(address).status_code == 200
    assert client.get(addresses[0]).get_json()["total"] > 0


def test_docs_page_of_empty_base_omits_examples(client_with, search, empty_store):
    page = client_with(search, empty_store).get("/api")
    assert page.status_code == 200
    assert "/api/v1/passages/{passage_id}" in page.text
    assert len(elements(page, "a[data-example]")) == 3


def test_docs_page_links_have_targets(client):
    page = client.get("/api").text
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


@pytest.mark.parametrize(
    "path", ["search?limit=0", "search?tag=no", "articles/no", "search?q=" + "a" * 8_000]
)
def test_problem_type_links_to_its_description(client, path):
    kind = client.get(f"/api/v1/{path}").get_json()["type"]
    page, _, anchor = kind.partition("#")
    assert f'id="{anchor}"' in client.get(page).text


def test_documented_limits_follow_settings(settings, store, search, taxonomy):
    narrow = Settings(home=settings.home, api_requests_per_minute=60)
    client = create_app(narrow, store, search, taxonomy).test_client()
    limits = client.get("/api/v1/openapi.json").get_json()["x-limits"]
    assert limits[-1]["status"] == find_problem_for_class(TooManyRequestsError).status
    assert "60" in re.findall(r"\d+", limits[-1]["most"])
    shown = texts(client.get("/api"), '[aria-labelledby="limits"] tr td')[-1]
    assert "60" in re.findall(r"\d+", shown)


def test_openapi_document_returns_304_for_matching_etag(client):
    first = client.get("/api/v1/openapi.json")
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "no-cache"


SHAPE = {"$ref": "#/components/schemas/Hit"}
NUMBERS = {"type": "array", "items": {"type": "number"}}
PAIR = {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}]}


@pytest.mark.parametrize(
    ("schema", "parts"),
    [
        ({"type": "string"}, ["string"]),
        ({"type": "string", "format": "date"}, ["date"]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, ["integer", "null"]),
        ({"type": "object", "additionalProperties": NUMBERS}, ["object", "items", "number"]),
        (PAIR, ["string", "boolean"]),
    ],
)
def test_type_words_name_schema_parts_in_order(schema, parts):
    names = TYPES | FORMATS | {"items": CONTAINERS["items"], "object": TYPES["object"]}
    words = "".join(text for text, _ in type_words(schema))
    at = 0
    for part in parts:
        at = words.index(names[part], at) + 1


def test_type_words_keep_enum_values_and_schema_links(snapshot: SnapshotAssertion):
    assert type_words({"enum": ["any", None]}) == [("any, null", "")]
    assert type_words(SHAPE) == [("", "Hit")]
    assert type_words({"type": "array", "items": SHAPE}) == [(CONTAINERS["items"], ""), ("", "Hit")]
    assert "".join(text for text, _ in type_words(PAIR)) == snapshot


@pytest.mark.parametrize(
    ("schema", "numbers"),
    [
        ({"minimum": 1, "maximum": 1000, "default": 10}, ["1", "1,000", "10"]),
        ({"maxLength": 2000, "default": ""}, ["2,000"]),
        ({"maxItems": 20}, ["20"]),
        ({}, []),
    ],
)
def test_bounds_describe_schema_limits(schema, numbers, snapshot: SnapshotAssertion):
    assert re.findall(r"[\d,]+", bounds(schema)) == numbers
    assert bounds(schema) == snapshot
