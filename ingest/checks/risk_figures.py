"""Figures that a reader cannot use: per cent of an untold whole, "rarely" without a number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding
from ingest.checks.negation import format_examples, unique

PERCENT = re.compile(r"\d+(?:\.\d+)?\s?(?:%|per ?cent\b)", re.IGNORECASE)
# "20% of people", "60% in those who", "1 in 100 (1%)": the whole is told beside it; and "a 25%
# chance" is one person's.
WHOLE_TOLD = re.compile(
    r"(?:%|per ?cent)\)?\s+(?:\w+\s+){0,2}(?:of|in|among)\s+\w+|"
    r"(?:%|per ?cent)\)?\s+(?:chance|risk|probability|likelihood)\b|"
    r"\b\d+\s+(?:in|out of)\s+(?:every\s+)?\d+",
    re.IGNORECASE,
)
A_RISK = re.compile(
    r"\b(?:\d+|one|two|three|four|five|(?:fewer|less) than one)\s+(?:\w+\s+){0,2}"
    r"(?:in|out of)\s+(?:every\s+|a\s+)?(?:\d|ten|hundred|thousand)|%|per ?cent|per \d",
    re.IGNORECASE,
)


def percent_of_what(manuscript: CheckContext, rule: Rule) -> Iterator[Finding]:
    """A per cent of a risk or an effect, without the whole it is of."""
    for part in manuscript.text_parts:
        words = [
            found.group()
            for sentence in part.told
            if rule.holds("words", sentence)
            and not rule.holds("not_with", sentence)
            and not WHOLE_TOLD.search(sentence)
            for found in PERCENT.finditer(sentence)
        ]
        if words:
            yield rule.finding(
                f"A reader cannot tell of how many people this is: {format_examples(unique(words))}.",
                at=part.place,
                words=unique(words),
                suggestion="Write it as people out of 100 or 1,000, always with the same whole.",
            )


def frequency_words(manuscript: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Words for how often a harm happens, and not one figure; one finding for the article."""
    parts = manuscript.parts_about("harms")
    if any(A_RISK.search(part.passage.text) for part in parts):
        return
    words = [
        hit.words
        for part in parts
        for sentence in part.sentences
        for hit in rule.hits("words", sentence)
    ]
    if len(words) >= rule.number("least"):
        yield rule.finding(
            f"How often harms happen is said in words only ({format_examples(unique(words))}), which "
            "people take to mean very different numbers.",
            at=parts[0].place,
            words=unique(words),
            suggestion='Add figures where they are known: "about 1 in 1,000".',
        )
