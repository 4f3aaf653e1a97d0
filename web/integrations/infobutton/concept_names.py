"""Names as records write them: which are the same, and what the thing itself is called.

Two names are the same when they have the same words in any order, small ones aside. That is
stricter than how the search compares: "hepatitis A" is not "hepatitis", "migraine without aura"
not "migraine with aura". What may be left out of a name of ICD-10-CM stands here; how medicines
and tests are written, in ``web/data/products.toml``.
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

# Words that join others and name nothing. "With" and "without" are not among them, and "a" only
# at the beginning: it tells vitamin A from vitamins.
SMALL = frozenset(["an", "and", "by", "for", "from", "in", "of", "on", "or", "the", "to"])
NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
NUMBERED = frozenset(("type", "stage", "grade", "class"))  # what a Roman numeral stands behind

# What ICD-10-CM adds to the name of a condition: "Gout, unspecified", "Essential (primary)
# hypertension". Never what a condition is due to: that makes another one of it.
_ADDED = re.compile(
    r"\([^)]*\)|\[[^\]]*\]|,.*|\b(?:unspecified|essential|primary|with .*|without .*"
    r"|not elsewhere classified|in diseases classified elsewhere)\b",
    re.IGNORECASE,
)
_DUE = re.compile(r"\bdue to\b|\bother\b", re.IGNORECASE)
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
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
    """Return the words of a name by their stems, in order, without those that name nothing."""
    found: list[str] = []
    before = ""
    for number, written in enumerate(split_words(name)):
        word = written.casefold()
        if before in NUMBERED and word in NUMERALS:
            found.append(NUMERALS[word])
        elif word not in SMALL and not (word == "a" and not number):
            found.append(stem_word(word))
        before = word
    return tuple(found)


def name_key(name: str) -> frozenset[str]:
    """Return what two names have in common when they are the same."""
    return frozenset(stems(name))


def titles_of(title: str) -> tuple[str, ...]:
    """Return what a title says a thing is called: "COPD (chronic ... disease)" says it twice."""
    outside = " ".join(_ASIDE.sub(" ", title).split())
    asides = (aside.strip("()[]") for aside in _ASIDE.findall(title))
    return tuple(filter(None, dict.fromkeys((title, outside, *asides))))


def without_additions(name: str) -> str:
    """Return the name of a condition without what a classification adds; "" where that is unsafe.

    "Other specified diabetes mellitus" is not what "diabetes mellitus" leads to.
    """
    plain = " ".join(_ADDED.sub(" ", name).split())
    return "" if _DUE.search(plain) else plain


def of_product(name: str) -> Iterator[tuple[str, ...]]:
    """Yield what a medicine is called without strength, form and salt, the nearest first.

    Names that count alike come together: several ingredients first as one name, then each of
    them; last the brands in brackets.
    """
    parts = [part for part in map(_ingredient, _PARTS.split(_ASIDE.sub(" ", name))) if part]
    bases = [_strip_salt(part) for part in parts]
    yield (" / ".join(parts),)
    yield (" / ".join(bases),)
    yield tuple(dict.fromkeys((*parts, *bases)))
    yield tuple(_BRACKETS.findall(name))


def of_test(name: str) -> str:
    """Return what a test measures, without how it is measured and in what."""
    plain = " ".join(_ASIDE.sub(" ", name).split())
    measured, _, rest = plain.partition(" in ")
    specimen = set(rest.casefold().split()) & _products().specimens
    return (measured if specimen else plain).split("/")[0].strip()


def is_of_product(name: str) -> bool:
    """Tell whether a name has a strength in it, as only those of medicines do."""
    return any(map(_is_strength, _pairs(name.casefold().split())))


def _pairs(parts: list[str]) -> Iterator[tuple[str, str]]:
    return zip(parts, [*parts, ""][1:], strict=True)


def _is_strength(pair: tuple[str, str]) -> bool:
    found = _STRENGTH.fullmatch(pair[0].strip(",;"))
    if not found:
        return False
    unit = (found["unit"] or pair[1].strip(",;")).split("/")[0]
    return unit in _products().units


def _ingredient(part: str) -> str:
    """Return a part of a product's name up to its strength, without forms at its ends."""
    lists = _products()
    kept: list[str] = []
    for pair in _pairs(part.casefold().split()):
        if not _is_strength(pair):
            kept.append(pair[0])
        elif kept:
            break
    while kept and (kept[0] in lists.units or _NUMBER.fullmatch(kept[0])):
        kept.pop(0)
    while kept and kept[-1].strip(",;") in lists.forms:
        kept.pop()
    return " ".join(kept).strip(" ,;")


def _strip_salt(ingredient: str) -> str:
    """Return an ingredient without its salt; as it is, where nothing else would remain."""
    parts, salts = ingredient.split(), _products().salts
    while parts and parts[-1] in salts:
        parts.pop()
    while parts and parts[0] in salts:
        parts.pop(0)
    return " ".join(parts) or ingredient
