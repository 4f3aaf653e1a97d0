"""Rules for storing the text of a query, which may contain patient data.

The text is stored immediately only if every word is known from articles or the medical vocabulary
and nothing looks like personal data. Other queries are counted under a keyed hash; their text is
stored once they have been made on several days (`kb.storage.query_stats`), as for a new drug, and
never if something looks like personal data.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from index.analyzer import is_question_word, is_stopword, split_words

MAX_WORDS = 12  # longer queries may describe a patient
MAX_QUERY_LENGTH = 100

# Personal data: long numbers, dates, email addresses, titles followed by a name.
PERSONAL = (
    re.compile(r"\d[\d /.-]{3,}\d"),  # dates, record and telephone numbers
    re.compile(r"\d{4,}"),
    re.compile(r"\w+@\w+"),
    re.compile(
        r"\b(?:mr|mrs|ms|miss|master|dr|prof|sir|herr|frau|patient|pt|name|named|born|dob|d\.o\.b|"
        r"nhs|mrn|ssn|chi|room|bed)\b\.?:?\s+\S",
        re.IGNORECASE,
    ),
    re.compile(r"\b[A-Za-z]{1,3}\d{3,}\w*\b"),  # A12345
)
# Harmless numbers in measures and codes: "10 mg", "icd10", "b12", "covid19".
SHORT_NUMBER = re.compile(r"\d{1,3}")
CAPITALISED = re.compile(r"\b[A-Z][a-zà-ÿ'’-]+(?:\s+[A-Z][a-zà-ÿ'’-]+)+\b")


def is_safe_to_store(
    q: str, is_known: Callable[[str], bool], is_name: Callable[[str], bool]
) -> bool:
    """Return whether the text may be stored immediately.

    `is_known` checks a word, and `is_name` whether a phrase is a complete name in the vocabulary.
    """
    if not has_no_personal_data(q):
        return False
    # Consecutive capitalised words may be a person's name, unless the vocabulary has them.
    if any(not is_name(run.group()) for run in CAPITALISED.finditer(q)):
        return False
    return all(
        is_stopword(word)
        or is_question_word(word)
        or SHORT_NUMBER.fullmatch(word)
        or is_known(word)
        for word in split_words(q)
    )


def has_no_personal_data(q: str) -> bool:
    """Return whether a query is short and contains nothing that looks like personal data."""
    words = split_words(q)
    if not words or len(words) > MAX_WORDS or len(q) > MAX_QUERY_LENGTH:
        return False
    return not any(pattern.search(q) for pattern in PERSONAL)
