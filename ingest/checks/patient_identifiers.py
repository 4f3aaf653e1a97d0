"""Detection of patient identifiers: numbers, dates of birth, addresses.

Telephone numbers and email addresses of services belong in an article, those of persons do not.
Therefore they count only near words for a patient, while an NHS number is recognised by its check
digit. Findings show identifiers masked, so that a report does not disclose them again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from ingest.checks.config import Rule
from ingest.checks.context import CheckContext
from ingest.checks.finding import Finding

IDENTIFIER_SIGN = re.compile(r"[\d@]")  # every identifier below contains one of these characters
TEN_DIGITS = re.compile(r"(?<![\d.,/-])(?:\d{3}[ -]?\d{3}[ -]?\d{4})(?![\d.,]?\d)")
NHS_WEIGHTS = range(10, 1, -1)  # for the nine digits before the check digit (NHS Data Dictionary)
NHS_MODULUS = 11
EMAIL = re.compile(r"[\w.+-]+@(?P<host>[\w-]+(?:\.[\w-]+)+)")
PHONE = re.compile(r"(?<![\d/.-])(?:\+44\s?|0)(?:\d[\s-]?){9,10}(?!\d)")
_DATE = (
    r"(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d\d)|\d{4}-\d\d-\d\d|"
    r"\d{1,2}(?:st|nd|rd|th)?\s+[A-Z][a-z]{2,8}\s+\d{4})"
)
DATE_SIGN = re.compile(r"\d{4}|\d[/.-]\d")  # part of every date
BIRTH_DATE = re.compile(
    rf"\b(?:date of birth|d\.?o\.?b\.?|born(?: on)?)\b\W{{0,3}}{_DATE}|"
    rf"\b(?:Mr|Mrs|Ms|Miss|Master)\.? [A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*,? \(?{_DATE}",
    re.IGNORECASE,
)
UNMASKED_CHARACTERS = 2  # at each end, enough to locate the identifier


def check_patient_identifiers(context: CheckContext, rule: Rule) -> Iterator[Finding]:
    """Find identifiers of patients; one finding per type and passage."""
    for part in context.parts:
        found: dict[str, list[str]] = {}
        for sentence in part.sentences:
            for what, words in find_identifiers(sentence, context.today, rule):
                found.setdefault(what, []).append(_mask(words))
        for what, masked in found.items():
            yield rule.finding(
                f"This looks like {what} of a patient: {', '.join(masked)}.",
                at=part.location,
                words=tuple(masked),
                suggestion="Remove it before the article is saved elsewhere. In an example, use "
                "an invented identifier and label it as such.",
            )


def find_identifiers(sentence: str, today: date, rule: Rule) -> Iterator[tuple[str, str]]:
    """Yield (type, text) for each identifier of a patient in a sentence."""
    if not IDENTIFIER_SIGN.search(sentence):
        return
    beside_patient = rule.contains("patient_words", sentence)
    for number in TEN_DIGITS.finditer(sentence):
        # One in eleven US telephone numbers (301-555-0123) has a valid check digit by chance.
        as_telephone = "-" in number.group() and not beside_patient
        if is_nhs_number(number.group()) and not as_telephone:
            yield "an NHS number", number.group()
    for record in _record_pattern(rule.texts("record_words")).finditer(sentence):
        yield "a record number", record.group()
    for birth in BIRTH_DATE.finditer(sentence) if DATE_SIGN.search(sentence) else ():
        if _could_be_alive(birth.group(), today, rule):
            yield "a date of birth", birth.group()
    for email in EMAIL.finditer(sentence) if "@" in sentence else ():
        if email["host"].lower() in rule.texts("free_mail"):
            yield "the email address", email.group()
    for phone in PHONE.finditer(sentence):
        if _is_personal_phone(sentence, rule):
            yield "the telephone number", phone.group().strip()


def is_nhs_number(text: str) -> bool:
    """Return whether the last of ten digits is the check digit of the first nine."""
    digits = [int(character) for character in text if character.isdigit()]
    if len(digits) != len(NHS_WEIGHTS) + 1 or len(set(digits)) == 1:
        return False
    weighed = sum(w * digit for w, digit in zip(NHS_WEIGHTS, digits, strict=False))
    check = (NHS_MODULUS - weighed % NHS_MODULUS) % NHS_MODULUS
    return check == digits[-1]


@cache
def _record_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(re.escape(word) for word in words)
    return re.compile(rf"\b(?:{names})\b\W{{0,3}}(?=[A-Z-]*\d)[A-Z0-9-]{{5,12}}\b", re.IGNORECASE)


def _is_personal_phone(sentence: str, rule: Rule) -> bool:
    """Return whether a telephone number in the sentence belongs to a person."""
    if rule.contains("own_phone", sentence):
        return True
    of_service = rule.contains("service_words", sentence)
    return rule.contains("patient_words", sentence) and not of_service


def _could_be_alive(birth: str, today: date, rule: Rule) -> bool:
    years = re.findall(r"(?<!\d)\d{4}(?!\d)", birth)
    return not years or today.year - int(years[-1]) <= rule.number("oldest_years")


def _mask(text: str) -> str:
    inner = re.sub(r"\w", "*", text[UNMASKED_CHARACTERS:-UNMASKED_CHARACTERS])
    return text[:UNMASKED_CHARACTERS] + inner + text[-UNMASKED_CHARACTERS:]
