"""Matcher for the word lists of all rules, in one pass per sentence.

About thirty lists are checked against every sentence, and most do not match. Therefore the phrases
of all lists are in one `PhraseMatcher`, whose matches are cached per text and filtered per list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ingest.language.phrase_matcher import PhraseMatch, PhraseMatcher

WORD_SEPARATOR = r"[\s/‐‑–—-]+"
CACHE_SIZE = 20_000  # texts, more than the sentences of the longest articles
CACHED_PATTERNS = 2_000  # phrases as written


@dataclass(frozen=True, slots=True)
class TermMatch:
    """A match: the words as written, the phrase of the rule and the index of the first word."""

    words: str
    phrase: str
    start: int  # index in the result of ingest.language.phrase_matcher.tokenize()


class TermMatcher:
    """Finds the phrases of several lists in a text."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = tuple(dict.fromkeys(phrases))
        book = PhraseMatcher(("", phrase) for phrase in self._phrases)

        @lru_cache(maxsize=CACHE_SIZE)
        def found(text: str) -> tuple[frozenset[str], tuple[PhraseMatch, ...]]:
            matches = tuple(book.find(text))
            return frozenset(match.phrase for match in matches), matches

        self._found = found

    def clear_cache(self) -> None:
        """Release the memory of the texts that were searched."""
        self._found.cache_clear()

    def __reduce__(self) -> tuple[type[TermMatcher], tuple[tuple[str, ...]]]:
        """Pickle the phrases without the cache."""
        return TermMatcher, (self._phrases,)

    def find(self, phrases: frozenset[str], text: str) -> Iterator[TermMatch]:
        """Yield the matches of `phrases` in `text`, in reading order."""
        found_phrases, matches = self._found(text)
        if phrases.isdisjoint(found_phrases):
            return
        position = 0
        for found in matches:
            if found.phrase not in phrases:
                continue
            written = _compile_pattern(found.words).search(text, position)
            if written:
                position = written.start()
            yield TermMatch(written.group() if written else found.words, found.phrase, found.start)

    def contains(self, phrases: frozenset[str], text: str) -> bool:
        """Return whether `text` contains one of `phrases`."""
        found_phrases, _ = self._found(text)
        return not phrases.isdisjoint(found_phrases)


@lru_cache(maxsize=CACHED_PATTERNS)
def _compile_pattern(words: str) -> re.Pattern[str]:
    """Return a pattern for words in any case, with hyphens or typographic apostrophes."""
    parts = [re.escape(word).replace("'", "['’]") for word in words.split()]
    return re.compile(rf"(?<!\w){WORD_SEPARATOR.join(parts)}(?!\w)", re.IGNORECASE)
