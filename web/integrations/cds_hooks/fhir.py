"""Extraction of conditions and orders from FHIR resources (STU3, R4 and R5).

Other parts of a resource are ignored. Invalid resources are skipped without an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kb.model.medical_codes import find_system, parse_code
from web.integrations.cds_hooks.references import BundleEntry, iter_entries, resolve_reference
from web.integrations.infobutton.request import InfobuttonConcept, clean

Json = dict[str, Any]

ACTIVE = frozenset(("active", "recurrence", "relapse"))
REFUTED = frozenset(("refuted", "entered-in-error"))

# Elements with the code of a condition or an order, in FHIR R4, R5 and STU3.
CODE_ELEMENTS = (
    "code",
    "medicationCodeableConcept",
    "medication",
    "vaccineCode",
    "codeCodeableConcept",
)
REFERENCES = ("medicationReference", "medication", "codeReference")


def conditions(prefetched: object) -> list[Json]:
    """Return the active conditions in the prefetched resources."""
    resources = (entry.resource for entry in iter_entries(prefetched))
    return [condition for condition in resources if _is_active(condition)]


def orders(context: Json, prefetch: object) -> list[Json]:
    """Return the selected draft orders, or all of them if none is selected.

    A referenced medication is looked up in the drafts and in the prefetched resources.
    """
    drafts = list(iter_entries(context["draftOrders"]))
    selections = context["selections"]
    chosen = {str(name) for name in selections} if isinstance(selections, list) else set()
    selected = [d for d in drafts if chosen & {d.name, str(d.resource.get("id")), d.full_url}]
    orders_only = [d for d in drafts if d.resource.get("resourceType") != "Medication"]
    prefetched = prefetch.values() if isinstance(prefetch, dict) else ()
    known = [*drafts, *(entry for bundle in prefetched for entry in iter_entries(bundle))]
    return [_with_medication(order, known) for order in selected or orders_only]


def concepts(resources: Iterable[Json]) -> Iterator[tuple[InfobuttonConcept, ...]]:
    """Yield the alternative codings and texts of each resource."""
    for resource in resources:
        values = []
        for element in filter(None, map(resource.get, CODE_ELEMENTS)):
            if isinstance(element, dict) and isinstance(element.get("concept"), dict):
                element = element["concept"]  # FHIR R5  # noqa: PLW2901
            for system_name, value, display in _codings(element):
                system = find_system(system_name)
                code = parse_code(system, value) if system and value else None
                if code or display:
                    values.append(InfobuttonConcept(code=code, name=display))
            text = _text(element.get("text")) if isinstance(element, dict) else ""
            if text:
                values.append(InfobuttonConcept(name=text))
        if values:
            yield tuple(values)


def _is_active(condition: Json) -> bool:
    if condition.get("resourceType") != "Condition":
        return False
    clinical = {code for _, code, _ in _codings(condition.get("clinicalStatus"))}
    verified = {code for _, code, _ in _codings(condition.get("verificationStatus"))}
    return (not clinical or bool(clinical & ACTIVE)) and not verified & REFUTED


def _with_medication(order: BundleEntry, known: Iterable[BundleEntry]) -> Json:
    """Return an order with the code of the medication that it references.

    Without the medication, the display name of the reference is used.
    """
    for name in REFERENCES:
        reference = order.resource.get(name)
        if isinstance(reference, dict) and isinstance(reference.get("reference"), dict):
            reference = reference["reference"]  # FHIR R5
        if not isinstance(reference, dict):
            continue
        target = reference.get("reference")
        medication = resolve_reference(target, order, known) if isinstance(target, str) else None
        if medication and medication.get("code"):
            return {**order.resource, "code": medication["code"]}
        display = _text(reference.get("display"))
        if display:
            return {**order.resource, "code": {"text": display}}
    return order.resource


def _codings(concept: object) -> Iterator[tuple[str, str, str]]:
    """Yield (system, code, display) of each coding in a CodeableConcept."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict):
            yield (
                _text(coding.get("system")),
                _text(coding.get("code")),
                _text(coding.get("display")),
            )


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""
