"""Wildcard phrase matching, word by word, in one pass over the text.

The syntax is that of ``kb/data/taxonomy.toml``: whole words, ignoring case; a hyphen equals a
space; `*` at the end of a word matches any ending; `*` alone matches one to three words (except
`NON_WILDCARD_WORDS`); `^`, like any punctuation mark, matches the beginning of a sentence or
clause.

Phrases are looked up by their first word in a dictionary, which is faster than one regular
expression per phrase.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WILDCARD = "*"
MAX_WILDCARD_WORDS = 3  # "how * work" matches "how do vaccines work", "how the new joint works"

# Words that `*` does not match. "How to prevent it", "how you can protect yourself" and "how long
# it lasts" ask for advice or a measure, whereas "how * prevent*" looks for an explanation.
NON_WILDCARD_WORDS = frozenset({"to", "you", "i", "we", "long", "many", "much", "often"})

# A word may contain joining characters ("a&e", "don't"); all other punctuation is a boundary.
_TOKEN = re.compile(r"\w+(?:[&'’]\w+)*\*?|\*|[^\w\s]|\n")
_HYPHENS = re.compile(r"[-‐‑–]")
_WORD_SEPARATOR = "/"  # "and/or" reads as two words next to each other
BOUNDARY = "."  # phrases do not match across it


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A match of a phrase: its tag, the phrase, the matched words and their position."""

    tag: str
    phrase: str
    words: str
    start: int  # index of the first word


class PhraseMatcher:
    """Finds all phrases of several tags in a text."""

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        """Create a matcher for (tag, phrase) pairs."""
        self._exact: dict[str, list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
        self._beginnings: dict[str, list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
        for tag, phrase in phrases:
            words = tuple(tokenize(phrase))
            if not words or words[0] == WILDCARD:
                continue  # a leading wildcard adds nothing to the rest of the phrase
            if words[0].endswith("*"):
                self._beginnings[words[0][:-1]].append((tag, phrase, words))
            else:
                self._exact[words[0]].append((tag, phrase, words))
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})

    def find(self, text: str) -> Iterator[PhraseMatch]:
        """Yield all matches in reading order."""
        words = [BOUNDARY, *tokenize(text)]  # the text starts with a sentence
        following = [*words[1:], BOUNDARY]
        for position, word in enumerate(words):
            for tag, phrase, wanted in self._candidates(word):
                if len(wanted) > 1 and not _may_follow(following[position], wanted[1]):
                    continue  # rejects most candidates without the cost of a call
                end = _match_end(words, position, wanted)
                if end:
                    start = position + (wanted[0] == BOUNDARY)  # `^` itself is not a word
                    yield PhraseMatch(tag, phrase, " ".join(words[start:end]), start - 1)

    def _candidates(self, word: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        yield from self._exact.get(word, ())
        for length in self._lengths:
            if length > len(word):
                break
            yield from self._beginnings.get(word[:length], ())


def tokenize(text: str) -> list[str]:
    """Return the lower-case words of `text`, with `BOUNDARY` for punctuation and line breaks."""
    plain = _HYPHENS.sub(" ", text.lower()).replace("’", "'")
    return [
        token if token[0].isalnum() or token[0] in "_*" else BOUNDARY
        for token in _TOKEN.findall(plain)
        if token != _WORD_SEPARATOR
    ]


def _may_follow(word: str, wanted: str) -> bool:
    return word == wanted or wanted[-1] == WILDCARD


def _match_end(words: Sequence[str], position: int, wanted: Sequence[str]) -> int:
    """Return the end of a match of `wanted` at `position`, or 0 if it does not match."""
    if not wanted:
        return position
    first, rest = wanted[0], wanted[1:]
    if first == WILDCARD:
        for _ in range(MAX_WILDCARD_WORDS):
            if (
                position >= len(words)
                or words[position] == BOUNDARY
                or words[position] in NON_WILDCARD_WORDS
            ):
                return 0
            position += 1
            end = _match_end(words, position, rest)
            if end:
                return end
        return 0
    if position >= len(words) or not _matches_word(words[position], first):
        return 0
    return _match_end(words, position + 1, rest)


def _matches_word(word: str, wanted: str) -> bool:
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted
