"""Conformance of the API to its OpenAPI document, on the sample articles."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import settings
from openapi_spec_validator import OpenAPIV31SpecValidator

from kb.model.taxonomy import load_taxonomy
from web.api import editorial, search
from web.api.openapi import RouteExample, describe

DESCRIPTION = describe(
    [*search.routes, *editorial.routes],
    load_taxonomy(),
    title="API",
    root="",
    per_minute=0,
    examples={
        "search": RouteExample(query={"q": "bleeding after an operation", "tag": ["safety"]}),
        "suggest": RouteExample(query={"q": "side"}),
        "article": RouteExample(path={"article_id": "gentamicin"}),
    },
)
# What takes a token is asked without one here, and refused; `test_scripts` asks it with one.
# An address may be too long before anything else about it is right or wrong.
EXPECTED = {
    "negative_data_rejection": {"expected-statuses": ["400", "401", "404", "405", "414"]},
    "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "404", "414"]},
}
PLAIN = {"Accept-Encoding": "identity"}  # schemathesis reads no compressed answers of an app
schema = schemathesis.openapi.from_dict(
    DESCRIPTION, config=schemathesis.Config.from_dict({"checks": EXPECTED})
)


# Chosen once for all runs, as everywhere in the suite. Of other choices schemathesis takes some for
# mistakes that no address can show: `topic=0` is a number to it, and a text to whoever reads it.
@schema.parametrize()
@settings(max_examples=20)
def test_generated_requests_conform_to_openapi(sample_app, case):
    case.call_and_validate(app=sample_app, headers=PLAIN)


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=150)
def test_more_generated_requests_conform_to_openapi(sample_app, case):
    case.call_and_validate(app=sample_app, headers=PLAIN)


QUERIES = [
    "q=",
    "q=gentamicin+kidney&tag=safety",
    "q=heart+attack",
    "q=gentamycin",
    "q=%22side+effects%22",
    "q=what+should+I+do+after+a+stroke",
    "q=-bleeding+risk&sort=date",
    "q=warf*&literal=1",
    "tag=safety&limit=50",
    "q=zebra",
    "q=tag:zebra+bleeding",
    "q=bleeding&offset=1000",
]


@pytest.mark.parametrize("query", QUERIES)
def test_search_responses_conform_to_openapi(sample_app, query):
    answer = sample_app.test_client().get(f"/api/v1/search?{query}", headers=PLAIN)
    assert answer.status_code == 200
    schema["/api/v1/search"]["GET"].validate_response(answer)


def test_article_and_passage_responses_conform_to_openapi(sample_app):
    client = sample_app.test_client()
    articles = client.get("/api/v1/articles").get_json()["articles"]
    assert len(articles) >= 24
    for listed in articles:
        answer = client.get(f"/api/v1/articles/{listed['id']}", headers=PLAIN)
        schema["/api/v1/articles/{article_id}"]["GET"].validate_response(answer)
        passage = answer.get_json()["passages"][-1]["id"]
        answer = client.get(f"/api/v1/passages/{passage}", headers=PLAIN)
        assert answer.status_code == 200
        schema["/api/v1/passages/{passage_id}"]["GET"].validate_response(answer)


def test_document_is_valid_openapi(sample_app):
    document = sample_app.test_client().get("/api/v1/openapi.json").get_json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


def _schemas(value):
    """Yield all schemas in a part of the document."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name in ("items", "schema"):
                yield part
            yield from _schemas(part)
    elif isinstance(value, list):
        for part in value:
            yield from _schemas(part)


def test_generators_of_clients_find_a_schema_for_every_body():
    """Openapi-python-client skips bodies without a schema and rejects schemas that are booleans."""
    operations = [each for path in DESCRIPTION["paths"].values() for each in path.values()]
    bodies = [
        content
        for operation in operations
        for part in (operation.get("requestBody", {}), *operation["responses"].values())
        for content in part.get("content", {}).values()
    ]
    assert len(bodies) > len(operations)
    assert [content for content in bodies if not content.get("schema")] == []
    assert [schema for schema in _schemas(DESCRIPTION) if not isinstance(schema, dict)] == []
