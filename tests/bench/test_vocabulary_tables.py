"""Compilation of the vocabulary from tables of terms."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.vocabulary import compile_vocabulary, compile_words, normalize_name
from index.query.synonym_rules import SynonymKind, format_rules, parse_rules

TABLES = {
    "doid_slim_synonyms.tsv": """synonym|preferred|doid|scope
heart attack|myocardial infarction|D1|EXACT
Myocardial infarct|myocardial infarction|D1|EXACT
myocardial infarction syndrome|myocardial infarction|D1|EXACT
acute myocardial infarction|myocardial infarction|D1|EXACT
cardiac death|myocardial infarction|D1|RELATED
MI|myocardial infarction|D1|EXACT
MYIN|myocardial infarction|D1|EXACT
renal cyst|kidney cyst|D2|EXACT
renal abscess|kidney abscess|D3|EXACT
renal fibrosis|kidney fibrosis|D4|EXACT
spotted sickness|red rash|D5|EXACT
spotted sickness|blue rash|D6|EXACT
flushing|red rash|D5|EXACT
turquoise|blue rash|D6|EXACT
""",
    "hpo_synonyms.tsv": """synonym|preferred|hp_id|scope|layperson
Heart attack|Myocardial infarction|H1|EXACT|1
Abnormality of the heart|Myocardial infarction|H1|EXACT|1
Mole|Nevus|H2|EXACT|1
Now and then|Episodic|H3|EXACT|1
""",
    "mesh_disease_synonyms.tsv": """variant|canonical|mesh_id|mesh_tree
infarction, myocardial|Myocardial Infarction|M1|C
cardiovascular stroke|Myocardial Infarction|M1|C
renal tumor|Kidney Tumor|M2|C
adult kidney tumor|Kidney Tumor|M2|C
wilms tumor|Kidney Tumor|M2|C
""",
    "drug_synonyms.tsv": """variant|canonical|drugbank_id|medline_plus_id|mesh_id|is_brand
warfarin|Warfarin|DB1|a1||False
coumadin|Warfarin|DB1|a1||
coumadine|Warfarin|DB1|a1||
warfarin sodium|Warfarin|DB1|a1||
water|Water|DB2|a2||False
aqua|Water|DB2|a2||
gliclazide|Gliclazide|DB3|||False
neutralizing|Antibodies||||False
""",
    "icd10cm_inclusion_terms.tsv": """code|description|inclusion_term
A00|Cholera|Asiatic cholerra
Z93|Colostomy status|
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text.replace("|", "\t"), encoding="utf-8")
    return tmp_path


@pytest.fixture
def names(folder: Path) -> dict[str, list[str]]:
    concepts, _ = compile_vocabulary(folder)
    return {concept[0].text: [name.text for name in concept[1:]] for concept in concepts}


def test_concepts_of_several_sources_are_merged_with_lay_terms_first(
    names: dict[str, list[str]],
) -> None:
    found = names["myocardial infarction"]
    assert found[:2] == ["heart attack", "MYIN"]
    assert not {
        "acute myocardial infarction",
        "cardiac death",
        "MI",
        "cardiovascular stroke",
    } & set(found)


def test_mesh_entry_term_requires_interchangeable_words(names: dict[str, list[str]]) -> None:
    assert names["Kidney Tumor"] == ["renal tumor"]


def test_ambiguous_name_is_removed(names: dict[str, list[str]]) -> None:
    assert names["red rash"] == ["flushing"]
    assert names["blue rash"] == ["turquoise"]


def test_common_words_are_not_names(names: dict[str, list[str]]) -> None:
    assert names["Nevus"] == ["Mole"]
    assert "Episodic" not in names


def test_drug_spellings_are_merged_and_foods_excluded(
    folder: Path, names: dict[str, list[str]]
) -> None:
    _, single = compile_vocabulary(folder)
    assert names["warfarin"] == ["coumadin"]
    assert {"warfarin", "coumadin", "gliclazide", "penicillin"} <= set(single)
    assert not {"water", "aqua", "neutralizing", "coumadine"} & set(single)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Infarction, Myocardial", "Myocardial Infarction"),
        ("Diabetes Mellitus, Type 2", "Type 2 Diabetes Mellitus"),
        ("Gout (disorder)", "Gout"),
        ("Abnormality of the eye", ""),
        ("Cataract, NOS", ""),
        ("Fever without rash", ""),
        ("CI - Chest infection", ""),
        ("one two three four five six", ""),
        ("", ""),
    ],
)
def test_names_are_normalized(text: str, name: str) -> None:
    assert normalize_name(text) == name


def test_words_are_official_or_of_several_tables(folder: Path) -> None:
    words = compile_words(folder)
    assert {"cholera", "colostomy", "myocardial", "kidney"} <= set(words)
    assert not {"cholerra", "spotted"} & set(words)
    assert words == sorted(words)


def test_rule_line_round_trips(folder: Path) -> None:
    for concept in compile_vocabulary(folder)[0]:
        assert parse_rules(format_rules(concept)) == concept
        assert {name.kind for name in concept} <= set(SynonymKind)
