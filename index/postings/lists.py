"""Lists: passages with a score each, of one word or worked out for a phrase; united, intersected.

A list is sorted by passage. `Term` is the postings of a word where they stand on the disk; `Found`
holds passages and scores that were worked out. Both say the most that a passage of theirs can
score, which is what pruning rests on.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from index.postings.files import Array
from index.postings.runs import starts
from index.postings.scoring import K1
from index.postings.segment import Segment

# A list this many times longer than what is looked up in it is searched by halves; a shorter one is
# spread out over the passages, which costs six nanoseconds a posting (a search, fifty).
MUCH_LONGER = 12
SHORT = 2_048  # postings that are sorted together rather than spread out over all passages


class Scratch(threading.local):
    """Arrays over all passages of a segment, all zero between two uses; each thread has its own."""

    def __init__(self, count: int) -> None:
        self.count = count

    @cached_property
    def sums(self) -> Array:
        """Scores, as float64."""
        return np.zeros(self.count, np.float64)

    @cached_property
    def slots(self) -> Array:
        """Numbers of postings, counted from 1."""
        return np.zeros(self.count, np.uint32)

    @cached_property
    def marks(self) -> Array:
        """Whether a passage is among some."""
        return np.zeros(self.count, bool)

    @cached_property
    def bounds(self) -> Array:
        """Bounds of scores in sixteen bits; not zero between uses, whoever takes it fills it."""
        return np.zeros(self.count, np.uint16)

    @cached_property
    def spare(self) -> Array:
        """As `bounds`."""
        return np.zeros(self.count, np.uint16)


class Found:
    """Passages and their scores, worked out."""

    row: Array | None = None

    def __init__(self, docs: Array, scores: Array, scratch: Scratch) -> None:
        self.docs, self._scores, self._scratch = docs, scores, scratch

    def __len__(self) -> int:
        return len(self.docs)

    @cached_property
    def most(self) -> float:
        """The highest score, 0 where there is none."""
        return float(self._scores.max(initial=0.0))

    def scores(self) -> Array:
        """Return the score of each passage, as float64."""
        return self._scores

    def small_scores(self, unit: float) -> Array:
        """Return the scores in units, rounded up, in sixteen bits."""
        return np.ceil(self._scores * unit).astype(np.uint16)

    def at(self, docs: Array) -> tuple[Array, Array]:
        """Return which of `docs`, sorted, are in the list, and the scores of those that are."""
        there, number = looked_up(self.docs, docs, self._scratch)
        return there, self._scores[number]


class Term:
    """The postings of one word. `factor` is its weight times its idf."""

    def __init__(
        self, segment: Segment, term: int, factor: float, table: Array, scratch: Scratch
    ) -> None:
        self._segment, self._scratch, self.number = segment, scratch, term
        self._table, self._factor = table, factor
        self._postings = segment.postings(term)
        self.row: Array | None = segment.rows.get(term)

    def __len__(self) -> int:
        return int(self._postings.stop) - int(self._postings.start)

    @property
    def most(self) -> float:
        """A score that none of its passages exceeds."""
        return self._factor * (K1 + 1)

    @property
    def docs(self) -> Array:
        """The passages, as they stand on the disk."""
        return np.asarray(self._segment.docs[self._postings])

    def scores(self) -> Array:
        """Return the score of each passage, as float64."""
        return np.take(self._table, self._segment.pairs[self._postings]) * self._factor

    def small_scores(self, unit: float) -> Array:
        """Return the scores in units, rounded up, in sixteen bits."""
        table = np.ceil(self._table * (self._factor * unit)).astype(np.uint16)
        return np.take(table, self._segment.pairs[self._postings])

    def at(self, docs: Array) -> tuple[Array, Array]:
        """Return which of `docs`, sorted, are in the list, and the scores of those that are."""
        there, number = looked_up(self.docs, docs, self._scratch)
        pairs = self._segment.pairs[self._postings][number]
        return there, np.take(self._table, pairs) * self._factor


List = Term | Found


def looked_up(among: Array, docs: Array, scratch: Scratch) -> tuple[Array, Array]:
    """Return which of `docs` are in `among`, and where those that are stand in it."""
    if not len(among) or not len(docs):
        return np.zeros(len(docs), bool), np.zeros(0, np.intp)
    if len(docs) * MUCH_LONGER < len(among):
        number = np.searchsorted(among, docs.astype(among.dtype))
        number[number == len(among)] = 0
        there = among[number] == docs
        return there, number[there]
    slots, places = scratch.slots, among.astype(np.intp)
    slots[places] = np.arange(1, len(among) + 1, dtype=np.uint32)
    number = slots[docs]
    slots[places] = 0
    there = number > 0
    return there, number[there].astype(np.intp) - 1


def united(lists: Sequence[List], scratch: Scratch, *, best: bool = False) -> Found:
    """Return the passages of any of `lists`, with the sum of their scores, or the best of them."""
    lists = [each for each in lists if len(each)]
    if not lists:
        return Found(np.zeros(0, np.intp), np.zeros(0), scratch)
    docs = [each.docs.astype(np.intp) for each in lists]
    if len(lists) == 1:
        return Found(docs[0], lists[0].scores(), scratch)
    scores = [each.scores() for each in lists]
    return united_postings(np.concatenate(docs), np.concatenate(scores), scratch, best=best)


def united_postings(docs: Array, scores: Array, scratch: Scratch, *, best: bool = False) -> Found:
    """Return each of `docs`, which may repeat, once, with the sum or the best of its scores."""
    combine = np.maximum if best else np.add
    if len(docs) <= SHORT:
        order = np.argsort(docs, kind="stable")
        docs = docs[order]
        first = starts(docs)
        if len(first):
            scores = combine.reduceat(scores[order], first)
        return Found(docs[first], scores, scratch)
    sums, marks = scratch.sums, scratch.marks
    combine.at(sums, docs, scores)
    marks[docs] = True
    found = np.flatnonzero(marks)
    scores = sums[found]
    sums[found] = 0.0
    marks[found] = False
    return Found(found, scores, scratch)


def intersected(lists: Sequence[List], scratch: Scratch) -> Found:
    """Return the passages that are in all of `lists`, with the sum of their scores."""
    first, *others = sorted(lists, key=len)
    docs, scores = first.docs.astype(np.intp), first.scores()
    for other in others:
        if not len(docs):
            break
        if other.row is not None:
            likely = other.row[docs] > 0
            docs, scores = docs[likely], scores[likely]
        there, more = other.at(docs)
        docs, scores = docs[there], scores[there] + more
    return Found(docs, scores, scratch)
