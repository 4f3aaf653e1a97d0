"""Requests of real health records, and the table of docs/infobutton.md made from them.

``python -m tests.web.integrations.infobutton.replay`` prints the table with the present answers of
the samples; a test compares the page with it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl

from click.testing import CliRunner
from flask.testing import FlaskClient

from kb.settings import load_settings
from web.cli import main as kb
from web.server.gunicorn_app import create_from_settings

PAGE = Path(__file__).parents[4] / "docs" / "infobutton.md"
HEAD = "| request | asks for | answer |\n|---|---|---|\n"

OID = "2.16.840.1.113883.6."
ICD10, ICD9, RXNORM, LOINC, MESH, SNOMED = (
    f"{OID}{n}" for n in ("90", "103", "88", "1", "177", "96")
)
WHO = (
    "representedOrganization.id.root=1.3.6.1.4.1.3768&patientPerson.administrativeGenderCode.c=F"
    "&age.v.v=67&age.v.u=a"
)
CHILD = f"ageGroup.v.c=D008875&ageGroup.v.cs={MESH}"


def main(**parts: str) -> str:
    """Return a main criterion, in a form that needs no escaping."""
    return "&".join(f"mainSearchCriteria.v.{name}={value}" for name, value in parts.items())


@dataclass(frozen=True)
class Replayed:
    """Request with its sender and a description."""

    name: str
    asks: str
    query: str
    posted: bool = False


REQUESTS = (
    Replayed("R1", "ICD-10-CM J45.40", main(cs=ICD10, c="J45.40")),
    Replayed(
        "R1, Spanish",
        "the same, only in Spanish",
        f"{main(cs=ICD10, c='J45.40')}&informationRecipient.languageCode.c=es",
    ),
    Replayed(
        "R3",
        "Hypertension, ICD-9-CM 401.9",
        f"{WHO}&patientPerson.genderCode=F&taskContext.c.c=PROBLISTREV"
        f"&{main(dn='Hypertension', c='401.9', cs=ICD9)}&performer=PROV",
    ),
    Replayed(
        "R4",
        "Diabetes Mellitus, ICD-9-CM 250.00, for a patient",
        f"{WHO}&xsltTransform=Infobutton_UI_VA&taskContext.c.c=MLREV"
        f"&{main(c='250.00', cs=ICD9, dn='Diabetes%20Mellitus')}&ageGroup.v.c=D000328"
        "&informationRecipient=PAT&informationRecipient.languageCode.c=en&performer=PROV"
        "&performer.languageCode.c=en",
    ),
    Replayed("R4, name alone", "diabetes mellitus", main(dn="diabetes+mellitus")),
    Replayed(
        "R5",
        "Cystitis, ICD-9-CM 595.9, on diagnosis",
        f"searchType=HL7&taskContext.c.c=PROBLISTREV&{CHILD}"
        f"&{main(c='595.9', cs=ICD9, dn='Cystitis')}"
        f"&subTopic.v.c=Q000175&subTopic.v.cs={MESH}&subTopic.v.dn=Diagnosis",
    ),
    Replayed(
        "as R5",
        "Coeliac disease, ICD-9-CM 579.0, on diagnosis",
        f"searchType=HL7&taskContext.c.c=PROBLISTREV&{CHILD}"
        f"&{main(c='579.0', cs=ICD9, dn='Celiac%20Disease')}"
        f"&subTopic.v.c=Q000175&subTopic.v.cs={MESH}&subTopic.v.dn=Diagnosis",
    ),
    Replayed(
        "R6",
        "clopidogrel, RxNorm 32968",
        f"taskContext.c.c=MEDOE&{main(c='32968', cs=RXNORM, dn='clopidogrel')}",
    ),
    Replayed(
        "as R6",
        "Warfarin Sodium 5 MG Oral Tablet, RxNorm 855332, on adverse effects",
        f"taskContext.c.c=MEDOE&{main(c='855332', cs=RXNORM)}"
        "&mainSearchCriteria.v.dn=Warfarin%20Sodium%205%20MG%20Oral%20Tablet"
        f"&subTopic.v.c=Q000009&subTopic.v.cs={MESH}",
    ),
    Replayed(
        "R8",
        "ICD-10-CM I82.409, as XML",
        f"knowledgeResponseType=text/xml&{main(c='I82.409', cs=ICD10)}",
    ),
    Replayed(
        "R9",
        "Clopidogrel, RxNorm 749196",
        f"searchType=HL7&{WHO}&{main(c='749196', cs=RXNORM, dn='Clopidogrel')}&performer=PROV"
        "&taskContext.c.c=MLREV&informationRecipient=PROV&knowledgeResponseType=application/json",
    ),
    Replayed(
        "R10",
        "LOINC 55454-3, posted",
        "knowledgeRequestNotification.id.root=67234cef-f312-49d3-bf62-eaa362db5bd0"
        "&knowledgeRequestNotification.effectiveTime.v=20120503121700"
        "&assignedAuthorizedPerson.id.root=55f42dca-858f-4656-8d95-d53250dc897f"
        f"&assignedAuthorizedPerson.id.extension=KWB&{WHO}&taskContext.c.c=LABOE"
        f"&{main(c='55454-3', cs=LOINC)}&informationRecipient=PAT"
        "&informationRecipient.languageCode.c=en&encounter.c.c=AMB",
        posted=True,
    ),
    Replayed(
        "as R10",
        "LOINC 4548-4 (HbA1c), posted",
        f"taskContext.c.c=LABRREV&{main(c='4548-4', cs=LOINC)}&informationRecipient=PAT",
        posted=True,
    ),
    Replayed(
        "R11",
        "ICD-9-CM 480 and 480.31, names of an old guide",
        f"mainSearchCriteria.c.c=480&mainSearchCriteria.c.cs={ICD9}"
        f"&mainSearchCriteria.c.c1=480.31&mainSearchCriteria.c.cs1={ICD9}"
        "&taskContext.c.c=OE&ageGroup.v.c=D000328&informationRecipient=PROV&performer=PROV",
    ),
    Replayed(
        "as R11",
        "ICD-9-CM 274 and 493.90, all names in capitals",
        f"MAINSEARCHCRITERIA.C.C=274&MAINSEARCHCRITERIA.C.CS={ICD9}"
        f"&MAINSEARCHCRITERIA.C.C1=493.90&MAINSEARCHCRITERIA.C.CS1={ICD9}",
    ),
    Replayed(
        "R14",
        "SNOMED CT 195967001, as a script",
        f"knowledgeResponseType=application/javascript&{main(cs=SNOMED, c='195967001')}",
    ),
    Replayed(
        "as R14",
        "the same with its name, Asthma (disorder)",
        f"knowledgeResponseType=application/javascript&{main(cs=SNOMED, c='195967001')}"
        "&mainSearchCriteria.v.dn=Asthma%20(disorder)",
    ),
)


def titles(client: FlaskClient, request: Replayed) -> list[str]:
    """Return the titles of the results of a request; also send the request unmodified."""
    pairs = parse_qsl(request.query)
    as_json = [pair for pair in pairs if pair[0] != "knowledgeResponseType"]
    as_json.append(("knowledgeResponseType", "application/json"))
    for asked in (pairs, as_json):
        if request.posted:
            response = client.post("/infobutton", data=dict(asked))
        else:
            response = client.get("/infobutton", query_string=asked)
        assert response.status_code == 200
    return [entry["title"]["_value"] for entry in json.loads(response.text)["feed"]["entry"]]


def table(client: FlaskClient) -> str:
    """Return the table of the page."""
    return HEAD + "".join(
        f"| {each.name} | {each.asks} | {'; '.join(titles(client, each)) or 'nothing'} |\n"
        for each in REQUESTS
    )


def _print() -> None:
    with TemporaryDirectory() as home:
        os.environ["KB_HOME"] = home
        CliRunner().invoke(kb, ["demo", "--load-only"], catch_exceptions=False)
        app, _ = create_from_settings(load_settings())
        print(table(app.test_client()), end="")


if __name__ == "__main__":
    _print()
