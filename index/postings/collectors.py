"""Matches of a query in a segment, and the exact top k.

`SparseMatches` stores passages and scores; `DenseMatches` stores an upper bound of the score for
every passage of the segment, 0 for no match. Its top k are found in two passes: the passages with
the highest bounds are scored exactly, and the lowest of these scores is the threshold above which
other bounds are scored (Turtle and Flood). Bounds are never below the scores, so the result is
exact. The highest bounds are found from the maxima of strips of passages, without sorting.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.postings.array_file import Array
from index.postings.posting_lists import PostingList, PostingLists, best_sparse


class SparseMatches:
    """Sorted matching passages and their scores."""

    def __init__(self, docs: Array, scores: Array) -> None:
        self.docs, self._scores = docs, scores

    def __len__(self) -> int:
        return len(self.docs)

    def restrict(self, allowed: Array) -> None:
        """Keep passages where the mask `allowed` is True."""
        self._keep(allowed[self.docs])

    def exclude(self, docs: Array) -> None:
        """Remove `docs`, which are sorted."""
        if len(docs):
            at = np.searchsorted(docs, self.docs)
            at[at == len(docs)] = 0
            self._keep(docs[at] != self.docs)

    def filter_docs(self, docs: Array) -> Array:
        """Return the passages of sorted `docs` that match."""
        if not len(self.docs):
            return docs[:0]
        at = np.searchsorted(self.docs, docs)
        at[at == len(self.docs)] = 0
        return np.asarray(docs[self.docs[at] == docs])

    def scores(self, docs: Array) -> Array:
        """Return the scores of sorted `docs`, which must all match."""
        return np.asarray(self._scores[np.searchsorted(self.docs, docs)])

    def best(self, count: int, score_factors: Array | None) -> tuple[Array, Array]:
        """Return the `count` best passages and their scores times `score_factors` (at most 1)."""
        return best_sparse(self.docs, self._scores, count, score_factors)

    def _keep(self, kept: Array) -> None:
        self.docs, self._scores = self.docs[kept], self._scores[kept]


class DenseMatches:
    """An upper bound for every passage in units of `1 / unit`; 0 for no match."""

    def __init__(
        self, bounds: Array, unit: float, lists: Sequence[PostingList], of: PostingLists
    ) -> None:
        self._bounds, self._unit, self._lists, self._of = bounds, unit, lists, of

    def __len__(self) -> int:
        return int(np.count_nonzero(self._bounds))

    @property
    def docs(self) -> Array:
        """The sorted matching passages, in a buffer that the thread's next call overwrites."""
        return self._of.nonzero_docs(self._bounds)

    def restrict(self, allowed: Array) -> None:
        """Keep passages where the mask `allowed` is True."""
        spare = self._of.buffers.spare
        np.multiply(self._bounds, allowed, out=spare, dtype=np.uint16, casting="unsafe")
        self._bounds = spare

    def exclude(self, docs: Array) -> None:
        """Remove `docs`."""
        if len(docs):
            if not self._bounds.flags.writeable:
                self._bounds = self._bounds.copy()
            self._bounds[docs] = 0

    def filter_docs(self, docs: Array) -> Array:
        """Return the passages of sorted `docs` that match."""
        return np.asarray(docs[self._bounds[docs] > 0])

    def scores(self, docs: Array) -> Array:
        """Return the scores of sorted `docs`, which must all match."""
        return self._of.scores(self._lists, docs)

    def best(self, count: int, score_factors: Array | None) -> tuple[Array, Array]:
        """Return the `count` best passages and their scores times `score_factors` (at most 1)."""
        return self._of.best_dense(self._lists, self._bounds, self._unit, count, score_factors)


Matches = SparseMatches | DenseMatches
