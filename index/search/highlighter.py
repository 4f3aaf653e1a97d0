"""Highlighting of matching words.

Results are (text, matched) pairs whose concatenated texts are the displayed text, so that pages and
clients mark matches without building HTML from content.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from index.analyzer import PrefixMatcher, fold, stem_word
from index.query.parser import Leaf, ParsedQuery, PrefixQuery, SynonymQuery, WordQuery
from index.search.results import Snippet

# characters of a text that are searched; passages have about a tenth of this
MAX_TEXT_LENGTH = 20_000

END = (sys.maxsize, sys.maxsize)  # sentinel span after the end of any text


class HighlightMatch(NamedTuple):
    """A matching word: its stem and its character offsets."""

    stem: str
    start: int
    end: int


class HighlightTerms:
    """The stems and prefixes of one query, with a cache of their matches.

    Each word and each text is analysed once per search: hits share words, and the snippet and the
    explanation of a hit share texts.
    """

    def __init__(self, stems: frozenset[str], prefixes: tuple[str, ...] = ()) -> None:
        self.stems, self.prefixes = stems, prefixes
        self._beginnings = PrefixMatcher((*stems, *prefixes))
        self._stems = _Stems(self)
        self._found: dict[str, list[HighlightMatch]] = {}
        self._words: dict[str, tuple[str, ...]] = {}

    def stem(self, word: str) -> str:
        """Return the stem of a matching word, an empty string for other words."""
        return self._stems[word]

    def matched_words(self, text: str) -> tuple[str, ...]:
        """Return the distinct matching words of `text` in lower case."""
        found = self._words.get(text)
        if found is None:
            matches = self.matches(text)
            found = tuple(dict.fromkeys(text[start:end].lower() for _, start, end in matches))
            self._words[text] = found
        return found

    def matches(self, text: str) -> list[HighlightMatch]:
        """Return the matching words in the first `MAX_TEXT_LENGTH` characters of `text`."""
        if text not in self._found:
            self.find_matches((text,))
        return self._found[text]

    def find_matches(self, texts: Iterable[str]) -> None:
        """Find and cache the matches of several texts, faster than one after the other."""
        new = [text for text in dict.fromkeys(texts) if text not in self._found]
        joined = "\n".join([text[:MAX_TEXT_LENGTH] for text in new])
        spans = iter((*self._beginnings.find_spans(joined), END))
        start, end = next(spans)
        begin = 0
        for text in new:
            found = self._found[text] = []
            after = begin + min(len(text), MAX_TEXT_LENGTH)
            while start < after:
                stem = self._stems[joined[start:end]]
                if stem:
                    found.append(HighlightMatch(stem, start - begin, end - begin))
                start, end = next(spans)
            begin = after + 1


class _Stems(dict[str, str]):
    """Cache of the stems of matching words; an empty string for other words."""

    def __init__(self, wanted: HighlightTerms) -> None:
        super().__init__()
        self._stems, self._prefixes = wanted.stems, wanted.prefixes

    def __missing__(self, word: str) -> str:
        stem = stem_word(word)
        if stem not in self._stems and not (
            self._prefixes and fold(word).startswith(self._prefixes)
        ):
            stem = ""
        self[word] = stem
        return stem


def highlight_terms(query: ParsedQuery) -> HighlightTerms:
    """Return the terms of the words, phrases, prefixes and synonyms of `query`."""
    others = (
        leaf for node in query.clauses if isinstance(node, SynonymQuery) for leaf in node.synonyms
    )
    return HighlightTerms(
        frozenset(stem for leaf in (*query.leaves, *others) for stem in _stems(leaf)),
        tuple(leaf.start for leaf in query.leaves if isinstance(leaf, PrefixQuery)),
    )


def highlight_text(text: str, terms: HighlightTerms) -> Snippet:
    """Return the whole text with its matches marked."""
    return tuple(_pairs(text, terms.matches(text), 0, len(text)))


def _stems(leaf: Leaf) -> tuple[str, ...]:
    return (leaf.stem,) if isinstance(leaf, WordQuery | PrefixQuery) else leaf.stems


def _pairs(
    text: str, matches: Sequence[HighlightMatch], start: int, end: int
) -> list[tuple[str, bool]]:
    """Return the non-empty matching and other parts of the text from `start` to `end`."""
    pairs: list[tuple[str, bool]] = []
    at = start
    for _, begin, stop in matches:
        if begin < at or stop > end:
            continue
        if begin > at:
            pairs.append((text[at:begin], False))
            pairs.append((text[begin:stop], True))
        elif pairs:  # adjacent matches are marked as one
            pairs[-1] = (pairs[-1][0] + text[begin:stop], True)
        else:
            pairs.append((text[begin:stop], True))
        at = stop
    if at < end:
        pairs.append((text[at:end], False))
    return pairs
