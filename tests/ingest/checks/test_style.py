from __future__ import annotations

import re

import pytest

from ingest.checks.finding import Level
from tests.ingest.checks.builders import findings, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A promising, ground-breaking method.", ["promising", "ground-breaking"]),
        ("It cures arthritis.", ["cures"]),
        ("It usually cures arthritis.", []),
        ("There is no cure.", []),
        ("Hormones are secreted, leading to thirst.", []),
        ("Promising, promising!", ["Promising"]),
        ("Myeloma is hard to cure.", []),
        ("Research looks for ways to prevent and cure it.", []),
        ("A cure for gout, and promising research.", ["promising"]),
        ("Burn victims and victims of war need vitamin C.", []),
        ("The skin changes are dramatic.", []),
        ("Expect dramatic relief.", ["dramatic relief"]),
        ("They eat in secret.", []),
    ],
)
def test_promotional_words(text: str, found: list[str]) -> None:
    assert words("promo-words", text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It has no side effects and is 100% effective.", ["no side effects", "100% effective"]),
        ("It is not 100% effective.", []),
        ("It is not proven to help.", []),
        ("It is almost completely painless.", []),
        ('One patient called it "completely safe".', []),
        ("Results are clinically proven.", ["clinically proven"]),
        ("No risk factors are known.", []),
        ("Mutations completely eliminate the enzyme.", []),
        ("It completely eliminates back pain.", ["completely eliminates back pain"]),
        ("Ask whether it has been proven to help.", []),
        ("Always carry the card. Never drive. The damage is permanent.", []),
    ],
)
def test_absolute_claims(text: str, found: list[str]) -> None:
    assert words("absolutes", text) == found


def test_absolute_claim_in_safety_passage_is_an_error() -> None:
    (finding,) = findings("absolutes", ("Safety", "It is risk-free.", "safety"))
    assert finding.level == Level.ERROR


def test_reference_list_is_not_checked_for_style() -> None:
    assert not words("promo-words", "Smith. A promising cure. 2020.", "references")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Take NSAIDs with food, an NSAID.", ["NSAID"]),
        ("Take a non-steroidal anti-inflammatory drug (NSAID). NSAIDs hurt.", []),
        ("MAOI (monoamine oxidase inhibitor) is old.", []),
        ("Disease-modifying rheumatic drugs help. A DMRD is old.", []),
        ("The NHS and the GP can arrange an MRI.", []),
        ("TAKE WITH FOOD", []),
        ("DPP-4, GLP-1 and NEWS2 help.", []),
        ("The VCAN gene is changed. VCAN is long.", []),
        ("Damage, or DMRD, is old. The DMRD is long.", []),
        ("It is also called DMRD for short. A DMRD is long.", []),
        ("The XDMRD genes are old. A DMRD is long.", ["DMRD"]),
        ("A disease modifying. Rheumatic drug is a DMRD.", ["DMRD"]),
    ],
)
def test_undefined_acronyms(text: str, found: list[str]) -> None:
    assert words("undefined-acronyms", text) == found


def test_acronym_among_synonyms_is_defined() -> None:
    assert not words("undefined-acronyms", "COPD is common.", also_called=("COPD",))


def test_audience_decides_which_rules_apply() -> None:
    text = "The analgesic is given. " * 20
    assert not findings("jargon", ("A", text))
    assert findings("jargon", ("A", text), topics=("For patients",))
    assert not findings("undefined-acronyms", ("A", "A DMARD."), topics=("For staff",))


def test_jargon_yields_one_finding_per_article() -> None:
    parts = [("A", "You have inflammation. "), ("B", "You have inflammation, febrile nights.")]
    (found,) = findings("jargon", *parts, topics=("For patients",))
    assert found.words == ("inflammation", "febrile")
    assert re.findall(r"inflammation|swelling|febrile|feverish", found.suggestion) == [
        "inflammation",
        "swelling",
        "febrile",
        "feverish",
    ]
