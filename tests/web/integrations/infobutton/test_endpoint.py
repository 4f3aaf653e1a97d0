"""Infobutton endpoint: matching, response formats and privacy."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote
from xml.etree import ElementTree

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
from tests.web.builders import HOSTILE
from tests.web.page_text import parse
from web.app import create_app

ATOM = "{http://www.w3.org/2005/Atom}"
ICD9, ICD10 = "2.16.840.1.113883.6.103", "2.16.840.1.113883.6.90"
RXNORM = "2.16.840.1.113883.6.88"
TODAY = date(2026, 3, 15)

# What the answers of MedlinePlus Connect recorded in 2016 and in 2026 have in common.
FEED_KEYS = {
    "xsi",
    "base",
    "lang",
    "title",
    "subtitle",
    "author",
    "updated",
    "category",
    "id",
    "entry",
}
ENTRY_KEYS = {"title", "link", "id", "updated", "summary"}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, taxonomy: Taxonomy) -> Iterator[FlaskClient]:
    """Yield a client of a site whose articles have codes, languages and audiences."""
    home = tmp_path_factory.mktemp("records")
    settings = Settings(home=home, public_url="https://kb.example/", title="Knowledge")
    store = ArticleStore.create(settings.database_url)
    for title, parts, metadata in (
        ("Asthma inhalers", [("", "Open the airways."), ("Diagnosis", "Blow.", "diagnosis")],
         {"codes": ("icd-10-cm:J45",), "reviewed": date(2025, 1, 2)}),
        ("Moderate asthma", [("", "Every day.")], {"codes": ("icd-10-cm:J45.4",)}),
        ("Warfarin", [("", "A tablet."), ("Harms", "Bleeding.", "safety"), ("Taking it", "Daily.")],
         {"codes": ("rxnorm:11289",), "also_called": ("coumadin",)}),
        ("Warfarin for prescribers", [("", "INR.")],
         {"codes": ("rxnorm:11289",), "audience": "professionals"}),
        ("Warfarina", [("", "Una tableta.")], {"codes": ("rxnorm:11289",), "language": "es"}),
        ("Type 2 diabetes", [("", "Sugar.")], {"also_called": ("type 2 diabetes mellitus",)}),
        ("High blood pressure", [("", "Pressure."), ("Salt and pressure", "Less salt.")], {}),
        ("Chronic kidney disease", [("", "Kidneys.")], {}),
        ("Chronic obstructive pulmonary disease", [("", "Airways.")], {}),
        (HOSTILE, [("", HOSTILE)], {"codes": ("mesh:D000001",), "also_called": (HOSTILE,)}),
    ):  # fmt: skip
        save(store, title, *parts, **metadata)
    save(store, "Draft of gout", ("", "Unchecked."), publish=False, codes=("icd-10-cm:M10",))
    engine = open_engine(settings.engine_url, taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    search = SearchService(store, engine, taxonomy, today=lambda: TODAY)
    yield create_app(settings, store, search, taxonomy, today=lambda: TODAY).test_client()
    store.close()


def criterion(**parts: str) -> str:
    return "&".join(f"mainSearchCriteria.v.{name}={quote(value)}" for name, value in parts.items())


def feed(client: FlaskClient, query: str) -> dict:
    response = client.get(f"/infobutton?knowledgeResponseType=application/json&{query}")
    assert response.status_code == 200
    return response.get_json()["feed"]


def titles(client: FlaskClient, query: str) -> list[str]:
    return [entry["title"]["_value"] for entry in feed(client, query)["entry"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # The code itself, a code below it, a code above it
        (criterion(c="J45", cs=ICD10), ["Asthma inhalers", "Moderate asthma"]),
        (criterion(c="J45.4", cs=ICD10), ["Moderate asthma"]),
        (criterion(c="J45.40", cs=ICD10), ["Moderate asthma"]),
        (criterion(c="J45.901", cs=ICD10), ["Asthma inhalers"]),
        # What the code is called, and what else that is called
        (criterion(c="E11.9", cs=ICD10), ["Type 2 diabetes"]),
        (criterion(c="I10", cs=ICD10), ["High blood pressure"]),
        # A short code without a name, whose own name is that of a group
        (criterion(c="J44", cs=ICD10), ["Chronic obstructive pulmonary disease"]),
        (criterion(c="J44"), ["Chronic obstructive pulmonary disease"]),
        # An abbreviation with its expansion and a qualifier
        (criterion(dn="CKD (chronic kidney disease) stage 3"), ["Chronic kidney disease"]),
        (criterion(ot="CKD (chronic kidney disease) stage 3"), ["Chronic kidney disease"]),
        (criterion(dn="DM (diabetes mellitus), type 2"), ["Type 2 diabetes"]),
        (criterion(dn="DM (diabetes mellitus), type 1"), []),
        (criterion(dn="Diabetes mellitus, type 1"), []),
        (criterion(dn="CKD (chronic kidney disease) screening"), []),
        # By name: whole, in another order, under another name, as part of a longer one
        (criterion(dn="Coumadin"), ["Warfarin"]),
        (criterion(dn="diabetes mellitus type 2"), ["Type 2 diabetes"]),
        (criterion(dn="Hypertension"), ["High blood pressure"]),
        (criterion(dn="Diabetes Mellitus", c="250.00", cs=ICD9), ["Type 2 diabetes"]),
        (criterion(ot="less salt"), ["High blood pressure › Salt and pressure"]),
        # Main criteria are alternatives
        (criterion(dn="Coumadin") + "&mainSearchCriteria.v.dn1=Hypertension",
         ["Warfarin", "High blood pressure"]),
        # An honest nothing
        (criterion(dn="Appendicitis"), []),
        (criterion(dn="less salt"), []),
        (criterion(c="ZZZ99", cs=ICD10), []),
        (criterion(c="195967001", cs="2.16.840.1.113883.6.96"), []),
        (criterion(c="M10", cs=ICD10), []),
        ("", []),
    ],
)  # fmt: skip
def test_criterion_returns_matching_articles(
    records: FlaskClient, query: str, found: list[str]
) -> None:
    assert titles(records, query) == found


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", ["Warfarin", "Warfarin for prescribers", "Warfarina"]),
        # Whose articles there are for this reader go first
        ("&informationRecipient=PROV", ["Warfarin for prescribers", "Warfarin", "Warfarina"]),
        ("&informationRecipient=PAT", ["Warfarin", "Warfarina"]),
        ("&informationRecipient.languageCode.c=en", ["Warfarin", "Warfarin for prescribers"]),
        ("&informationRecipient.languageCode.c=es", ["Warfarina"]),
        ("&informationRecipient.languageCode.c=fr", []),
        ("&subTopic.v.c=Q000009&subTopic.v.cs=2.16.840.1.113883.6.177", ["Warfarin › Harms"]),
        ("&subTopic.v.dn=Adverse+Effects", ["Warfarin › Harms"]),
        ("&subTopic.v.c=Q000175", []),
        ("&subTopic.v.c=Q999999", ["Warfarin", "Warfarin for prescribers", "Warfarina"]),
        ("&taskContext.c.c=NONSENSE&age.v.v=67&age.v.u=a&what=ever",
         ["Warfarin", "Warfarin for prescribers", "Warfarina"]),
    ],
)  # fmt: skip
def test_other_parameters_narrow_or_are_ignored(
    records: FlaskClient, more: str, found: list[str]
) -> None:
    assert titles(records, criterion(c="11289", cs=RXNORM) + more) == found


def test_json_has_medlineplus_connect_keys(records: FlaskClient) -> None:
    found = feed(records, criterion(c="J45.4", cs=ICD10) + "&informationRecipient=PAT")
    assert found.keys() >= FEED_KEYS
    (entry,) = found["entry"]
    assert entry.keys() >= ENTRY_KEYS
    assert entry["link"][0]["href"] == "https://kb.example/articles/moderate-asthma"
    assert entry["summary"]["type"] == "html"
    whole = feed(records, criterion(dn="Coumadin"))["entry"][0]
    assert whole["category"] == [{"scheme": "tag", "term": "safety"}]
    assert found["subtitle"]["_value"].endswith("ICD-10-CM J45.4")
    assert found["category"] == [
        {"scheme": "mainSearchCriteria.v.c", "term": "J45.4"},
        {"scheme": "mainSearchCriteria.v.cs", "term": "ICD10CM"},
        {"scheme": "mainSearchCriteria.v.dn", "term": ""},
        {"scheme": "informationRecipient", "term": "PAT"},
    ]


def test_atom_is_the_default_format(records: FlaskClient) -> None:
    response = records.get(
        f"/infobutton?{criterion(c='11289', cs=RXNORM)}&subTopic.v.c=Q000009&subTopic.v.c=Q999999"
        "&taskContext.c.c=WHAT&patientPerson.genderCode=F"
    )
    assert response.mimetype == "application/atom+xml"
    assert response.headers["Cache-Control"] == response.headers["Pragma"] == "no-cache"
    root = ElementTree.fromstring(response.data)
    link = root.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == (
        "https://kb.example/infobutton?mainSearchCriteria.v.c=11289"
        f"&mainSearchCriteria.v.cs={RXNORM}&subTopic.v.c=Q000009"
    )
    used = [(c.get("scheme"), c.get("term")) for c in root.findall(f"{ATOM}category")]
    assert used == [
        ("mainSearchCriteria.v.c", "11289"),
        ("mainSearchCriteria.v.cs", RXNORM),
        ("subTopic.v.c", "Q000009"),
    ]
    (entry,) = root.findall(f"{ATOM}entry")
    for element in (root, entry):
        for name in ("title", "id", "updated", "author"):
            assert element.find(f"{ATOM}{name}") is not None
    alternate = entry.find(f"{ATOM}link")
    assert alternate is not None
    assert alternate.get("rel") == "alternate"
    assert "/articles/warfarin/" in alternate.get("href", "")
    assert [c.get("term") for c in entry.findall(f"{ATOM}category")] == ["safety"]


@pytest.mark.parametrize(
    ("query", "used"),
    [
        (criterion(c="X1", cs="1.2.3", dn="Coumadin"), ["mainSearchCriteria.v.dn"]),
        (criterion(c="J45", csn="ICD10"), ["mainSearchCriteria.v.c", "mainSearchCriteria.v.csn",
                                           "mainSearchCriteria.v.dn"]),
        ("performer.languageCode.c=en", ["performer.languageCode.c"]),
        ("informationRecipient.languageCode.c=fr&performer.languageCode.c=en",
         ["informationRecipient.languageCode.c"]),
        ("taskContext.c.c=WHAT&informationRecipient=DOG&age.v.v=67", []),
    ],
)  # fmt: skip
def test_categories_name_criteria_used(records: FlaskClient, query: str, used: list[str]) -> None:
    said = {category["scheme"] for category in feed(records, query)["category"]}
    assert said == set(used)


def test_endpoint_returns_html_and_jsonp(records: FlaskClient) -> None:
    query = f"/infobutton?{criterion(dn='Coumadin')}&knowledgeResponseType="
    page = records.get(query + "text/html")
    assert "<h1>Coumadin</h1>" in page.text
    coded = records.get(
        f"/infobutton?{criterion(c='J45.40', cs=ICD10)}&knowledgeResponseType=text/html"
    )
    assert "<h1>Moderate persistent asthma, uncomplicated (ICD-10-CM J45.40)</h1>" in coded.text
    harms = records.get(f"{query}text/html&subTopic.v.c=Q000009")
    assert 'class="hit safety"' in harms.text
    assert parse(harms).select('.hit [data-review-state="unknown"]')
    script = records.get(query + "application/javascript&callback=app.show")
    assert script.mimetype == "application/javascript"
    assert script.text.startswith("/**/app.show({")
    body = script.text.removeprefix("/**/app.show(").removesuffix(");")
    assert json.loads(body)["feed"]["entry"][0]["title"]["_value"] == "Warfarin"
    nothing = records.get(
        "/infobutton?knowledgeResponseType=text/html&mainSearchCriteria.v.dn=Gout"
    )
    assert nothing.status_code == 200
    assert not parse(nothing).select(".hit")
    assert parse(nothing).select('[data-empty="results"]')


def test_endpoint_accepts_posted_form(records: FlaskClient) -> None:
    response = records.post(
        "/infobutton",
        data={
            "mainSearchCriteria.v.c": "J45.4",
            "mainSearchCriteria.v.cs": ICD10,
            "knowledgeResponseType": "application/json",
        },
    )
    (entry,) = response.get_json()["feed"]["entry"]
    assert entry["title"]["_value"] == "Moderate asthma"
    for kind in (None, "application/x-www-form-urlencoded; charset=ISO-8859-1"):
        posted = records.post("/infobutton", data=criterion(c="J45.-", cs=ICD10), content_type=kind)
        assert posted.data.count(b"<entry>") == 2


def test_endpoint_decodes_legacy_encoding(records: FlaskClient) -> None:
    for written in ("%E2%82%ACuro+M%C3%A9nage", "%80uro+M%E9nage"):
        found = feed(records, f"mainSearchCriteria.v.dn={written}")
        assert found["subtitle"]["_value"].endswith("€uro Ménage")


def test_jsonp_can_be_loaded_cross_origin(records: FlaskClient) -> None:
    for kind, policy in (("application/javascript", "cross-origin"), ("text/html", "same-origin")):
        response = records.get(f"/infobutton?knowledgeResponseType={kind}")
        assert response.headers["Cross-Origin-Resource-Policy"] == policy


def test_unanswerable_request_returns_reason(records: FlaskClient) -> None:
    response = records.get("/infobutton?knowledgeResponseType=image/png")
    assert response.status_code == 415
    assert response.mimetype == "application/problem+json"
    response = records.get("/infobutton?knowledgeResponseType=text/javascript&callback=1;2")
    assert response.status_code == 400
    assert response.get_json()["parameter"] == "callback"


def test_content_is_escaped_in_every_format(records: FlaskClient) -> None:
    query = f"/infobutton?{criterion(c='D000001', cs='2.16.840.1.113883.6.177')}"
    for kind in ("text/html", "text/xml", "application/json", "application/javascript"):
        text = records.get(f"{query}&knowledgeResponseType={kind}").text
        assert "alert(1)" in text
        assert ("<script>alert" in text) == (kind == "application/json")
    entry = json.loads(records.get(f"{query}&knowledgeResponseType=application/json").text)
    assert "<script>" not in entry["feed"]["entry"][0]["summary"]["_value"]


def test_endpoint_neither_returns_nor_logs_patient_data(
    records: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = "&holder.assignedEntity.n=drsmith&holder.assignedEntity.certificateText=s3cret"
    response = records.get(
        f"/infobutton?{criterion(dn='Coumadin')}{secrets}&age.v.v=67&age.v.u=a"
        "&patientPerson.administrativeGenderCode.c=F&knowledgeRequestNotification.id.root=r-17"
    )
    (line,) = (r.message for r in caplog.records if r.name == "kb.infobutton")
    said = json.loads(line)
    assert said.pop("at")
    assert said == {
        "event": "infobutton",
        "request": "r-17",
        "task": None,
        "recipient": None,
        "language": None,
        "form": "application/atom+xml",
        "entries": 1,
    }
    for text in (response.text, caplog.text):
        for secret in ("drsmith", "s3cret", "age.v", "GenderCode"):
            assert secret not in text
    assert "Coumadin" not in caplog.text


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["mainSearchCriteria.v.dn", "mainSearchCriteria.v.c", "mainSearchCriteria.v.cs",
                 "mainSearchCriteria.v.ot", "subTopic.v.dn", "callback", "knowledgeResponseType"]
            ),
            st.sampled_from(["", ICD10, "text/html", "text/javascript", "\0", "J45", '"', "*"])
            | st.text(max_size=30),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_endpoint_handles_any_parameters(
    records: FlaskClient, pairs: list[tuple[str, str]]
) -> None:
    response = records.get("/infobutton", query_string=pairs)
    assert response.status_code in (200, 400, 415)
    assert response.status_code != 200 or response.headers["Pragma"] == "no-cache"


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=200), st.booleans())
def test_endpoint_handles_any_bytes(records: FlaskClient, raw: bytes, posted: bool) -> None:
    sent = b"mainSearchCriteria.v.dn=" + raw
    kind = "application/x-www-form-urlencoded"
    if posted:
        response = records.post("/infobutton", data=sent, content_type=kind)
    else:
        environ = {"QUERY_STRING": sent.decode("latin-1")}
        response = records.get("/infobutton", environ_overrides=environ)
    assert response.status_code in (200, 400, 415)


def test_endpoint_handles_thousands_of_parameters_and_invalid_bytes(records: FlaskClient) -> None:
    many = "&".join(f"mainSearchCriteria.v.dn{n % 900}=gout" for n in range(3_000))
    assert records.get(f"/infobutton?{many}").status_code == 200
    assert records.get("/infobutton?mainSearchCriteria.v.dn=%ff%fe%00").status_code == 200
    assert records.post("/infobutton", data="x" * 100_000).status_code in (200, 413)
