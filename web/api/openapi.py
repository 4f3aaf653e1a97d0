"""OpenAPI 3.1 document, generated from the declarations that the API itself uses.

Routes come from `web.api.registry`, schemas from `web.schemas`, limits from `web.params` and
`web.middleware.rate_limit`, and errors from `web.middleware.error_handlers`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from index.query.parser import MAX_QUERY_LENGTH
from kb.errors import StoreError
from kb.model.taxonomy import Taxonomy
from web import program_version
from web.api.registry import JSON, Route
from web.middleware.error_handlers import HTTP, TOO_LARGE, UNEXPECTED, find_problem_for_class
from web.middleware.rate_limit import (
    BURST_SECONDS,
    MAX_BODY_BYTES,
    MAX_IMPORT_BYTES,
    MAX_UPLOAD_BYTES,
    MAX_URL_LENGTH,
    TooManyRequestsError,
)
from web.params import LIMIT, MAX_FILTERS, OFFSET, TAG, Parameter
from web.schemas.problem import ProblemResponse

Json = dict[str, Any]
SCHEMA_REF = "#/components/schemas/{model}"
PROBLEM = "application/problem+json"
BINARY: Json = {"type": "string", "format": "binary"}
BEARER = "token"  # name of the security scheme
PATH_PARAMETER = re.compile(r"<(\w+)>")  # in the notation of Flask
PATH_PARAMETERS = {
    "article_id": "Article id, as in a search hit or in the list of articles.",
    "passage_id": "Passage id, as in a search hit or in its article.",
}
INTRODUCTION = (
    "Read endpoints are public unless the site requires an account, and return published articles "
    "only. Write endpoints require a token. Fields are never renamed or removed within v1; new "
    "fields can be added, so ignore unknown ones. Queries can contain patient data: responses to "
    "queries must not be cached, and the server writes no access log. Errors are problem+json "
    "(RFC 9457)."
)
HEADERS: Mapping[str, Json] = {
    "ETag": {
        "description": "Version of the response. Send it as If-None-Match to revalidate it.",
        "schema": {"type": "string"},
    },
    "Cache-Control": {
        "description": "Whether the response may be cached: never, or with revalidation.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next request.",
        "schema": {"type": "integer", "minimum": 1},
    },
}

# Errors of every route: error classes, and (status, code, meaning) of other errors.
COMMON_ERRORS = (TooManyRequestsError, StoreError)
OTHER_ERRORS = (
    (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE, "The request body is too large."),
    (HTTPStatus.REQUEST_URI_TOO_LONG, TOO_LARGE, "The URL is too long."),
    (UNEXPECTED.status, UNEXPECTED.code, "Internal error. It has been logged."),
)


@dataclass(frozen=True, slots=True)
class RouteExample:
    """Path and query parameters of an example request that works on this site."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)


def describe(
    routes: Iterable[Route],
    taxonomy: Taxonomy,
    *,
    title: str,
    root: str,
    per_minute: int,
    examples: Mapping[str, RouteExample],
) -> Json:
    """Return the OpenAPI document of `routes`.

    `root` is the path of the site and `per_minute` the rate limit (0: none). `examples` are keyed
    by the name of the route.
    """
    routes = list(routes)
    names, components = _build_schemas(
        tuple(route.response_schema for route in routes if route.response_type == JSON),
        tuple(route.request_schema for route in routes if route.request_schema),
    )
    paths: dict[str, Json] = defaultdict(dict)
    for route in routes:
        example = examples.get(route.name, RouteExample())
        response = names[route.response_schema] if route.response_type == JSON else BINARY
        body = names[route.request_schema] if route.request_schema else BINARY
        operation = _operation(route, response, body, taxonomy, example)
        paths[PATH_PARAMETER.sub(r"{\1}", route.path)][route.method] = operation
    return {
        "openapi": "3.1.1",
        "info": {"title": title, "version": program_version(), "description": INTRODUCTION},
        "servers": [{"url": root or "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "API token, created on the account page.",
                }
            },
        },
        "x-limits": _limits(per_minute),
        "x-problems": _problems(routes),
    }


class _Schemas(GenerateJsonSchema):
    """Omits titles that only repeat the field name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def _build_schemas(
    answers: tuple[Any, ...], bodies: tuple[Any, ...]
) -> tuple[dict[Any, Json], Json]:
    """Return the schema of each response and request type, and the component schemas."""
    adapters = [
        (type_, "serialization", TypeAdapter(type_))
        for type_ in (*answers, *bodies, ProblemResponse)
    ]
    json_schemas, definitions = TypeAdapter.json_schemas(
        adapters,  # type: ignore[arg-type]  # any hashable key is accepted
        ref_template=SCHEMA_REF,
        schema_generator=_Schemas,
    )
    components: Json = definitions["$defs"]
    return {
        response_type: schema for (response_type, _), schema in json_schemas.items()
    }, components


def _operation(
    route: Route, response: Json, body: Json, taxonomy: Taxonomy, example: RouteExample
) -> Json:
    headers = ("ETag", "Cache-Control") if route.is_cacheable else ("Cache-Control",)
    responses: Json = {
        "200": {
            "description": (route.summary if response is BINARY else route.response_schema.__doc__),
            "headers": {name: HEADERS[name] for name in headers},
            "content": {route.response_type: {"schema": response}},
        }
    }
    if route.is_cacheable:
        responses["304"] = {"description": "The cached response is still current."}
    return {
        "operationId": route.name,
        "summary": route.summary,
        **({"deprecated": True} if route.deprecated else {}),
        **_request_requirements(route, body),
        "parameters": [
            *(_path_parameter(name, example) for name in PATH_PARAMETER.findall(route.path)),
            *(_query_parameter(parameter, taxonomy, example) for parameter in route.parameters),
        ],
        "responses": responses | _errors(route),
    }


def _request_requirements(route: Route, body: Json) -> Json:
    """Return the request body and the security requirement of a route."""
    fields: Json = {}
    if route.request_type:
        content = {route.request_type: {"schema": body}}
        fields["requestBody"] = {"required": True, "content": content}
    required = route.requirement
    if required:
        fields["security"] = [{BEARER: [required.scope.value] if required.scope else []}]
        scope = f" and a token with the scope {required.scope}" if required.scope else ""
        fields["description"] = f"Requires the permission {required.permission}{scope}."
    return fields


def _path_parameter(name: str, example: RouteExample) -> Json:
    described = {
        "name": name,
        "in": "path",
        "required": True,
        "description": PATH_PARAMETERS[name],
        "schema": {"type": "string", "minLength": 1},
    }
    return described | ({"example": example.path[name]} if name in example.path else {})


def _query_parameter(parameter: Parameter, taxonomy: Taxonomy, example: RouteExample) -> Json:
    schema = dict(parameter.schema)
    if parameter is TAG:
        schema["items"] = {"type": "string", "enum": [tag.key for tag in taxonomy]}
    described = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        # An empty value counts as missing, because HTML forms send empty fields.
        **({} if _allows_empty(schema) else {"allowEmptyValue": True}),
        "schema": schema,
    }
    return described | (
        {"example": example.query[parameter.name]} if parameter.name in example.query else {}
    )


def _allows_empty(schema: Mapping[str, Any]) -> bool:
    """Return whether the empty string is a regular value of a parameter."""
    value = schema.get("items", schema)
    return value["type"] == "string" and "enum" not in value


def _errors(route: Route) -> Json:
    """Return the error responses of a route by status; several errors can share a status."""
    kinds: dict[HTTPStatus, list[str]] = defaultdict(list)
    for kind in (*route.errors, *COMMON_ERRORS):
        problem = find_problem_for_class(kind)
        kinds[problem.status].append(f"{problem.code}: {_meaning(kind)}")
    for status, code, meaning in OTHER_ERRORS:
        kinds[status].append(f"{code}: {meaning}")
    return {str(status.value): _error(status, kinds[status]) for status in sorted(kinds)}


def _error(status: HTTPStatus, kinds: list[str]) -> Json:
    response: Json = {
        "description": " ".join(kinds),
        "content": {
            PROBLEM: {"schema": {"$ref": SCHEMA_REF.format(model=ProblemResponse.__name__)}}
        },
    }
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        response["headers"] = {"Retry-After": HEADERS["Retry-After"]}
    return response


def _problems(routes: Iterable[Route]) -> list[Json]:
    """Return all errors of the routes with their codes."""
    kinds = dict.fromkeys([kind for route in routes for kind in route.errors] + [*COMMON_ERRORS])
    own_errors = [
        (
            find_problem_for_class(kind).status,
            find_problem_for_class(kind).code,
            _meaning(kind),
            find_problem_for_class(kind).title,
        )
        for kind in kinds
    ]
    http_errors = [(status, code, meaning, status.phrase) for status, code, meaning in OTHER_ERRORS]
    other_errors = [
        (HTTPStatus.METHOD_NOT_ALLOWED, HTTP, "Another HTTP error, such as a wrong method.", "")
    ]
    return [
        {"code": code, "status": status.value, "meaning": meaning, "title": title}
        for status, code, meaning, title in sorted([*own_errors, *http_errors, *other_errors])
    ]


def _meaning(kind: type[Exception]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def _limits(per_minute: int) -> list[Json]:
    """Return the request limits with the status codes of requests that exceed them."""
    rate = f"{per_minute:,} per minute and address, in bursts of {BURST_SECONDS} seconds"
    rows = [
        ("Characters in a query", f"{MAX_QUERY_LENGTH:,}", HTTPStatus.BAD_REQUEST),
        ("Tags and topics in a search", f"{MAX_FILTERS} of each", HTTPStatus.BAD_REQUEST),
        ("Hits per response", f"{LIMIT.maximum}", HTTPStatus.BAD_REQUEST),
        ("Hits to skip", f"{OFFSET.maximum:,}", HTTPStatus.BAD_REQUEST),
        ("Bytes in a URL", f"{MAX_URL_LENGTH:,}", HTTPStatus.REQUEST_URI_TOO_LONG),
        (
            "Bytes in a request body",
            f"{MAX_BODY_BYTES:,}",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
        (
            "Bytes in an uploaded file",
            f"{MAX_UPLOAD_BYTES:,}",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
        (
            "Bytes in an imported export",
            f"{MAX_IMPORT_BYTES:,}",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
    ]
    if per_minute:
        rows.append(("Requests", rate, HTTPStatus.TOO_MANY_REQUESTS))
    return [
        {"what": what, "most": maximum, "status": status.value} for what, maximum, status in rows
    ]
