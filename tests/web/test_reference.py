"""The description of the API: whole, true to the routes, and readable as a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb.settings import Settings
from tests.web.page_text import elements
from web.app import create_app
from web.limits import TooManyRequestsError
from web.problems import problem_of
from web.reading import bounds, type_words

TOLD = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def document(client) -> dict:
    return client.get("/api/v1/openapi.json").get_json()


def test_every_route_of_the_api_is_described_and_no_other(app, document):
    served = {
        re.sub(r"<(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
    }
    assert set(document["paths"]) == served - {"/api/v1/openapi.json"}


def test_what_is_written_by_hand_leaves_out_no_name_no_limit_and_no_error(client):
    document = client.get("/api/v1/openapi.json").get_json()
    shapes = document["components"]["schemas"].values()
    names = {name for shape in shapes for name in shape["properties"]}
    words = set(re.findall(r"[\w-]+", TOLD))
    assert names <= words
    assert {kind["code"] for kind in document["x-problems"]} <= words
    operations = [one for found in document["paths"].values() for one in found.values()]
    assert {named["name"] for one in operations for named in one["parameters"]} <= words
    rate = Settings.model_fields["api_requests_per_minute"].default
    assert f"| {rate:,} a minute from one address" in TOLD
    rows = [line for line in TOLD.splitlines() if line.startswith("|")]
    for limit in document["x-limits"]:
        most = limit["most"].partition(" ")[0]
        assert any(f" {most} " in row and f" {limit['status']} " in row for row in rows), limit


def test_each_route_tells_its_errors_and_how_long_to_wait(document):
    for operation in (one for found in document["paths"].values() for one in found.values()):
        responses = operation["responses"]
        assert {"200", "413", "414", "429", "500", "503"} <= set(responses)
        assert "Retry-After" in responses["429"]["headers"]
        errors = [answer for status, answer in responses.items() if status >= "400"]
        assert all(list(answer["content"]) == ["application/problem+json"] for answer in errors)


def test_what_may_be_kept_is_said(document):
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


def test_bounds_and_tags_are_those_that_hold(document, taxonomy):
    search = document["paths"]["/api/v1/search"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in search}
    assert schemas["limit"] == {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}
    assert schemas["offset"]["maximum"] == 1000
    assert schemas["tag"]["items"]["enum"] == [tag.key for tag in taxonomy]


def test_the_example_of_each_route_works(client, document):
    page = client.get("/api").text
    addresses = [str(link["href"]) for link in elements(page, "a[data-example]")]
    every = [one for found in document["paths"].values() for one in found.values()]
    open_to_all = [one for one in every if "security" not in one]
    assert len(addresses) == len(open_to_all)
    for address in addresses:
        assert client.get(address).status_code == 200
    assert client.get(addresses[0]).get_json()["total"] > 0


def test_an_empty_base_has_a_description_without_examples(client_with, search, empty_store):
    page = client_with(search, empty_store).get("/api")
    assert page.status_code == 200
    assert "/api/v1/passages/{passage_id}" in page.text
    assert len(elements(page, "a[data-example]")) == 3


def test_every_link_of_the_page_leads_somewhere_on_it(client):
    page = client.get("/api").text
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


@pytest.mark.parametrize(
    "path", ["search?limit=0", "search?tag=no", "articles/no", "search?q=" + "a" * 8_000]
)
def test_the_type_of_an_error_is_described_where_it_leads(client, path):
    kind = client.get(f"/api/v1/{path}").get_json()["type"]
    page, _, anchor = kind.partition("#")
    assert f'id="{anchor}"' in client.get(page).text


def test_the_limits_are_those_of_the_settings(settings, store, search, taxonomy):
    narrow = Settings(home=settings.home, api_requests_per_minute=60)
    client = create_app(narrow, store, search, taxonomy).test_client()
    limits = client.get("/api/v1/openapi.json").get_json()["x-limits"]
    assert limits[-1]["status"] == problem_of(TooManyRequestsError).status
    assert "60 a minute" in limits[-1]["most"]
    assert "60 a minute" in client.get("/api").text


def test_the_document_is_asked_for_again_by_its_tag(client):
    first = client.get("/api/v1/openapi.json")
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "no-cache"


SHAPE = {"$ref": "#/components/schemas/Hit"}
NUMBERS = {"type": "array", "items": {"type": "number"}}
PAIR = {"type": "array", "items": False, "prefixItems": [{"type": "string"}, {"type": "boolean"}]}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "date"}, "day"),
        ({"enum": ["any", None]}, "any, null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "whole number or null"),
        ({"type": "array", "items": SHAPE}, "list of Hit"),
        ({"type": "object", "additionalProperties": NUMBERS}, "object of list of number"),
        (PAIR, "[text, true or false]"),
    ],
)
def test_a_schema_in_words(schema, words):
    assert "".join(text or shape for text, shape in type_words(schema)) == words


def test_bounds_in_words():
    assert bounds({"minimum": 1, "maximum": 1000, "default": 10}) == "; 1 to 1,000; 10 if not given"
    assert bounds({"maxLength": 2000, "default": ""}) == "; at most 2,000 characters"
    assert bounds({"maxItems": 20}) == "; at most 20 times"
