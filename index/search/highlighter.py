"""Highlighting of matching words and names.

A name of several words is marked as a whole: neither "and" for "pins and needles" nor "heart" alone
for "heart failure". Results are (text, matched) pairs whose concatenated texts are the displayed
text, so that pages and clients mark matches without building HTML from content.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from index.analyzer import PrefixMatcher, fold, stem_word, stopword_stems
from index.query.parser import (
    AnyOfQuery,
    Leaf,
    Node,
    ParsedQuery,
    PhraseQuery,
    PrefixQuery,
    SynonymQuery,
    WordQuery,
)
from index.search.results import Snippet

# characters of a text that are searched; passages have about a tenth of this
MAX_TEXT_LENGTH = 20_000

END = (sys.maxsize, sys.maxsize)  # sentinel span after the end of any text

_WORD = re.compile(r"[^\W_]")

Name = tuple[str, ...]  # the stems of a name of several words


class HighlightMatch(NamedTuple):
    """A matching word or name: its stems and its character offsets."""

    stem: str
    start: int
    end: int


class HighlightTerms:
    """The words, prefixes and names of one query, with a cache of their matches.

    `words` are the stems of single words. `stems` are those of all words that match, without stop
    words inside names. Each word and each text is analysed once per search: hits share words, and
    the snippet and the explanation of a hit share texts.
    """

    def __init__(
        self,
        words: frozenset[str],
        prefixes: tuple[str, ...] = (),
        names: frozenset[Name] = frozenset(),
    ) -> None:
        self._single, self.prefixes = words, prefixes
        self.stems = words.union(*map(_topical_stems, names))
        self._names: dict[str, list[Name]] = {}  # by first stem, longest first
        for name in sorted(names, key=lambda name: (-len(name), name)):
            self._names.setdefault(name[0], []).append(name)
        every = words.union(*names)
        self._small = every - self.stems
        self._beginnings = PrefixMatcher((*every, *prefixes))
        self._every = every
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
        """Return the matching words in the first `MAX_TEXT_LENGTH` characters of `text`.

        The words of names count alone.
        """
        found = self._all_matches(text)
        return [match for match in found if match.stem not in self._small] if self._small else found

    def marks(self, text: str) -> list[HighlightMatch]:
        """Return the parts of `text` to mark: whole names, and matching words outside names."""
        found = self._all_matches(text)
        if not self._names:
            return found
        marks: list[HighlightMatch] = []
        at = 0
        while at < len(found):
            stem, start, end = found[at]
            name = next((n for n in self._names.get(stem, ()) if _is_at(n, found, at, text)), None)
            if name:
                end = found[at + len(name) - 1].end
                marks.append(HighlightMatch(" ".join(name), start, end))
            elif stem in self._single or self._has_prefix(text[start:end]):
                marks.append(found[at])
            at += len(name) if name else 1
        return marks

    def is_match(self, stem: str, word: str) -> bool:
        """Return whether a word with this stem matches, if only as part of a name."""
        return stem in self._every or self._has_prefix(word)

    def _has_prefix(self, word: str) -> bool:
        return bool(self.prefixes) and fold(word).startswith(self.prefixes)

    def _all_matches(self, text: str) -> list[HighlightMatch]:
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
        self._wanted = wanted

    def __missing__(self, word: str) -> str:
        stem = stem_word(word)
        self[word] = stem if self._wanted.is_match(stem, word) else ""
        return self[word]


def highlight_terms(query: ParsedQuery, names: Iterable[Name] = ()) -> HighlightTerms:
    """Return the terms of the words, phrases, prefixes and synonyms of `query`.

    `names` are further names in it, such as the titles of articles.
    """
    titles = frozenset(name for name in names if len(name) > 1)
    leaves = [leaf for node in query.clauses for leaf in _leaves(node)]
    words = frozenset(leaf.stem for leaf in leaves if isinstance(leaf, WordQuery | PrefixQuery))
    return HighlightTerms(
        words.difference(*titles),
        tuple(leaf.start for leaf in leaves if isinstance(leaf, PrefixQuery)),
        titles.union(leaf.stems for leaf in leaves if isinstance(leaf, PhraseQuery)),
    )


def highlight_text(text: str, terms: HighlightTerms) -> Snippet:
    """Return the whole text with its matches marked."""
    return tuple(_pairs(text, terms.marks(text)))


def _leaves(node: Node) -> tuple[Leaf, ...]:
    """Return the leaves of a clause, without the words of a typed name that it has as a whole."""
    if isinstance(node, AnyOfQuery):
        return node.alternatives
    if not isinstance(node, SynonymQuery):
        return (node,)
    typed = {stem for leaf in node.typed for stem in leaf.stems}
    wholes = (leaf for leaf in node.synonyms if isinstance(leaf, PhraseQuery))
    is_name = any(typed.issubset(leaf.stems) for leaf in wholes)
    return node.synonyms if is_name else (*node.typed, *node.synonyms)


def _topical_stems(name: Name) -> Name:
    """Return the stems of a name without stop words, if others remain."""
    return tuple(stem for stem in name if stem not in stopword_stems()) or name


def _is_at(name: Name, matches: Sequence[HighlightMatch], at: int, text: str) -> bool:
    """Return whether the words of a name are adjacent in `text`, from the match at index `at`."""
    found = matches[at : at + len(name)]
    return tuple(match.stem for match in found) == name and not any(
        _WORD.search(text, one.end, other.start) for one, other in pairwise(found)
    )


def _pairs(text: str, marks: Iterable[HighlightMatch]) -> list[tuple[str, bool]]:
    """Return the non-empty marked and other parts of a text."""
    pairs: list[tuple[str, bool]] = []
    at = 0
    for _, begin, stop in marks:
        if begin < at:
            continue
        if begin > at:
            pairs.append((text[at:begin], False))
            pairs.append((text[begin:stop], True))
        elif pairs:  # adjacent matches are marked as one
            pairs[-1] = (pairs[-1][0] + text[begin:stop], True)
        else:
            pairs.append((text[begin:stop], True))
        at = stop
    if at < len(text):
        pairs.append((text[at:], False))
    return pairs
