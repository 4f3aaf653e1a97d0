"""Extraction of conditions and orders from FHIR resources (STU3, R4 and R5).

Other parts of a resource are ignored. Invalid resources are skipped without an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kb.model.medical_codes import find_system, parse_code
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
    return [condition for condition in _resources(prefetched) if _is_active(condition)]


def orders(context: Json) -> list[Json]:
    """Return the selected draft orders, or all of them if none is selected."""
    drafts = list(_resources(context["draftOrders"]))
    selections = context["selections"]
    chosen = {str(name) for name in selections} if isinstance(selections, list) else set()
    selected = [d for d in drafts if chosen & {f"{d.get('resourceType')}/{d.get('id')}", _id(d)}]
    medication_orders = [d for d in drafts if d.get("resourceType") != "Medication"]
    return [_with_medication(order, drafts) for order in selected or medication_orders]


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


def _with_medication(order: Json, drafts: Iterable[Json]) -> Json:
    """Return an order with the code of the medication that it references.

    The medication is contained in the order or is another resource of the bundle.
    """
    contained = order.get("contained")
    contained_list = contained if isinstance(contained, list) else []
    by_reference = {
        f"#{_id(resource)}": resource for resource in contained_list if isinstance(resource, dict)
    }
    by_reference |= {
        f"{resource.get('resourceType')}/{_id(resource)}": resource for resource in drafts
    }
    for name in REFERENCES:
        reference = order.get(name)
        if isinstance(reference, dict) and isinstance(reference.get("reference"), dict):
            reference = reference["reference"]  # FHIR R5
        target = reference.get("reference") if isinstance(reference, dict) else None
        medication = by_reference.get(target) if isinstance(target, str) else None
        if medication and medication.get("code"):
            return {**order, "code": medication["code"]}
        display = _text(reference.get("display")) if isinstance(reference, dict) else ""
        if display:
            return {**order, "code": {"text": display}}
    return order


def _id(resource: Json) -> str:
    return str(resource.get("id"))


def _resources(bundle: object) -> Iterator[Json]:
    """Yield the resources in a bundle; a single resource is yielded as it is."""
    if not isinstance(bundle, dict):
        return
    entries = (
        bundle.get("entry") if bundle.get("resourceType") == "Bundle" else [{"resource": bundle}]
    )
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


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
