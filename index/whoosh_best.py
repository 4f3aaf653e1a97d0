"""The best of several queries: a passage matches when any of them does, and the best score counts.

Whoosh's own `DisjunctionMax` takes the higher of two scores without looking whether both belong to
the passage at hand, so a passage may get the score of one further on.
"""

from __future__ import annotations

from typing import Any

from whoosh import query
from whoosh.matching import UnionMatcher


class BestMatcher(UnionMatcher):  # type: ignore[misc]  # Whoosh has no type for it
    """The union of two matchers with the higher score where both match."""

    def score(self) -> float:
        """Return the score of the current passage."""
        first, second = self.a, self.b
        scores = [
            matcher.score()
            for matcher in (first, second)
            if matcher.is_active() and matcher.id() == self.id()
        ]
        return float(max(scores))


class Best(query.Or):  # type: ignore[misc]  # Whoosh has no type for it
    """The best of its subqueries."""

    def _matcher(self, subs: Any, searcher: Any, context: Any) -> Any:
        matchers = [sub.matcher(searcher, context) for sub in subs]
        while len(matchers) > 1:
            last = matchers.pop()
            matchers[-1] = BestMatcher(matchers[-1], last)
        return matchers[0]
