"""Reranking of the best articles by meaning.

The words decide which articles are found. Half of the new score of an article is its score by
words, half the similarity of its best passage to the query; both are z-scores, because they have no
common scale. docs/relevance.md reports the measured effect.

Embeddings confuse drugs with similar names. Therefore no article whose leading passage lacks a
requested drug rises above one whose leading passage has it (`requested_drugs`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from index.analyzer import fold, normalize_spelling
from index.engine import ArticleGroup
from index.query.synonyms import SynonymDictionary
from index.semantic.model import EmbeddingModel
from kb.storage.passage_vectors import PassageVectorStore
from kb.storage.published_cache import PublishedSnapshot

MAX_ARTICLES = 100  # that are reranked
PASSAGES_PER_ARTICLE = 5  # that are compared with the query, best by words first
MEANING_SHARE = 0.5  # of the score; the rest comes from the words
MIN_ARTICLES = 3  # fewer have no meaningful spread of scores

Scores = npt.NDArray[np.float64]


class SemanticReranker:
    """Reranks articles by the similarity of their passages to the query."""

    def __init__(self, model: EmbeddingModel, vectors: PassageVectorStore) -> None:
        self._model, self._vectors = model, vectors

    def load(self) -> None:
        """Load the model, so that the first search does not wait for it."""
        self._model.load()

    def rerank(
        self,
        query: str,
        drugs: Sequence[re.Pattern[str]],
        groups: Sequence[ArticleGroup],
        published: PublishedSnapshot,
    ) -> tuple[ArticleGroup, ...]:
        """Return the groups, the first `MAX_ARTICLES` of them reranked.

        `drugs` are the patterns of the drugs that the query names.
        """
        best, others = groups[:MAX_ARTICLES], groups[MAX_ARTICLES:]
        if len(best) < MIN_ARTICLES:
            return tuple(groups)
        scores = mix_scores([group.score for group in best], self._similarities(query, best))
        order = sorted(range(len(best)), key=lambda number: -scores[number])
        if drugs and order != list(range(len(best))):
            order = _restrict(order, _named_drugs(drugs, best, published))
        return (*(best[number] for number in order), *others)

    def _similarities(self, query: str, groups: Sequence[ArticleGroup]) -> list[float]:
        """Return the cosine of the most similar passage of each article; nan without a vector."""
        shown = [group.passages[:PASSAGES_PER_ARTICLE] for group in groups]
        vectors = self._vectors.load(id_ for ids in shown for id_ in ids)
        if not vectors:
            return [float("nan")] * len(groups)
        matrix = np.frombuffer(b"".join(vectors.values()), np.int8).reshape(len(vectors), -1)
        values = matrix.astype(np.float32)
        cosines = values @ self._model.embed_query(query) / np.linalg.norm(values, axis=1)
        by_id = dict(zip(vectors, cosines.tolist(), strict=True))
        return [
            max((by_id[id_] for id_ in ids if id_ in by_id), default=float("nan")) for ids in shown
        ]


def _named_drugs(
    drugs: Sequence[re.Pattern[str]], groups: Sequence[ArticleGroup], published: PublishedSnapshot
) -> list[int]:
    """Return the drugs that the leading passage of each article names, as bits."""
    present = published.passages(group.passages[0] for group in groups)
    found = []
    for group in groups:
        article, passage = present.get(group.passages[0], (None, None))
        text = ""
        if article and passage:
            names = (article.title, *article.metadata.also_called)
            text = "\n".join((*names, *passage.heading_path, passage.text)).casefold()
        found.append(sum(1 << bit for bit, drug in enumerate(drugs) if drug.search(text)))
    return found


def mix_scores(scores: Sequence[float], similarities: Sequence[float]) -> list[float]:
    """Return the weighted mean of the z-scores; without a similarity, the z-score by words."""
    words = _standardize(np.array(scores))
    meaning = _standardize(np.array(similarities))
    mixed = (1 - MEANING_SHARE) * words + MEANING_SHARE * meaning
    result: list[float] = np.where(np.isnan(meaning), words, mixed).tolist()
    return result


def _standardize(values: Scores) -> Scores:
    known = values[~np.isnan(values)]
    spread = known.std() if len(known) else 0.0
    return (values - known.mean()) / spread if spread else values * 0.0


def requested_drugs(words: Sequence[str], vocabulary: SynonymDictionary) -> list[re.Pattern[str]]:
    """Return a pattern for each drug among the words: any of its names in case-folded text."""
    drugs = vocabulary.drugs
    names: list[set[str]] = []
    covered: set[int] = set()
    for match in vocabulary.find_matches(words):
        same = {fold(name) for name in (match.typed, *(each.text for each in match.synonyms))}
        if same & drugs:
            names.append(same)
            covered.update(range(match.start, match.end))
    names += [
        {fold(word)}
        for number, word in enumerate(words)
        if number not in covered and fold(word) in drugs
    ]
    return [_name_pattern(same) for same in names]


def _name_pattern(names: set[str]) -> re.Pattern[str]:
    forms = names | {normalize_spelling(name) for name in names}
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, forms)))})(?!\w)")


def _restrict(order: Sequence[int], named: Sequence[int]) -> list[int]:
    """Return the order without rises of an article above one that names a drug it lacks.

    `named` are the drugs of each article by its original number, as bits.
    """
    remaining = sorted(order)
    restricted = []
    while remaining:
        allowed: set[int] = set()
        earlier = 0
        for number in remaining:
            if not earlier & ~named[number]:
                allowed.add(number)
            earlier |= named[number]
        chosen = next(number for number in order if number in allowed)
        order = [number for number in order if number != chosen]
        remaining.remove(chosen)
        restricted.append(chosen)
    return restricted
