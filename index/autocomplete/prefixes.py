"""Numbers by the beginnings of words: a sorted array with bounded answers.

The numbers are places in a ranking, smallest best. Under a long beginning stand few, and all of
them are returned. Under a short one may stand most of the base; for such, the best are picked out
when the array is built, so that no answer walks through all of them.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

MAX_SCANNED = 1_024  # numbers looked at for one beginning: under a millisecond
KEPT = 256  # of the best under a beginning with more; an answer shows eight
LAST = "\U0010ffff"  # sorts after every letter


class PrefixArray:
    """An unchanging map from words to numbers, asked by how the words begin."""

    def __init__(self, numbers: Mapping[str, Sequence[int]]) -> None:
        self._words = sorted(numbers)
        self._ends = array("I", [0])  # where the numbers of each word begin, and of the last end
        self._numbers = array("I")
        for word in self._words:
            self._numbers.extend(numbers[word])
            self._ends.append(len(self._numbers))
        self._best: dict[str, tuple[int, ...]] = dict(self._large(""))

    def __contains__(self, word: str) -> bool:
        at = bisect_left(self._words, word)
        return at < len(self._words) and self._words[at] == word

    def begins(self, prefix: str) -> bool:
        """Tell whether a word begins so; cheaper than to count them."""
        at = bisect_left(self._words, prefix)
        return at < len(self._words) and self._words[at].startswith(prefix)

    def count(self, prefix: str) -> int:
        """Return how many numbers stand under words that begin so."""
        begin, end = self._range(prefix)
        return end - begin

    def best(self, prefix: str) -> Sequence[int]:
        """Return the numbers under words that begin so: all, in no order, or the `KEPT` best."""
        kept = self._best.get(prefix)
        if kept is not None:
            return kept
        begin, end = self._range(prefix)
        return self._numbers[begin:end]

    def _range(self, prefix: str) -> tuple[int, int]:
        first = bisect_left(self._words, prefix)
        last = bisect_left(self._words, prefix + LAST, lo=first)
        return self._ends[first], self._ends[last]

    def _large(self, prefix: str) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yield every beginning that more than `MAX_SCANNED` numbers stand under, with the best."""
        begin, end = self._range(prefix)
        if end - begin <= MAX_SCANNED:
            return
        if prefix:
            best = heapq.nsmallest(KEPT, self._numbers[begin:end])
            yield prefix, tuple(dict.fromkeys(best))
        at = bisect_left(self._words, prefix)
        last = bisect_left(self._words, prefix + LAST)
        if at < last and self._words[at] == prefix:
            at += 1
        while at < last:
            longer = self._words[at][: len(prefix) + 1]
            yield from self._large(longer)
            at = bisect_left(self._words, longer + LAST, lo=at)
