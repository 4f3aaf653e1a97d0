"""CDS Hooks: discovery, cards, feedback and invalid requests."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from index.engines import open_engine
from index.indexer import Indexer
from index.search.service import SearchService
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from tests.kb.builders import save
from web.app import create_app

ICD10, RXNORM = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.nlm.nih.gov/research/umls/rxnorm"
ORIGIN = "https://record.example"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory, taxonomy: Taxonomy) -> Iterator[FlaskClient]:
    settings = Settings(
        home=tmp_path_factory.mktemp("cds"),
        public_url="https://kb.example",
        allowed_origins=(ORIGIN,),
    )
    store = ArticleStore.create(settings.database_url)
    save(store, "Gout", ("", "A *joint* [hurts](x)."), codes=("icd-10-cm:M10",),
         review_due=date(2026, 1, 1), source="Sample Hospital")  # fmt: skip
    save(store, "Warfarin", ("Use", "Daily."), ("Harms", "It bleeds.", "safety"),
         codes=("rxnorm:11289",))  # fmt: skip
    save(store, "Warfarin for prescribers", ("", "INR."), codes=("rxnorm:11289",),
         audience="professionals")  # fmt: skip
    save(store, "W" * 300, ("", "Long."), codes=("icd-10-cm:J45",))
    engine = open_engine(settings.engine_url, taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    today = date(2026, 3, 15)
    search = SearchService(store, engine, taxonomy, today=lambda: today)
    yield create_app(settings, store, search, taxonomy, today=lambda: today).test_client()
    store.close()


def condition(*codings: tuple[str, str, str], text: str = "", status: str = "active") -> dict:
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": status}]},
        "code": {
            "coding": [{"system": s, "code": c, "display": d} for s, c, d in codings],
            "text": text,
        },
    }


def view(*conditions: dict) -> dict:
    entries = [{"resource": each} for each in conditions]
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "1288992"},
        "prefetch": {"conditions": {"resourceType": "Bundle", "entry": entries}},
    }


def order(*drafts: dict, selections: tuple[str, ...] = ("MedicationRequest/1",)) -> dict:
    return {
        "hook": "order-select",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/1",
            "patientId": "1288992",
            "selections": list(selections),
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": d} for d in drafts]},
        },
    }


def draft(number: str, code: str) -> dict:
    coding = {"system": RXNORM, "code": code}
    return {"resourceType": "MedicationRequest", "id": number,
            "medicationCodeableConcept": {"coding": [coding]}}  # fmt: skip


def cards(client: FlaskClient, service: str, body: object) -> list[dict]:
    response = client.post(f"/cds-services/{service}", json=body)
    assert response.status_code == 200
    found = response.get_json()
    assert list(found) == ["cards"]
    for card in found["cards"]:
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in ("info", "warning", "critical")
        assert card["source"]["label"]
        assert UUID(card["uuid"]).version == 8
        for link in card["links"]:
            assert link["type"] == "absolute"
            assert link["url"].startswith("https://kb.example/articles/")
    return found["cards"]


def test_discovery_lists_services(record: FlaskClient) -> None:
    services = record.get("/cds-services").get_json()["services"]
    assert [(one["id"], one["hook"]) for one in services] == [
        ("conditions", "patient-view"),
        ("orders", "order-select"),
    ]
    for one in services:
        assert one["description"]
        for query in one.get("prefetch", {}).values():
            assert "{{context.patientId}}" in query


def test_conditions_return_one_card_per_article(record: FlaskClient) -> None:
    (card,) = cards(
        record,
        "conditions",
        view(
            condition((ICD10, "M10.071", "Gout of the ankle")),
            condition(("http://snomed.info/sct", "90560007", "Gout")),
            condition((ICD10, "K35", "Appendicitis")),
            condition((RXNORM, "11289", "Warfarin"), status="resolved"),
        ),
    )
    assert card["summary"].startswith("Gout. ")
    assert card["summary"].endswith(" January 2026")
    assert card["detail"].startswith(r"A \*joint\* \[hurts\]\(x\)\.")
    assert card["detail"].endswith(r"ICD\-10\-CM M10 \(for Gout of the ankle\)\.")
    assert card["extension"] == {"clinical-kb.found-by": "ICD-10-CM M10"}
    assert card["source"]["label"] == "Sample Hospital"


@pytest.mark.parametrize(
    "one",
    [
        condition(text="gout"),
        condition(("urn:oid:2.16.840.1.113883.6.90", "M10", "")),
        condition(("http://unknown.example", "1", "Gout")),
    ],
)
def test_condition_is_matched_in_alternative_forms(record: FlaskClient, one: dict) -> None:
    assert len(cards(record, "conditions", view(one))) == 1


def test_card_title_is_truncated(record: FlaskClient) -> None:
    (card,) = cards(record, "conditions", view(condition((ICD10, "J45.40", ""))))
    assert card["summary"].endswith("…")


def test_order_card_links_to_safety_first(record: FlaskClient) -> None:
    for_staff, card = cards(record, "orders", order(draft("1", "11289"), draft("2", "1")))
    assert for_staff["summary"].startswith("Warfarin for prescribers")
    assert [link["label"] for link in card["links"]] == ["Harms", "Use"]
    assert card["detail"].startswith(r"It bleeds\.")
    only = order(draft("1", "1"), draft("2", "11289"))
    assert cards(record, "orders", only) == []
    assert len(cards(record, "orders", order(draft("2", "11289"), selections=("None/0",)))) == 2


def test_patient_gets_no_professional_card(record: FlaskClient) -> None:
    body = order(draft("1", "11289"))
    body["context"]["userId"] = "Patient/1288992"
    assert len(cards(record, "orders", body)) == 1


PRODUCT = {"coding": [{"system": RXNORM, "code": "855288",
                       "display": "Warfarin Sodium 1 MG Oral Tablet [Coumadin]"}]}  # fmt: skip
REQUEST = {"resourceType": "MedicationRequest", "id": "1"}


@pytest.mark.parametrize(
    "drafts",
    [
        [REQUEST | {"medicationCodeableConcept": PRODUCT}],
        [REQUEST | {"medicationCodeableConcept": {"text": "warfarin 5mg tablets"}}],
        [REQUEST | {"medicationReference": {"reference": "#m"},
                    "contained": [{"resourceType": "Medication", "id": "m", "code": PRODUCT}]}],
        [REQUEST | {"medicationReference": {"reference": "Medication/7"}},
         {"resourceType": "Medication", "id": "7", "code": PRODUCT}],
        [REQUEST | {"medicationReference": {"reference": "Medication/8", "display": "Warfarin"}}],
        [REQUEST | {"medication": {"concept": PRODUCT}}],
        [REQUEST | {"medication": {"reference": {"reference": "#m"}},
                    "contained": [{"resourceType": "Medication", "id": "m", "code": PRODUCT}]}],
    ],
)  # fmt: skip
def test_medicine_is_found_in_any_order_field(record: FlaskClient, drafts: list[dict]) -> None:
    found = cards(record, "orders", order(*drafts))
    assert [card["summary"].partition(".")[0] for card in found][-1] == "Warfarin"


EHR, OTHER = "https://ehr.example/fhir", "https://other.example/fhir"
URN = "urn:uuid:1d4b3c1e-8f5b-4f0e-9d56-0c2b9a4f7c11"
MEDICATION = {"resourceType": "Medication", "id": "7", "code": PRODUCT}
ASPIRIN = {"resourceType": "Medication", "id": "7", "code": {"text": "Aspirin"}}


def entry(resource: dict, full_url: str = "") -> dict:
    return {"resource": resource, **({"fullUrl": full_url} if full_url else {})}


def referring(reference: str, **more: object) -> dict:
    return REQUEST | {"medicationReference": {"reference": reference}, **more}


@pytest.mark.parametrize(
    ("entries", "is_found"),
    [
        # An absolute URL or a URN is compared with the URLs of the entries
        ([entry(referring(URN)), entry({**MEDICATION, "id": "x"}, URN)], True),
        ([entry(referring(f"{EHR}/Medication/7")), entry(MEDICATION, f"{EHR}/Medication/7")], True),
        ([entry(referring(f"{EHR}/Medication/7")), entry(MEDICATION, f"{OTHER}/Medication/7")],
         False),
        ([entry(referring(f"{EHR}/Medication/7")), entry(MEDICATION)], False),
        ([entry(referring("urn:uuid:0")), entry(MEDICATION, URN)], False),
        # A relative one belongs to the service of the resource with it
        ([entry(referring("Medication/7"), f"{EHR}/MedicationRequest/1"),
          entry(ASPIRIN, f"{OTHER}/Medication/7"), entry(MEDICATION, f"{EHR}/Medication/7")], True),
        ([entry(referring("Medication/7"), f"{EHR}/MedicationRequest/1"),
          entry(MEDICATION, f"{OTHER}/Medication/7")], False),
        ([entry(referring("Medication/7"), URN), entry(MEDICATION, f"{EHR}/Medication/7")], True),
        ([entry(referring("Medication/7")), entry(MEDICATION, f"{EHR}/Medication/7"),
          entry(ASPIRIN, f"{OTHER}/Medication/7")], False),
        # A version must be that of the resource
        ([entry(referring("Medication/7/_history/2")),
          entry(ASPIRIN | {"meta": {"versionId": "1"}}),
          entry(MEDICATION | {"meta": {"versionId": "2"}})], True),
        # A fragment is a resource inside the same one
        ([entry(referring("#m")), entry(MEDICATION | {"id": "m"})], False),
    ],
)  # fmt: skip
def test_reference_is_resolved_by_full_url(
    record: FlaskClient, entries: list[dict], is_found: bool
) -> None:
    body = order()
    body["context"]["draftOrders"]["entry"] = entries
    assert bool(cards(record, "orders", body)) == is_found


def test_reference_is_resolved_in_prefetched_resources(record: FlaskClient) -> None:
    body = order(referring(URN), selections=("1",))
    body["prefetch"] = {
        "medications": {"resourceType": "Bundle", "entry": [entry(MEDICATION, URN)]},
        "patient": {"resourceType": "Patient", "id": "1"},
        "nothing": None,
    }
    assert cards(record, "orders", body)[-1]["extension"] == {"clinical-kb.found-by": "warfarin"}


def test_order_is_selected_by_full_url(record: FlaskClient) -> None:
    body = order(selections=(URN,))
    body["context"]["draftOrders"]["entry"] = [
        entry({**draft("", "1"), "id": None}),
        entry({**draft("", "11289"), "id": None}, URN),
    ]
    assert len(cards(record, "orders", body)) == 2


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_refuted_condition_is_ignored(record: FlaskClient, status: str) -> None:
    wrong = condition((ICD10, "M10", "Gout")) | {
        "verificationStatus": {"coding": [{"code": status}]}
    }
    assert cards(record, "conditions", view(wrong)) == []


def test_feedback_records_only_the_article(
    record: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (one,) = cards(record, "conditions", view(condition((ICD10, "M10", "Gout"))))
    (other,) = cards(record, "conditions", view(condition((ICD10, "M10", "Gout"))))
    assert one["uuid"] != other["uuid"]
    told = {"outcome": "overridden", "outcomeTimestamp": "2026-03-15T00:00:00Z",
            "overrideReason": {"userComment": "Mr Smith has it"}}  # fmt: skip
    body = {"feedback": [told | {"card": one["uuid"]}, told | {"card": str(UUID(int=0))}]}
    assert record.post("/cds-services/conditions/feedback", json=body).status_code == 200
    written = [json.loads(r.message) for r in caplog.records if r.name == "kb.cds"]
    assert [(w["service"], w["outcome"], w["article"]) for w in written] == [
        ("conditions", "overridden", "gout"),
        ("conditions", "overridden", None),
    ]
    assert "Smith" not in caplog.text


@pytest.mark.parametrize(
    ("service", "told", "status"),
    [
        ("nothing", [], 404),
        ("orders", None, 400),
        ("orders", [], 400),
        ("orders", ["x"], 400),
        ("orders", [{"card": "x", "outcome": "overridden", "outcomeTimestamp": "t"}], 400),
        ("orders", [{"card": str(UUID(int=0)), "outcome": "?", "outcomeTimestamp": "t"}], 400),
        ("orders", [{"card": str(UUID(int=0)), "outcome": "accepted"}], 400),
        ("orders", [{}] * 101, 400),
    ],
)
def test_invalid_feedback_is_rejected(
    record: FlaskClient, service: str, told: object, status: int
) -> None:
    response = record.post(f"/cds-services/{service}/feedback", json={"feedback": told})
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"


def test_unmatched_request_returns_no_cards(record: FlaskClient) -> None:
    assert cards(record, "conditions", view()) == []
    empty = view()
    empty["prefetch"] = {"conditions": None}
    assert cards(record, "conditions", empty) == []


@pytest.mark.parametrize(
    ("service", "body", "status"),
    [
        ("nothing", view(), 404),
        ("conditions", [], 400),
        ("conditions", {**view(), "hook": "order-select"}, 400),
        ("conditions", {**view(), "hookInstance": ""}, 400),
        ("conditions", {**view(), "context": {"userId": "1"}}, 400),
        ("conditions", {k: v for k, v in view().items() if k != "prefetch"}, 412),
        (
            "conditions",
            {**view(), "prefetch": {"conditions": {"resourceType": "OperationOutcome"}}},
            412,
        ),
        ("orders", {**order(), "context": {"userId": "1", "patientId": "2"}}, 400),
    ],
)
def test_invalid_request_returns_reason(
    record: FlaskClient, service: str, body: object, status: int
) -> None:
    response = record.post(f"/cds-services/{service}", json=body)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"


def test_service_rejects_non_json_deep_and_large_bodies(record: FlaskClient) -> None:
    for body, status in ((b"\xff{", 400), (b"[" * 200_000, 400), (b"x" * 5_000_000, 413)):
        assert record.post("/cds-services/conditions", data=body).status_code == status


def test_listed_origin_can_call_service(record: FlaskClient) -> None:
    ask = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    response = record.options("/cds-services/conditions", headers=ask)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]
    other = record.post("/cds-services/conditions", json=view(), headers={"Origin": "https://x.y"})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_service_logs_no_patient_data(
    record: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    cards(record, "conditions", view(condition((ICD10, "M10.9", "Gout"))))
    assert "1288992" not in caplog.text
    assert "M10" not in caplog.text


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["MedicationRequest", "Condition", "Bundle", "#m", "\ud800gout", "Gout"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceType",
                    "entry",
                    "resource",
                    "code",
                    "coding",
                    "text",
                    "concept",
                    "contained",
                    "medicationReference",
                    "medication",
                    "reference",
                    "display",
                    "id",
                    "fullUrl",
                    "meta",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(JSON, st.booleans())
def test_service_handles_any_resource(record: FlaskClient, value: object, ordered: bool) -> None:
    body = order() if ordered else view()
    if ordered:
        body["context"]["draftOrders"] = value
    else:
        body["prefetch"]["conditions"] = value
    place = "orders" if ordered else "conditions"
    response = record.post(f"/cds-services/{place}", data=json.dumps(body))
    assert response.status_code in (200, 400)
