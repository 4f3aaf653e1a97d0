"""Tokens of a text for the check against the source: words, and numbers with sign and unit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from ingest.fidelity.markers import OPTIONAL_END, OPTIONAL_START, RAISED

# Case-folded, so µ is the Greek letter.
_UNITS = """
mg g kg mcg μg ng ml l dl mmol mol μmol nmol pmol meq mosm iu u unit units mm cm m kcal kj mmhg kpa
bpm min mins minute minutes s sec second seconds h hr hrs hour hours day days week weeks month
months year years times tablet tablets capsule capsules drop drops puff puffs
microgram micrograms milligram milligrams gram grams
"""
# Words whose loss or gain changes a dose, a limit or an instruction.
_WORDS = """
not no never without cannot nor neither avoid none nothing non contraindicated except unless stop
less more fewer greater least most below above under over exceed exceeds exceeding maximum minimum
max within until up higher lower before after only once twice half double daily weekly monthly
hourly every one two three four five six seven eight nine ten twelve
"""
FACT_WORDS = frozenset(_WORDS.split())
_SIGNS = "<>≤≥±≈~="
# The number of signs is limited because a long run without a number would take quadratic time. The
# first alternative is the most frequent case, and fast.
_TOKEN = re.compile(
    r"[a-z]{2,}(?![^\W_]|')"
    r"|[^\W\d_]+(?:'[^\W\d_]+|\d+\w*)?"
    rf"|(?=[{_SIGNS}{RAISED}^\-.\d])(?:"
    rf"[{RAISED}^][^\S\n]*[-+]?\d+(?:[.,]\d+)*"
    rf"|(?:[{_SIGNS}][^\S\n]*){{0,3}}(?:(?<![\w)\]/.-])-(?=[\d.]))?(?:\d+(?:[.,]\d+)*|\.\d+)"
    rf"(?:[^\S\n]{{0,9}}-?(?:(?:{'|'.join(sorted(_UNITS.split(), key=len, reverse=True))})(?!\w)"
    r"|%|°[cf]\b))?"
    r")|[%°](?:[cf]\b)?"
    r"|\n"
)
_PARTS = re.compile(r"(.*\d)[^\S\n]*-?([^\d]*)", re.S)
_DIGIT = re.compile(r"\d")
_NOTE_LABEL = re.compile(r"\[\d{1,3}\]")  # some readers number the notes
_TYPED_SIGN = re.compile(r"\+\s?/\s?-")
_SMALL = re.compile(r"[⁰¹²³⁴-⁹⁺⁻]+")
_SMALL_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_DEGREE = re.compile(rf"(?<=\d)(\s?)(?:{RAISED}[o0º°]|[oº])(?=\s?[cf]\b)")
_FRACTIONS = "½1/2 ¼1/4 ¾3/4 ⅓1/3 ⅔2/3 ⅕1/5 ⅖2/5 ⅗3/5 ⅘4/5 ⅙1/6 ⅚5/6 ⅛1/8 ⅜3/8 ⅝5/8 ⅞7/8"
_CHARACTERS = {
    **dict(zip("−–‐‑’", "----'", strict=True)),
    **dict.fromkeys("\xad\u200b\u200c\u200d\u2060\ufeff", ""),
    **{each[0]: f" {each[1:]} " for each in _FRACTIONS.split()},
}
_CHARACTER = re.compile(f"[{''.join(_CHARACTERS)}]")  # faster than str.translate
_OPTIONAL = re.compile(f"{OPTIONAL_START}[^{OPTIONAL_END}\n]*{OPTIONAL_END}")
_MARKERS = re.compile(f"[{OPTIONAL_START}{OPTIONAL_END}]")

Triple = tuple[str, str, str]


class Fact(NamedTuple):
    """A token that matters, with its neighbours on the line and its position."""

    before: str
    token: str
    after: str
    position: int


class Tokens:
    """Tokens of a text, and how often each occurs in its context."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        normalized = normalize(text)
        self.all = tokenize(_MARKERS.sub("", normalized))  # a line ends with "\n"
        self.pairs = Counter(pairwise([token for token in self.all if token != "\n"]))
        self.facts = list(_iter_facts(self.all))
        self.triples: Counter[Triple] = Counter(fact[:3] for fact in self.facts)
        self.numbers = {part for fact in self.facts for part in (fact.token, number_of(fact.token))}
        self.shown: list[str] = []  # of lines with optional texts, without these texts
        if OPTIONAL_START in normalized:
            lines = [line for line in normalized.split("\n") if OPTIONAL_START in line]
            self._add_visible(lines)

    def _add_visible(self, lines: list[str]) -> None:
        """Add the contexts of lines without their optional texts."""
        self.shown = tokenize("\n".join(_OPTIONAL.sub("", line) for line in lines))
        whole = tokenize(_MARKERS.sub("", "\n".join(lines)))
        self.pairs += Counter(pairwise(self.shown)) - Counter(pairwise(whole))
        self.triples += Counter(fact[:3] for fact in _iter_facts(self.shown)) - Counter(
            fact[:3] for fact in _iter_facts(whole)
        )

    def line_number(self, position: int) -> int:
        """Return the number of the line that contains a token."""
        return self.all[:position].count("\n")


def normalize(text: str) -> str:
    """Return a text in which equal meanings have equal characters."""
    text = text.casefold()
    if not text.isascii():
        text = _CHARACTER.sub(lambda found: _CHARACTERS[found[0]], text)
        text = _SMALL.sub(lambda found: RAISED + found[0].translate(_SMALL_DIGITS), text)
        text = _DEGREE.sub(r"\1°", text)
    if RAISED in text:  # 4<sup>×10<sup>9</sup></sup>
        text = text.replace(f"{RAISED}10{RAISED}", f"10{RAISED}")
    return _TYPED_SIGN.sub("±", _NOTE_LABEL.sub(" ", text))


def tokenize(text: str) -> list[str]:
    """Return the tokens of a normalised text: words, numbers with sign and unit, and "\\n"."""
    return [
        token if token.isalpha() or len(token) == 1 else _canonical(token)
        for token in _TOKEN.findall(text)
    ]


def split_lines(tokens: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the tokens of each line."""
    start = 0
    while start <= len(tokens):
        try:
            end = tokens.index("\n", start)
        except ValueError:
            end = len(tokens)
        yield tuple(tokens[start:end])
        start = end + 1


def _canonical(token: str) -> str:
    """Return a number without spaces, except before its unit; raised numbers begin alike."""
    found = _PARTS.fullmatch(token)
    if found is None:
        return token
    number, unit = "".join(found[1].split()), found[2]
    if number[0] == "^":
        number = RAISED + number[1:]
    return f"{number} {unit}" if unit and not token[0].isalpha() else number + unit


def number_of(token: str) -> str:
    """Return a number without its unit."""
    return token.partition(" ")[0]


def is_fact(token: str) -> bool:
    """Return whether a token is a word that matters, or contains a digit: 5 mg, ^9, B12."""
    if token.isalpha():
        return token in FACT_WORDS
    return _DIGIT.search(token) is not None or token.endswith("n't")


def _iter_facts(tokens: list[str]) -> Iterator[Fact]:
    around = ["\n", *tokens, "\n"]
    for position, token in enumerate(tokens):
        # Most tokens are other words: the first two conditions are fast.
        if (token in FACT_WORDS or not token.isalpha()) and is_fact(token):
            before, after = around[position], around[position + 2]
            yield Fact(
                "" if before == "\n" else before, token, "" if after == "\n" else after, position
            )
