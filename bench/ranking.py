"""Ranking metrics: nDCG, recall and reciprocal rank.

A ranking is a list of distinct document ids, best first; judgments map ids to grades, of which 0
and below mean not relevant. The gain of a document is its grade and the discount the binary
logarithm of its rank plus 1 (Järvelin and Kekäläinen, 2002), as in trec_eval and the BEIR papers.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

Judgements = Mapping[str, int]


def ndcg(ranking: Sequence[str], judgements: Judgements, depth: int) -> float:
    """Return the discounted gain of the first `depth` documents relative to the ideal ranking.

    The ideal ranking is that of the judgments, regardless of what was retrieved.
    """
    ideal = _discounted(sorted(judgements.values(), reverse=True)[:depth])
    if not ideal:
        raise ValueError("no document is judged relevant")
    return _discounted(judgements.get(name, 0) for name in ranking[:depth]) / ideal


def recall(ranking: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """Return the share of the relevant documents among the first `depth`."""
    if not relevant:
        raise ValueError("no document is relevant")
    return len(set(ranking[:depth]) & set(relevant)) / len(set(relevant))


def reciprocal_rank(ranking: Sequence[str], relevant: Collection[str], depth: int) -> float:
    """Return 1 / rank of the first relevant document, 0 if it is not among the first `depth`."""
    for rank, name in enumerate(ranking[:depth], start=1):
        if name in relevant:
            return 1 / rank
    return 0.0


def relevant_in(judgements: Judgements) -> frozenset[str]:
    """Return the documents with a positive grade."""
    return frozenset(name for name, grade in judgements.items() if grade > 0)


def _discounted(grades: Iterable[int]) -> float:
    return sum(max(0, grade) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))
