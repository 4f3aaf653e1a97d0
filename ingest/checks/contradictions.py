"""Statements with keys, and the search for contradictions between them.

The key of a definition is its term, that of a number its quantity. Statements of other articles
come from passages that share a key (`ingest.checks.statement_index`), so there are no pairwise
comparisons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Generic, TypeVar

from ingest.checks.finding import FindingLocation
from ingest.language.phrase_matcher import BOUNDARY, tokenize

MAX_COMPARED = 30  # earlier statements per key; a word defined more often is not a term
ARTICLES = ("a", "an", "the")
SPELLINGS = (("ae", "e"), ("oe", "e"), ("isation", "ization"), ("ise", "ize"), ("tre", "ter"))

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Statement(Generic[V]):
    """A value stated in a sentence; `article_title` is set if it is from another article."""

    key: str
    value: V
    sentence: str
    location: FindingLocation
    article_title: str = ""


def find_conflicts(
    statements: Iterable[Statement[V]], differ: Callable[[V, V], bool]
) -> Iterator[tuple[Statement[V], Statement[V]]]:
    """Yield (statement of this article, conflicting statement), each statement at most once.

    The statements of this article must come first.
    """
    earlier: dict[str, list[Statement[V]]] = defaultdict(list)
    for statement in statements:
        others = earlier[statement.key]
        for other in others:
            if other.sentence == statement.sentence:  # "every 2 weeks, later every 4 weeks"
                continue
            if not other.article_title and differ(other.value, statement.value):
                yield (statement, other) if not statement.article_title else (other, statement)
                break
        if len(others) < MAX_COMPARED:
            others.append(statement)


def describe_location(statement: Statement[V]) -> str:
    """Return the location of a statement for use in a message."""
    heading = str(statement.location)
    inside = "in the opening" if heading == "opening" else f'under "{heading}"'
    return (
        f'in the article "{statement.article_title}", {inside}'
        if statement.article_title
        else inside
    )


def content_words(text: str) -> frozenset[str]:
    """Return the content words of a text in a uniform spelling, singular."""
    return filter_content_words(tokenize(text))


def filter_content_words(words: Iterable[str]) -> frozenset[str]:
    """Return the content words among the results of `ingest.language.phrase_matcher.tokenize`."""
    kept = frozenset(words) - _load_words("function-words")
    return frozenset(
        [_normalize_word(word) for word in kept if len(word) > len("of")]  # `BOUNDARY` is shorter
    )


def normalize_term(text: str, generic: Iterable[str] = ()) -> str:
    """Return the normal form of a term, or an empty string if it is not a term."""
    words = [word for word in tokenize(text) if word != BOUNDARY]
    while words and words[0] in ARTICLES:
        words.pop(0)
    nouns = frozenset(generic)
    while len(words) > 1 and words[-1] in nouns:
        words.pop()
    longest = 4  # words in a term, such as "congestive heart failure"
    if not words or len(words) > longest or not _load_words("no-terms").isdisjoint(words):
        return ""
    return " ".join(_normalize_word(word) for word in words)


@lru_cache(maxsize=20_000)  # about the vocabulary of a large site
def _normalize_word(word: str) -> str:
    for british, american in SPELLINGS:
        word = word.replace(british, american)
    return (
        word[:-1] if len(word) > len("gas") and word[-1] == "s" and word[-2] not in "su" else word
    )


@cache
def _load_words(name: str) -> frozenset[str]:
    lines = Path(__file__).with_name(f"{name}.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
