"""What matches a query, with a bound of each score, and the best of it, exactly.

Rank-safe in two rounds: the passages with the highest bounds are scored exactly, and the lowest
score that is kept then tells which other bounds could still matter (the threshold of Turtle and
Flood). A bound is never below the score, so nothing that belongs among the best is lost.

`Listed` holds passages in a list; `Spread` a small integer for every passage of the segment, 0
where it does not match. In the latter the highest bounds are found without sorting: the passages
are looked at as sixty-four strips laid side by side, whose column maxima are one pass.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from index.postings.files import Array
from index.postings.lists import Scratch

Scorer = Callable[[Array], Array]  # passages, sorted, all matching -> their scores

STRIPS = 64
FEWEST = 64  # passages of the first round: so few cost no more than fewer
SLACK = 1e-9  # of a score: sums in another order differ by less


class Listed:
    """Matching passages, sorted. Without a `scorer`, the bounds are the scores."""

    def __init__(self, docs: Array, bounds: Array, scorer: Scorer | None = None) -> None:
        self.docs, self._bounds, self._scorer = docs, bounds, scorer

    def __len__(self) -> int:
        return len(self.docs)

    def restrict(self, allowed: Array) -> None:
        """Keep those that are `allowed` (a truth for every passage)."""
        self._keep(allowed[self.docs])

    def drop(self, docs: Array) -> None:
        """Leave out `docs`, sorted."""
        if len(docs):
            at = np.searchsorted(docs, self.docs)
            at[at == len(docs)] = 0
            self._keep(docs[at] != self.docs)

    def among(self, docs: Array) -> Array:
        """Return those of `docs`, sorted, that match."""
        if not len(self.docs):
            return docs[:0]
        at = np.searchsorted(self.docs, docs)
        at[at == len(self.docs)] = 0
        return np.asarray(docs[self.docs[at] == docs])

    def scores(self, docs: Array) -> Array:
        """Return the scores of `docs`, sorted, all of which match."""
        if self._scorer is not None:
            return self._scorer(docs)
        return np.asarray(self._bounds[np.searchsorted(self.docs, docs)])

    def best(self, count: int, worth: Array | None) -> tuple[Array, Array]:
        """Return the `count` best passages and their scores, each times its `worth`, at most 1."""
        if self._scorer is None:
            scores = self._bounds if worth is None else self._bounds * worth[self.docs]
            return _top(self.docs, scores, count)
        bounds = self._bounds if worth is None else self._bounds * worth[self.docs]
        first = max(2 * count, FEWEST)
        if len(bounds) <= first:
            return _top(self.docs, _worthy(self._scorer, self.docs, worth), count)
        promising = np.sort(np.argpartition(bounds, -first)[-first:])
        docs, scores = self.docs[promising], _worthy(self._scorer, self.docs[promising], worth)
        threshold = np.partition(scores, -count)[-count] * (1 - SLACK)
        bounds = bounds.copy()
        bounds[promising] = -1.0
        rest = self.docs[bounds >= threshold]
        return _top_of_both(docs, scores, rest, _worthy(self._scorer, rest, worth), count)

    def _keep(self, kept: Array) -> None:
        self.docs, self._bounds = self.docs[kept], self._bounds[kept]


class Spread:
    """A bound for every passage, in units of `1 / unit`; 0 where it does not match."""

    def __init__(self, bounds: Array, unit: float, scorer: Scorer, scratch: Scratch) -> None:
        self._bounds, self._unit, self._scorer, self._scratch = bounds, unit, scorer, scratch

    def __len__(self) -> int:
        return int(np.count_nonzero(self._bounds))

    @property
    def docs(self) -> Array:
        """The matching passages."""
        return np.flatnonzero(self._bounds)

    def restrict(self, allowed: Array) -> None:
        """Keep those that are `allowed` (a truth for every passage)."""
        spare = self._scratch.spare
        np.multiply(self._bounds, allowed, out=spare, dtype=np.uint16, casting="unsafe")
        self._bounds = spare

    def drop(self, docs: Array) -> None:
        """Leave out `docs`."""
        if len(docs):
            if not self._bounds.flags.writeable:
                self._bounds = self._bounds.copy()
            self._bounds[docs] = 0

    def among(self, docs: Array) -> Array:
        """Return those of `docs` that match."""
        return np.asarray(docs[self._bounds[docs] > 0])

    def scores(self, docs: Array) -> Array:
        """Return the scores of `docs`, sorted, all of which match."""
        return self._scorer(docs)

    def best(self, count: int, worth: Array | None) -> tuple[Array, Array]:
        """Return the `count` best passages and their scores, each times its `worth`, at most 1."""
        bounds = self._bounds
        columns = len(bounds) // STRIPS
        strips = bounds[: columns * STRIPS].reshape(STRIPS, columns)
        highest = strips.max(axis=0)
        tail = np.arange(columns * STRIPS, len(bounds))
        sought = min(max(count, FEWEST), columns)
        level = max(1, int(np.partition(highest, -sought)[-sought])) if sought else 1
        docs = _at_least(strips, highest, tail, bounds, level)
        scores = _worthy(self._scorer, docs, worth)
        threshold = np.partition(scores, -count)[-count] if len(docs) >= count else 0.0
        needed = max(1, int(threshold * (1 - SLACK) * self._unit))
        if needed >= level:
            return _top(docs, scores, count)
        rest = _at_least(strips, highest, tail, bounds, needed)
        rest = rest[bounds[rest] < level]
        return _top_of_both(docs, scores, rest, _worthy(self._scorer, rest, worth), count)


Matches = Listed | Spread


def _at_least(strips: Array, highest: Array, tail: Array, bounds: Array, level: int) -> Array:
    """Return the passages whose bound is at least `level`, sorted."""
    columns = np.flatnonzero(highest >= level)
    if len(columns) * 4 > len(highest):  # most columns: gathering them costs more than one pass
        return np.flatnonzero(bounds >= level)
    strip, column = np.nonzero(strips[:, columns] >= level)
    ends = tail[bounds[tail] >= level]
    return np.concatenate([strip * strips.shape[1] + columns[column], ends])


def _worthy(scorer: Scorer, docs: Array, worth: Array | None) -> Array:
    scores = scorer(docs)
    return scores if worth is None else scores * worth[docs]


def _top_of_both(
    docs: Array, scores: Array, others: Array, other_scores: Array, count: int
) -> tuple[Array, Array]:
    return _top(np.concatenate([docs, others]), np.concatenate([scores, other_scores]), count)


def _top(docs: Array, scores: Array, count: int) -> tuple[Array, Array]:
    """Return the `count` highest scores, equal ones in the order of their passages."""
    if len(scores) > 2 * count:
        least = np.partition(scores, -count)[-count]
        kept = scores >= least
        docs, scores = docs[kept], scores[kept]
    order = np.lexsort((docs, -scores))[:count]
    return docs[order], scores[order]
