"""CDS Hooks endpoints: discovery, services and feedback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any

from flask import Blueprint, Response, abort, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from kb.errors import NotFoundError
from web.context import absolute_urls, current_services
from web.integrations import ehr_audit_log
from web.integrations.cds_hooks import cards, feedback, fhir
from web.middleware import auth
from web.params import ParameterError

blueprint = Blueprint("cds_hooks", __name__, url_prefix="/cds-services")

Json = dict[str, Any]

MISSING = object()
MAX_BODY_BYTES = 4 * 1024 * 1024  # all active conditions of a patient with their notes
MAX_CONCEPTS = 100  # conditions or orders evaluated per request
PATIENTS = ("Patient/", "RelatedPerson/")  # prefixes of user ids of patients and relatives


@dataclass(frozen=True, slots=True)
class CdsService:
    """CDS service: its hook, required context fields and prefetch templates."""

    hook: str
    id: str
    title: str
    description: str
    context: tuple[str, ...]
    prefetch: tuple[tuple[str, str], ...] = ()


SERVICES = (
    CdsService(
        "patient-view",
        "conditions",
        "Passages on the patient's conditions",
        "Cards with links to passages on the patient's active conditions.",
        ("userId", "patientId"),
        (("conditions", "Condition?patient={{context.patientId}}&clinical-status=active"),),
    ),
    CdsService(
        "order-select",
        "orders",
        "Passages on selected orders",
        "Cards with links to passages on the selected orders, safety first.",
        ("userId", "patientId", "selections", "draftOrders"),
    ),
)
_BY_ID = {service.id: service for service in SERVICES}


@blueprint.get("")
def discovery() -> ResponseReturnValue:
    """Return the available services."""
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
@auth.csrf_exempt
def call(service_id: str) -> ResponseReturnValue:
    """Return the cards of a service."""
    service = _service(service_id)
    body = _body()
    _check(body, service)
    context = body["context"]
    if service.id == "conditions":
        resources = _conditions(body)
    else:
        resources = fhir.orders(context, body.get("prefetch"))
    concepts = islice(fhir.concepts(resources), MAX_CONCEPTS)
    recipient = "PAT" if str(context["userId"]).startswith(PATIENTS) else "PROV"
    site = current_services()
    matches = cards.find_matches(concepts, recipient, site.infobutton, site.catalog.snapshot())
    built = cards.build_cards(
        matches,
        site.store,
        title=site.settings.title,
        urls=absolute_urls(),
        today=site.today(),
        safety_first=service.hook == "order-select",
    )
    response = make_response(jsonify(cards=built))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<service_id>/feedback")
@auth.csrf_exempt
def take_feedback(service_id: str) -> ResponseReturnValue:
    """Record how users handled the cards of a service."""
    service = _service(service_id)
    catalog = current_services().catalog.snapshot()
    ids = [contents.article.id for contents in catalog.articles]
    for entry in feedback.parse_feedback(_body(), ids):
        ehr_audit_log.write(
            ehr_audit_log.CDS,
            service=service.id,
            outcome=entry.outcome,
            article=entry.article or None,
        )
    return Response(status=HTTPStatus.OK)


def _service(service_id: str) -> CdsService:
    service = _BY_ID.get(service_id)
    if service is None:
        raise NotFoundError("service", service_id)
    return service


def _body() -> Json:
    """Return the request body. Raises `ParameterError` if it is not a JSON object."""
    request.max_content_length = MAX_BODY_BYTES
    try:
        body = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError) as error:
        raise ParameterError("body", "must be a JSON object") from error
    if not isinstance(body, dict):
        raise ParameterError("body", "must be a JSON object")
    return body


def _check(body: Json, service: CdsService) -> None:
    """Raise `ParameterError` if a field that the specification requires is missing or wrong."""
    if body.get("hook") != service.hook:
        raise ParameterError("hook", f"must be {service.hook}")
    if not isinstance(body.get("hookInstance"), str) or not body["hookInstance"]:
        raise ParameterError("hookInstance", "is required")
    context = body.get("context")
    if not isinstance(context, dict):
        raise ParameterError("context", "must be an object")
    for name in service.context:
        if not context.get(name):
            raise ParameterError(f"context.{name}", "is required")


def _conditions(body: Json) -> list[Json]:
    """Return the prefetched active conditions; respond with 412 if they are missing."""
    prefetch = body.get("prefetch")
    conditions = prefetch.get("conditions", MISSING) if isinstance(prefetch, dict) else MISSING
    failed = isinstance(conditions, dict) and conditions.get("resourceType") == "OperationOutcome"
    if conditions is MISSING or failed:
        abort(
            HTTPStatus.PRECONDITION_FAILED,
            "The prefetch “conditions” is missing. Send it with the request.",
        )
    return fhir.conditions(conditions)
