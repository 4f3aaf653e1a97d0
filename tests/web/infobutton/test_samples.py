"""Requests that real records send, against the sample articles: what docs/infobutton.md shows."""

from __future__ import annotations

import pytest
from flask import Flask

OID = "2.16.840.1.113883.6."
WHO = (
    "representedOrganization.id.root=1.3.6.1.4.1.3768&patientPerson.genderCode=F"
    "&age.v.v=67&age.v.u=a"
)
REQUESTS = {
    "R1": (f"mainSearchCriteria.v.cs={OID}90&mainSearchCriteria.v.c=J45.40", ["Asthma inhalers"]),
    "R1 in Spanish": (
        f"mainSearchCriteria.v.cs={OID}90&mainSearchCriteria.v.c=J45.40"
        "&informationRecipient.languageCode.c=es",
        [],
    ),
    "R3": (
        f"{WHO}&taskContext.c.c=PROBLISTREV&mainSearchCriteria.v.dn=Hypertension"
        f"&mainSearchCriteria.v.c=401.9&mainSearchCriteria.v.cs={OID}103&performer=PROV",
        [],
    ),
    "R4": (
        f"{WHO}&xsltTransform=Infobutton_UI_VA&taskContext.c.c=MLREV"
        f"&mainSearchCriteria.v.c=250.00&mainSearchCriteria.v.cs={OID}103"
        "&mainSearchCriteria.v.dn=Diabetes%20Mellitus&ageGroup.v.c=D000328&informationRecipient=PAT"
        "&informationRecipient.languageCode.c=en&performer=PROV&performer.languageCode.c=en",
        ["Type 2 diabetes"],
    ),
    "R4 by name": ("mainSearchCriteria.v.dn=diabetes+mellitus", ["Type 2 diabetes"]),
    "R5": (
        "searchType=HL7&taskContext.c.c=PROBLISTREV&mainSearchCriteria.v.c=595.9"
        f"&mainSearchCriteria.v.cs={OID}103&mainSearchCriteria.v.dn=Cystitis"
        f"&subTopic.v.c=Q000175&subTopic.v.cs={OID}177&subTopic.v.dn=Diagnosis",
        [],
    ),
    "R6": (
        f"taskContext.c.c=MEDOE&mainSearchCriteria.v.c=32968&mainSearchCriteria.v.cs={OID}88"
        "&mainSearchCriteria.v.dn=clopidogrel",
        [],
    ),
    "R9": (
        f"searchType=HL7&{WHO}&mainSearchCriteria.v.c=749196&mainSearchCriteria.v.cs={OID}88"
        "&mainSearchCriteria.v.dn=Clopidogrel&performer=PROV&taskContext.c.c=MLREV"
        "&informationRecipient=PROV",
        [],
    ),
    "R11": (
        f"mainSearchCriteria.c.c=480&mainSearchCriteria.c.cs={OID}103"
        f"&mainSearchCriteria.c.c1=480.31&mainSearchCriteria.c.cs1={OID}103"
        "&taskContext.c.c=OE&ageGroup.v.c=D000328&informationRecipient=PROV&performer=PROV",
        [],
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_samples_answer_as_the_page_says(sample_app: Flask, name: str) -> None:
    query, wanted = REQUESTS[name]
    client = sample_app.test_client()
    response = client.get(f"/infobutton?knowledgeResponseType=application/json&{query}")
    entries = response.get_json()["feed"]["entry"]
    assert [entry["title"]["_value"] for entry in entries] == wanted


def test_a_posted_request_and_a_script(sample_app: Flask) -> None:
    client = sample_app.test_client()
    posted = client.post(
        "/infobutton",
        data={
            "knowledgeRequestNotification.id.root": "67234cef-f312-49d3-bf62-eaa362db5bd0",
            "knowledgeRequestNotification.effectiveTime.v": "20120503121700",
            "assignedAuthorizedPerson.id.extension": "KWB",
            "taskContext.c.c": "LABOE",
            "mainSearchCriteria.v.c": "55454-3",
            "mainSearchCriteria.v.cs": f"{OID}1",
            "informationRecipient": "PAT",
            "encounter.c.c": "AMB",
        },
    )
    assert posted.status_code == 200
    assert b"<entry" not in posted.data
    script = client.get(
        f"/infobutton?knowledgeResponseType=application/javascript&mainSearchCriteria.v.cs={OID}96"
        "&mainSearchCriteria.v.c=195967001"
    )
    assert script.text.startswith("/**/callback({")
    assert '"entry": []' in script.text
