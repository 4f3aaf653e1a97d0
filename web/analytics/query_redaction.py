"""Which words of a query may be written down.

A query may hold a patient's name or number. So it is written only where every word of it is known
to the articles or to the names of things in medicine, and nothing in it looks like a number that
belongs to somebody. Any other query is counted under a keyed hash; its words are written once it
was asked on several days (`kb.storage.query_stats`), which a new medicine is and a patient is not, and never
with anything in it that looks like a person's.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from index.analyzer import is_question_word, is_stopword, words

MAX_WORDS = 12  # a longer query is somebody's sentence
MAX_QUERY_LENGTH = 100

# What belongs to somebody: long numbers, dates, addresses, titles with a name behind them.
PERSONAL = (
    re.compile(
        r"\d[\d /.-]{3,}\d"
    ),  # five characters of digits and signs: a date, a record, a phone
    re.compile(r"\d{4,}"),
    re.compile(r"\w+@\w+"),
    re.compile(
        r"\b(?:mr|mrs|ms|miss|master|dr|prof|sir|herr|frau|patient|pt|name|named|born|dob|d\.o\.b|"
        r"nhs|mrn|ssn|chi|room|bed)\b\.?:?\s+\S",
        re.IGNORECASE,
    ),
    re.compile(r"\b[A-Za-z]{1,3}\d{3,}\w*\b"),  # A12345
)
# A measure or a code that has digits and is nobody's: "10 mg", "icd10", "b12", "covid19".
SHORT_NUMBER = re.compile(r"\d{1,3}")
CAPITALISED = re.compile(r"\b[A-Z][a-zà-ÿ'’-]+(?:\s+[A-Z][a-zà-ÿ'’-]+)+\b")


def is_safe_to_store(q: str, knows: Callable[[str], bool], names: Callable[[str], bool]) -> bool:
    """Whether a query may be written at once. `names` knows a whole name of a thing."""
    if not is_ever_safe_to_store(q):
        return False
    # Two names beside each other, as of a person, unless they are those of a thing.
    if any(not names(run.group()) for run in CAPITALISED.finditer(q)):
        return False
    return all(
        is_stopword(word) or is_question_word(word) or SHORT_NUMBER.fullmatch(word) or knows(word)
        for word in words(q)
    )


def is_ever_safe_to_store(q: str) -> bool:
    """Whether nothing in a query looks like a person's."""
    typed = words(q)
    if not typed or len(typed) > MAX_WORDS or len(q) > MAX_QUERY_LENGTH:
        return False
    return not any(pattern.search(q) for pattern in PERSONAL)
