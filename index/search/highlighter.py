"""Snippets and highlights: the part of a passage around a match, and which words matched.

Both are pairs of (text, matched) whose texts add up to what is shown, so that a page or a client
marks words without ever building HTML from content.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from index.analyzer import PrefixMatcher, fold, stem_word
from index.query.parser import Leaf, ParsedQuery, PrefixQuery, SynonymQuery, WordQuery
from index.search.results import Snippet

SNIPPET_LENGTH = 260  # characters: three lines of the page of results
MAX_LEAD = 60  # characters before the first match that are worth their room
MAX_TEXT_LENGTH = 20_000  # characters of a passage that are looked at; passages are a tenth of this

END = (sys.maxsize, sys.maxsize)  # after the last place in any text

_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n+")


class HighlightMatch(NamedTuple):
    """A word that a query looks for: its stem, and where it stands in the text."""

    stem: str
    start: int
    end: int


class HighlightTerms:
    """What a query looks for in texts: stems, and beginnings of words.

    Each word and each text is looked at once: the hits of a page share their words, and a hit's
    texts are asked for by the snippet and by the explanation. It serves one search.
    """

    def __init__(self, stems: frozenset[str], prefixes: tuple[str, ...] = ()) -> None:
        self.stems, self.prefixes = stems, prefixes
        self._beginnings = PrefixMatcher((*stems, *prefixes))
        self._stems = _Stems(self)
        self._found: dict[str, list[HighlightMatch]] = {}
        self._words: dict[str, tuple[str, ...]] = {}

    def stem(self, word: str) -> str:
        """Return the stem of a word that is looked for, an empty text for any other."""
        return self._stems[word]

    def matched_words(self, text: str) -> tuple[str, ...]:
        """Return the matching words as they stand in `text`, lower case, each once."""
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
        """Look at several texts at once, which takes less than at one after the other."""
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
    """The stem of each word that the query asked for, "" of any other, worked out once each."""

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
    """Return what the words, phrases and prefixes of `query` look for, other names included."""
    others = (
        leaf for node in query.clauses if isinstance(node, SynonymQuery) for leaf in node.synonyms
    )
    return HighlightTerms(
        frozenset(stem for leaf in (*query.leaves, *others) for stem in _stems(leaf)),
        tuple(leaf.start for leaf in query.leaves if isinstance(leaf, PrefixQuery)),
    )


def highlight_text(text: str, looking_for: HighlightTerms) -> Snippet:
    """Return the whole text with its matching words marked."""
    return tuple(_pairs(text, looking_for.matches(text), 0, len(text)))


def build_snippet(text: str, looking_for: HighlightTerms) -> Snippet:
    """Return about `SNIPPET_LENGTH` characters around the best match, or the beginning without one."""
    matches = looking_for.matches(text)
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
    """Return where the window begins that shows the most different words, the earliest of them."""
    if not matches:
        return 0
    if matches[-1].end <= matches[0].start + SNIPPET_LENGTH - MAX_LEAD:
        return _sentence_start(text, matches[0].start)
    best, best_worth = 0, (0, 0)
    inside: dict[str, int] = {}  # how often each stem is in the window that begins at a match
    end = 0  # the number of the first match after it
    for number, (stem, start, _) in enumerate(matches):
        while end < len(matches) and matches[end].end <= start + SNIPPET_LENGTH - MAX_LEAD:
            inside[matches[end].stem] = inside.get(matches[end].stem, 0) + 1
            end += 1
        worth = len(inside), end - number
        if worth > best_worth:
            best, best_worth = start, worth
        if end == number:  # a word that is longer than the window
            end += 1
        elif inside[stem] > 1:
            inside[stem] -= 1
        else:
            del inside[stem]
    return _sentence_start(text, best)


def _sentence_start(text: str, at: int) -> int:
    """Return the beginning of the sentence around `at` when it is near, else of a near word."""
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
    """Return the text from `start` to `end` in pieces, those that match apart; none is empty."""
    pairs: list[tuple[str, bool]] = []
    at = start
    for _, begin, stop in matches:
        if begin < at or stop > end:
            continue
        if begin > at:
            pairs.append((text[at:begin], False))
            pairs.append((text[begin:stop], True))
        elif pairs:  # words that touch are marked as one
            pairs[-1] = (pairs[-1][0] + text[begin:stop], True)
        else:
            pairs.append((text[begin:stop], True))
        at = stop
    if at < end:
        pairs.append((text[at:end], False))
    return pairs


def _add_ellipsis(pairs: list[tuple[str, bool]], at: int, dots: str) -> None:
    """Put `dots` at the beginning or the end, as part of the piece there if that does not match."""
    last = 0 if at == 0 else at - 1
    if pairs and not pairs[last][1]:
        text = pairs[last][0]
        pairs[last] = (dots + text if at == 0 else text + dots, False)
    else:
        pairs.insert(at, (dots, False))
