"""Snippets and highlights: the part of a passage around a match, and which words matched.

Both are pairs of (text, matched) whose texts add up to what is shown, so that a page or a client
marks words without ever building HTML from content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

from index.analysis import Token, fold, tokenize
from index.answer import Snippet
from index.query import Leaf, Prefix, Query, Synonyms, Word

LENGTH = 260  # characters: three lines of the page of results
LEAD = 60  # characters before the first match that are worth their room
LONGEST = 20_000  # characters of a passage that are looked at; passages are a tenth of this

_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query looks for in a text: stems, and beginnings of words."""

    stems: frozenset[str]
    prefixes: tuple[str, ...] = ()

    def has(self, token: Token, text: str) -> bool:
        """Tell whether the token is one that the query asked for."""
        if token.stem in self.stems:
            return True
        if not self.prefixes:
            return False
        return fold(text[token.start : token.end]).startswith(self.prefixes)


def wanted(query: Query) -> Wanted:
    """Return what the words, phrases and prefixes of `query` look for, other names included."""
    others = (leaf for node in query.wanted if isinstance(node, Synonyms) for leaf in node.others)
    return Wanted(
        frozenset(stem for leaf in (*query.leaves, *others) for stem in _stems(leaf)),
        tuple(leaf.start for leaf in query.leaves if isinstance(leaf, Prefix)),
    )


def mark(text: str, looking_for: Wanted) -> Snippet:
    """Return the whole text with its matching words marked."""
    return _pairs(text, _matches(text, looking_for), 0, len(text))


def snippet(text: str, looking_for: Wanted) -> Snippet:
    """Return about `LENGTH` characters around the best match, or the beginning without one."""
    text = text[:LONGEST]
    matches = _matches(text, looking_for)
    start = _start(text, matches)
    end = _word_end(text, start + LENGTH)
    body = _pairs(text, matches, start, end)
    before = (("… ", False),) if start > 0 else ()
    after = ((" …", False),) if end < len(text) else ()
    return _joined((*before, *body, *after))


def surface_words(texts: Iterable[str], looking_for: Wanted) -> tuple[str, ...]:
    """Return the matching words as they stand in `texts`, lower case, each once."""
    found: dict[str, None] = {}
    for text in texts:
        for token in _matches(text, looking_for):
            found[text[token.start : token.end].lower()] = None
    return tuple(found)


def _stems(leaf: Leaf) -> tuple[str, ...]:
    return (leaf.stem,) if isinstance(leaf, Word | Prefix) else leaf.stems


def _matches(text: str, looking_for: Wanted) -> list[Token]:
    return [token for token in tokenize(text[:LONGEST]) if looking_for.has(token, text)]


def _start(text: str, matches: Sequence[Token]) -> int:
    """Return where the window begins that shows the most different words, the earliest of them."""
    best, best_worth = 0, (0, 0)
    for number, first in enumerate(matches):
        end = first.start + LENGTH - LEAD
        inside = list(takewhile(lambda t, end=end: t.end <= end, islice(matches, number, None)))  # type: ignore[misc]
        worth = (len({token.stem for token in inside}), len(inside))
        if worth > best_worth:
            best, best_worth = first.start, worth
    return _sentence_start(text, best)


def _sentence_start(text: str, at: int) -> int:
    """Return the beginning of the sentence around `at` when it is near, else of a near word."""
    if at <= LEAD:
        return 0
    starts = [match.end() for match in _SENTENCE.finditer(text, at - LEAD, at)]
    if starts:
        return starts[0]
    space = text.find(" ", at - LEAD // 2, at)
    return space + 1 if space >= 0 else at


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at))
    return space if space > at - LEAD else at


def _pairs(text: str, matches: Sequence[Token], start: int, end: int) -> Snippet:
    pairs: list[tuple[str, bool]] = []
    at = start
    for token in matches:
        if token.start >= at and token.end <= end:
            pairs.append((text[at : token.start], False))
            pairs.append((text[token.start : token.end], True))
            at = token.end
    pairs.append((text[at:end], False))
    return _joined(pairs)


def _joined(pairs: Iterable[tuple[str, bool]]) -> Snippet:
    """Leave out empty texts and join neighbours of the same kind."""
    joined: list[tuple[str, bool]] = []
    for text, matched in pairs:
        if joined and joined[-1][1] == matched:
            joined[-1] = (joined[-1][0] + text, matched)
        elif text:
            joined.append((text, matched))
    return tuple(joined)
