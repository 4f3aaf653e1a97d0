"""Infobutton requests on the sample articles: the documented results, and empty results."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.web.integrations.infobutton.replay import HEAD, ICD10, PAGE, SNOMED, main, table


def test_samples_match_documented_table(sample_app: Flask) -> None:
    made = table(sample_app.test_client())
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(HEAD)
    shown = HEAD + rest.partition("\n\n")[0] + "\n"
    assert shown == made, "python -m tests.web.integrations.infobutton.replay prints the table anew"


# What a looser comparison made of these: sepsis is also called blood poisoning, pressure ulcers
# are pressure injuries, gout is an arthropathy, warfarin is a blood thinner.
NOTHING_ON = {
    "T43.654": "Poisoning by methamphetamines",
    "V91.15": "Crushed between canoe and other watercraft",
    "M12.19": "Kaschin-Beck disease",
    "E10.354": "Type 1 diabetes mellitus with retinopathy",
    "E13.329": "Other specified diabetes mellitus",
    "T81.52": "Obstruction due to foreign body",
    "T85.86": "Thrombosis due to internal prosthetic devices",
    "Z67.1": "Type A blood",
    "G89": "Pain, not elsewhere classified",
    "K35": "Acute appendicitis",
}


@pytest.mark.parametrize("code", NOTHING_ON)
def test_unmatched_code_returns_no_near_match(sample_app: Flask, code: str) -> None:
    query = f"knowledgeResponseType=application/json&{main(c=code, cs=ICD10)}"
    response = sample_app.test_client().get(f"/infobutton?{query}")
    assert response.get_json()["feed"]["entry"] == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Metformin hydrochloride 500 MG Oral Tablet [Glucophage]", ["Metformin"]),
        ("Hydrochlorothiazide 12.5 MG / Lisinopril 10 MG Oral Tablet", ["ACE inhibitors"]),
        ("atorvastatin 20 mg", ["Statins"]),
        ("Asthma, unspecified", ["Asthma inhalers"]),
        ("Lactic acidosis", ["Metformin › Side effects and cautions › Lactic acidosis"]),
        ("gout OR asthma", []),
        ("NOT gout", []),
        ("gout -asthma", []),
        ("Pain", []),
        ("Poisoning", []),
    ],
)
def test_name_is_matched_as_a_whole(sample_app: Flask, name: str, found: list[str]) -> None:
    response = sample_app.test_client().get(
        "/infobutton",
        query_string={
            "mainSearchCriteria.v.dn": name,
            "knowledgeResponseType": "application/json",
        },
    )
    entries = response.get_json()["feed"]["entry"]
    assert [entry["title"]["_value"] for entry in entries] == found


def test_jsonp_uses_default_callback_name(sample_app: Flask) -> None:
    query = f"knowledgeResponseType=application/javascript&{main(cs=SNOMED, c='195967001')}"
    script = sample_app.test_client().get(f"/infobutton?{query}")
    assert script.text.startswith("/**/callback({")
    assert '"entry": []' in script.text
