"""Snippets and highlighting.

Both return (text, matched) pairs whose concatenated texts are the displayed text, so that pages and
clients mark matches without building HTML from content.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from index.analyzer import PrefixMatcher, fold, stem_word
from index.query.parser import Leaf, ParsedQuery, PrefixQuery, SynonymQuery, WordQuery
from index.search.results import Snippet

SNIPPET_LENGTH = 260  # characters: three lines on the results page
MAX_LEAD = 60  # characters of context before the first match
# characters of a text that are searched; passages have about a tenth of this
MAX_TEXT_LENGTH = 20_000

END = (sys.maxsize, sys.maxsize)  # sentinel span after the end of any text

_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n+")


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


def build_snippet(text: str, terms: HighlightTerms) -> Snippet:
    """Return about `SNIPPET_LENGTH` characters around the best match, or from the start."""
    matches = terms.matches(text)
    text = text[:MAX_TEXT_LENGTH]
    start = _window_start(text, matches)
    end = _word_end(text, start + SNIPPET_LENGTH)
    pairs = _pairs(text, matches, start, end)
    if start > 0:
        _add_ellipsis(pairs, 0, "… ")
    if end < len(text):
        _add_ellipsis(pairs, len(pairs), " …")
    return tuple(pairs)


def _stems(leaf: Leaf) -> tuple[str, ...]:
    return (leaf.stem,) if isinstance(leaf, WordQuery | PrefixQuery) else leaf.stems


def _window_start(text: str, matches: Sequence[HighlightMatch]) -> int:
    """Return the start of the earliest window with the most distinct matching words."""
    if not matches:
        return 0
    if matches[-1].end <= matches[0].start + SNIPPET_LENGTH - MAX_LEAD:
        return _sentence_start(text, matches[0].start)
    best, best_rank = 0, (0, 0)
    inside: dict[str, int] = {}  # stem counts in the window that begins at a match
    end = 0  # index of the first match after the window
    for number, (stem, start, _) in enumerate(matches):
        while end < len(matches) and matches[end].end <= start + SNIPPET_LENGTH - MAX_LEAD:
            inside[matches[end].stem] = inside.get(matches[end].stem, 0) + 1
            end += 1
        rank = len(inside), end - number
        if rank > best_rank:
            best, best_rank = start, rank
        if end == number:  # the word is longer than the window
            end += 1
        elif inside[stem] > 1:
            inside[stem] -= 1
        else:
            del inside[stem]
    return _sentence_start(text, best)


def _sentence_start(text: str, at: int) -> int:
    """Return the start of the sentence that contains `at` if it is near, else of a nearby word."""
    if at <= MAX_LEAD:
        return 0
    sentence = _SENTENCE.search(text, at - MAX_LEAD, at)
    if sentence:
        return sentence.end()
    space = text.find(" ", at - MAX_LEAD // 2, at)
    return space + 1 if space >= 0 else at


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at))
    return space if space > at - MAX_LEAD else at


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


def _add_ellipsis(pairs: list[tuple[str, bool]], at: int, dots: str) -> None:
    """Add `dots` at the start or the end, to the existing part there if it is not a match."""
    last = 0 if at == 0 else at - 1
    if pairs and not pairs[last][1]:
        text = pairs[last][0]
        pairs[last] = (dots + text if at == 0 else text + dots, False)
    else:
        pairs.insert(at, (dots, False))
