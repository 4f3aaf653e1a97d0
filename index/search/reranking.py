"""Reranking of the best results; docs/relevance.md reports the measured effects.

Article scores: in a long question, only some words describe the topic, and no single passage
contains them all. Words are therefore weighted by idf without the constant 1 that the engine adds
(Robertson and Sparck Jones), and half of an article's score is the BM25 score of its best three
passages read as one text (Callan, "Passage-level evidence in document retrieval", 1994). Results
that are reranked by meaning (`index.search.semantic_reranker`) do without the latter.

Score regularisation: the score of each of the best articles is mixed with the scores of the most
similar ones (Diaz, "Regularizing ad hoc retrieval scores", 2005). This reduces the influence of
single words and adds no results.

Headings: a passage whose heading matches the query is shown first in its article's hit. The order
of the articles does not change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np

from index.analyzer import (
    is_question_word,
    is_stopword,
    split_words,
    stem_text,
    stem_word,
    stopword_stems,
)
from index.document import BM25_B, BM25_K1, FIELD_BOOSTS
from index.query.parser import (
    AnyOfQuery,
    Leaf,
    Node,
    ParsedQuery,
    PhraseQuery,
    PrefixQuery,
    SynonymQuery,
    WordQuery,
)
from index.search.sections import text_stems
from kb.model.passage import Passage
from kb.model.records import ArticleSummary

L = TypeVar("L", bound=Leaf)

MIN_QUERY_WORDS = 5  # shorter queries are not reranked
PASSAGES_PER_ARTICLE = 3  # passages of an article that are read as one text
ARTICLE_SHARE = 0.5  # share of an article's score that comes from its passages read as one text
MIN_WEIGHT = 0.05  # minimum factor, for words that occur in half of the passages
MAX_TEXT_WORDS = 400  # words of a text that are counted


def is_question(query: ParsedQuery) -> bool:
    """Return whether `query` is long enough to be reranked and consists of words only."""
    plain = all(isinstance(leaf, WordQuery) and not leaf.field for leaf in query.leaves)
    chosen = any(isinstance(node, AnyOfQuery) for node in query.clauses)
    return plain and not chosen and len(query.leaves) >= MIN_QUERY_WORDS


def query_stems(query: ParsedQuery) -> frozenset[str]:
    """Return the stems of all words of `query`, including synonyms."""
    leaves: list[Leaf] = list(query.leaves)
    for node in query.clauses:
        if isinstance(node, SynonymQuery):
            leaves += node.synonyms
    return frozenset(
        stem for leaf in leaves if isinstance(leaf, WordQuery | PhraseQuery) for stem in leaf.stems
    )


def weight_by_idf(query: ParsedQuery, idfs: Mapping[str, float]) -> ParsedQuery:
    """Return `query` with words weighted by (idf - 1) / idf."""
    return replace(query, clauses=tuple(_weight_node(node, idfs) for node in query.clauses))


def _weight_node(node: Node, idfs: Mapping[str, float]) -> Node:
    if isinstance(node, SynonymQuery):
        typed = tuple(_weight_leaf(leaf, idfs) for leaf in node.typed)
        others = tuple(_weight_leaf(leaf, idfs) for leaf in node.synonyms)
        return replace(node, typed=typed, synonyms=others)
    return node if isinstance(node, AnyOfQuery) else _weight_leaf(node, idfs)


def _weight_leaf(leaf: L, idfs: Mapping[str, float]) -> L:
    if isinstance(leaf, PrefixQuery):
        return leaf
    idf = sum(idfs[stem] for stem in leaf.stems)
    weight = max(MIN_WEIGHT, (idf - len(leaf.stems)) / idf)
    return replace(leaf, weight=leaf.weight * weight)


@dataclass(frozen=True, slots=True)
class ArticleTerms:
    """Stem counts and length of some passages of an article, both weighted by field boosts."""

    counts: Counter[str]
    length: int


def count_terms(article: ArticleSummary, passages: Sequence[Passage]) -> ArticleTerms:
    """Count the stems of passages of an article as one text, with the title once."""
    counts: Counter[str] = Counter()
    length = 0
    fields = [(tuple(stem_text(article.title)), FIELD_BOOSTS["title"])]
    for passage in passages:
        heading = tuple(stem_text("\n".join(passage.heading_path)))
        fields += [(heading, FIELD_BOOSTS["heading"]), (text_stems(passage), FIELD_BOOSTS["body"])]
    for stems, times in fields:
        counted = stems[:MAX_TEXT_WORDS]
        length += times * len(counted)
        counts.update(counted * times)
    return ArticleTerms(counts, length)


def score_articles(
    query: ParsedQuery, articles: Sequence[ArticleTerms], idfs: Mapping[str, float]
) -> list[float]:
    """Return the BM25 score of each article for `query`; `idfs` maps stems to their idf."""
    mean = sum(article.length for article in articles) / len(articles)
    factors = {
        leaf.stem: leaf.weight * idfs[leaf.stem]
        for leaf in query.leaves
        if isinstance(leaf, WordQuery)
    }
    scores = []
    for article in articles:
        norm = BM25_K1 * (1 - BM25_B + BM25_B * article.length / (mean or 1))
        weighted = ((article.counts[stem], factor) for stem, factor in factors.items())
        scores.append(sum(factor * n * (BM25_K1 + 1) / (n + norm) for n, factor in weighted))
    return scores


def mix_scores(scores: Sequence[float], article_scores: Sequence[float]) -> list[float]:
    """Return the weighted mean of the best passage's score and the whole article's score."""
    return [
        (1 - ARTICLE_SHARE) * one + ARTICLE_SHARE * all_
        for one, all_ in zip(scores, article_scores, strict=True)
    ]


RERANK_DEPTH = 50  # articles that are reranked; with 20, half of the gain is lost
MAX_NEIGHBOURS = 3
# Share of a score that comes from the neighbours. All test sets improve between 0.2 and 0.4; at 0.5
# SciFact loses its improvement.
NEIGHBOUR_SHARE = 0.3


def topical_terms(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts without stop words."""
    small = stopword_stems()
    return {stem: times for stem, times in counts.items() if stem not in small}


def regularize_scores(
    scores: Sequence[float], texts: Sequence[Mapping[str, int]], idfs: Mapping[str, float]
) -> list[float]:
    """Return each score mixed with the scores of the most similar texts.

    `texts` are stem counts. Similarity is the cosine of log counts weighted by idf (`idfs`).
    """
    if len(scores) <= MAX_NEIGHBOURS:
        return list(scores)
    column: dict[str, int] = {}
    columns = [[column.setdefault(stem, len(column)) for stem in text] for text in texts]
    weight = np.array([max(0.0, idfs[stem] - 1) for stem in column])
    vectors = np.zeros((len(texts), len(column)))
    for row, text, stems in zip(vectors, texts, columns, strict=True):
        times = np.fromiter(text.values(), np.float64, len(text))
        row[stems] = (1 + np.log(times)) * weight[stems]
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, lengths, out=vectors, where=lengths > 0)
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, 0.0)
    threshold = np.partition(similarity, -MAX_NEIGHBOURS, axis=1)[:, -MAX_NEIGHBOURS, None]
    similarity = np.where(similarity >= threshold, similarity, 0.0)
    own = np.array(scores)
    weights = similarity.sum(axis=1)
    neighbour_scores = np.divide(similarity @ own, weights, out=own.copy(), where=weights > 0)
    mixed: list[float] = ((1 - NEIGHBOUR_SHARE) * own + NEIGHBOUR_SHARE * neighbour_scores).tolist()
    return mixed


# Share of the words of query and heading that both must contain: one word in five may differ.
MIN_HEADING_SIMILARITY = 0.8


@lru_cache(maxsize=8_192)  # queries repeat, and articles share headings
def heading_stems(text: str) -> frozenset[str]:
    """Return the stems of `text` without stop words and, if others remain, question words."""
    found = [word for word in split_words(text) if not is_stopword(word)]
    return frozenset(stem_word(word) for word in found if not is_question_word(word)) or frozenset(
        map(stem_word, found)
    )


def best_heading_match(typed: frozenset[str], passages: Sequence[Passage]) -> int:
    """Return the index of the passage whose heading matches the query, else 0."""
    if not typed:
        return 0
    likeness = [_heading_similarity(typed, passage) for passage in passages]
    best = max(likeness, default=0.0)
    return likeness.index(best) if best >= MIN_HEADING_SIMILARITY else 0


@lru_cache(maxsize=8_192)
def _heading_stems(heading: str) -> frozenset[str]:
    return frozenset(stem_text(heading))


def _heading_similarity(typed: frozenset[str], passage: Passage) -> float:
    """Return the Jaccard similarity of the typed stems and the stems of the passage's heading."""
    if not passage.heading_path:
        return 0.0
    heading = passage.heading_path[-1]
    if len(typed.intersection(_heading_stems(heading))) < MIN_HEADING_SIMILARITY * len(typed):
        return 0.0  # fast path for most headings
    alike = heading_stems(heading)
    return len(typed & alike) / max(1, len(typed | alike))
