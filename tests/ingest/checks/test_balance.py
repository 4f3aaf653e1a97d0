from __future__ import annotations

from typing import Any

import pytest

from ingest.checks.finding import Level
from tests.ingest.checks.builders import findings, words


@pytest.mark.parametrize(
    ("title", "text", "topics", "reason"),
    [
        ("Knee replacement", "Text.", (), "replacement"),
        ("Statins", "Text.", ("Medicines",), "Medicines"),
        ("Something", "Something is a surgical procedure. Text.", (), "is a surgical procedure"),
    ],
)
def test_article_on_treatment_is_classified_as_such(
    title: str, text: str, topics: tuple[str, ...], reason: str
) -> None:
    (found,) = findings("help-missing", ("A", text), title=title, topics=topics)
    assert reason in found.message


@pytest.mark.parametrize(
    ("title", "text", "topics"),
    [
        ("Gout", "Gout is a painful condition. Text.", ()),
        ("Heart failure", "Text.", ("Cardiology", "Long-term conditions")),
        ("Therapy of gout", "Gout is a condition.", ()),
    ],
)
def test_article_on_other_subject_is_not_a_treatment(
    title: str, text: str, topics: tuple[str, ...]
) -> None:
    assert not findings("help-missing", ("A", text), title=title, topics=topics)


def test_article_on_injection_requires_its_harms() -> None:
    vague = ("Safety", "Severe reactions are rare. Pain is common.", "safety")
    clear = ("Safety", "Infection, bleeding and nerve injury are rare.", "safety")
    (found,) = findings("serious-harm-silent", vague, title="Joint injection")
    assert found.words == ("injection",)
    assert not findings("serious-harm-silent", clear, title="Joint injection")
    assert not findings("serious-harm-silent", vague, title="Metformin tablets")


def test_figures_satisfy_uncertainty_rule() -> None:
    claims = "It improves pain. It is effective. It improves sleep."
    others: dict[str, Any] = {"topics": ("Medicines",)}
    assert findings("uncertainty", ("A", claims), **others)
    assert not findings("uncertainty", ("A", claims + " 3 in 10 people get better."), **others)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Mrs Jones, DOB 01/02/1960, came.", ["DO* **/**/**60"]),
        ("MRN: 1234567", ["MR*: *****67"]),
        ("Write to jane.doe@gmail.com.", ["ja**.***@*****.*om"]),
        ("Her phone is 07700 900123.", ["07*** ****23"]),
        ("NHS number 9434765919", ["94******19"]),
        ("The number is 943 476 5918.", []),  # the check digit is wrong
        ("Call 301-496-5248 or 0300 123 6600.", []),
        ("Patients can phone 01632 960001.", []),
        ("Write to ward@trust.nhs.uk.", []),
        ("He was born on 15 March 1813.", []),
        ("ISBN 9780306406157, 10.1136/bmj.9434765919", []),
    ],
)
def test_patient_identifier_is_found_and_masked(text: str, found: list[str]) -> None:
    assert words("patient-identifiers", text) == found


def test_patient_identifier_is_an_error() -> None:
    assert findings("patient-identifiers", ("A", "MRN 1234567"))[0].level == Level.ERROR


def test_evidence_label_is_skipped_if_uncertainty_has_a_finding() -> None:
    one = ("Evidence", "It improves pain.", "effectiveness")
    three = ("Evidence", "It improves pain. It is effective. It improves sleep.", "effectiveness")
    others: dict[str, Any] = {"topics": ("Medicines",)}
    assert findings("evidence-label", one, **others)
    assert findings("uncertainty", three, **others)
    assert not findings("evidence-label", three, **others)
