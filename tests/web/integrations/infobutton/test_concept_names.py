"""Concept names: matching, and reduction of product and laboratory test names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.integrations.infobutton.concept_names import (
    analyte_name,
    is_product_name,
    name_key,
    product_names,
    spelled_out,
    stems,
    titles_of,
    without_additions,
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Diabetes mellitus type 2", "Type II diabetes mellitus", True),
        ("Coeliac disease", "Disease, celiac", True),
        ("A guide to gout", "Guide to gout", True),
        ("Hepatitis A", "Hepatitis", False),
        ("Type A blood", "Blood", False),
        ("Migraine with aura", "Migraine without aura", False),
        ("Type I diabetes", "Type II diabetes", False),
    ],
)
def test_names_match_by_words(one: str, other: str, same: bool) -> None:
    assert (name_key(one) == name_key(other)) == same


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Essential (primary) hypertension", "hypertension"),
        ("Gout, unspecified", "Gout"),
        ("Unspecified asthma, uncomplicated", "asthma"),
        ("Type 2 diabetes mellitus without complications", "Type 2 diabetes mellitus"),
        ("Chronic kidney disease stage 3b", "Chronic kidney disease"),
        ("Stage IV breast cancer", "breast cancer"),
        ("Heart failure, NYHA class III", "Heart failure"),
        ("Deep vein thrombosis left", "Deep vein thrombosis"),
        ("Diabetes mellitus, type 2, uncontrolled", "Diabetes mellitus, type 2"),
        ("End stage renal disease", "End stage renal disease"),
        # What makes another thing of it is never left out
        ("Other specified diabetes mellitus with hyperosmolarity", ""),
        ("Thrombosis due to internal prosthetic devices", ""),
    ],
)
def test_classification_suffix_is_removed(name: str, plain: str) -> None:
    assert without_additions(name) == plain


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        (
            "CKD (chronic kidney disease) stage 3",
            [("chronic kidney disease stage 3", "CKD stage 3")],
        ),
        (
            "Chronic kidney disease (CKD) stage 3",
            [("Chronic kidney disease stage 3", "CKD stage 3")],
        ),
        ("HTN (hypertension)", [("hypertension", "HTN")]),
        ("T2DM (type 2 diabetes mellitus)", [("type 2 diabetes mellitus", "T2DM")]),
        (
            "Human immunodeficiency virus [HIV] disease",
            [
                ("Human immunodeficiency virus disease", "HIV disease"),
                ("Human immunodeficiency virus", "HIV"),
            ],
        ),
        ("HIV (human immunodeficiency virus) exposure",
         [("human immunodeficiency virus exposure", "HIV exposure")]),
        ("Asthma (disorder)", []),
        ("Gout", []),
    ],
)  # fmt: skip
def test_abbreviation_and_expansion_are_two_names(name: str, pairs: list[tuple[str, str]]) -> None:
    assert list(spelled_out(name)) == pairs


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        (
            "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet [Glucophage]",
            [("metformin hydrochloride",), ("metformin",),
             ("metformin hydrochloride", "metformin"), ("Glucophage",)],
        ),
        ("warfarin 5mg tablets", [("warfarin",), ("warfarin",), ("warfarin",), ()]),
        (
            "Amoxicillin 120 MG/ML / clavulanate potassium 8.58 MG/ML Oral Suspension",
            [("amoxicillin / clavulanate potassium",), ("amoxicillin / clavulanate",),
             ("amoxicillin", "clavulanate potassium", "clavulanate"), ()],
        ),
        ("0.3 ML Epinephrine 1 MG/ML Auto-Injector",
         [("epinephrine",), ("epinephrine",), ("epinephrine",), ()]),
        ("magnesium sulfate",
         [("magnesium sulfate",), ("magnesium sulfate",), ("magnesium sulfate",), ()]),
        ("500 mg", [("",), ("",), (), ()]),
    ],
)  # fmt: skip
def test_product_name_reduces_to_ingredients(name: str, groups: list[tuple[str, ...]]) -> None:
    assert list(product_names(name)) == groups


@pytest.mark.parametrize(
    ("name", "measured"),
    [
        ("Gentamicin [Mass/volume] in Serum or Plasma", "Gentamicin"),
        ("Hemoglobin A1c/Hemoglobin.total in Blood", "Hemoglobin A1c"),
        ("INR in Platelet poor plasma by Coagulation assay", "INR"),
        ("Pain in the joints", "Pain in the joints"),
        ("Glucose", "Glucose"),
    ],
)
def test_lab_test_name_reduces_to_analyte(name: str, measured: str) -> None:
    assert analyte_name(name) == measured


def test_only_product_names_have_strength() -> None:
    assert is_product_name("aspirin 81 MG")
    assert is_product_name("aspirin 81mg tab")
    for name in ("Gout", "Type 2 diabetes", "Stage 3 kidney disease", "Vitamin B 12", ""):
        assert not is_product_name(name)


def test_title_can_repeat_a_name() -> None:
    assert titles_of("COPD (chronic obstructive pulmonary disease)") == (
        "COPD (chronic obstructive pulmonary disease)",
        "COPD",
        "chronic obstructive pulmonary disease",
    )
    assert titles_of("Gout") == ("Gout",)
    assert titles_of("()") == ("()",)


@given(st.text(max_size=80))
def test_name_parser_accepts_any_text(text: str) -> None:
    assert name_key(text) == frozenset(stems(text))
    for group in product_names(text):
        assert all(isinstance(name, str) for name in group)
    assert isinstance(analyte_name(text), str)
    assert isinstance(is_product_name(text), bool)
    assert all(titles_of(text)) and (titles_of(text) or not text)
