"""Feedback: words that the best passages use, searched along with the words of a long question.

A long question often says things in other words than the texts do. The passages that answer it best
so far are taken for relevant, and the words that set them apart join the query (pseudo-relevance
feedback; Lavrenko and Croft, "Relevance-based language models", 2001, in the form RM3). It helps
where even the best passage has little of the question, and harms where one has nearly all of it, so
it is asked for only then. docs/relevance.md has what was measured.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from index.analysis import is_stopword, stem_of, words
from index.query import AnyOf, Leaf, Node, Prefix, Query, Synonyms, Word

L = TypeVar("L", bound=Leaf)

PASSAGES = 20  # taken for relevant
WORDS = 40  # that join the query
LEAST_QUERY = 5  # words; a short query says what it wants
# Of the question's rarity in the best passage: with more of it, new words lead astray. At 0.5 and a
# share of 0.25, nDCG@10 of med1033 gained 0.023 and that of SciFact lost 0.020.
WELL_COVERED = 0.35
SHARE = 0.125  # of the whole query's weight that the new words have
LEAST_PASSAGES = 3  # fewer teach what is peculiar to one of them
LEAST_LETTERS = 3
MOST_SCANNED = 400  # words of a passage; what is longer says nothing new of its subject


def coverage(query: Query, stems: Iterable[str], rarity: Mapping[str, float]) -> float:
    """Return how much of the question's words `stems` have, each counted by its rarity, 0 to 1."""
    there = set(stems)
    asked = {leaf.stem for leaf in query.leaves if isinstance(leaf, Word)}
    whole = sum(rarity[stem] for stem in asked)
    return sum(rarity[stem] for stem in asked & there) / whole if whole else 1.0


def wants_feedback(query: Query) -> bool:
    """Tell whether `query` is a question long enough, and of nothing but words."""
    plain = all(isinstance(leaf, Word) and not leaf.field for leaf in query.leaves)
    chosen = any(isinstance(node, AnyOf) for node in query.wanted)
    return plain and not chosen and len(query.leaves) >= LEAST_QUERY


def candidates(texts: Sequence[tuple[float, str]]) -> dict[str, float]:
    """Return the stems of (score, text) pairs, each with its share of them, weighed by score."""
    total = sum(score for score, _ in texts) or 1.0
    found: dict[str, float] = defaultdict(float)
    for score, text in texts:
        counted = Counter(_topical(text))
        length = sum(counted.values()) or 1
        for stem, times in counted.items():
            found[stem] += score / total * times / length
    return found


def widened(query: Query, shares: Mapping[str, float], rarity: Mapping[str, float]) -> Query:
    """Return `query` with the words of `shares` that set the passages apart, at little weight."""
    own = {leaf.stem for leaf in query.leaves if isinstance(leaf, Word)}
    telling = sorted(shares, key=lambda stem: (-shares[stem] * rarity[stem], stem))[:WORDS]
    total = sum(shares[stem] for stem in telling) or 1.0
    weight = {stem: SHARE * len(own) * shares[stem] / total for stem in telling}
    plain = {node.stem for node in query.wanted if isinstance(node, Word)}
    asked = tuple(_weighed(node, weight) for node in query.wanted)
    new = tuple(Word(stem, stem, weight=weight[stem]) for stem in telling if stem not in plain)
    return replace(query, wanted=(*asked, *new))


def _weighed(node: Node, more: Mapping[str, float]) -> Node:
    """Return a node of the question at its share of the weight, and more where it is telling."""
    if isinstance(node, Synonyms):
        return Synonyms(tuple(map(_less, node.typed)), tuple(map(_less, node.others)))
    if isinstance(node, Word):
        return replace(node, weight=(1 - SHARE) * node.weight + more.get(node.stem, 0.0))
    return node


def _less(leaf: L) -> L:
    return leaf if isinstance(leaf, Prefix) else replace(leaf, weight=(1 - SHARE) * leaf.weight)


def _topical(text: str) -> Iterable[str]:
    for word in words(text)[:MOST_SCANNED]:
        if len(word) >= LEAST_LETTERS and not word[0].isdigit() and not is_stopword(word):
            yield stem_of(word)
