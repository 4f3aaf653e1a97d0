"""Normalisation of the names of conditions, medicines and tests in health records.

Two names are equal if they have the same words in any order, apart from articles, prepositions and
conjunctions. This is stricter than the search: "hepatitis A" is not "hepatitis", and "migraine
without aura" is not "migraine with aura". Additions of ICD-10-CM are defined here; units, forms,
salts and specimens are listed in ``web/data/products.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.analyzer import split_words, stem_word

PRODUCTS = Path(__file__).parents[2] / "data" / "products.toml"

# "With" and "without" are significant. "A" is ignored only at the start: "vitamin A".
FUNCTION_WORDS = frozenset(["an", "and", "by", "for", "from", "in", "of", "on", "or", "the", "to"])
NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
NUMBERED = frozenset(("type", "stage", "grade", "class"))  # words before a Roman numeral

# Additions of ICD-10-CM to the name of a condition: "Gout, unspecified", "Essential (primary)
# hypertension". Causes ("due to") are not removed, because they change the condition.
_ADDITIONS = re.compile(
    r"\([^)]*\)|\[[^\]]*\]|,(?!\s*type\b)[^,]*|\b(?:unspecified|essential|primary|with .*"
    r"|without .*|not elsewhere classified|in diseases classified elsewhere)\b",
    re.IGNORECASE,
)
# Stage and severity: "chronic kidney disease stage 3", "asthma severe". Types are significant.
_STAGE = r"(?:\b(?:nyha|ajcc) )?\b(?:stage|grade|class) (?:\d+[a-d]?|[ivx]+[a-d]?)\b"
_QUALIFIERS = re.compile(
    rf"^{_STAGE}\s+|(?:\s+(?:{_STAGE}|(?:mild|moderate|severe|stable|left|right|bilateral)\b))+$",
    re.IGNORECASE,
)
# "CKD (chronic kidney disease) stage 3"
_EXPLAINED = re.compile(r"([^()\[\]]+)[(\[]([^()\[\]]+)[)\]](.*)")
_GENERIC = re.compile(r"\s*\b(?:disease|disorder|syndrome|infection)\b\s*", re.IGNORECASE)
_UNSAFE = re.compile(r"\bdue to\b|\bother\b", re.IGNORECASE)
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_PARENTHESES = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_PARTS = re.compile(r"\s+/\s+|\s+(?:and|with)\s+|\s*\+\s*", re.IGNORECASE)
_NUMBER = re.compile(r"[\d.,]+")
_STRENGTH = re.compile(r"[\d.,]+(?:[-/x][\d.,]+)*(?P<unit>[^\W\d_]*%?(?:/[\d.,]*[^\W\d_]*)*)")


@dataclass(frozen=True, slots=True)
class _Products:
    units: frozenset[str]
    forms: frozenset[str]
    salts: frozenset[str]
    specimens: frozenset[str]


@lru_cache(maxsize=1)
def _products() -> _Products:
    lists = tomllib.loads(PRODUCTS.read_text(encoding="utf-8"))
    return _Products(**{name: frozenset(entries) for name, entries in lists.items()})


def stems(name: str) -> tuple[str, ...]:
    """Return the stems of the words of a name in order, without function words."""
    result: list[str] = []
    previous = ""
    for number, token in enumerate(split_words(name)):
        word = token.casefold()
        if previous in NUMBERED and word in NUMERALS:
            result.append(NUMERALS[word])
        elif word not in FUNCTION_WORDS and not (word == "a" and not number):
            result.append(stem_word(word))
        previous = word
    return tuple(result)


def name_key(name: str) -> frozenset[str]:
    """Return a key that is the same for equal names."""
    return frozenset(stems(name))


def titles_of(title: str) -> tuple[str, ...]:
    """Return the names in a title: as written, without parentheses, and inside parentheses.

    Example: "COPD (chronic obstructive pulmonary disease)" contains two names.
    """
    outside = " ".join(_PARENTHESES.sub(" ", title).split())
    in_parentheses = (text.strip("()[]") for text in _PARENTHESES.findall(title))
    return tuple(filter(None, dict.fromkeys((title, outside, *in_parentheses))))


def without_additions(name: str) -> str:
    """Return the name of a condition without the additions of a classification, stage or severity.

    Return an empty string if that would change the meaning, as in "Other specified diabetes
    mellitus".
    """
    shortened = " ".join(_ADDITIONS.sub(" ", name).split())
    return "" if _UNSAFE.search(shortened) else _QUALIFIERS.sub("", shortened)


def spelled_out(name: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of names in an abbreviation with its expansion, with what follows them.

    "CKD (chronic kidney disease) stage 3" is "chronic kidney disease stage 3" or "CKD stage 3". The
    last pair omits what follows if it is a generic word: "human immunodeficiency virus [HIV]
    disease".
    """
    match = _EXPLAINED.fullmatch(name)
    if not match:
        return
    before, inside, rest = (part.strip() for part in match.groups())
    if _is_abbreviation(inside, before):
        before, inside = inside, before
    elif not _is_abbreviation(before, inside):
        return
    yield f"{inside} {rest}".strip(), f"{before} {rest}".strip()
    if _GENERIC.fullmatch(rest):
        yield inside, before


def _is_abbreviation(short: str, name: str) -> bool:
    """Return whether a word consists of letters of a longer name in their order: HTN, T2DM."""
    if " " in short or len(short) >= len(name):
        return False
    letters = iter(name.casefold())
    is_ordered = all(letter in letters for letter in short.casefold())
    return is_ordered and short[0].casefold() == name[0].casefold()


def product_names(name: str) -> Iterator[tuple[str, ...]]:
    """Yield groups of names of a medicine without strength, form and salt, most specific first.

    Combinations come first as one name and then by ingredient; the last group has the brand names
    in brackets.
    """
    parts = [part for part in map(_ingredient, _PARTS.split(_PARENTHESES.sub(" ", name))) if part]
    bases = [_strip_salt(part) for part in parts]
    yield (" / ".join(parts),)
    yield (" / ".join(bases),)
    yield tuple(dict.fromkeys((*parts, *bases)))
    yield tuple(_BRACKETS.findall(name))


def analyte_name(name: str) -> str:
    """Return the analyte of a test, without specimen and method."""
    text = " ".join(_PARENTHESES.sub(" ", name).split())
    measured, _, rest = text.partition(" in ")
    specimen = set(rest.casefold().split()) & _products().specimens
    return (measured if specimen else text).split("/")[0].strip()


def is_product_name(name: str) -> bool:
    """Return whether a name contains a strength, which identifies a medicine."""
    return any(map(_is_strength, _pairs(name.casefold().split())))


def _pairs(parts: list[str]) -> Iterator[tuple[str, str]]:
    return zip(parts, [*parts, ""][1:], strict=True)


def _is_strength(pair: tuple[str, str]) -> bool:
    match = _STRENGTH.fullmatch(pair[0].strip(",;"))
    if not match:
        return False
    unit = (match["unit"] or pair[1].strip(",;")).split("/")[0]
    return unit in _products().units


def _ingredient(part: str) -> str:
    """Return the part of a product name before the strength, without dose forms."""
    lists = _products()
    words: list[str] = []
    for pair in _pairs(part.casefold().split()):
        if not _is_strength(pair):
            words.append(pair[0])
        elif words:
            break
    while words and (words[0] in lists.units or _NUMBER.fullmatch(words[0])):
        words.pop(0)
    while words and words[-1].strip(",;") in lists.forms:
        words.pop()
    return " ".join(words).strip(" ,;")


def _strip_salt(ingredient: str) -> str:
    """Return an ingredient without its salt; unchanged if nothing would remain."""
    parts, salts = ingredient.split(), _products().salts
    while parts and parts[-1] in salts:
        parts.pop()
    while parts and parts[0] in salts:
        parts.pop(0)
    return " ".join(parts) or ingredient
