"""Analysis: from text to tokens, the same for what is indexed and for what is searched.

A token is a word's stem, its place among the words, and where the word stands in the text. Both
ends must agree to the letter, so whatever changes here changes `VERSION`, which is part of the
stamp that an index carries.

Whoosh and the snippets both use `tokenize`; nothing else in the house cuts text into words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import Stemmer

VERSION = 1

# A number keeps its decimals ("0.5 mg"); a word keeps its apostrophe until the possessive is cut
# ("Crohn's"); a soft hyphen, a zero-width character or an accent that is a character of its own
# (PDFs and macOS write "é" so) inside a word is not its end. A hyphen is: "follow-up" is two words,
# so that it is found by "follow up", too.
_WITHIN = r"[\u00ad\u200b-\u200d\u2060\u0300-\u036f]"
_WORD = re.compile(
    r"\d+(?:[.,]\d+)+"
    rf"|[^\W_]+(?:(?:{_WITHIN}+(?:['’]{_WITHIN}*)?|['’]{_WITHIN}*)[^\W_]+)*[\u0300-\u036f]*"
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060]")
_POSSESSIVE = re.compile(r"['’]s?$|['’](?=s$)")

# Letters that clinical text spells as signs: "β-blocker" is found by "beta blocker".
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "ω": "omega",
}  # fmt: skip

_DATA = Path(__file__).with_name("data")
LONGEST = 64  # letters; what is longer is no word that a person types, and is cut


class Token(NamedTuple):
    """One word: `stem` is what is compared, `start` and `end` are offsets in the text."""

    stem: str
    position: int
    start: int
    end: int


def signature() -> str:
    """Return what tokens depend on: this module, the stemmer, and the tables of Unicode."""
    return f"analysis-{VERSION} stemmer-{Stemmer.version()} unicode-{unicodedata.unidata_version}"


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of `text` in order; positions count words from 0."""
    for position, match in enumerate(_WORD.finditer(text)):
        yield Token(stem_of(match.group()), position, match.start(), match.end())


def words(text: str) -> list[str]:
    """Return the words of `text` as they stand there, in order."""
    return [match.group() for match in _WORD.finditer(text)]


def stems(text: str) -> list[str]:
    """Return the stems of the words of `text`, in order."""
    return [stem_of(word) for word in words(text)]


@lru_cache(maxsize=200_000)  # the vocabulary of a million passages; about 20 MB
def stem_of(word: str) -> str:
    """Return the stem of one word as it stands in a text."""
    folded = fold(word)
    return _exceptions().get(folded) or _stemmer().stemWord(folded)


def fold(word: str) -> str:
    """Return `word` in the form that is compared before stemming: no case, accent or possessive."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", word)).casefold()
    for letter, name in _GREEK.items():
        plain = plain.replace(letter, name)
    decomposed = unicodedata.normalize("NFKD", plain)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    plain = _POSSESSIVE.sub("", plain).replace("’", "'")[:LONGEST]
    return plain or word[:LONGEST]  # a sign that is nothing but an accent stays what it is


def is_stopword(word: str) -> bool:
    """Tell whether the word carries no topic."""
    return fold(word) in _stopwords()


@lru_cache(maxsize=1)
def _stopwords() -> frozenset[str]:
    lines = (_DATA / "stopwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=1)
def _exceptions() -> dict[str, str]:
    lines = (_DATA / "stems.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":") for line in lines if line and not line.startswith("#"))
    return {word.strip(): stem.strip() for word, stem in pairs}


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    # Snowball's English, https://snowballstem.org/algorithms/english/stemmer.html
    stemmer = Stemmer.Stemmer("english")
    stemmer.maxCacheSize = 0  # `stem_of` caches already
    return stemmer
