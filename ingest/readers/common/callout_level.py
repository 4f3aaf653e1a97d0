"""Urgency of a callout, from the class names of its source, its heading or its wording.

The levels and most of the terms are those of the care cards and warning callouts of the NHS design
system; the others are common names in style sheets and admonition syntaxes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ingest.readers.common.result import MAX_HEADING_WORDS
from kb.model.article import CalloutLevel

_CLASS_WORDS = {
    CalloutLevel.EMERGENCY: frozenset({"emergency", "immediate", "999", "911", "112"}),
    CalloutLevel.URGENT: frozenset({"urgent"}),
    CalloutLevel.NON_URGENT: frozenset({"non-urgent", "nonurgent", "routine"}),
    CalloutLevel.IMPORTANT: frozenset({"important", "warning", "caution", "danger", "attention"}),
}
_NON_URGENT_CLASS = re.compile(r"(?:^|[-_])non-?urgent(?:[-_]|$)", re.I)
_CLASS_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")

# The heading of a callout names its level before anything else.
_HEADINGS = (
    (CalloutLevel.NON_URGENT, re.compile(r"non-?urgent|not urgent|routine advice", re.I)),
    (CalloutLevel.EMERGENCY, re.compile(r"immediate action|emergency\b|life-?threatening", re.I)),
    (CalloutLevel.URGENT, re.compile(r"urgent", re.I)),
)
_NOT = r"(?<!not )(?<!n't )(?<!n’t )(?<!never )"
_EMERGENCY_NUMBERS = r"(?:999|911|112|000|111 or 999)\b"
# What a reader is asked to do, the most urgent first.
_WORDING = (
    (
        CalloutLevel.EMERGENCY,
        re.compile(
            rf"{_NOT}\b(?:call|dial|ring|phone)\s+(?:an?\s+)?"
            rf"(?:{_EMERGENCY_NUMBERS}|ambulance|emergency services)"
            rf"|{_NOT}\bgo\s+(?:straight\s+|immediately\s+|directly\s+)?to\s+(?:your\s+nearest\s+"
            r"|the\s+nearest\s+|the\s+|an?\s+)?(?:A\s?&\s?E|ED\b|ER\b|emergency\s+(?:department|room))"
            r"|\b(?:emergency|crash)\s+(?:call|team)\b",
            re.I,
        ),
    ),
    (
        CalloutLevel.URGENT,
        re.compile(
            rf"{_NOT}\burgent(?:ly)?\b|\bsame[- ]day\b"
            r"|\bwithin\s+(?:\d+|one|two|a\s+few)\s+hours?\b"
            rf"|{_NOT}\b(?:call|ring|phone|contact)\s+(?:NHS\s+)?111\b"
            r"|\b(?:straight\s+away|immediately|at\s+once)\b",
            re.I,
        ),
    ),
    (
        CalloutLevel.NON_URGENT,
        re.compile(
            r"\b(?:see|speak\s+to|talk\s+to|ask|contact|make\s+an\s+appointment\s+with)\s+"
            r"(?:an?\s+|your\s+|the\s+)?(?:GP|doctor|pharmacist|nurse|midwife|practice)\b",
            re.I,
        ),
    ),
)
_IMPORTANT = re.compile(
    r"\W*(?:important|warning|caution|danger|attention|alert|take care|safety (?:note|alert|notice)"
    r"|black box warning|boxed warning|contraindicat(?:ed|ions?)|stop taking"
    r"|(?:do not|never)(?!\s+(?:worry|panic|be\s+(?:afraid|alarmed|worried))))\b",
    re.I,
)


def level_from_classes(names: Iterable[str]) -> CalloutLevel | None:
    """Return the level that class names or an admonition type state, the most urgent first."""
    words: set[str] = set()
    for name in names:
        if _NON_URGENT_CLASS.search(name):
            words.add("non-urgent")
        else:
            words.update(part.lower() for part in _CLASS_PART.findall(name))
    return next((level for level, known in _CLASS_WORDS.items() if known & words), None)


def level_from_text(text: str) -> CalloutLevel | None:
    """Return the level of a callout by its heading or first line, then by its wording."""
    heading = text.split("\n", 1)[0]
    for level, pattern in _HEADINGS:
        if len(heading.split()) <= MAX_HEADING_WORDS and pattern.search(heading):
            return level
    for level, pattern in _WORDING:
        if pattern.search(text):
            return level
    return CalloutLevel.IMPORTANT if _IMPORTANT.match(text) else None
