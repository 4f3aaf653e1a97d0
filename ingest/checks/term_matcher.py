"""The word lists of all rules, looked for together: each sentence is read once, not once a list.

Thirty lists are asked of every sentence, and most find nothing there. So the phrases of all of
them stand in one `PhraseMatcher`, what it finds in a text is remembered, and a list takes its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ingest.language.phrase_matcher import PhraseMatch, PhraseMatcher

WORD_SEPARATOR = r"[\s/‐‑–—-]+"
CACHE_SIZE = 2_000  # texts: the sentences of an article longer than any that we have seen


@dataclass(frozen=True, slots=True)
class TermMatch:
    """A phrase in a text: as it is written, the phrase of the rule, and its first word."""

    words: str
    phrase: str
    start: int  # number of the word in ingest.language.phrase_matcher.tokenize()


class TermMatcher:
    """Phrases of several lists, found in a text in one pass."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = tuple(dict.fromkeys(phrases))
        book = PhraseMatcher(("", phrase) for phrase in self._phrases)

        @lru_cache(maxsize=CACHE_SIZE)
        def found(text: str) -> tuple[PhraseMatch, ...]:
            return tuple(book.find(text))

        self._found = found

    def __reduce__(self) -> tuple[type[TermMatcher], tuple[tuple[str, ...]]]:
        """Travel to another process without what was found in this one."""
        return TermMatcher, (self._phrases,)

    def find(self, phrases: frozenset[str], text: str) -> Iterator[TermMatch]:
        """Yield the places of `text` where one of `phrases` stands, in reading order."""
        position = 0
        for found in self._found(text):
            if found.phrase not in phrases:
                continue
            written = _compile_pattern(found.words).search(text, position)
            if written:
                position = written.start()
            yield TermMatch(written.group() if written else found.words, found.phrase, found.start)

    def contains(self, phrases: frozenset[str], text: str) -> bool:
        """Return whether one of `phrases` stands in `text`."""
        return any(found.phrase in phrases for found in self._found(text))


@lru_cache(maxsize=CACHE_SIZE)
def _compile_pattern(words: str) -> re.Pattern[str]:
    """Return what finds these words as they are written: in capitals, with hyphens, with ’."""
    parts = [re.escape(word).replace("'", "['’]") for word in words.split()]
    return re.compile(rf"(?<!\w){WORD_SEPARATOR.join(parts)}(?!\w)", re.IGNORECASE)
