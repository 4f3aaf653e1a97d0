"""Neighbours: passages that say nearly the same should answer a question nearly as well.

A long question often says things in other words than the texts do, and single words then decide by
chance which of the passages on its subject come first. So the score of each of the best passages is
mixed with those of the passages nearest to it in their words (score regularization; Diaz,
"Regularizing ad hoc retrieval scores", 2005). Nothing is found that was not found before, and no
word is added. docs/relevance.md has what was measured.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from index.analysis import stem_of, stopword_stems, words
from index.query import AnyOf, Query, Word

LEAST_QUERY = 5  # words; a short query says what it wants
BEST = 50  # passages that are looked at; with 20, half of the gain is gone
NEAREST = 3
# Of a score that comes from the neighbours. Between 0.2 and 0.4 every set gained; at 0.5 SciFact
# lost what it had gained.
SHARE = 0.3
MOST_SCANNED = 400  # words of a passage; what is longer says nothing new of its subject


def is_question(query: Query) -> bool:
    """Tell whether `query` is a question long enough, and of nothing but words."""
    plain = all(isinstance(leaf, Word) and not leaf.field for leaf in query.leaves)
    chosen = any(isinstance(node, AnyOf) for node in query.wanted)
    return plain and not chosen and len(query.leaves) >= LEAST_QUERY


def stems_of(text: str) -> Counter[str]:
    """Return how often each stem that carries a topic stands at the beginning of `text`."""
    small = stopword_stems()
    counted = Counter(map(stem_of, words(text)[:MOST_SCANNED]))
    return Counter({stem: times for stem, times in counted.items() if stem not in small})


def regularized(
    scores: Sequence[float], texts: Sequence[Counter[str]], rarity: Mapping[str, float]
) -> list[float]:
    """Return the scores, each mixed with those of the nearest of `texts`.

    Nearness is the cosine of the counts' logarithms times `rarity`, which maps stems to idf.
    """
    if len(scores) <= NEAREST:
        return list(scores)
    column = {stem: number for number, stem in enumerate({s for text in texts for s in text})}
    vectors = np.zeros((len(texts), len(column)))
    for row, text in zip(vectors, texts, strict=True):
        for stem, times in text.items():
            row[column[stem]] = (1 + math.log(times)) * max(0.0, rarity[stem] - 1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, lengths, out=vectors, where=lengths > 0)
    near = vectors @ vectors.T
    np.fill_diagonal(near, 0.0)
    least = np.partition(near, -NEAREST, axis=1)[:, -NEAREST, None]
    near = np.where(near >= least, near, 0.0)
    own = np.array(scores)
    weights = near.sum(axis=1)
    theirs = np.divide(near @ own, weights, out=own.copy(), where=weights > 0)
    mixed: list[float] = ((1 - SHARE) * own + SHARE * theirs).tolist()
    return mixed
