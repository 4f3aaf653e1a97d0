"""How many years of school a text asks for, by the two formulas that health writing uses.

- Flesch-Kincaid grade (Kincaid and others, 1975):
  0.39 * words / sentences + 11.8 * syllables / words - 15.59
- SMOG grade (McLaughlin, 1969): 1.0430 * sqrt(words of three or more syllables * 30 / sentences)
  + 3.1291

Both count running text only: items of lists and rows of tables have no sentences to speak of.

Syllables of English words, by their letters.

Counted are the groups of vowels, less those that are silent ("-e", "-ed", "-ely"), plus those that
one group hides ("-ia-" in "diabetes", "-io-" in "ratio"). There is no dictionary behind it: one
that knows clinical words is larger than this program. The known error: of the 284 words in
tests/ingest/checks/test_readability.py, half of them clinical, 272 are right; the misses are
compounds ("lifetime"), "-ing" after a vowel ("doing") and Greek endings ("diabetes"), and they
make the count too low by 3 in some 760 syllables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

from ingest.checks.article_type import UNKNOWN
from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding

SYLLABLE_WORD = re.compile(r"[a-z]+")
VOWELS = re.compile(r"[aeiouy]+")

# Groups of vowels that are not heard. "table" keeps its end, "wanted" and "boxes" theirs.
SILENT_VOWELS = re.compile(
    r"(?<=[^aeiouyl])e$|(?<=[aeiouylr]l)e$|"  # safe, while, (not table)
    r"(?<=[^aeioutdy])ed$|(?<=[^aeiouscxzghl])es$|(?<=[aeiouy]l)es$|(?<=[^cs]h)es$|"
    r"(?<=[^aeiouyl])e(?=ly$|less|ful|ness)|(?<=[vgctr])e(?=ments?$)|"
    r"(?<=som)e(?=[a-z]{3})|(?<=car)e(?=[a-z]{4})"
)
# Two syllables in one group of vowels, by what stands around them.
HIDDEN_SYLLABLES = (
    re.compile(r"(?<![tcsg])i(?=a|o(?!us))|(?<![tcsxg])i(?=ous)"),  # diagnosis, radio, various
    re.compile(r"(?<=[tcs])i(?=a(?:[^ln]|$)|o(?!n|us))"),  # associate, ratio
    re.compile(r"i(?=e(?:t|r[ay]|nn))|(?<=sc)ie(?=n)|(?<![tc])i(?=en[tc])|i(?=u)"),  # diet, medium
    re.compile(r"(?<![qg])u(?=a|ou|i(?:d|n[^gjk]|ci|ti))|y(?=i)"),  # actual, fluid, studying
    re.compile(r"e(?=o(?!us|ple|u|ry)|ou(?!s)|a$|ing$)|(?<=r)e(?=a(?:ct|te|ti))"),  # osteo, react
    re.compile(r"o(?=agu|e(?:l|t|m$)|op)"),  # coagulate, coeliac, cooperate
)
EXTRA_SYLLABLES = re.compile(
    r"[aeiouy][^aeiouy]*sms?$|rhythm|[aeiouy][^aeiouy]*thms?$"
)  # asthma has its own


@lru_cache(maxsize=20_000)  # about the different words of a large site
def count_syllables(word: str) -> int:
    """Return the number of syllables of `word`, at least 1."""
    plain = word.lower().replace("'", "").replace("’", "")
    return max(1, sum(_count_in_letters(part) for part in SYLLABLE_WORD.findall(plain)))


def _count_in_letters(word: str) -> int:
    heard = len(VOWELS.findall(word)) - len(SILENT_VOWELS.findall(word))
    heard += sum(len(pattern.findall(word)) for pattern in HIDDEN_SYLLABLES)
    return max(1, heard + len(EXTRA_SYLLABLES.findall(word)))


WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
MIN_POLYSYLLABLE = 3
APPROXIMATELY = "roughly "  # before grades of few sentences
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
    polysyllables = sum(number >= MIN_POLYSYLLABLE for number in per_word)
    return ReadabilityScores(
        words=len(per_word),
        sentences=len(counted),
        flesch_kincaid=0.39 * len(per_word) / len(counted)
        + 11.8 * sum(per_word) / len(per_word)
        - 15.59,
        smog=1.0430 * sqrt(polysyllables * SMOG_SENTENCES / len(counted)) + 3.1291,
    )


def check_readability(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """A text for patients that asks for more schooling than most of them have."""
    if context.audience not in rule.texts("audiences"):
        return
    found = measure_readability(
        [sentence for part in context.text_parts for sentence in part.prose]
    )
    if found is None or found.words < rule.number("least_words"):
        return
    if found.flesch_kincaid <= rule.number("grade") and found.smog <= rule.number("smog_grade"):
        return
    rough = APPROXIMATELY if found.sentences < rule.number("rough_sentences") else ""
    unknown = context.audience == UNKNOWN
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
