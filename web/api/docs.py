"""Documentation of the API: the OpenAPI document, and an HTML page generated from it.

The page loads nothing but the styles of the site. Its examples use an article of this knowledge
base, so they work as shown.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from web.api import editorial, exchange, search
from web.api.openapi import Json, RouteExample, describe
from web.context import current_services
from web.middleware.security_headers import REVALIDATE

TypeParts = list[tuple[str, str]]  # (text, or "") and (name of a schema to link to, or "")

TYPES = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
}
COMBINATIONS = {"anyOf": ("", " or ", ""), "prefixItems": ("[", ", ", "]")}
CONTAINERS = {"items": "list of ", "additionalProperties": "object of "}
FORMATS = {"date": "date", "date-time": "date and time", "uri-reference": "URL"}


def type_words(schema: dict[str, Any]) -> TypeParts:
    """Return a description of the type of `schema`; references become links."""
    if "$ref" in schema:
        return [("", schema["$ref"].rpartition("/")[2])]
    for key, (before, between, after) in COMBINATIONS.items():
        if key in schema:
            parts = [type_words(option) for option in schema[key]]
            return [(before, ""), *_join(parts, between), (after, "")]
    for key, before in CONTAINERS.items():
        if key in schema:
            return [(before, ""), *type_words(schema[key])]
    if "enum" in schema:
        values = ["null" if value is None else str(value) for value in schema["enum"]]
        return [(", ".join(values), "")]
    return [(FORMATS.get(schema.get("format", ""), TYPES[schema["type"]]), "")]


def bounds(schema: dict[str, Any]) -> str:
    """Return the limits and the default of a parameter, as a suffix of its type."""
    phrases = []
    if "minimum" in schema:
        phrases.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    if "maxLength" in schema:
        phrases.append(f"at most {schema['maxLength']:,} characters")
    if "maxItems" in schema:
        phrases.append(f"at most {schema['maxItems']} values")
    if schema.get("default", "") != "":
        phrases.append(f"default: {schema['default']}")
    return "".join(f"; {words}" for words in phrases)


def _join(parts: list[TypeParts], separator: str) -> TypeParts:
    joined = parts[0]
    for part in parts[1:]:
        joined = [*joined, (separator, ""), *part]
    return joined


blueprint = Blueprint("api_docs", __name__)


@blueprint.get("/api/v1/openapi.json")
def openapi() -> ResponseReturnValue:
    """Return the OpenAPI document.

    The ETag is computed from the content, because it depends on the settings and the taxonomy.
    """
    response = jsonify(_description())
    response.headers["Cache-Control"] = REVALIDATE
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/api")
def page() -> ResponseReturnValue:
    """Show the documentation page."""
    description = _description()
    return render_template(
        "api.html",
        description=description,
        operations=[
            (f"{method.upper()} {path}", operation, _example_url(path, operation))
            for path, operations in description["paths"].items()
            for method, operation in operations.items()
        ],
        shapes=description["components"]["schemas"],
        base=request.host_url.rstrip("/"),
        type_words=type_words,
        bounds=bounds,
    )


def _description() -> Json:
    site = current_services()
    return describe(
        [*search.routes, *editorial.routes, *exchange.routes],
        site.taxonomy,
        title=f"{site.settings.title}: JSON API",
        root=request.script_root,
        per_minute=site.settings.api_requests_per_minute,
        examples=_examples(),
    )


def _examples() -> dict[str, RouteExample]:
    """Return example requests about the first article; empty if no article is published."""
    articles = current_services().catalog.snapshot().articles
    if not articles:
        return {}
    article = articles[0].article
    words = article.title.split()
    examples = {
        "search": RouteExample(query={"q": article.title, "limit": 1}),
        "suggest": RouteExample(query={"q": words[0][:4] if words else ""}),
        "article": RouteExample(path={"article_id": article.id}),
    }
    if articles[0].passages:
        passage = RouteExample(path={"passage_id": articles[0].passages[0].passage_id})
        examples["passage"] = passage
    return examples


def _example_url(path: str, operation: Json) -> str:
    """Return the example URL of an operation, or an empty string if there is none."""
    query: dict[str, Any] = {}
    if "security" in operation:  # requires a token
        return ""
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            if "example" not in parameter:
                return ""
            path = path.replace("{" + parameter["name"] + "}", parameter["example"])
        elif "example" in parameter:
            query[parameter["name"]] = parameter["example"]
    return f"{request.script_root}{path}{'?' + urlencode(query) if query else ''}"
