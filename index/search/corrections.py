"""Spelling corrections of queries with words that no article contains.

A certain correction is searched and reported above the results. If one of several drugs may be
meant, nothing is searched and the user is asked. Other corrections are only suggested.
The spell checker is imported for the first unknown word, because most searches have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from index.analyzer import fold, is_stopword, stem_text
from index.engine import Engine
from index.query.expansion import remove_fillers
from index.query.medical_words import is_medical_word
from index.query.parser import (
    AnyOfQuery,
    Leaf,
    Node,
    ParsedQuery,
    PhraseQuery,
    SynonymQuery,
    WordQuery,
    parse,
)
from index.query.synonym_rules import is_ordinary_word
from index.query.synonyms import SynonymDictionary
from index.search import reranking
from index.search.query_expander import UNINDEXED_STEM, QueryExpander
from index.search.results import QueryEcho
from index.semantic.wordpiece import is_common_word

if TYPE_CHECKING:
    from index.query.spelling import SpellChecker, SpellingCorrection

DRUG, WORD = "drug", "word"
FUZZY = "fuzzy"
MAX_CORRECTED_QUERIES = 3


@dataclass(frozen=True, slots=True)
class CorrectedQueries:
    """Corrected queries, and the one that may be searched automatically, if any.

    `has_words` means that the automatic query corrects words other than drugs, `must_ask` that one
    of several drugs is meant, so that nothing may be searched.
    """

    queries: tuple[str, ...] = ()
    automatic: ParsedQuery | None = None
    has_words: bool = False
    must_ask: bool = False

    def report_in(self, echo: QueryEcho, typed: ParsedQuery) -> QueryEcho:
        """Return the echo of the automatic query with the correction of the typed one.

        Corrected words other than drugs are also reported as a relaxation, which pages show as a
        warning.
        """
        corrected = str(self.automatic)
        return replace(
            echo,
            parsed=str(remove_fillers(typed)),
            corrected=corrected,
            relaxed=echo.relaxed or (FUZZY if self.has_words else None),
            did_you_mean=tuple(query for query in self.queries if query != corrected),
        )


class QueryCorrector:
    """Corrects the unknown words of queries."""

    def __init__(
        self, engine: Engine, vocabulary: SynonymDictionary, expander: QueryExpander
    ) -> None:
        self._engine, self._vocabulary, self._expander = engine, vocabulary, expander
        # By generation: the latest commit and, during a switch, the previous one.
        self._spell_checker = lru_cache(maxsize=2)(self._build_spell_checker)

    def refresh(self) -> None:
        """Build the spell checker of the latest commit; raises `SearchIndexError`."""
        self._spell_checker(self._engine.state().generation)

    def correct(self, typed: ParsedQuery) -> CorrectedQueries:
        """Return corrected queries if a query contains unknown words."""
        unknown = self._unknown_words(typed)
        if not unknown:
            return CorrectedQueries()
        query = remove_fillers(typed)
        speller = self._spell_checker(self._engine.state().generation)
        corrections = {
            word: [each for each in speller.suggest(word) if _is_useful(word, each)]
            for word in unknown
        }
        offered = {word: candidates for word, candidates in corrections.items() if candidates}
        certain = {
            word: candidates[0] for word, candidates in offered.items() if candidates[0].is_certain
        }
        best = {word: candidates[0].word for word, candidates in offered.items()}
        each = [
            {word: candidate.word}
            for word, candidates in offered.items()
            for candidate in candidates
        ]
        queries = dict.fromkeys(
            str(_replace_words(query, words)) for words in (best, *each) if words
        )
        automatic = {word: candidate.word for word, candidate in certain.items()}
        doubtful = [each[0].word for word, each in offered.items() if word not in certain]
        return CorrectedQueries(
            tuple(queries)[:MAX_CORRECTED_QUERIES],
            _replace_words(query, automatic) if automatic else None,
            has_words=any(candidate.kind != DRUG for candidate in certain.values()),
            must_ask=not reranking.is_question(query)
            and not self._vocabulary.drugs.isdisjoint(doubtful),
        )

    def _unknown_words(self, typed: ParsedQuery) -> list[str]:
        """Return the typed words that the index has in no form, spelling or synonym."""
        words = self._unindexed(remove_fillers(typed))
        if not words:
            return []
        found = [
            node
            for node in self._expander.expand(typed)[0].clauses
            if not isinstance(node, SynonymQuery)
            or not any(all(map(self._expander.is_indexed, each.stems)) for each in node.synonyms)
        ]
        unknown = self._unindexed(replace(typed, clauses=tuple(found)))
        unknown = [word for word in unknown if not _is_everyday_word(word)]
        if typed.is_message:  # most of its words have nothing to do with the articles
            unknown = [word for word in unknown if not is_common_word(fold(word))]
        return unknown

    def _unindexed(self, query: ParsedQuery) -> list[str]:
        """Return the words of `query` that occur in no passage in any form."""
        plain = [leaf for leaf in query.leaves if isinstance(leaf, WordQuery) and not leaf.field]
        idfs = self._engine.idf([UNINDEXED_STEM, *(leaf.stem for leaf in plain)])
        return [
            leaf.text
            for leaf in plain
            if idfs[leaf.stem] >= idfs[UNINDEXED_STEM] and not is_stopword(leaf.text)
        ]

    def _build_spell_checker(self, _generation: int) -> SpellChecker:
        from index.query.spelling import SpellChecker  # noqa: PLC0415

        return SpellChecker(
            self._engine.term_counts(),
            self._vocabulary.drugs,
            self._vocabulary.words,
            self._expander.find_synonyms,
        )


def _is_everyday_word(word: str) -> bool:
    """Return whether a word, or its singular, is ordinary: "hits" does not stand for "hips"."""
    return any(map(is_ordinary_word, (word, word.removesuffix("s"))))


def _is_useful(word: str, correction: SpellingCorrection) -> bool:
    """Return whether a correction may lead to a topic: "ensure" is not a misspelt "unsure"."""
    is_ordinary = correction.kind == WORD and not is_medical_word(correction.word)
    return not (is_ordinary and is_common_word(fold(word)))


def _replace_words(query: ParsedQuery, words: Mapping[str, str]) -> ParsedQuery:
    """Return `query` with words replaced by the given mapping."""

    def put(node: Node) -> tuple[Node, ...]:
        if isinstance(node, WordQuery) and not node.field and node.text in words:
            return parse(words[node.text]).clauses
        if isinstance(node, AnyOfQuery):
            parts = [_replace_word(leaf, words) for leaf in node.alternatives]
            return (AnyOfQuery(tuple(parts)),)
        return (node,)

    return replace(query, clauses=tuple(new for node in query.clauses for new in put(node)))


def _replace_word(leaf: Leaf, words: Mapping[str, str]) -> Leaf:
    """Return `leaf` with its word replaced; a word that becomes two is a phrase."""
    if not isinstance(leaf, WordQuery) or leaf.field or leaf.text not in words:
        return leaf
    parts = stem_text(words[leaf.text])
    if len(parts) == 1:
        return WordQuery(words[leaf.text], parts[0])
    return PhraseQuery(words[leaf.text], tuple(parts))
