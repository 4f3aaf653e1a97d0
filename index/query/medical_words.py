"""Correctly spelled words for conditions and procedures, which are never corrected.

Many look alike and differ in meaning: colposcopy and colonoscopy, myelopathy and myopathy. A list
cannot be complete, so a word that is formed regularly from known parts also counts.
"""

from __future__ import annotations

import gzip
import re
from functools import lru_cache
from pathlib import Path

from index.analyzer import normalize_spelling, read_lines

# Compiled by `python -m bench.vocabulary`.
MEDICAL_WORDS = Path(__file__).parents[1] / "data" / "medical-words.txt.gz"


def is_medical_word(folded: str) -> bool:
    """Return whether a folded word is spelled correctly, in British or American spelling."""
    word = normalize_spelling(folded)
    return word in medical_words() or formed_word().fullmatch(word) is not None


@lru_cache(maxsize=1)
def medical_words() -> frozenset[str]:
    """Return the folded words of conditions and procedures, in the common spelling."""
    return frozenset(gzip.decompress(MEDICAL_WORDS.read_bytes()).decode().split("\n"))


@lru_cache(maxsize=1)
def formed_word() -> re.Pattern[str]:
    """Return the pattern of one to four roots, joined by a vowel, and an ending."""
    parts = [part for line in read_lines("word-parts.txt") for part in line.split()]
    endings = "|".join(normalize_spelling(part[1:]) for part in parts if part.startswith("-"))
    roots = "|".join(normalize_spelling(part) for part in parts if not part.startswith("-"))
    return re.compile(rf"(?:(?:{roots})[oi]?){{0,3}}(?:{roots})(?:{endings})")
