"""Wildcard phrase matching, word by word, in one pass over the text.

The syntax is that of ``kb/data/taxonomy.toml``: whole words, ignoring case; a hyphen equals a
space; `*` at the end of a word matches any ending; `*` alone matches one to three words (except
`NON_WILDCARD_WORDS`); `^`, like any punctuation mark, matches the beginning of a sentence or
clause.

Phrases are looked up by their first two words in dictionaries, which is faster than one regular
expression per phrase. The phrases that a word can start are collected when the word first occurs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

WILDCARD = "*"
MAX_WILDCARD_WORDS = 3  # "how * work" matches "how do vaccines work", "how the new joint works"

# Words that `*` does not match. "How to prevent it", "how you can protect yourself" and "how long
# it lasts" ask for advice or a measure, whereas "how * prevent*" looks for an explanation.
NON_WILDCARD_WORDS = frozenset({"to", "you", "i", "we", "long", "many", "much", "often"})

# A word may contain joining characters ("a&e", "don't"); all other punctuation is a boundary, for
# which the group is empty.
_TOKEN = re.compile(r"(\w+(?:[&'’]\w+)*\*?|\*)|[^\w\s]|\n")
_HYPHENS = "-‐‑–/"  # "and/or" reads as two words next to each other
BOUNDARY = "."  # phrases do not match across it

CACHED_TEXTS = 20_000  # more than the sentences of the longest articles
CACHED_WORDS = 50_000  # about the vocabulary of a large site; a few megabytes
ANY_OTHER = ""  # key for a following word that no phrase names


class _Phrase(NamedTuple):
    """A phrase with its words, and the longest of them that has no wildcard."""

    tag: str
    phrase: str
    words: tuple[str, ...]
    longest_word: str


class PhraseMatch(NamedTuple):
    """A match of a phrase: its tag, the phrase, the matched words and their position."""

    tag: str
    phrase: str
    words: str
    start: int  # index of the first word


class PhraseMatcher:
    """Finds all phrases of several tags in a text."""

    def __init__(self, phrases: Iterable[tuple[str, str]]) -> None:
        """Create a matcher for (tag, phrase) pairs."""
        self._exact: dict[str, list[_Phrase]] = defaultdict(list)
        self._beginnings: dict[str, list[_Phrase]] = defaultdict(list)
        for tag, phrase in phrases:
            words = tokenize(phrase)
            if not words or words[0] == WILDCARD:
                continue  # a leading wildcard adds nothing to the rest of the phrase
            whole_words = (word for word in words if not word.endswith(WILDCARD))
            entry = _Phrase(tag, phrase, words, max(whole_words, key=len, default=BOUNDARY))
            if words[0].endswith(WILDCARD):
                self._beginnings[words[0][:-1]].append(entry)
            else:
                self._exact[words[0]].append(entry)
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})
        self._known: set[str] = set()  # words whose phrases have been collected
        self._by_word: dict[str, dict[str, tuple[_Phrase, ...]]] = {}  # only words with phrases

    def find(self, text: str) -> Iterator[PhraseMatch]:
        """Yield all matches in reading order."""
        words = (BOUNDARY, *tokenize(text))  # the text starts with a sentence
        word_set = frozenset(words)
        self._collect_phrases(word_set)
        by_word = self._by_word
        for position in [place for place, word in enumerate(words) if word in by_word]:
            known = by_word[words[position]]
            following = words[position + 1] if position + 1 < len(words) else BOUNDARY
            for tag, phrase, wanted, longest_word in known.get(following, known[ANY_OTHER]):
                if longest_word not in word_set:
                    continue  # rejects most wildcards without the cost of a call
                end = position + 1
                if len(wanted) == 1 or (end := _match_end(words, end, wanted[1:])):
                    start = position + (wanted[0] == BOUNDARY)  # `^` itself is not a word
                    yield PhraseMatch(tag, phrase, " ".join(words[start:end]), start - 1)

    def _collect_phrases(self, words: frozenset[str]) -> None:
        """Collect the phrases that each of the words can start, unless this was done before."""
        if len(self._known) >= CACHED_WORDS:
            self._known.clear()
            self._by_word.clear()
        for word in words - self._known:
            phrases = self._phrases_from(word)
            if phrases:
                self._by_word[word] = phrases
        self._known |= words

    def _phrases_from(self, word: str) -> dict[str, tuple[_Phrase, ...]]:
        """Return the phrases that may start with `word`, by the following word.

        `ANY_OTHER` is the key of those that do not name it: single words and wildcards.
        """
        phrases = list(self._exact.get(word, ()))
        for length in self._lengths:
            if length <= len(word):
                phrases += self._beginnings.get(word[:length], ())
        if not phrases:
            return {}
        seconds = [phrase.words[1] if len(phrase.words) > 1 else WILDCARD for phrase in phrases]
        return {
            following: tuple(
                phrase
                for phrase, second in zip(phrases, seconds, strict=True)
                if second == following or second.endswith(WILDCARD)
            )
            for following in (*seconds, ANY_OTHER)
        }


@lru_cache(maxsize=CACHED_TEXTS)
def tokenize(text: str) -> tuple[str, ...]:
    """Return the lower-case words of `text`, with `BOUNDARY` for punctuation and line breaks.

    The words of recent texts are cached, because several checks read the same sentence.
    """
    plain = text.lower().replace("’", "'")
    for hyphen in _HYPHENS:
        plain = plain.replace(hyphen, " ")
    return tuple([word or BOUNDARY for word in _TOKEN.findall(plain)])


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
