"""Phrases of the rules, found in a sentence with their exact words and what stands before them.

`ingest.phrases` finds them, by words in small letters; an editor wants the words as they are
written, and a rule wants to know whether they are denied or are a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from ingest.checking.rules import Options
from ingest.phrases import STOP, PhraseBook, tokens

BETWEEN = r"[\s/‐‑–—-]+"
QUOTATION = re.compile(r"“([^”]*)”|\"([^\"]*)\"|‘([^’]*)’")


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase in a sentence: as it is written, the phrase of the rule, and its first word."""

    words: str
    phrase: str
    start: int  # number of the word in tokens()


def hits(phrases: Sequence[str], text: str) -> Iterator[Hit]:
    """Yield the places of `text` where one of `phrases` stands, in reading order."""
    position = 0
    for found in _book(tuple(phrases)).find(text):
        written = _as_written(found.words, text, position)
        if written:
            position = written.start()
        yield Hit(written.group() if written else found.words, found.phrase, found.start)


def holds(phrases: Sequence[str], text: str) -> bool:
    """Return whether one of `phrases` stands in `text`."""
    return any(True for _ in _book(tuple(phrases)).find(text))


def denied(hit: Hit, text: str, negation: Options) -> bool:
    """Return whether a word before the hit, in the same clause, denies it."""
    return _denies(tokens(text)[: hit.start], negation)


def denied_after(text: str, negation: Options) -> bool:
    """Return whether what follows `text` in a sentence is denied by its last words."""
    return _denies(tokens(text), negation)


def _denies(before: Sequence[str], negation: Options) -> bool:
    reach = int(negation.number("reach"))
    denying, ends = negation.texts("words"), {STOP, *negation.texts("clause_ends")}
    for word in reversed(before[-reach:]):
        if word in ends:
            return False
        if word in denying:
            return True
    return False


def hedged(hit: Hit, text: str, negation: Options) -> bool:
    """Return whether the sentence takes the hit back a little before it: "usually cures"."""
    before = " ".join(tokens(text)[max(0, hit.start - int(negation.number("reach"))) : hit.start])
    return holds(negation.texts("hedges"), before)


def quoted(hit: Hit, text: str, negation: Options) -> bool:
    """Return whether the hit is within a short quotation: somebody else's words."""
    most = negation.number("quoted_words")
    return any(
        hit.words in quotation and len(quotation.split()) <= most
        for found in QUOTATION.finditer(text)
        for quotation in (next(part for part in found.groups() if part is not None),)
    )


def once_each(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words without repetition, whatever their case, in their order."""
    return tuple({word.casefold(): word for word in reversed(words)}.values())[::-1]


def shown(words: Sequence[str], most: int = 6) -> str:
    """Return words for a sentence: each in quotation marks, no more than `most`."""
    listed = ", ".join(f'"{word}"' for word in words[:most])
    return f"{listed} and {len(words) - most} more" if len(words) > most else listed


def _as_written(words: str, text: str, position: int) -> re.Match[str] | None:
    parts = [re.escape(word).replace("'", "['’]") for word in words.split()]
    pattern = re.compile(rf"(?<!\w){BETWEEN.join(parts)}(?!\w)", re.IGNORECASE)
    return pattern.search(text, position)


@cache
def _book(phrases: tuple[str, ...]) -> PhraseBook:
    return PhraseBook(("", phrase) for phrase in phrases)
