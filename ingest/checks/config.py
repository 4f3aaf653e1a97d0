"""Rules of the editorial checks: ``rules.toml`` with overrides from ``KB_HOME/checks.toml``.

The built-in file is also the schema: every value may be overridden by a value of the same type. An
unknown rule or key is an error that names it, so that a typing error never disables a check
silently.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest.checks.finding import WHOLE_ARTICLE, Finding, FindingLocation, Level
from ingest.checks.term_matcher import TermMatch, TermMatcher
from kb.errors import RulesError

DEFAULT_FILE = Path(__file__).with_name("rules.toml")
OVERRIDES_FILE = "checks.toml"
ADD_SUFFIX, REMOVE_SUFFIX = "_more", "_less"
TABLES = ("settings", "rule")
LEVEL_SUFFIXES = ("level", "_level")  # suffixes of keys whose values are levels
PATTERNS_KEY = "patterns"  # key whose values are regular expressions
PROBLEM_MESSAGES = {  # code of an invalid value -> message
    "not-boolean": "must be true or false.",
    "not-number": "must be a number.",
    "not-list": "must be a list of strings.",
    "not-table": "must be a table of strings.",
    "not-text": "must be a string.",
    "unknown-level": f"must be one of {', '.join(Level)}.",
}

Table = dict[str, Any]


@dataclass(frozen=True)
class RuleOptions:
    """The values of one table in the rules file, with one accessor per type."""

    name: str
    values: Mapping[str, Any]
    matcher: TermMatcher

    def text(self, key: str) -> str:
        """Return a string."""
        return str(self.values[key])

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        return tuple(self.values[key])

    def find(self, key: str, text: str) -> Iterator[TermMatch]:
        """Yield the matches in `text` of the phrases of a list or a table of pairs."""
        return self.matcher.find(self._phrases[key], text)

    def contains(self, key: str, text: str) -> bool:
        """Return whether `text` contains a phrase of a list."""
        return self.matcher.contains(self._phrases[key], text)

    @cached_property
    def _phrases(self) -> dict[str, frozenset[str]]:
        return {key: frozenset(phrases) for key, phrases in _iter_phrases(self.values)}

    def number(self, key: str) -> float:
        """Return a number."""
        return float(self.values[key])

    def level(self, key: str) -> Level:
        """Return a level."""
        return Level(self.values[key])

    def pairs(self, key: str) -> dict[str, str]:
        """Return a table of strings, without the pairs removed by an override."""
        return {one: other for one, other in self.values[key].items() if other}


@dataclass(frozen=True)
class Rule(RuleOptions):
    """One rule, which creates its findings."""

    @property
    def enabled(self) -> bool:
        """Whether the rule is to be run."""
        return bool(self.values["on"])

    @property
    def title(self) -> str:
        """The display name of the rule."""
        return self.text("title")

    def finding(
        self,
        message: str,
        *,
        at: FindingLocation = WHOLE_ARTICLE,
        words: tuple[str, ...] = (),
        suggestion: str = "",
        level: Level | None = None,
    ) -> Finding:
        """Return a finding of this rule, by default at the rule's level."""
        return Finding(
            rule=self.name,
            level=level or self.level("level"),
            message=message,
            source=self.text("source"),
            place=at,
            words=words,
            suggestion=suggestion,
        )


class Rules:
    """All rules and settings."""

    def __init__(self, tables: Mapping[str, Mapping[str, Table]]) -> None:
        matcher = TermMatcher(
            phrase
            for kind in TABLES
            for values in tables[kind].values()
            for _, phrases in _iter_phrases(values)
            for phrase in phrases
        )
        self._settings = {
            name: RuleOptions(name, values, matcher) for name, values in tables["settings"].items()
        }
        self._matcher = matcher
        self._rules = {name: Rule(name, values, matcher) for name, values in tables["rule"].items()}

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def __getitem__(self, name: str) -> Rule:
        return self._rules[name]

    def clear_cache(self) -> None:
        """Release the memory of the texts that were searched for phrases."""
        self._matcher.clear_cache()

    def settings(self, name: str) -> RuleOptions:
        """Return the settings table with that name."""
        return self._settings[name]


def _iter_phrases(values: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield (key, phrases) for the lists and pairs of a table."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield key, [phrase for phrase, other in value.items() if other]
        elif isinstance(value, list) and key != PATTERNS_KEY:
            yield key, value


def load_rules(home: Path | None = None) -> Rules:
    """Return the built-in rules with the overrides in ``checks.toml`` at `home`.

    Raises `RulesError` with the file, the rule and the key.
    """
    tables = _read_tables(DEFAULT_FILE)
    overrides = home / OVERRIDES_FILE if home else None
    if overrides and overrides.exists():
        _apply_overrides(overrides, tables, _read_tables(overrides))
    return Rules(tables)


def _read_tables(path: Path) -> dict[str, dict[str, Table]]:
    try:
        with path.open("rb") as file:
            found = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise RulesError(
            str(path), "the whole file", f"cannot be read: {error}", code="unreadable"
        ) from error
    for name, tables in found.items():
        if name not in TABLES or not isinstance(tables, dict):
            raise RulesError(
                str(path),
                f"[{name}]",
                "is not a valid table. Use [rule.NAME] or [settings.NAME].",
                code="unknown-table",
            )
    return found


def _apply_overrides(
    path: Path, tables: dict[str, dict[str, Table]], overrides: Mapping[str, Any]
) -> None:
    for kind, changed in overrides.items():
        for name, values in changed.items():
            location = f"[{kind}.{name}]"
            if name not in tables[kind]:
                raise RulesError(
                    str(path),
                    location,
                    f"is not a known table.{_suggest(name, tables[kind])}",
                    code="unknown-table",
                )
            if not isinstance(values, dict):
                raise RulesError(
                    str(path),
                    location,
                    "is not a table. Write its values as KEY = VALUE below its heading.",
                    code="not-table",
                )
            for key, value in values.items():
                _apply_value(path, location, tables[kind][name], key, value)


def _apply_value(path: Path, location: str, table: Table, key: str, value: Any) -> None:
    base = key.removesuffix(ADD_SUFFIX).removesuffix(REMOVE_SUFFIX)
    target = key if key in table else base
    if target not in table:
        raise RulesError(
            str(path),
            location,
            f"has no key {key!r}.{_suggest(key, table)}",
            key=key,
            code="unknown-key",
        )
    shipped = table[target]
    if target != key and not isinstance(shipped, list):
        raise RulesError(
            str(path),
            location,
            f"{key!r} cannot be used, because {target!r} is not a list.",
            key=key,
            code="not-extensible",
        )
    code, problem = _validate_value(target, shipped, value)
    if problem:
        raise RulesError(str(path), location, f"{key!r} {problem}", key=key, code=code)
    if target == key:
        table[key] = {**shipped, **value} if isinstance(shipped, dict) else value
    elif key.endswith(ADD_SUFFIX):
        table[target] = [*shipped, *(entry for entry in value if entry not in shipped)]
    else:
        table[target] = [entry for entry in shipped if entry not in value]


def _validate_value(key: str, shipped: Any, value: Any) -> tuple[str, str]:
    """Return the code and message of an invalid value, or two empty strings."""
    code = _type_error_code(key, shipped, value)
    if code:
        return code, PROBLEM_MESSAGES[code]
    problem = _validate_patterns(value) if key == PATTERNS_KEY else ""
    return ("not-pattern", problem) if problem else ("", "")


def _type_error_code(key: str, shipped: Any, value: Any) -> str:
    """Return the code of a value whose type differs from the built-in one, or an empty string."""
    if isinstance(shipped, bool):
        return "" if isinstance(value, bool) else "not-boolean"
    if isinstance(shipped, (int, float)):
        right = isinstance(value, (int, float)) and not isinstance(value, bool)
        return "" if right else "not-number"
    if isinstance(shipped, list):
        right = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        return "" if right else "not-list"
    if isinstance(shipped, dict):
        right = isinstance(value, dict) and all(isinstance(x, str) for x in value.values())
        return "" if right else "not-table"
    if not isinstance(value, str):
        return "not-text"
    return "unknown-level" if key.endswith(LEVEL_SUFFIXES) and value not in list(Level) else ""


def _validate_patterns(patterns: list[str]) -> str:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            return f"contains {pattern!r}, which is not a valid regular expression: {error}."
    return ""


def _suggest(name: str, known: Mapping[str, Any]) -> str:
    matches = get_close_matches(name, known, n=1)
    return f" Did you mean {matches[0]!r}?" if matches else f" Use one of: {', '.join(known)}."
