from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ingest.checks.context import RelatedContent
from ingest.checks.finding import FindingLocation, Level
from ingest.checks.runner import check_article
from tests.ingest.checks.builders import RULES, TODAY, article, beside, double, findings, passage
from tests.ingest.checks.cases import SAME


def _conflict(one: str, other: str, title: str = "Prolotherapy") -> bool:
    return bool(findings("number-conflict", ("A", one), ("B", other), title=title))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Take ibuprofen 400 mg three times a day.", "Take ibuprofen 600 mg three times a day."),
        ("Injections are given every 2 to 4 weeks.", "Injections are given 6 weeks apart."),
        ("The procedure takes 30 minutes.", "The procedure usually takes two hours."),
        ("The dose is 20 mg.", "The dose is 40 mg."),
        ("Most need up to 4 sessions.", "Most need at least five sessions."),
    ],
)
def test_disjoint_ranges_conflict(one: str, other: str) -> None:
    assert _conflict(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Adults take ibuprofen 400 mg.", "Children take ibuprofen 100 mg."),
        ("Warfarin 0.5 g is given.", "Warfarin 500 mg is given."),
        ("The starting dose is 20 mg.", "The dose is 40 mg."),
        ("Injections are given every 2 to 4 weeks.", "Injections are given every 14 days."),
        ("It takes 30 minutes.", "This takes two hours."),
        ("A carton holds warfarin 1 mg.", "A carton holds warfarin 5 mg."),
        ("A review is every 2 months, then a review is every 6 months.", "Rest."),
        ("The scan takes 30 minutes.", "The procedure takes two hours."),
        ("Blood tests are checked every 3 months.", "The tablets are taken every 12 hours."),
        ("A ratio of ibuprofen 5 mg/L is high.", "A ratio of ibuprofen 9 mg/L is high."),
    ],
)
def test_different_quantities_do_not_conflict(one: str, other: str) -> None:
    assert not _conflict(one, other)


def test_number_conflicts_across_articles_with_same_synonym() -> None:
    other = beside("A course is 10 sessions.", "Sugar injections", also_called=("RIT",))
    (found,) = findings(
        "number-conflict",
        ("A", "A course is 3 sessions."),
        title="Prolotherapy",
        also_called=("rit",),
        related=other,
    )
    assert "Sugar injections" in found.message
    assert "Course" in found.message


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (
            "Prolotherapy injections, also known as proliferative therapy, is an approach.",
            "Prolotherapy, short for pro-inflammatory therapy, involves needles.",
            Level.ERROR,
        ),
        ("It is safe in a normal pregnancy.", "It is not safe in a normal pregnancy.", "warning"),
        ("Low pressure (MAP).", "Mean arterial pressure (MAP). Multi agency plan (MAP).", "error"),
        ("Remission means a low glucose.", "Remission means that symptoms vanish.", Level.WARNING),
    ],
)
def test_conflicting_definitions_are_found(one: str, other: str, level: str) -> None:
    (found,) = findings("contradictory-definition", ("A", one), ("B", other))
    assert found.level == level


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gout, also known as podagra, hurts.", "Gout, also called crystal arthritis, hurts."),
        ("DVT stands for deep vein thrombosis.", "DVT, short for deep-vein thrombosis, hurts."),
        ("Anemia stands for low hemoglobin.", "Anaemia stands for low haemoglobin."),
        ("This method, also known as A therapy, is old.", "This method, short for B, is new."),
        ("Is it safe in a normal pregnancy?", "It is not safe in a normal pregnancy."),
        ("Tablets with or without insulin help.", "Insulin with tablets does help."),
        ("GOUT stands for its features.", "GOUT stands for great outcome trial."),
        ("It may spread to other organs.", "It does not spread to other organs."),
        ("Adults without heart failure", "Adults with heart failure"),
        ("Warfarin is a tablet.", "Warfarin is an anticoagulant."),
        ("- it gets better after days", "- it gets no better after days"),
    ],
)
def test_compatible_definitions_are_not_reported(one: str, other: str) -> None:
    assert not findings("contradictory-definition", ("A", one), ("B", other))


def test_duplicate_help_callout_is_info() -> None:
    text = "Call 999 at once. " + SAME
    found = findings("near-duplicate", ("A", text, "when-to-seek-help"), related=double(1.0))
    assert [finding.level for finding in found] == [Level.INFO]


def test_findings_are_sorted_and_refer_to_passage_ids() -> None:
    passages = [
        passage("A", "It is amazing.", id_="p1"),
        passage("B", "It is risk-free.", "safety"),
    ]
    found = check_article(article([], owner="Team"), passages, RULES, TODAY)
    levels = [finding.level for finding in found]
    assert levels == sorted(levels, key=list(Level).index)
    assert [f.place.passage_id for f in found if f.rule == "promo-words"] == ["p1"]
    assert {f.place for f in found} >= {
        FindingLocation(),
        FindingLocation(passage=0, passage_id="p1", heading_path=("A",)),
        FindingLocation(passage=1, heading_path=("B",)),
    }
    assert [str(f.place) for f in found if f.rule in ("promo-words", "absolutes")] == ["B", "A"]


def test_empty_article_can_be_checked() -> None:
    assert check_article(article([], ""), [], RULES, date(2026, 1, 1))


def test_boilerplate_passage_is_info() -> None:
    (many,) = double(1.0, "another").near_duplicates
    related = RelatedContent(near_duplicates=[replace(many, is_boilerplate=True)])
    (found,) = findings("near-duplicate", ("A", SAME), related=related)
    assert found.level == Level.INFO


def test_negated_sentence_is_quoted_in_message() -> None:
    one, other = "It is safe in a normal pregnancy.", "It is not safe in a normal pregnancy."
    (found,) = findings("contradictory-definition", ("A", one), ("B", other))
    assert one in found.message
    assert other in found.message
