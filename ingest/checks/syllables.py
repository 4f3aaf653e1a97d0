"""Syllables of English words, by their letters.

Counted are the groups of vowels, less those that are silent ("-e", "-ed", "-ely"), plus those that
one group hides ("-ia-" in "diabetes", "-io-" in "ratio"). There is no dictionary behind it: one
that knows clinical words is larger than this program. The known error: of the 284 words in
tests/ingest/checks/test_readability.py, half of them clinical, 272 are right; the misses are
compounds ("lifetime"), "-ing" after a vowel ("doing") and Greek endings ("diabetes"), and they
make the count too low by 3 in some 760 syllables.
"""

from __future__ import annotations

import re
from functools import lru_cache

SYLLABLE_WORD = re.compile(r"[a-z]+")
VOWELS = re.compile(r"[aeiouy]+")

# Groups of vowels that are not heard. "table" keeps its end, "wanted" and "boxes" theirs.
SILENT = re.compile(
    r"(?<=[^aeiouyl])e$|(?<=[aeiouylr]l)e$|"  # safe, while, (not table)
    r"(?<=[^aeioutdy])ed$|(?<=[^aeiouscxzghl])es$|(?<=[aeiouy]l)es$|(?<=[^cs]h)es$|"
    r"(?<=[^aeiouyl])e(?=ly$|less|ful|ness)|(?<=[vgctr])e(?=ments?$)|"
    r"(?<=som)e(?=[a-z]{3})|(?<=car)e(?=[a-z]{4})"
)
# Two syllables in one group of vowels, by what stands around them.
HIDDEN = (
    re.compile(r"(?<![tcsg])i(?=a|o(?!us))|(?<![tcsxg])i(?=ous)"),  # diagnosis, radio, various
    re.compile(r"(?<=[tcs])i(?=a(?:[^ln]|$)|o(?!n|us))"),  # associate, ratio
    re.compile(r"i(?=e(?:t|r[ay]|nn))|(?<=sc)ie(?=n)|(?<![tc])i(?=en[tc])|i(?=u)"),  # diet, medium
    re.compile(r"(?<![qg])u(?=a|ou|i(?:d|n[^gjk]|ci|ti))|y(?=i)"),  # actual, fluid, studying
    re.compile(r"e(?=o(?!us|ple|u|ry)|ou(?!s)|a$|ing$)|(?<=r)e(?=a(?:ct|te|ti))"),  # osteo, react
    re.compile(r"o(?=agu|e(?:l|t|m$)|op)"),  # coagulate, coeliac, cooperate
)
EXTRA = re.compile(r"[aeiouy][^aeiouy]*sms?$|rhythm|[aeiouy][^aeiouy]*thms?$")  # asthma has its own


@lru_cache(maxsize=20_000)  # about the different words of a large site
def count_syllables(word: str) -> int:
    """Return the number of syllables of `word`, at least 1."""
    plain = word.lower().replace("'", "").replace("’", "")
    return max(1, sum(_of_letters(part) for part in SYLLABLE_WORD.findall(plain)))


def _of_letters(word: str) -> int:
    heard = len(VOWELS.findall(word)) - len(SILENT.findall(word))
    heard += sum(len(pattern.findall(word)) for pattern in HIDDEN)
    return max(1, heard + len(EXTRA.findall(word)))
