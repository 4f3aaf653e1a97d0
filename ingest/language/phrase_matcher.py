"""Phrases of the taxonomy, found in a text word by word.

The syntax is that of ``kb/data/taxonomy.toml``: whole words whatever the case, a hyphen is a
space, `*` at the end of a word is any ending, a `*` by itself is one to three words (but none of
`NON_WILDCARD_WORDS`), and `^` (like any mark that parts words) is the beginning of a sentence or clause.
Words and a table of their beginnings instead of regular expressions: every phrase of every tag is
looked for in one pass over the text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WILDCARD = "*"
MAX_WILDCARD_WORDS = 3  # "how * work": "how do vaccines work", "how the new joint works"

# Words that no `*` stands for. "How to prevent it", "how you can protect yourself" and "how long it
# lasts" ask for advice or a measure, where "how * prevent*" means an explanation.
NON_WILDCARD_WORDS = frozenset({"to", "you", "i", "we", "long", "many", "much", "often"})

# A word may hold what joins its parts: "a&e", "don't". Anything else that is no space parts words.
_TOKEN = re.compile(r"\w+(?:[&'’]\w+)*\*?|\*|[^\w\s]|\n")
_HYPHENS = re.compile(r"[-‐‑–]")
_WORD_SEPARATOR = "/"  # "and/or" reads as two words next to each other
BOUNDARY = "."  # what a phrase does not reach across


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A phrase found in a text: what it speaks for, the phrase, and the words that matched."""

    tag: str
    phrase: str
    words: str
    start: int  # number of the first word


class PhraseMatcher:
    """Phrases with the tag that each speaks for, ready to be looked for together."""

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        """Take (tag, phrase) pairs."""
        self._exact: dict[str, list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
        self._beginnings: dict[str, list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
        for tag, phrase in phrases:
            words = tuple(tokenize(phrase))
            if not words or words[0] == WILDCARD:
                continue  # an open beginning says nothing that the rest of the phrase does not
            if words[0].endswith("*"):
                self._beginnings[words[0][:-1]].append((tag, phrase, words))
            else:
                self._exact[words[0]].append((tag, phrase, words))
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})

    def find(self, text: str) -> Iterator[PhraseMatch]:
        """Yield every place where a phrase begins, in reading order."""
        words = [BOUNDARY, *tokenize(text)]  # a text begins as a sentence does
        following = [*words[1:], BOUNDARY]
        for position, word in enumerate(words):
            for tag, phrase, wanted in self._candidates(word):
                if len(wanted) > 1 and not _may_follow(following[position], wanted[1]):
                    continue  # most candidates end here, and a call costs more than a look
                end = _match_end(words, position, wanted)
                if end:
                    start = position + (wanted[0] == BOUNDARY)  # the `^` itself is no word
                    yield PhraseMatch(tag, phrase, " ".join(words[start:end]), start - 1)

    def _candidates(self, word: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        yield from self._exact.get(word, ())
        for length in self._lengths:
            if length > len(word):
                break
            yield from self._beginnings.get(word[:length], ())


def tokenize(text: str) -> list[str]:
    """Return the words of `text` in small letters, with a stop where a phrase may not reach."""
    plain = _HYPHENS.sub(" ", text.lower()).replace("’", "'")
    return [
        token if token[0].isalnum() or token[0] in "_*" else BOUNDARY
        for token in _TOKEN.findall(plain)
        if token != _WORD_SEPARATOR
    ]


def _may_follow(word: str, wanted: str) -> bool:
    return word == wanted or wanted[-1] == WILDCARD


def _match_end(words: Sequence[str], position: int, wanted: Sequence[str]) -> int:
    """Return where a phrase that begins at `position` ends, or 0 if it does not stand there."""
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
