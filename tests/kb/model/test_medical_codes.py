"""Medical codes: parsing, ancestors and names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.model.medical_codes import (
    SYSTEMS,
    MedicalCode,
    find_system,
    get_code_name,
    iter_ancestors,
    parse_code,
    parse_prefixed_code,
)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("2.16.840.1.113883.6.90", "icd-10-cm"),
        (" urn:oid:2.16.840.1.113883.6.88 ", "rxnorm"),
        ("ICD-10-CM", "icd-10-cm"),
        ("icd10", "icd-10-cm"),
        ("SNOMED CT", "snomed-ct"),
        ("RxCUI", "rxnorm"),
        ("MeSH", "mesh"),
        ("", None),
        ("2.16.840.1.113883.6.9", None),
    ],
)
def test_a_system_has_an_oid_and_names(name: str, key: str | None) -> None:
    found = find_system(name)
    assert (found.key if found else None) == key


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("icd-10-cm:J45.40", MedicalCode("icd-10-cm", "J45.40")),
        ("ICD10: j4540 ", MedicalCode("icd-10-cm", "J45.40")),
        ("icd-10-cm:J45", MedicalCode("icd-10-cm", "J45")),
        ("ICD-10-CM:J45.", MedicalCode("icd-10-cm", "J45")),
        ("ICD-10-CM:J45.-", MedicalCode("icd-10-cm", "J45")),
        ("mesh:D001249", MedicalCode("mesh", "D001249")),
        ("rxnorm: 32968", MedicalCode("rxnorm", "32968")),
        ("NDC: 0071-0155-23", MedicalCode("ndc", "00071015523")),
        ("ndc:00071-0155", MedicalCode("ndc", "000710155")),
        ("ndc:00071015523", MedicalCode("ndc", "00071015523")),
        ("ndc:1-2-3-4", MedicalCode("ndc", "1-2-3-4")),
        ("ndc:0071-x", MedicalCode("ndc", "0071-X")),
        ("J45", None),
        ("icd-10-cm:", None),
        ("what:J45", None),
    ],
)
def test_prefixed_code_is_parsed(text: str, code: MedicalCode | None) -> None:
    assert parse_prefixed_code(text) == code
    assert code is None or parse_prefixed_code(str(code)) == code


def test_ancestors_of_a_code() -> None:
    assert [c.value for c in iter_ancestors(MedicalCode("icd-10-cm", "J45.40"))] == ["J45.4", "J45"]
    assert [c.value for c in iter_ancestors(MedicalCode("icd-10-cm", "T36.0X1A"))] == [
        "T36.0X1",
        "T36.0",
        "T36",
    ]
    assert list(iter_ancestors(MedicalCode("icd-10-cm", "J45"))) == []
    assert [c.value for c in iter_ancestors(MedicalCode("icd-9-cm", "250.02"))] == ["250.0", "250"]
    assert [c.value for c in iter_ancestors(MedicalCode("icd-9-cm", "E880.9"))] == ["E880"]
    assert [c.value for c in iter_ancestors(MedicalCode("icd-9-cm", "V58.61"))] == ["V58.6", "V58"]
    assert [c.value for c in iter_ancestors(MedicalCode("ndc", "00071015523"))] == ["000710155"]
    assert list(iter_ancestors(MedicalCode("ndc", "000710155"))) == []
    assert list(iter_ancestors(MedicalCode("snomed-ct", "195967001"))) == []


def test_codes_of_the_shipped_list_have_names() -> None:
    assert get_code_name(MedicalCode("icd-10-cm", "J45")) == "Asthma"
    assert get_code_name(MedicalCode("icd-10-cm", "ZZZ99")) == ""
    assert get_code_name(MedicalCode("mesh", "J45")) == ""


@given(st.sampled_from(SYSTEMS), st.text(max_size=12))
def test_any_text_parses_to_a_code_or_none(system: object, value: str) -> None:
    code = parse_code(system, value)  # type: ignore[arg-type]
    assert code is None or (code.value and not any(map(str.isspace, code.value)))
    if code is not None:
        assert all(len(other.value) < len(code.value) for other in iter_ancestors(code))
