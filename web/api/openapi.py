"""The description of the API for programs (OpenAPI 3.1), made from what the API itself is made of.

Routes come from their declarations (`web.api.registry`), shapes from the types that `web.presentation.serializers` fills
(`web.schemas`), bounds from the values that the readers hold to (`web.params`, `web.middleware.rate_limit`),
errors from the table that answers them (`web.middleware.error_handlers`). Nothing is described a second time.
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
from web import program_version, schemas
from web.api.registry import JSON, Route
from web.middleware.error_handlers import HTTP, TOO_MUCH, UNEXPECTED, problem_of
from web.middleware.rate_limit import (
    BURST_SECONDS,
    MAX_BODY_BYTES,
    MAX_IMPORT_BYTES,
    MAX_UPLOAD_BYTES,
    MAX_URL_LENGTH,
    TooManyRequestsError,
)
from web.params import LIMIT, MAX_FILTERS, OFFSET, Parameter

Json = dict[str, Any]
SHAPE = "#/components/schemas/{model}"
PROBLEM = "application/problem+json"
BEARER = "token"  # the name of the one way in which a script says who it is
PLACE = re.compile(r"<(\w+)>")  # of a path, as Flask writes it
PLACES = {
    "article_id": "The id of an article, as a hit or the list of articles has it.",
    "passage_id": "The id of a passage, as a hit or its article has it.",
}
INTRODUCTION = (
    "What reads is open to everybody, unless the site asks for an account, and finds what the "
    "pages find: published articles, nothing else. What changes takes a token. Names in an answer "
    "are never changed or taken away within v1; new ones may be added, so ignore what you do not "
    "know. A query may hold what a patient told somebody: no answer to one may be kept, and no "
    "access log is written. Errors are problem+json (RFC 9457)."
)
HEADERS: Mapping[str, Json] = {
    "ETag": {
        "description": "Stands for this answer; send it back as If-None-Match to ask if it holds.",
        "schema": {"type": "string"},
    },
    "Cache-Control": {
        "description": "Who may keep the answer: nobody, or whoever asks again each time.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "After so many seconds the next request may come.",
        "schema": {"type": "integer", "minimum": 1},
    },
}

# Errors that every route may answer with: a class of ours, or a status with its code and meaning.
ANYWHERE = (TooManyRequestsError, StoreError)
OTHERS = (
    (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_MUCH, "The body of the request is too large."),
    (HTTPStatus.REQUEST_URI_TOO_LONG, TOO_MUCH, "The address of the request is too long."),
    (UNEXPECTED.status, UNEXPECTED.code, "A fault of this program; it has been logged."),
)


@dataclass(frozen=True, slots=True)
class RouteExample:
    """What a route may be asked with on this very site, so that its example works."""

    places: Mapping[str, str] = field(default_factory=dict)
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
    """Return the description of `routes`; `examples` are by the name of their route."""
    chosen = list(routes)
    names, components = _shapes(tuple(route.answer for route in chosen if route.gives == JSON))
    paths: dict[str, Json] = defaultdict(dict)
    for route in chosen:
        example = examples.get(route.name, RouteExample())
        answer = names[route.answer] if route.gives == JSON else {}
        operation = _operation(route, answer, taxonomy, example)
        paths[PLACE.sub(r"{\1}", route.path)][route.method] = operation
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
                    "description": "A token that somebody made on the page of their account.",
                }
            },
        },
        "x-limits": _limits(per_minute),
        "x-problems": _problems(chosen),
    }


class _Schemas(GenerateJsonSchema):
    """Leaves out titles that only repeat the name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def _shapes(answers: tuple[Any, ...]) -> tuple[dict[Any, Json], Json]:
    """Return the schema of each answer, and all shapes that they are made of."""
    adapters = [
        (answer, "serialization", TypeAdapter(answer))
        for answer in (*answers, schemas.ProblemResponse)
    ]
    found, definitions = TypeAdapter.json_schemas(
        adapters,  # type: ignore[arg-type]  # any value may be a key
        ref_template=SHAPE,
        schema_generator=_Schemas,
    )
    components: Json = definitions["$defs"]
    return {answer: schema for (answer, _), schema in found.items()}, components


def _operation(route: Route, answer: Json, taxonomy: Taxonomy, example: RouteExample) -> Json:
    headers = ("ETag", "Cache-Control") if route.kept else ("Cache-Control",)
    responses: Json = {
        "200": {
            "description": route.answer.__doc__ if answer else route.summary,
            "headers": {name: HEADERS[name] for name in headers},
            "content": {route.gives: {"schema": answer} if answer else {}},
        }
    }
    if route.kept:
        responses["304"] = {"description": "The answer that this ETag stands for still holds."}
    return {
        "operationId": route.name,
        "summary": route.summary,
        **({"deprecated": True} if route.deprecated else {}),
        **_asked_for(route),
        "parameters": [
            *(_place(name, example) for name in PLACE.findall(route.path)),
            *(_parameter(parameter, example) for parameter in route.parameters(taxonomy)),
        ],
        "responses": responses | _errors(route),
    }


def _asked_for(route: Route) -> Json:
    """Return what a route wants beside its address: a body, and a token with a scope."""
    wanted: Json = {}
    if route.takes:
        wanted["requestBody"] = {"required": True, "content": {route.takes: {}}}
    required = route.requirement
    if required:
        wanted["security"] = [{BEARER: [required.scope.value] if required.scope else []}]
        scope = f" and a token with the scope {required.scope}" if required.scope else ""
        wanted["description"] = f"Requires the permission {required.permission}{scope}."
    return wanted


def _place(name: str, example: RouteExample) -> Json:
    described = {
        "name": name,
        "in": "path",
        "required": True,
        "description": PLACES[name],
        "schema": {"type": "string", "minLength": 1},
    }
    return described | ({"example": example.places[name]} if name in example.places else {})


def _parameter(parameter: Parameter, example: RouteExample) -> Json:
    described = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.meaning,
        # An empty one counts as not given, as a form sends it.
        **({} if _may_be_empty(parameter.schema) else {"allowEmptyValue": True}),
        "schema": dict(parameter.schema),
    }
    return described | (
        {"example": example.query[parameter.name]} if parameter.name in example.query else {}
    )


def _may_be_empty(schema: Mapping[str, Any]) -> bool:
    """Whether an empty text is among the values as it is."""
    value = schema.get("items", schema)
    return value["type"] == "string" and "enum" not in value


def _errors(route: Route) -> Json:
    """Return the errors of a route by status; several kinds may share one."""
    kinds: dict[HTTPStatus, list[str]] = defaultdict(list)
    for kind in (*route.errors, *ANYWHERE):
        problem = problem_of(kind)
        kinds[problem.status].append(f"{problem.code}: {_meaning(kind)}")
    for status, code, meaning in OTHERS:
        kinds[status].append(f"{code}: {meaning}")
    return {str(status.value): _error(status, kinds[status]) for status in sorted(kinds)}


def _error(status: HTTPStatus, kinds: list[str]) -> Json:
    answer: Json = {
        "description": " ".join(kinds),
        "content": {
            PROBLEM: {"schema": {"$ref": SHAPE.format(model=schemas.ProblemResponse.__name__)}}
        },
    }
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        answer["headers"] = {"Retry-After": HEADERS["Retry-After"]}
    return answer


def _problems(routes: Iterable[Route]) -> list[Json]:
    """Return every kind of error that these routes answer with, as `code` names it."""
    kinds = dict.fromkeys([kind for route in routes for kind in route.errors] + [*ANYWHERE])
    ours = [
        (problem_of(kind).status, problem_of(kind).code, _meaning(kind), problem_of(kind).title)
        for kind in kinds
    ]
    others = [(status, code, meaning, status.phrase) for status, code, meaning in OTHERS]
    rest = [(HTTPStatus.METHOD_NOT_ALLOWED, HTTP, "The request itself is wrong.", "")]
    return [
        {"code": code, "status": status.value, "meaning": meaning, "title": title}
        for status, code, meaning, title in sorted([*ours, *others, *rest])
    ]


def _meaning(kind: type[Exception]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def _limits(per_minute: int) -> list[Json]:
    """Return how much may be asked, and what answers more than that."""
    rate = f"{per_minute:,} a minute from one address, {BURST_SECONDS} seconds of it at once"
    rows = [
        ("Characters of a query", f"{MAX_QUERY_LENGTH:,}", HTTPStatus.BAD_REQUEST),
        ("Tags or topics of a search", f"{MAX_FILTERS} each", HTTPStatus.BAD_REQUEST),
        ("Hits in one answer", f"{LIMIT.most}", HTTPStatus.BAD_REQUEST),
        ("Hits left out at the beginning", f"{OFFSET.most:,}", HTTPStatus.BAD_REQUEST),
        ("Bytes of an address", f"{MAX_URL_LENGTH:,}", HTTPStatus.REQUEST_URI_TOO_LONG),
        (
            "Bytes of a body",
            f"{MAX_BODY_BYTES:,}",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
        (
            "Bytes of a file that is uploaded",
            f"{MAX_UPLOAD_BYTES:,}",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
        (
            "Bytes of an export that is imported",
            f"{MAX_IMPORT_BYTES:,}",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
    ]
    if per_minute:
        rows.append(("Requests", rate, HTTPStatus.TOO_MANY_REQUESTS))
    return [{"what": what, "most": most, "status": status.value} for what, most, status in rows]
