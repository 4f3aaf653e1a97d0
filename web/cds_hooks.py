"""CDS Hooks 2.0 (HL7): a record says what is on its screen and gets cards that lead to passages.

Two services: the conditions of a patient whose chart is opened (patient-view) and the medicines
that are being ordered (order-select). Both match as `web.infobutton.matching` does. What a request
holds is data of a patient: it is neither kept nor logged, and nothing is fetched from the record's
own server, so that conditions must come with the request (prefetch) or are answered by 412.
``docs/cds-hooks.md`` says what of the specification is not here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, abort, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from kb.codes import code_of, system_of
from kb.errors import NotFoundError
from kb.record import review_state
from web.addresses import Addresses
from web.infobutton.asking import LONGEST, Concept, Form, Request
from web.infobutton.matching import Match, Matcher
from web.infobutton.views import the_matcher
from web.parameters import ParameterError
from web.site import Site, absolute_addresses, current_site
from web.wording import review

blueprint = Blueprint("cds", __name__, url_prefix="/cds-services")

Json = dict[str, Any]

BODY_MOST = 4 * 1024 * 1024  # bytes: all active conditions of a patient, each with its notes
CONCEPTS_MOST = 100  # conditions or orders that are looked at
CARDS_MOST = 8
LINKS_MOST = 6
SUMMARY_MOST = 139  # characters: the specification wants fewer than 140
DETAIL_MOST = 500
ACTIVE = frozenset(("active", "recurrence", "relapse"))
SAFETY = "safety"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+.!|~&-])")


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its hook, what it needs in its context, and what it wants to be sent along."""

    hook: str
    id: str
    title: str
    description: str
    context: tuple[str, ...]
    prefetch: tuple[tuple[str, str], ...] = ()


SERVICES = (
    Service(
        "patient-view",
        "conditions",
        "Passages on the patient's conditions",
        "Cards that lead to passages on the active conditions of the patient.",
        ("userId", "patientId"),
        (("conditions", "Condition?patient={{context.patientId}}&clinical-status=active"),),
    ),
    Service(
        "order-select",
        "orders",
        "Passages on what is being ordered",
        "Cards that lead to passages on the selected medicines, those on safety first.",
        ("userId", "patientId", "selections", "draftOrders"),
    ),
)
_BY_ID = {service.id: service for service in SERVICES}


@blueprint.get("")
def discovery() -> ResponseReturnValue:
    """List the services."""
    return jsonify(
        services=[
            {
                "hook": service.hook,
                "id": service.id,
                "title": service.title,
                "description": service.description,
                **({"prefetch": dict(service.prefetch)} if service.prefetch else {}),
            }
            for service in SERVICES
        ]
    )


@blueprint.post("/<service_id>")
def call(service_id: str) -> ResponseReturnValue:
    """Answer one service with its cards."""
    service = _BY_ID.get(service_id)
    if service is None:
        raise NotFoundError("service", service_id)
    request.max_content_length = BODY_MOST
    body = _body(service)
    resources = _conditions(body) if service.id == "conditions" else _orders(body["context"])
    concepts = list(_concepts(resources))[:CONCEPTS_MOST]
    site, matcher = current_site(), the_matcher()
    response = make_response(jsonify(cards=_cards(concepts, service, site, matcher)))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.after_request
def _from_a_browser(response: Response) -> Response:
    """Let clients in a browser, on a page of `allowed_origins`, ask first and then call."""
    allowed = current_site().settings.allowed_origins
    if allowed:
        response.vary.add("Origin")
        origin = request.headers.get("Origin", "")
        if origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _body(service: Service) -> Json:
    """Return the request's object; raises `ParameterError` for what the specification wants."""
    try:
        body = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError) as error:
        raise ParameterError("body", "must be an object of JSON") from error
    if not isinstance(body, dict):
        raise ParameterError("body", "must be an object of JSON")
    if body.get("hook") != service.hook:
        raise ParameterError("hook", f"must be {service.hook}")
    if not isinstance(body.get("hookInstance"), str) or not body["hookInstance"]:
        raise ParameterError("hookInstance", "must be given")
    context = body.get("context")
    if not isinstance(context, dict):
        raise ParameterError("context", "must be an object")
    for name in service.context:
        if not context.get(name):
            raise ParameterError(f"context.{name}", "must be given")
    return body


def _conditions(body: Json) -> list[Json]:
    """Return the active conditions that were sent along."""
    prefetch = body.get("prefetch")
    if not isinstance(prefetch, dict) or "conditions" not in prefetch:
        abort(
            HTTPStatus.PRECONDITION_FAILED,
            "The prefetch “conditions” is needed: this service asks no FHIR server for it.",
        )
    return [one for one in _resources(prefetch["conditions"], "Condition") if _is_active(one)]


def _is_active(condition: Json) -> bool:
    codes = {code for _, code, _ in _codings(condition.get("clinicalStatus"))}
    return not codes or bool(codes & ACTIVE)


def _orders(context: Json) -> list[Json]:
    """Return the drafts that are selected, all where none of them is named."""
    drafts = list(_resources(context["draftOrders"], ""))
    selections = context["selections"]
    chosen = {str(name) for name in selections} if isinstance(selections, list) else set()
    selected = [d for d in drafts if f"{d.get('resourceType')}/{d.get('id')}" in chosen]
    return selected or drafts


def _resources(bundle: object, kind: str) -> Iterator[Json]:
    """Yield the resources of a bundle, or of what is one itself."""
    if not isinstance(bundle, dict):
        return
    entries = (
        bundle.get("entry") if bundle.get("resourceType") == "Bundle" else [{"resource": bundle}]
    )
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and (not kind or resource.get("resourceType") == kind):
            yield resource


def _codings(concept: object) -> Iterator[tuple[str, str, str]]:
    """Yield (system, code, display) of a CodeableConcept, whatever it holds."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict):
            yield (
                _text(coding.get("system")),
                _text(coding.get("code")),
                _text(coding.get("display")),
            )


def _text(value: object) -> str:
    return " ".join(value[:LONGEST].split()) if isinstance(value, str) else ""


def _concepts(resources: Iterable[Json]) -> Iterator[tuple[Concept, ...]]:
    """Yield for each resource what it is about, in every way that it says so."""
    for resource in resources:
        medication = resource.get("medicationCodeableConcept")
        about = resource.get("code") or medication or resource.get("vaccineCode")
        if isinstance(about, dict) and isinstance(about.get("concept"), dict):
            about = about["concept"]  # as FHIR R5 writes it
        found = []
        for system_name, value, display in _codings(about):
            system = system_of(system_name)
            code = code_of(system, value) if system and value else None
            if code or display:
                found.append(Concept(code=code, name=display))
        text = _text(about.get("text")) if isinstance(about, dict) else ""
        if text:
            found.append(Concept(name=text))
        if found:
            yield tuple(found)


def _cards(
    concepts: Sequence[tuple[Concept, ...]], service: Service, site: Site, matcher: Matcher
) -> list[Json]:
    shelves, here = site.catalogue.shelves(), absolute_addresses()
    found: dict[str, Match] = {}
    for ways in concepts:
        for concept in ways:
            matches = matcher.matches(Request(form=Form.JSON, main=(concept,)), shelves)
            if matches:
                for match in matches:
                    found.setdefault(match.contents.article.id, match)
                break  # the other codings name the same thing
    return [
        _card(match, site, here, safety_first=service.hook == "order-select")
        for match in list(found.values())[:CARDS_MOST]
    ]


def _card(match: Match, site: Site, here: Addresses, *, safety_first: bool) -> Json:
    article, places = match.contents.article, list(match.contents.places)
    state = review(article.metadata, review_state(article.metadata.review_due, site.today()))
    if safety_first:
        places.sort(key=lambda place: SAFETY not in place.tags)
    first = places[:1]
    texts = site.store.published_passages([place.passage_id for place in first])
    detail = [passage.text for _, passage in texts.values()]
    summary = f"{article.title}. {state.words}"
    return {
        "summary": summary if len(summary) <= SUMMARY_MOST else summary[: SUMMARY_MOST - 1] + "…",
        "detail": "\n\n".join(_markdown(text) for text in (*detail, state.words)),
        "indicator": "info",
        "source": {"label": article.metadata.source or site.settings.title, "url": here.home()},
        "links": [
            {
                "label": place.heading_path[-1] if place.heading_path else article.title,
                "url": here.passage(article.id, place.passage_id),
                "type": "absolute",
            }
            for place in places[:LINKS_MOST]
        ],
    }


def _markdown(text: str) -> str:
    """Return a text as Markdown in which nothing is a mark."""
    cut = text if len(text) <= DETAIL_MOST else text[:DETAIL_MOST].rsplit(" ", 1)[0] + " …"
    return _MARKDOWN.sub(r"\\\1", cut).replace("\n", "  \n")
