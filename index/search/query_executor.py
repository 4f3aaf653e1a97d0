"""Query execution with progressive relaxation.

Steps, until enough articles are found:

1. Match all words in any form or as a synonym (`index.query.synonyms`).
2. If a word is unknown to the index, match similar words (``fuzzy``). One drug name never replaces
   another automatically; the correction is only suggested ("did you mean").
3. If few articles contain all words, list articles with some of them separately; if none does,
   return those (``any``). The best results of a long question are reranked
   (`index.search.reranking`).

A literal search ends after the first step and uses no synonyms. The spell checker is imported for
the first unknown word, because most searches have none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from index.analyzer import fold, is_stopword, split_words, stem_word
from index.engine import ArticleGroup, Engine, EngineRequest, EngineResult
from index.query.expansion import expand_synonyms, remove_question_words
from index.query.parser import Node, ParsedQuery, SynonymQuery, WordQuery, parse, split_compounds
from index.query.synonyms import SynonymDictionary, SynonymMatch
from index.search import reranking
from index.search.results import QueryEcho, SearchRequest
from kb.storage.article_store import ArticleStore

if TYPE_CHECKING:
    from index.query.spelling import SpellChecker

# One page of articles; with fewer complete matches, partial matches are added.
MIN_COMPLETE_MATCHES = 10
DRUG = "drug"
ANY, FUZZY = "any", "fuzzy"
NO_WORDS_NOTE = "The query contains no words."
UNINDEXED_STEM = ""  # occurs in no index, so it has the maximum idf
MAX_SUGGESTED_QUERIES = 3


@dataclass(frozen=True, slots=True)
class ExecutedQuery:
    """The query that was finally executed and its results."""

    query: ParsedQuery
    result: EngineResult
    echo: QueryEcho
    partial_groups: tuple[ArticleGroup, ...] = ()


class QueryExecutor:
    """Executes queries on one engine with one synonym dictionary."""

    def __init__(self, store: ArticleStore, engine: Engine, vocabulary: SynonymDictionary) -> None:
        self._store, self._engine, self._vocabulary = store, engine, vocabulary
        # By generation: the latest commit and, during a switch, the previous one.
        self._spell_checker = lru_cache(maxsize=2)(self._build_spell_checker)

    def load(self) -> None:
        """Load the synonym dictionary."""
        self._vocabulary.load()

    def refresh(self) -> None:
        """Build the spell checker of the latest commit; raises `SearchIndexError`."""
        self._spell_checker(self._engine.state().generation)

    def find_synonyms(self, name: str) -> tuple[str, ...]:
        """Return the synonyms of a whole name."""
        typed = split_words(name)
        return tuple(
            other.text
            for match in self._vocabulary.find_matches(typed)
            if match.start == 0 and match.end == len(typed)
            for other in match.synonyms
        )

    def is_known_word(self, word: str) -> bool:
        """Return whether any form of a word occurs in an article or a synonym."""
        stem = stem_word(word)
        idfs = self._engine.idf([UNINDEXED_STEM, stem])
        return idfs[stem] < idfs[UNINDEXED_STEM] or fold(word) in self._vocabulary.words

    def is_known_name(self, text: str) -> bool:
        """Return whether the whole text is a name in the synonym dictionary."""
        typed = split_words(text)
        return any(
            m.start == 0 and m.end == len(typed) for m in self._vocabulary.find_matches(typed)
        )

    def expand(self, query: ParsedQuery) -> ParsedQuery:
        """Return `query` without question words and with synonyms."""
        return expand_synonyms(remove_question_words(query), self._vocabulary)[0]

    def execute(self, query: ParsedQuery, request: SearchRequest, today: date) -> ExecutedQuery:
        """Execute `query` with the options of `request`; raises `SearchIndexError`."""
        if not (query.clauses or query.tags or query.topics):
            note = replace(query, notes=(*query.notes, NO_WORDS_NOTE))
            return ExecutedQuery(note, self._empty_result(), _build_echo(request, note))
        engine_request = EngineRequest(
            query=query,
            limit=request.limit,
            offset=request.offset,
            sort=request.sort,
            today=today,
        )
        if request.literal:
            return ExecutedQuery(
                query, self._engine.search(engine_request), _build_echo(request, query)
            )
        return self._execute_expanded(engine_request, request)

    def _execute_expanded(
        self, engine_request: EngineRequest, request: SearchRequest
    ) -> ExecutedQuery:
        """Execute a query with synonyms, relaxing it if it has few results."""
        topical = remove_question_words(engine_request.query)
        meant, matches = expand_synonyms(topical, self._vocabulary)
        echo = _build_echo(request, topical, synonyms=_synonym_pairs(matches))
        asked = replace(engine_request, query=meant)
        found = self._engine.search(asked)
        if found.articles >= MIN_COMPLETE_MATCHES or not meant.clauses:
            return ExecutedQuery(meant, found, echo)
        meaning = self._suggest_queries(topical)
        echo = replace(echo, did_you_mean=meaning.queries)
        loose, matches = expand_synonyms(split_compounds(topical), self._vocabulary)
        if found.articles:
            return ExecutedQuery(
                meant, found, echo, partial_groups=self._partial_matches(asked, found, loose)
            )
        similar = self._search_corrected(asked, meaning, echo, match_all=True)
        if similar:
            return similar
        some = self._any_terms(asked, loose) if _can_relax(loose) else found
        if some.articles:
            echo = replace(echo, relaxed=ANY, synonyms=_synonym_pairs(matches))
            return ExecutedQuery(loose, some, echo)
        return self._search_corrected(asked, meaning, echo, match_all=False) or ExecutedQuery(
            meant, found, echo
        )

    def _search_corrected(
        self,
        engine_request: EngineRequest,
        meaning: _SuggestedQueries,
        echo: QueryEcho,
        *,
        match_all: bool,
    ) -> ExecutedQuery | None:
        """Search the corrected query; None if there is no correction or no result."""
        if meaning.automatic is None:
            return None
        corrected, matches = expand_synonyms(split_compounds(meaning.automatic), self._vocabulary)
        found = self._any_terms(engine_request, corrected, match_all=match_all)
        if not found.articles:
            return None
        echo = replace(
            echo, relaxed=FUZZY, corrected=str(meaning.automatic), synonyms=_synonym_pairs(matches)
        )
        return ExecutedQuery(corrected, found, echo)

    def _partial_matches(
        self, engine_request: EngineRequest, found: EngineResult, loose: ParsedQuery
    ) -> tuple[ArticleGroup, ...]:
        """Return articles with some of the words to fill the page after the complete matches."""
        room = (
            engine_request.offset
            + engine_request.limit
            - max(engine_request.offset, found.articles)
        )
        if room <= 0 or not _can_relax(loose):
            return ()
        complete = found
        if engine_request.offset or engine_request.limit < found.articles:
            complete = self._engine.search(
                replace(engine_request, offset=0, limit=MIN_COMPLETE_MATCHES)
            )
        there = frozenset(group.article_id for group in complete.groups)
        begin = max(0, engine_request.offset - found.articles)
        return self._any_terms(
            replace(engine_request, offset=begin, limit=room, excluded_articles=there), loose
        ).groups

    def _any_terms(
        self, engine_request: EngineRequest, query: ParsedQuery, *, match_all: bool = False
    ) -> EngineResult:
        """Search with a relaxed query; the best results of a question are reranked."""
        loose = replace(engine_request, query=query, match_all=match_all)
        closer = (
            not match_all and engine_request.sort == "relevance" and reranking.is_question(query)
        )
        end = engine_request.offset + engine_request.limit
        if not closer:
            return self._engine.search(loose)
        idfs = self._engine.idf(reranking.query_stems(query))
        query = reranking.weight_by_idf(query, idfs)
        if engine_request.offset >= reranking.RERANK_DEPTH:
            return self._engine.search(replace(loose, query=query))
        most = max(end, reranking.RERANK_DEPTH)
        found = self._engine.search(replace(loose, query=query, offset=0, limit=most))
        best, others = (
            found.groups[: reranking.RERANK_DEPTH],
            found.groups[reranking.RERANK_DEPTH :],
        )
        groups = (*self._rerank(query, best, idfs), *others)
        return replace(found, groups=groups[engine_request.offset : end])

    def _rerank(
        self, query: ParsedQuery, groups: Sequence[ArticleGroup], idfs: Mapping[str, float]
    ) -> list[ArticleGroup]:
        """Rerank articles by several of their passages and by similar articles."""
        read = reranking.PASSAGES_PER_ARTICLE
        shown = [id_ for group in groups for id_ in group.passages[:read]]
        present = self._store.published_passages(shown)
        groups = [group for group in groups if group.passages[0] in present]
        if not groups:
            return []
        readings = []
        for group in groups:
            found = [present[id_] for id_ in group.passages[:read] if id_ in present]
            readings.append(reranking.count_terms(found[0][0], [passage for _, passage in found]))
        whole = reranking.score_articles(query, readings, idfs)
        scores = reranking.mix_scores([group.score for group in groups], whole)
        texts = [reranking.topical_terms(reading.counts) for reading in readings]
        idfs = self._engine.idf({stem for text in texts for stem in text})
        scores = reranking.regularize_scores(scores, texts, idfs)
        scored = [replace(g, score=score) for g, score in zip(groups, scores, strict=True)]
        return sorted(scored, key=lambda group: -group.score)

    def _suggest_queries(self, query: ParsedQuery) -> _SuggestedQueries:
        """Return corrected queries if `query` contains unknown words."""
        unknown = self._unknown_words(query)
        if not unknown:
            return _SuggestedQueries((), None)
        speller = self._spell_checker(self._engine.state().generation)
        corrections = {word: speller.suggest(word) for word in unknown}
        offered = {word: found for word, found in corrections.items() if found}
        safe = {word: found[0].word for word, found in offered.items() if found[0].kind != DRUG}
        best = {word: found[0].word for word, found in offered.items()}
        each = [{word: other.word} for word, found in offered.items() for other in found]
        asked = dict.fromkeys(str(_replace_words(query, words)) for words in (best, *each) if words)
        return _SuggestedQueries(
            tuple(asked)[:MAX_SUGGESTED_QUERIES],
            _replace_words(query, safe) if safe else None,
        )

    def _unknown_words(self, query: ParsedQuery) -> list[str]:
        """Return the typed words that occur in no passage in any form."""
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
            self._engine.term_counts(), self._vocabulary.drugs, self._vocabulary.words
        )

    def _empty_result(self) -> EngineResult:
        state = self._engine.state()
        return EngineResult(
            articles=0,
            passages=0,
            groups=(),
            tags={},
            topics={},
            generation=state.generation,
            as_of=state.as_of,
        )


@dataclass(frozen=True, slots=True)
class _SuggestedQueries:
    """Suggested queries, and the one that may be searched automatically, if any."""

    queries: tuple[str, ...]
    automatic: ParsedQuery | None


def _can_relax(query: ParsedQuery) -> bool:
    return len(query.clauses) > 1 or any(
        isinstance(node, SynonymQuery) and len(node.typed) > 1 for node in query.clauses
    )


def _replace_words(query: ParsedQuery, words: Mapping[str, str]) -> ParsedQuery:
    """Return `query` with words replaced by the given mapping."""

    def put(node: Node) -> tuple[Node, ...]:
        if isinstance(node, WordQuery) and node.text in words:
            return parse(words[node.text]).clauses
        return (node,)

    return replace(query, clauses=tuple(new for node in query.clauses for new in put(node)))


def _synonym_pairs(matches: Sequence[SynonymMatch]) -> tuple[tuple[str, str], ...]:
    return tuple((match.typed, other.text) for match in matches for other in match.synonyms)


def _build_echo(
    request: SearchRequest, query: ParsedQuery, synonyms: tuple[tuple[str, str], ...] = ()
) -> QueryEcho:
    return QueryEcho(q=request.q, parsed=str(query), notes=query.notes, synonyms=synonyms)
