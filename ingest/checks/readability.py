"""Readability grades by the two formulas common in health writing, and a syllable counter.

- Flesch-Kincaid grade (Kincaid and others, 1975):
  0.39 * words / sentences + 11.8 * syllables / words - 15.59
- SMOG grade (McLaughlin, 1969): 1.0430 * sqrt(words of three or more syllables * 30 / sentences)
  + 3.1291

Both count only running text, because list items and table rows are not sentences.

Syllables are estimated from letters: groups of vowels, minus silent ones ("-e", "-ed", "-ely"),
plus groups with two syllables ("-ia-" in "diabetes", "-io-" in "ratio"). A dictionary with clinical
words would be larger than this program. Of the 284 words in
tests/ingest/checks/test_readability.py, half of them clinical, 272 are correct. The errors are
compounds ("lifetime"), "-ing" after a vowel ("doing") and Greek endings ("diabetes"); they lower
the count by 3 in about 760 syllables.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import sqrt

from ingest.checks.article_type import UNKNOWN
from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding

SYLLABLE_WORD = re.compile(r"[a-z]+")
VOWELS = re.compile(r"[aeiouy]+")

# Silent groups of vowels. The endings of "table", "wanted" and "boxes" are not silent.
SILENT_VOWELS = re.compile(
    r"(?<=[^aeiouyl])e$|(?<=[aeiouylr]l)e$|"  # safe, while, (not table)
    r"(?<=[^aeioutdy])ed$|(?<=[^aeiouscxzghl])es$|(?<=[aeiouy]l)es$|(?<=[^cs]h)es$|"
    r"(?<=[^aeiouyl])e(?=ly$|less|ful|ness)|(?<=[vgctr])e(?=ments?$)|"
    r"(?<=som)e(?=[a-z]{3})|(?<=car)e(?=[a-z]{4})"
)
# Groups of vowels with two syllables, by their neighbouring letters.
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
)  # "asthma" ends in a separate syllable


@lru_cache(maxsize=20_000)  # about the vocabulary of a large site
def count_syllables(word: str) -> int:
    """Return the number of syllables of `word`, at least 1."""
    plain = word.lower().replace("'", "").replace("’", "")
    return max(1, sum(_count_in_letters(part) for part in SYLLABLE_WORD.findall(plain)))


def _count_in_letters(word: str) -> int:
    syllables = len(VOWELS.findall(word)) - len(SILENT_VOWELS.findall(word))
    syllables += sum(len(pattern.findall(word)) for pattern in HIDDEN_SYLLABLES)
    return max(1, syllables + len(EXTRA_SYLLABLES.findall(word)))


WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
MIN_POLYSYLLABLE = 3
APPROXIMATELY = "about "  # before grades of few sentences
SMOG_SENTENCES = 30  # number of sentences to which the formula is scaled


@dataclass(frozen=True, slots=True)
class ReadabilityScores:
    """Word and sentence counts of a text, and its grades."""

    words: int
    sentences: int
    flesch_kincaid: float
    smog: float


def measure_readability(sentences: Sequence[str]) -> ReadabilityScores | None:
    """Return the grades of a text, given as sentences, or None if it has no words."""
    counted = [words for words in (WORD.findall(sentence) for sentence in sentences) if words]
    if not counted:
        return None
    frequencies = Counter(chain.from_iterable(counted))
    word_count = frequencies.total()
    syllables = polysyllables = 0
    for word, frequency in frequencies.items():
        number = count_syllables(word)
        syllables += number * frequency
        polysyllables += frequency if number >= MIN_POLYSYLLABLE else 0
    return ReadabilityScores(
        words=word_count,
        sentences=len(counted),
        flesch_kincaid=0.39 * word_count / len(counted) + 11.8 * syllables / word_count - 15.59,
        smog=1.0430 * sqrt(polysyllables * SMOG_SENTENCES / len(counted)) + 3.1291,
    )


def check_readability(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find texts for patients whose reading grade is too high."""
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
        f"The reading grade is {rough}{found.flesch_kincaid:.1f} by Flesch-Kincaid and "
        f"{found.smog:.1f} by SMOG; the limits for patients are {rule.number('grade'):.0f} and "
        f"{rule.number('smog_grade'):.0f}.",
        words=(f"Flesch-Kincaid {found.flesch_kincaid:.1f}", f"SMOG {found.smog:.1f}"),
        suggestion='The audience is unknown. If it is patients, add the topic "For patients" and '
        "use shorter sentences and words."
        if unknown
        else "Use shorter sentences and words.",
        level=rule.level("unknown_level") if unknown else None,
    )
