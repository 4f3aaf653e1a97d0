"""Infobutton request parsing: known spellings and arbitrary input."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.model.medical_codes import MedicalCode
from web.integrations.infobutton.request import (
    MAX_CRITERIA,
    MAX_VALUE_LENGTH,
    InfobuttonRequest,
    ResponseFormat,
    UnsupportedFormatError,
    parse_request,
)
from web.params import ParameterError

ICD9, ICD10 = "2.16.840.1.113883.6.103", "2.16.840.1.113883.6.90"


def asked(query: str, *, strict: bool = False) -> InfobuttonRequest:
    return parse_request(parse_qsl(query, keep_blank_values=True), strict=strict)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        (f"mainSearchCriteria.v.c=J45.40&mainSearchCriteria.v.cs={ICD10}", ["icd-10-cm:J45.40"]),
        (f"MAINSEARCHCRITERIA.V.CS={ICD10}&mainsearchcriteria.v.c=%20j4540", ["icd-10-cm:J45.40"]),
        (f"mainSearchCriteria.c.c=480&mainSearchCriteria.c.cs={ICD9}", ["icd-9-cm:480"]),
        (
            f"mainSearchCriteria.c.c=480&mainSearchCriteria.c.cs={ICD9}"
            f"&mainSearchCriteria.c.c1=480.31&mainSearchCriteria.c.cs1={ICD9}",
            ["icd-9-cm:480", "icd-9-cm:480.31"],
        ),
        (
            f"mainSearchCriteria.v.c=I10&mainSearchCriteria.v.cs={ICD10}"
            f"&mainSearchCriteria.v.c=E11&mainSearchCriteria.v.cs={ICD10}",
            ["icd-10-cm:I10", "icd-10-cm:E11"],
        ),
        (
            f"mainSearchCriteria.v.c=I10&mainSearchCriteria.c.c=E11&mainSearchCriteria.c.cs={ICD9}"
            f"&mainSearchCriteria.v.cs={ICD10}",
            ["icd-10-cm:I10"],
        ),
        ("mainSearchCriteria.v.c=I10&mainSearchCriteria.v.csn=ICD-10-CM", ["icd-10-cm:I10"]),
        # A code of ICD-10-CM needs no system; other codes are ambiguous
        ("mainSearchCriteria.v.c=I10", ["icd-10-cm:I10"]),
        ("mainSearchCriteria.v.c=n183", ["icd-10-cm:N18.3"]),
        ("mainSearchCriteria.v.c=J4540", []),
        ("mainSearchCriteria.v.c=I10&mainSearchCriteria.v.cs=1.2.3", []),
        ("mainSearchCriteria.v.c=274", []),
        ("searchType=HL7", []),
    ],
)
def test_parser_reads_codes_in_every_spelling(query: str, codes: list[str]) -> None:
    assert [str(one.code) for one in asked(query).main if one.code] == codes


def test_parser_reads_names_texts_and_other_parameters() -> None:
    found = asked(
        "mainSearchCriteria.v.dn=Diabetes+Mellitus&subTopic.v.c=Q000009&subTopic.v.dn=Adverse+effects"
        "&taskContext.c.c=medoe&informationRecipient=pat&informationRecipient.languageCode.c=EN_us"
        "&knowledgeRequestNotification.id.root=67234cef-f312&patientPerson.genderCode=F&age.v.v=67"
    )
    assert [one.name for one in found.main] == ["Diabetes Mellitus"]
    assert [one.name for one in found.subtopics] == ["Adverse effects"]
    assert (found.task, found.recipient, found.language) == ("MEDOE", "PAT", "en-us")
    assert found.notification == "67234cef-f312"
    assert found.form is ResponseFormat.ATOM


@pytest.mark.parametrize(
    ("query", "used"),
    [
        ("taskContext.c.c=NONSENSE", ("", "", "")),
        ("informationRecipient=DOG&informationRecipient.languageCode.c=%00%27", ("", "", "")),
        ("performer=PROV&performer.languageCode.c=spanish", ("", "", "es")),
        ("performer.languageCode.c=de&informationRecipient.languageCode.c=sp", ("", "", "es")),
        ("informationRecipient.languageCode.c=ENG", ("", "", "en")),
        ("informationRecipient.languageCode.c=pt-BR", ("", "", "pt-BR")),
        # A language that we do not know is none of those that we have
        ("informationRecipient.languageCode.c=klingon", ("", "", "klingon")),
    ],
)
def test_parser_treats_unknown_values_as_absent(query: str, used: tuple[str, str, str]) -> None:
    found = asked(query)
    assert (found.task, found.recipient, found.language) == used


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("text/xml", ResponseFormat.ATOM),
        ("application/atom%2Bxml", ResponseFormat.ATOM),
        (
            "application/atom+xml",
            ResponseFormat.ATOM,
        ),  # the plus was not escaped and arrives as a space
        ("application/json;%20charset=utf-8", ResponseFormat.JSON),
        ("TEXT/HTML", ResponseFormat.HTML),
        ("application/javascript", ResponseFormat.SCRIPT),
    ],
)
def test_parser_selects_response_format(kind: str, form: ResponseFormat) -> None:
    assert asked(f"knowledgeResponseType={kind}").form is form


def test_parser_rejects_unknown_format() -> None:
    with pytest.raises(UnsupportedFormatError):
        asked("knowledgeResponseType=image/png")


@pytest.mark.parametrize("name", ["alert(1)", "a b", "x" * 70, "a;b", "ä", "<script>"])
def test_parser_rejects_callback_that_is_not_an_identifier(name: str) -> None:
    with pytest.raises(ParameterError):
        parse_request(
            [("knowledgeResponseType", "application/javascript"), ("callback", name)], strict=False
        )


@pytest.mark.parametrize(
    "query",
    [
        "taskContext.c.c=MEDOE",
        "mainSearchCriteria.v.c=I10&taskContext.c.c=MEDOE",
        f"mainSearchCriteria.v.c=I10&mainSearchCriteria.v.cs={ICD10}",
        f"mainSearchCriteria.v.c=I10&mainSearchCriteria.v.cs={ICD10}&taskContext.c.c=WHAT",
    ],
)
def test_strict_parser_rejects_nonconforming_requests(query: str) -> None:
    asked(query)
    with pytest.raises(ParameterError):
        asked(query, strict=True)


def test_strict_parser_accepts_conforming_request() -> None:
    query = f"mainSearchCriteria.v.c=I10&mainSearchCriteria.v.cs={ICD10}&taskContext.c.c=MEDOE"
    assert asked(query, strict=True).main[0].code == MedicalCode("icd-10-cm", "I10")


STARTS = ("mainSearchCriteria.v.", "mainsearchcriteria.c.", "subTopic.v.", "SUBTOPIC.")
PARTS = ("c", "cs", "dn", "ot", "csn", "c1", "c999")
NAMES = st.tuples(st.sampled_from(STARTS), st.sampled_from(PARTS)).map("".join)


@given(st.lists(st.tuples(NAMES | st.text(max_size=20), st.text(max_size=40)), max_size=40))
def test_parser_reads_any_request_within_bounds(pairs: list[tuple[str, str]]) -> None:
    try:
        found = parse_request(pairs, strict=False)
    except UnsupportedFormatError:
        return
    assert len(found.main) <= MAX_CRITERIA
    for concept in (*found.main, *found.subtopics):
        for _, value in concept.sent:
            assert value.isprintable()
            assert len(value) <= MAX_VALUE_LENGTH
