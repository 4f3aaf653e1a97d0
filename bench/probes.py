"""The queries that contestants are asked, by class, drawn from the corpus by a seed.

==============  =====================================================================
frequent        one word that is in more than 5% of the passages
middling        one word that is in 0.5 to 2% of them
rare            one word that is in one to five passages
or2, or5        any of two or five words of one passage
and2, and3      all of two or three words of one passage
phrase          two or three words that follow one another somewhere
prefix          the first five letters of a word of at least eight
questions       any of the words of a question, those that carry no topic left out
filtered        or2 among the passages of the most frequent tag
==============  =====================================================================

Words of one passage, because people search for what goes together; drawn from the running text,
so that a frequent word is asked for more often; none is a stopword.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from index import analysis
from index.document import Document

PREFIX_LETTERS = 5
ATTEMPTS = 200  # draws for one query before its class is given up


class Operator(StrEnum):
    """How the words of a query go together."""

    ANY = "any"
    ALL = "all"
    PHRASE = "phrase"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Probe:
    """A query in the terms that all contestants understand: words as they stand in a text."""

    words: tuple[str, ...]
    operator: Operator = Operator.ALL
    tag: str = ""


class Probes:
    """Draws queries from a corpus."""

    def __init__(self, documents: Sequence[Document], seed: int) -> None:
        self._chance = random.Random(seed)
        self._bodies = [document.texts["body"] for document in documents]
        frequency: Counter[str] = Counter()
        word_of: dict[str, str] = {}
        for body in self._bodies:
            found = {analysis.stem_of(word): word.lower() for word in set(_topical(body))}
            frequency.update(found.keys())
            word_of |= found
        share = {stem: count / len(self._bodies) for stem, count in frequency.items()}
        tags = Counter(tag for document in documents for tag in document.tags)
        self._tag = next((tag for tag, _ in tags.most_common(1)), "")
        self._word_of = word_of
        self._frequent = sorted(s for s in share if share[s] > 0.05)
        self._middling = sorted(s for s in share if 0.005 <= share[s] <= 0.02)
        self._rare = sorted(stem for stem, count in frequency.items() if count <= 5)

    def classes(self, count: int, questions: Sequence[str]) -> dict[str, list[Probe]]:
        """Return `count` different queries of each class, fewer where the corpus has no more."""
        draws: dict[str, Callable[[], Probe | None]] = {
            "frequent": lambda: self._single(self._frequent),
            "middling": lambda: self._single(self._middling),
            "rare": lambda: self._single(self._rare),
            "or2": lambda: self._together(2, Operator.ANY),
            "or5": lambda: self._together(5, Operator.ANY),
            "and2": lambda: self._together(2, Operator.ALL),
            "and3": lambda: self._together(3, Operator.ALL),
            "phrase": self._phrase,
            "prefix": self._prefix,
            "questions": lambda: self._question(questions),
            "filtered": self._filtered,
        }
        drawn = {name: list(_different(draw, count)) for name, draw in draws.items()}
        return {name: probes for name, probes in drawn.items() if probes}

    def _single(self, stems: Sequence[str]) -> Probe | None:
        return Probe((self._word_of[self._chance.choice(stems)],)) if stems else None

    def _together(self, count: int, operator: Operator) -> Probe | None:
        words = _topical(self._chance.choice(self._bodies))
        self._chance.shuffle(words)
        chosen = {analysis.stem_of(word): word.lower() for word in words}
        return Probe(tuple(chosen.values())[:count], operator) if len(chosen) >= count else None

    def _phrase(self) -> Probe | None:
        words = analysis.words(self._chance.choice(self._bodies))
        length = self._chance.choice((2, 3))
        if len(words) < length:
            return None
        start = self._chance.randrange(len(words) - length + 1)
        chosen = words[start : start + length]
        if not all(word.isalpha() for word in chosen) or not _is_topical(chosen[0]):
            return None
        # An article or "of" inside is a phrase that people type; at its end it is not.
        if not _is_topical(chosen[-1]):
            return None
        return Probe(tuple(word.lower() for word in chosen), Operator.PHRASE)

    def _prefix(self) -> Probe | None:
        words = [word for word in _topical(self._chance.choice(self._bodies)) if len(word) >= 8]
        if not words:
            return None
        return Probe((self._chance.choice(words).lower()[:PREFIX_LETTERS],), Operator.PREFIX)

    def _question(self, questions: Sequence[str]) -> Probe | None:
        if not questions:
            return None
        chosen = {analysis.stem_of(word): word for word in _topical(self._chance.choice(questions))}
        return Probe(tuple(chosen.values()), Operator.ANY) if chosen else None

    def _filtered(self) -> Probe | None:
        probe = self._together(2, Operator.ANY)
        return replace(probe, tag=self._tag) if probe and self._tag else None


def questions_in(documents: Sequence[Document]) -> list[str]:
    """Return the headings that are questions."""
    headings = {document.texts["heading"] for document in documents}
    return sorted(heading for heading in headings if heading.rstrip().endswith("?"))


def _different(draw: Callable[[], Probe | None], count: int) -> Iterator[Probe]:
    seen: set[Probe] = set()
    failures = 0
    while len(seen) < count and failures < ATTEMPTS:
        probe = draw()
        if probe is None or probe in seen:
            failures += 1
            continue
        failures = 0
        seen.add(probe)
        yield probe


def _topical(text: str) -> list[str]:
    return [word for word in analysis.words(text) if _is_topical(word)]


def _is_topical(word: str) -> bool:
    """Tell whether a word may stand in a query of any contestant: plain letters, and a topic."""
    return word.isascii() and word.isalpha() and len(word) > 2 and not analysis.is_stopword(word)
