from __future__ import annotations

import pickle
import re
import tomllib
from pathlib import Path

import pytest

from ingest.checks.config import DEFAULT_FILE, load_rules
from ingest.checks.finding import Level
from ingest.checks.runner import CHECKS
from kb.errors import RulesError
from tests.ingest.checks.builders import RULES, findings, rules_with
from tests.ingest.checks.cases import ACROSS, CASES, Case

DOCS = Path(__file__).parents[3] / "docs" / "checks.md"
NAMES = [rule.name for rule in RULES]
LEVELS = ", ".join(Level)


def test_every_rule_has_function_case_and_documentation() -> None:
    documented = re.findall(r"^### `([a-z-]+)`", DOCS.read_text("utf-8"), re.MULTILINE)
    assert set(NAMES) == set(CHECKS) == set(CASES)
    assert sorted(documented) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_documentation_lists_level_and_keys_of_rule(name: str) -> None:
    section = DOCS.read_text("utf-8").split(f"### `{name}`")[1].split("\n### ")[0].split("\n## ")[0]
    assert f"Level: {RULES[name].text('level')}" in section
    missing = [key for key in RULES[name].values if key not in section and key not in COMMON]
    assert not missing


COMMON = {"on", "level", "title", "source"}


def test_every_key_is_used_in_code() -> None:
    folder = DEFAULT_FILE.parent
    code = "\n".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    tables = tomllib.loads(DEFAULT_FILE.read_text("utf-8"))
    keys = {
        key for kind in ("rule", "settings") for table in tables[kind].values() for key in table
    }
    sections = set(tables["settings"]["sections"])
    assert not [key for key in keys - sections if f'"{key}"' not in code]
    assert not [key for key in sections if f'"{key}"' not in code]


def _found(name: str, case: Case) -> bool:
    return bool(findings(name, *case.parts, **case.others))


@pytest.mark.parametrize("name", NAMES)
def test_rule_finds_its_positive_case(name: str) -> None:
    assert _found(name, CASES[name][0])


@pytest.mark.parametrize("name", NAMES)
def test_rule_ignores_its_negative_case(name: str) -> None:
    assert not _found(name, CASES[name][1])


@pytest.mark.parametrize("name", ACROSS)
def test_rule_compares_with_related_passages(name: str) -> None:
    found, left_alone = ACROSS[name]
    assert _found(name, found)
    assert not _found(name, left_alone)


@pytest.mark.parametrize("name", NAMES)
def test_rule_can_be_disabled(name: str, tmp_path: Path) -> None:
    rules = rules_with(tmp_path, f"[rule.{name}]\non = false\n")
    case = CASES[name][0]
    assert not findings(name, *case.parts, rules=rules, **case.others)


@pytest.mark.parametrize("name", NAMES)
def test_finding_has_message_source_and_suggestion(name: str) -> None:
    case = CASES[name][0]
    for finding in findings(name, *case.parts, **case.others):
        assert finding.message.endswith((".", "?"))
        assert finding.suggestion.endswith(".")
        assert finding.source
        assert finding.level in Level


def test_rules_default_to_built_in_rules(tmp_path: Path) -> None:
    assert [rule.values for rule in load_rules(tmp_path)] == [rule.values for rule in RULES]


def test_pickled_rules_yield_same_findings() -> None:
    case = CASES["promo-words"][0]
    copied = pickle.loads(pickle.dumps(RULES))
    here = findings("promo-words", *case.parts, **case.others)
    assert here == findings("promo-words", *case.parts, rules=copied, **case.others)


def test_override_replaces_extends_or_reduces_list(tmp_path: Path) -> None:
    def promotional(text: str) -> tuple[str, ...]:
        return rules_with(tmp_path, f"[rule.promo-words]\n{text}")["promo-words"].texts("words")

    shipped = RULES["promo-words"].texts("words")
    assert promotional('words = ["bliss"]') == ("bliss",)
    assert promotional('words_more = ["bliss", "cure"]') == (*shipped, "bliss")
    assert promotional('words_less = ["cure"]') == tuple(w for w in shipped if w != "cure")


def test_override_adds_and_removes_pairs(tmp_path: Path) -> None:
    text = '[rule.jargon.swaps]\nnaevus = "mole"\nrecur = ""\n'
    swaps = rules_with(tmp_path, text)["jargon"].pairs("swaps")
    assert swaps["naevus"] == "mole"
    assert "recur" not in swaps
    assert swaps["febrile"] == "feverish"


def test_override_changes_level_and_threshold(tmp_path: Path) -> None:
    rules = rules_with(tmp_path, '[rule.passage-size]\nlevel = "error"\nmost_words = 3\n')
    (finding,) = findings("passage-size", ("A", "one two three four"), rules=rules)
    assert finding.level == Level.ERROR


@pytest.mark.parametrize(
    ("text", "code", "place", "key", "named"),
    [
        ("[rule.promo-word]\non = false", "unknown-table", "[rule.promo-word]", "", "promo-words"),
        ("[rule.owner]\nof = false", "unknown-key", "[rule.owner]", "of", "title, on, level"),
        ('[rule.owner]\nlevel = "fatal"', "unknown-level", "[rule.owner]", "level", LEVELS),
        ('[rule.owner]\non = "no"', "not-boolean", "[rule.owner]", "on", ""),
        ("[rule.owner]\ntitle = 1", "not-text", "[rule.owner]", "title", ""),
        ("[rule.promo-words]\nwords = 3", "not-list", "[rule.promo-words]", "words", ""),
        ("[rule.jargon]\nswaps = 1", "not-table", "[rule.jargon]", "swaps", ""),
        (
            "[rule.review-date]\nyears_more = [1]",
            "not-extensible",
            "[rule.review-date]",
            "years_more",
            "",
        ),
        (
            '[rule.no-citations]\npatterns_more = ["("]',
            "not-pattern",
            "[rule.no-citations]",
            "patterns_more",
            "'('",
        ),
        (
            '[rule.passage-size]\nmost_words = "many"',
            "not-number",
            "[rule.passage-size]",
            "most_words",
            "",
        ),
        ("[rules.owner]\non = false", "unknown-table", "[rules]", "", "[rule.NAME]"),
        ("[settings.kinds]\npoints = 3", "unknown-table", "[settings.kinds]", "", "'kind'"),
        ("rule = 1", "unknown-table", "[rule]", "", "[rule.NAME]"),
        ("[rule]\nowner = 1", "not-table", "[rule.owner]", "", "KEY = VALUE"),
        ("on = ", "unreadable", "", "", ""),
    ],
)
def test_invalid_override_is_reported(
    text: str, code: str, place: str, key: str, named: str, tmp_path: Path
) -> None:
    with pytest.raises(RulesError) as caught:
        rules_with(tmp_path, text)
    error = caught.value
    assert (error.code, error.key) == (code, key)
    assert error.path == str(tmp_path / "checks.toml")
    assert place in error.location
    assert not [part for part in (error.path, place, key, named) if part not in str(error)]
