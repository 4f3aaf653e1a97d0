"""The description of the API, for programs as OpenAPI and for people as a page made from it.

The page loads nothing but the site's own style. Its examples name an article of this very
knowledge base, so that each works as it stands.

A JSON Schema in the words of a page: which values there are, and within which bounds.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from web.api import editorial, exchange, search
from web.api.openapi import Json, RouteExample, describe
from web.context import current_services
from web.middleware.security_headers import FRESH

Pieces = list[tuple[str, str]]  # (words, or the name of a shape to lead to)

TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
}
GROUPS = {"anyOf": ("", " or ", ""), "prefixItems": ("[", ", ", "]")}
HOLDERS = {"items": "list of ", "additionalProperties": "object of "}
FORMATS = {"date": "day", "date-time": "time", "uri-reference": "address"}


def type_words(schema: dict[str, Any]) -> Pieces:
    """Say which values `schema` allows; what is a shape of its own is only named."""
    if "$ref" in schema:
        return [("", schema["$ref"].rpartition("/")[2])]
    for key, (before, between, after) in GROUPS.items():
        if key in schema:
            parts = [type_words(one) for one in schema[key]]
            return [(before, ""), *_joined(parts, between), (after, "")]
    for key, before in HOLDERS.items():
        if key in schema:
            return [(before, ""), *type_words(schema[key])]
    if "enum" in schema:
        named = ["null" if value is None else str(value) for value in schema["enum"]]
        return [(", ".join(named), "")]
    return [(FORMATS.get(schema.get("format", ""), TYPES[schema["type"]]), "")]


def bounds(schema: dict[str, Any]) -> str:
    """Say the bounds and the default of a parameter, after its type."""
    said = []
    if "minimum" in schema:
        said.append(f"{schema['minimum']:,} to {schema['maximum']:,}")
    if "maxLength" in schema:
        said.append(f"at most {schema['maxLength']:,} characters")
    if "maxItems" in schema:
        said.append(f"at most {schema['maxItems']} times")
    if schema.get("default", "") != "":
        said.append(f"{schema['default']} if not given")
    return "".join(f"; {words}" for words in said)


def _joined(parts: list[Pieces], between: str) -> Pieces:
    found = parts[0]
    for part in parts[1:]:
        found = [*found, (between, ""), *part]
    return found


blueprint = Blueprint("api_docs", __name__)


@blueprint.get("/api/v1/openapi.json")
def openapi() -> ResponseReturnValue:
    """Return the description for programs.

    Its tag comes from its text: settings and taxonomy stand in it, too.
    """
    response = jsonify(_description())
    response.headers["Cache-Control"] = FRESH
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/api")
def page() -> ResponseReturnValue:
    """Show the description to people."""
    description = _description()
    return render_template(
        "api.html",
        description=description,
        operations=[
            (f"{method.upper()} {path}", operation, _address(path, operation))
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
    """Return requests that find something: they ask for the first article that there is."""
    articles = current_services().catalog.shelves().articles
    if not articles:
        return {}
    article = articles[0].article
    words = article.title.split()
    examples = {
        "search": RouteExample(query={"q": article.title, "limit": 1}),
        "suggest": RouteExample(query={"q": words[0][:4] if words else ""}),
        "article": RouteExample(places={"article_id": article.id}),
    }
    if articles[0].places:
        passage = RouteExample(places={"passage_id": articles[0].places[0].passage_id})
        examples["passage"] = passage
    return examples


def _address(path: str, operation: Json) -> str:
    """Return the address of an operation's example, empty where there is none."""
    query: dict[str, Any] = {}
    if "security" in operation:  # an example would only be refused
        return ""
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            if "example" not in parameter:
                return ""
            path = path.replace("{" + parameter["name"] + "}", parameter["example"])
        elif "example" in parameter:
            query[parameter["name"]] = parameter["example"]
    return f"{request.script_root}{path}{'?' + urlencode(query) if query else ''}"
