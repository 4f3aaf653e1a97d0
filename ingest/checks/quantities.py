"""Conflicting numbers for the same quantity, within an article and between articles.

The quantities are numbers of sessions, intervals between doses and reviews, doses of a drug, and
durations. Two are compared if they have the same key (the quantity and its subject) and the same
conditions, because a dose for children may differ from that for adults. The conditions are listed
in ``rules.toml``. A missing condition is the usual cause of a false alarm, so the finding is a
warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext, CheckPassage
from ingest.checks.contradictions import (
    Statement,
    describe_location,
    find_conflicts,
    normalize_term,
)
from ingest.checks.finding import Finding
from ingest.language.phrase_matcher import tokenize

_TO_TWELVE = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_TO_TWELVE += ["eleven", "twelve"]
NUMBER_WORDS = {word: number for number, word in enumerate(_TO_TWELVE, start=1)}
HOURS = {"minute": 1 / 60, "hour": 1, "day": 24, "week": 168, "month": 730, "year": 8760}
MILLIGRAMS = {"mg": 1.0, "milligram": 1.0, "g": 1000.0, "gram": 1000.0, "microgram": 0.001}
MILLIGRAMS |= {"mcg": 0.001, "units": 1.0, "unit": 1.0}  # units have a separate key

_NUMBER = r"(?:\d+(?:[.,]\d+)*|" + "|".join(NUMBER_WORDS) + ")"
_AT_LEAST = r"at least|more than|over|no less than|a minimum of"
_AT_MOST = r"up to|at most|less than|under|no more than|within|a maximum of"
_RANGE = (
    rf"(?:(?P<least>{_AT_LEAST})\s+|(?P<most>{_AT_MOST})\s+)?(?:between\s+)?"
    rf"(?P<low>{_NUMBER})(?:\s*(?:to|-|–|and|or)\s*(?P<high>{_NUMBER}))?"
)
_TIME = r"(?P<unit>minute|hour|day|week|month|year)s?\b"

DIGIT = re.compile(r"\d")
EVERY = re.compile(rf"\bevery\s+{_RANGE}[\s-]+{_TIME}", re.IGNORECASE)
APART = re.compile(rf"\b{_RANGE}[\s-]+{_TIME}\s+(?:apart|intervals?)", re.IGNORECASE)
# Words without which a pattern cannot match, because searching for them is faster.
INTERVALS = ((EVERY, ("every",)), (APART, ("apart", "interval")))
DOSE_UNIT = re.compile(r"(?:m|\b|\d)g\b|mcg\b|micrograms?\b|units?\b")
DOSE = re.compile(
    rf"\b(?P<drug>[A-Za-z][a-z-]{{4,}})\s+{_RANGE}\s*(?P<unit>mg|g|micrograms?|mcg|units?)\b(?!\s?(?:/|per))",
)
DOSE_OF_SUBJECT = re.compile(
    rf"\b[Dd]ose\s+(?:(?:is|of|was|would be|about|should be)\s+)+{_RANGE}"
    r"\s*(?P<unit>mg|g|micrograms?|mcg|units?)\b(?!\s?(?:/|per))",
)
LASTS = re.compile(
    rf"\b(?P<of>[a-z]+)\s+(?:(?:usually|often|typically|normally|generally|may|can|should|will)\s+)*"
    rf"(?P<verb>lasts?|takes?)\s+(?:for\s+|about\s+|around\s+|only\s+)*{_RANGE}[\s-]+{_TIME}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A range of numbers in one unit, its conditions and its text."""

    low: float
    high: float
    conditions: frozenset[str]
    text: str


def extract_quantities(
    part: CheckPassage, names: Sequence[str], rule: Rule, origin: str = ""
) -> Iterator[Statement[Quantity]]:
    """Yield the quantities that a passage of an article with these names states."""
    about = [term for term in dict.fromkeys(normalize_term(name) for name in names) if term]
    for sentence in part.sentences:
        if not _has_number(sentence) or rule.contains("not_with", sentence):
            continue
        for key, found, scale in _find_quantities(sentence, rule):
            conditions = frozenset(hit.phrase for hit in rule.find("conditions", sentence))
            quantity = _build_quantity(found, scale, conditions)
            keys = [key] if key.startswith("dose:") else [f"{key}:{name}" for name in about]
            for full in keys:
                yield Statement(full, quantity, sentence, part.location, origin)


def _has_number(sentence: str) -> bool:
    return bool(DIGIT.search(sentence)) or not NUMBER_WORDS.keys().isdisjoint(tokenize(sentence))


def check_number_conflicts(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find ranges for the same quantity that do not overlap."""
    names = (context.article.title, *context.article.metadata.also_called)
    stated = [s for part in context.text_parts for s in extract_quantities(part, names, rule)]
    for number, neighbour in enumerate(context.related.related_passages):
        part = CheckPassage(neighbour.passage, number, is_reference_list=False)
        others = (neighbour.title, *neighbour.also_called)
        stated += extract_quantities(part, others, rule, neighbour.title)
    reported: set[tuple[str, str]] = set()
    for one, other in find_conflicts(stated, _are_disjoint):
        pair = (one.sentence, other.sentence)
        if pair not in reported:
            reported.add(pair)
            yield rule.finding(
                f'"{one.value.text}" here and "{other.value.text}" {describe_location(other)} seem '
                f"to refer to the same {one.key.partition(':')[0]}.",
                at=one.location,
                words=pair,
                suggestion="Correct one of them, or state in both to whom or when it applies.",
            )


def _find_quantities(sentence: str, rule: Rule) -> Iterator[tuple[str, re.Match[str], float]]:
    """Yield (key without the subject, match, factor of the unit)."""
    for match in _sessions_pattern(rule.texts("sessions")).finditer(sentence):
        yield "number of sessions", match, 1
    lower = sentence.lower()
    patterns = [pattern for pattern, words in INTERVALS if any(word in lower for word in words)]
    for pattern in patterns:
        for match in pattern.finditer(sentence):
            act = _action_before(sentence[: match.start()], rule)
            if act:
                yield f"interval:{act}", match, HOURS[match["unit"].lower()]
    has_dose = DOSE_UNIT.search(sentence)
    for match in DOSE.finditer(sentence) if has_dose else ():
        drug = match["drug"].lower()
        if drug not in rule.texts("not_drugs"):
            family, factor = _unit_value(match["unit"])
            yield f"dose:{drug}:{family}", match, factor
    for match in DOSE_OF_SUBJECT.finditer(sentence) if has_dose else ():
        family, factor = _unit_value(match["unit"])
        yield f"usual dose:{family}", match, factor
    lasts = "last" in lower or "take" in lower
    for match in LASTS.finditer(sentence) if lasts else ():
        subject = normalize_term(match["of"])
        if subject:
            yield f"duration:{subject}", match, HOURS[match["unit"].lower()]


@cache
def _sessions_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b{_RANGE}\s+(?P<unit>{'|'.join(words)})\b", re.IGNORECASE)


def _unit_value(unit: str) -> tuple[str, float]:
    """Return the dimension of a dose unit, and its factor to the base unit."""
    family = "units" if unit.startswith("unit") else "mass"
    return family, MILLIGRAMS[unit if unit in MILLIGRAMS else _singular(unit)]


def _action_before(text: str, rule: Rule) -> str:
    """Return the action that is repeated at an interval: the nearest listed word, singular."""
    acts = rule.texts("acts")
    for word in reversed(tokenize(text)):
        if word in acts:
            return _singular(word)
    return ""


def _build_quantity(found: re.Match[str], scale: float, conditions: frozenset[str]) -> Quantity:
    low = _parse_number(found["low"])
    high = _parse_number(found["high"]) if found["high"] else low
    if found["least"]:
        high = inf
    if found["most"]:
        low = 0.0
    return Quantity(low * scale, high * scale, conditions, found.group())


def _are_disjoint(one: Quantity, other: Quantity) -> bool:
    if one.conditions != other.conditions:
        return False
    return one.high < other.low or other.high < one.low


def _parse_number(text: str) -> float:
    word = text.lower()
    return float(NUMBER_WORDS[word]) if word in NUMBER_WORDS else float(text.replace(",", ""))


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 2 else word
