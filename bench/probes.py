"""Benchmark queries by class, drawn from the corpus by seed.

===============  =================================================================
frequent         one word that occurs in more than 5% of the passages
middling         one word that occurs in 0.5 to 2% of them
rare             one word that occurs in one to five passages
or2, or5, or10   any of two, five or ten words of one passage
questions        any of the words of a question, without stopwords
and2, and3       all of two or three words of one passage
phrase           two or three consecutive words of a passage
prefix           the first five letters of a word of at least eight
fuzzy            a word of at least six letters with one of them wrong
filtered         or2 among the passages of the most frequent tag
three_fields     or2, for peers in title, heading and body as weighted fields
facets           or2, and the number of matches with each tag
snippets         or2, and a snippet for each of the ten best
===============  =================================================================

The words of a query come from one passage, because users search for related words. They are drawn
from the running text, so that frequent words are more likely; stopwords are excluded.

The corpus is read once to count word frequencies; only a sample of its bodies is kept.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from index import analyzer
from index.document import IndexDocument

PREFIX_LETTERS = 5
SHORTEST_MISSPELT = 6
ATTEMPTS = 200  # failed draws after which a class is abandoned
SAMPLE = 20_000  # bodies kept; each class draws some hundred queries from them
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Operator(StrEnum):
    """How the words of a query are combined."""

    ANY = "any"
    ALL = "all"
    PHRASE = "phrase"
    PREFIX = "prefix"
    FUZZY = "fuzzy"


class Extra(StrEnum):
    """What is requested in addition to the ids of the ten best passages."""

    NOTHING = ""
    FACETS = "facets"
    SNIPPETS = "snippets"


@dataclass(frozen=True, slots=True)
class Probe:
    """A query in engine-independent form: unmodified words."""

    words: tuple[str, ...]
    operator: Operator = Operator.ALL
    tag: str = ""
    extra: Extra = Extra.NOTHING
    by_field: bool = False


class _Topical(dict[str, str]):
    """Cache of the stem of each word that may be used in a query, "" for other words."""

    def __init__(self) -> None:
        super().__init__()
        self.word_of: dict[str, str] = {}

    def __missing__(self, word: str) -> str:
        stem = analyzer.stem_word(word) if _is_topical(word) else ""
        if stem:
            self.word_of.setdefault(stem, word.lower())
        self[word] = stem
        return stem


class Probes:
    """Draws queries from a corpus of `count` passages."""

    def __init__(self, documents: Iterable[IndexDocument], count: int, seed: int) -> None:
        self._chance = random.Random(seed)
        self._topical = _Topical()
        self._bodies: list[str] = []
        frequency: Counter[str] = Counter()
        tags: Counter[str] = Counter()
        headings: set[str] = set()
        sample = set(self._chance.sample(range(count), min(count, SAMPLE)))
        for number, document in enumerate(documents):
            body = document.texts["body"]
            frequency.update(set(map(self._topical.__getitem__, set(analyzer.split_words(body)))))
            tags.update(document.tags)
            headings.add(document.texts["heading"])
            if number in sample:
                self._bodies.append(body)
        del frequency[""]
        self._tag = next((tag for tag, _ in tags.most_common(1)), "")
        self._frequent = sorted(s for s, n in frequency.items() if n > 0.05 * count)
        self._middling = sorted(s for s, n in frequency.items() if 0.005 <= n / count <= 0.02)
        self._rare = sorted(stem for stem, number in frequency.items() if number <= 5)
        self._known = frozenset(frequency)
        self._questions = sorted(h for h in headings if h.rstrip().endswith("?"))

    def classes(self, count: int, questions: Sequence[str] | None = None) -> dict[str, list[Probe]]:
        """Return `count` distinct queries of each class, or fewer if the corpus has no more.

        Without `questions`, headings that are questions are used.
        """
        usable_questions = self._questions if questions is None else questions
        draws: dict[str, Callable[[], Probe | None]] = {
            "frequent": lambda: self._single(self._frequent),
            "middling": lambda: self._single(self._middling),
            "rare": lambda: self._single(self._rare),
            "or2": lambda: self._together(2, Operator.ANY),
            "or5": lambda: self._together(5, Operator.ANY),
            "or10": lambda: self._together(10, Operator.ANY),
            "questions": lambda: self._question(usable_questions),
            "and2": lambda: self._together(2, Operator.ALL),
            "and3": lambda: self._together(3, Operator.ALL),
            "phrase": self._phrase,
            "prefix": self._prefix,
            "fuzzy": self._fuzzy,
            "filtered": self._filtered,
            "three_fields": lambda: self._two(by_field=True),
            "facets": lambda: self._two(extra=Extra.FACETS),
            "snippets": lambda: self._two(extra=Extra.SNIPPETS),
        }
        drawn = {name: list(_different(draw, count)) for name, draw in draws.items()}
        return {name: probes for name, probes in drawn.items() if probes}

    def _single(self, stems: Sequence[str]) -> Probe | None:
        if not stems:
            return None
        return Probe((self._topical.word_of[self._chance.choice(stems)],))

    def _words(self) -> list[str]:
        """Return the words of a passage that may be used in a query."""
        words = analyzer.split_words(self._chance.choice(self._bodies))
        return [word for word in words if self._topical[word]]

    def _together(self, count: int, operator: Operator) -> Probe | None:
        words = self._words()
        self._chance.shuffle(words)
        chosen = {self._topical[word]: word.lower() for word in words}
        return Probe(tuple(chosen.values())[:count], operator) if len(chosen) >= count else None

    def _two(self, *, by_field: bool = False, extra: Extra = Extra.NOTHING) -> Probe | None:
        probe = self._together(2, Operator.ANY)
        return replace(probe, by_field=by_field, extra=extra) if probe else None

    def _phrase(self) -> Probe | None:
        words = analyzer.split_words(self._chance.choice(self._bodies))
        length = self._chance.choice((2, 3))
        if len(words) < length:
            return None
        start = self._chance.randrange(len(words) - length + 1)
        chosen = words[start : start + length]
        if not all(word.isalpha() for word in chosen) or not self._topical[chosen[0]]:
            return None
        # Users type phrases with a stopword inside, but not at the end.
        if not self._topical[chosen[-1]]:
            return None
        return Probe(tuple(word.lower() for word in chosen), Operator.PHRASE)

    def _prefix(self) -> Probe | None:
        words = [word for word in self._words() if len(word) >= 8]
        if not words:
            return None
        return Probe((self._chance.choice(words).lower()[:PREFIX_LETTERS],), Operator.PREFIX)

    def _fuzzy(self) -> Probe | None:
        words = [word for word in self._words() if len(word) >= SHORTEST_MISSPELT]
        if not words:
            return None
        wrong = self._misspelt(self._chance.choice(words).lower())
        return None if self._topical[wrong] in self._known else Probe((wrong,), Operator.FUZZY)

    def _misspelt(self, word: str) -> str:
        """Return a word with one letter replaced, removed, added or swapped.

        The first letter and the last ones, which stemming may remove, stay unchanged.
        """
        at = self._chance.randrange(1, max(2, len(word) - 3))
        letter = self._chance.choice(LETTERS)
        return self._chance.choice(
            (
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            )
        )

    def _question(self, questions: Sequence[str]) -> Probe | None:
        if not questions:
            return None
        words = analyzer.split_words(self._chance.choice(questions))
        chosen = {self._topical[word]: word for word in words if self._topical[word]}
        return Probe(tuple(chosen.values()), Operator.ANY) if chosen else None

    def _filtered(self) -> Probe | None:
        probe = self._together(2, Operator.ANY)
        return replace(probe, tag=self._tag) if probe and self._tag else None


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


def _is_topical(word: str) -> bool:
    """Return whether a word may be used in queries: ASCII letters and not a stopword."""
    return word.isascii() and word.isalpha() and len(word) > 2 and not analyzer.is_stopword(word)
