"""How many years of school a text asks for, by the two formulas that health writing uses.

- Flesch-Kincaid grade (Kincaid and others, 1975):
  0.39 * words / sentences + 11.8 * syllables / words - 15.59
- SMOG grade (McLaughlin, 1969): 1.0430 * sqrt(words of three or more syllables * 30 / sentences)
  + 3.1291

Both count running text only: items of lists and rows of tables have no sentences to speak of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from ingest.checks.article_type import UNKNOWN
from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding
from ingest.checks.syllables import count_syllables

WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
POLYSYLLABLE = 3
ROUGHLY = "roughly "  # before grades of few sentences
SMOG_SENTENCES = 30  # the number of sentences that the formula is scaled to


@dataclass(frozen=True, slots=True)
class ReadabilityScores:
    """What was counted in a text, and the grades that follow from it."""

    words: int
    sentences: int
    flesch_kincaid: float
    smog: float


def measure_readability(sentences: Sequence[str]) -> ReadabilityScores | None:
    """Return the grades of a text in sentences; None when there is no word in it."""
    counted = [words for words in (WORD.findall(sentence) for sentence in sentences) if words]
    if not counted:
        return None
    per_word = [count_syllables(word) for words in counted for word in words]
    polysyllables = sum(number >= POLYSYLLABLE for number in per_word)
    return ReadabilityScores(
        words=len(per_word),
        sentences=len(counted),
        flesch_kincaid=0.39 * len(per_word) / len(counted)
        + 11.8 * sum(per_word) / len(per_word)
        - 15.59,
        smog=1.0430 * sqrt(polysyllables * SMOG_SENTENCES / len(counted)) + 3.1291,
    )


def readability(manuscript: CheckContext, rule: Rule) -> Iterator[Finding]:
    """A text for patients that asks for more schooling than most of them have."""
    if manuscript.audience not in rule.texts("audiences"):
        return
    found = measure_readability(
        [sentence for part in manuscript.text_parts for sentence in part.prose]
    )
    if found is None or found.words < rule.number("least_words"):
        return
    if found.flesch_kincaid <= rule.number("grade") and found.smog <= rule.number("smog_grade"):
        return
    rough = ROUGHLY if found.sentences < rule.number("rough_sentences") else ""
    unknown = manuscript.audience == UNKNOWN
    yield rule.finding(
        f"The text asks for {rough}{found.flesch_kincaid:.1f} years of school by Flesch-Kincaid, "
        f"{found.smog:.1f} by SMOG; for patients {rule.number('grade'):.0f} and "
        f"{rule.number('smog_grade'):.0f} are the most.",
        words=(f"Flesch-Kincaid {found.flesch_kincaid:.1f}", f"SMOG {found.smog:.1f}"),
        suggestion='Nothing says whether patients read it; if so, add the topic "For patients" '
        "and write in shorter sentences and shorter words."
        if unknown
        else "Write in shorter sentences and shorter words.",
        level=rule.level("unknown_level") if unknown else None,
    )
