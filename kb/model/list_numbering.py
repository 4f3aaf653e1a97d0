"""Labels of numbered lists: formatting, parsing, and the numbering style of a list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

LABEL = re.compile(r"(?P<prefix>\(?)(?P<number>[0-9]{1,6}|[A-Za-z]{1,12})(?P<suffix>[.):]?)")
ROMAN_DIGITS = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
    (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
MAX_ROMAN = 3999


class Numbering(StrEnum):
    """Numbering style of a list, by its name in CSS."""

    DECIMAL = "decimal"
    LOWER_ALPHA = "lower-alpha"
    UPPER_ALPHA = "upper-alpha"
    LOWER_ROMAN = "lower-roman"
    UPPER_ROMAN = "upper-roman"


class ListStart(NamedTuple):
    """Numbering style and first number of a list."""

    numbering: Numbering
    start: int


def format_number(number: int, numbering: Numbering) -> str:
    """Return a number in a numbering style; out of the range of the style, in decimal."""
    text = str(number)
    if numbering in (Numbering.LOWER_ALPHA, Numbering.UPPER_ALPHA) and number > 0:
        text = _format_alpha(number)
    elif numbering in (Numbering.LOWER_ROMAN, Numbering.UPPER_ROMAN) and 0 < number <= MAX_ROMAN:
        text = _format_roman(number)
    return text.upper() if numbering in (Numbering.UPPER_ALPHA, Numbering.UPPER_ROMAN) else text


def find_list_start(labels: Sequence[str]) -> ListStart | None:
    """Return the style and first number of consecutive labels, or None.

    Only labels that end with a full stop, as in a browser: "(a)" is not displayed as "a.".
    The first label may be ambiguous: "i." is the first Roman number or the ninth letter. The style
    that also fits the other labels is returned, Roman numbers first.
    """
    if not labels:
        return None
    first = LABEL.fullmatch(labels[0])
    if first is None or first["prefix"] or first["suffix"] != ".":
        return None
    for numbering, start in _interpretations(first["number"]):
        expected = (format_number(start + step, numbering) + "." for step in range(len(labels)))
        if all(label == text for label, text in zip(labels, expected, strict=True)):
            return ListStart(numbering, start)
    return None


def next_label(label: str) -> str:
    """Return the label that follows a label ("3." -> "4."), or an empty string if unknown."""
    found = LABEL.fullmatch(label)
    if found is None:
        return ""
    numbering, number = next(_interpretations(found["number"]), (None, 0))
    if numbering is None:
        return ""
    return found["prefix"] + format_number(number + 1, numbering) + found["suffix"]


def _interpretations(text: str) -> Iterator[tuple[Numbering, int]]:
    """Yield the styles in which a text is a number, with the number."""
    if text.isdigit():
        yield Numbering.DECIMAL, int(text)
        return
    upper = text.isupper()
    roman = _parse_roman(text.lower())
    if roman:
        yield (Numbering.UPPER_ROMAN if upper else Numbering.LOWER_ROMAN), roman
    if len(text) <= 2 and (upper or text.islower()):
        number = 0
        for letter in text.lower():
            number = number * 26 + ord(letter) - ord("a") + 1
        yield (Numbering.UPPER_ALPHA if upper else Numbering.LOWER_ALPHA), number


def _format_alpha(number: int) -> str:
    letters = ""
    while number > 0:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("a") + letter) + letters
    return letters


def _format_roman(number: int) -> str:
    text = ""
    for value, digits in ROMAN_DIGITS:
        text += digits * (number // value)
        number %= value
    return text


def _parse_roman(text: str) -> int:
    """Return the value of a Roman number in lower case, or 0."""
    number, rest = 0, text
    for value, digits in ROMAN_DIGITS:
        while rest.startswith(digits):
            number += value
            rest = rest.removeprefix(digits)
    return number if not rest and number <= MAX_ROMAN and _format_roman(number) == text else 0
