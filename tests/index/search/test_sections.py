"""Section choice: which passage of an article answers an intent first."""

from __future__ import annotations

import pytest

from index.query.intents import load_intents
from index.search.sections import intent_score, section_score
from kb.model.article import paragraph
from kb.model.passage import Passage


def passage(path: str, text: str = "Text.", codes: tuple[str, ...] = ()) -> Passage:
    return Passage(heading_path=tuple(path.split(" > ")), blocks=(paragraph(text),), codes=codes)


@pytest.mark.parametrize(
    ("key", "first", "second"),
    [
        # The code and the heading agree
        ("indications", passage("Uses", codes=("loinc:34067-9",)), passage("Purpose")),
        (
            "mechanism",
            passage("Pharmacology > Mechanism of action", codes=("loinc:34090-1",)),
            passage("Pharmacology > Pharmacokinetics", codes=("loinc:34090-1",)),
        ),
        # Adverse reactions are listed by organ
        (
            "renal",
            passage("Precautions > Renal impairment"),
            passage("Adverse reactions > Renal", codes=("loinc:34084-4",)),
        ),
        # Stop words beside a phrase do not count
        ("renal", passage("Patients with renal insufficiency"), passage("Renal toxicity")),
    ],
)
def test_surer_evidence_comes_first(key: str, first: Passage, second: Passage) -> None:
    intent = load_intents()[key]
    assert intent_score(first, intent) > intent_score(second, intent)


def test_mention_of_one_word_has_the_same_form() -> None:
    intent = load_intents()["dependence"]
    assert intent_score(passage("Warnings", "It may cause dependence."), intent) > 0
    assert intent_score(passage("Warnings", "Nausea is dose-dependent."), intent) == 0


def test_section_is_about_an_intent_if_it_fills_half_of_the_heading() -> None:
    intent = load_intents()["renal"]
    assert section_score(passage("Use in patients with renal impairment"), intent) > 0
    assert section_score(passage("Renal and other rare effects in children"), intent) == 0
