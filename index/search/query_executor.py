"""From a query to what an engine found: how far a query is widened, and when.

In this order, and no further than needed:

1. All words, each in any of its forms or under another name (`index.query.synonyms`).
2. Where a word is unknown to the index, words spelt alike are searched and labelled (``fuzzy``),
   but never the name of a drug for another: that is only asked ("did you mean").
3. Where few articles have them all, articles that have some follow, apart and in no count; where
   none has, these are the answer, and it says so (``any``). The best answers to a long question
   are compared with one another (`index.search.reranking`).

A literal search stops after the first step, and leaves out other names. What corrects words is
imported for the first unknown one: most searches have none.
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

MIN_COMPLETE_MATCHES = (
    10  # articles on one page: with fewer that have all words, those with some follow
)
DRUG = "drug"
ANY, FUZZY = "any", "fuzzy"
NO_WORDS_NOTE = "There was no word to search for."
UNINDEXED_STEM = ""  # in no index, so as rare as a word can be
MAX_SUGGESTED_QUERIES = 3  # other queries that are offered


@dataclass(frozen=True, slots=True)
class ExecutedQuery:
    """What was asked in the end, what was found, and what is said about it."""

    query: ParsedQuery
    result: EngineResult
    echo: QueryEcho
    partial_groups: tuple[ArticleGroup, ...] = ()


class QueryExecutor:
    """Asks one engine."""

    def __init__(self, store: ArticleStore, engine: Engine, vocabulary: SynonymDictionary) -> None:
        self._store, self._engine, self._vocabulary = store, engine, vocabulary
        # One for each commit: the newest and, while it changes, the one before.
        self._spell_checker = lru_cache(maxsize=2)(self._build_spell_checker)

    def load(self) -> None:
        """Read what the first search would otherwise wait for."""
        self._vocabulary.load()

    def refresh(self) -> None:
        """Read the words of the newest commit, by which misspelt ones are corrected."""
        self._spell_checker(self._engine.state().generation)

    def find_synonyms(self, name: str) -> tuple[str, ...]:
        """Return the vocabulary's other names for the whole of a name."""
        typed = split_words(name)
        return tuple(
            other.text
            for match in self._vocabulary.find_matches(typed)
            if match.start == 0 and match.end == len(typed)
            for other in match.synonyms
        )

    def is_known_word(self, word: str) -> bool:
        """Whether a word stands in some article in any form, or in a name of the vocabulary."""
        stem = stem_word(word)
        rarity = self._engine.idf([UNINDEXED_STEM, stem])
        return rarity[stem] < rarity[UNINDEXED_STEM] or fold(word) in self._vocabulary.words

    def is_known_name(self, text: str) -> bool:
        """Whether the vocabulary knows the whole of a text as one name."""
        typed = split_words(text)
        return any(
            m.start == 0 and m.end == len(typed) for m in self._vocabulary.find_matches(typed)
        )

    def expand(self, query: ParsedQuery) -> ParsedQuery:
        """Return `query` without the words that ask, and with other names of those that remain."""
        return expand_synonyms(remove_question_words(query), self._vocabulary)[0]

    def execute(self, query: ParsedQuery, request: SearchRequest, today: date) -> ExecutedQuery:
        """Return what answers `query`; raises `SearchIndexError`."""
        if not (query.clauses or query.tags or query.topics):
            note = replace(query, notes=(*query.notes, NO_WORDS_NOTE))
            return ExecutedQuery(note, self._empty_result(), _build_echo(request, note))
        ask = EngineRequest(
            query=query,
            limit=request.limit,
            offset=request.offset,
            sort=request.sort,
            today=today,
        )
        if request.literal:
            return ExecutedQuery(query, self._engine.search(ask), _build_echo(request, query))
        return self._execute_expanded(ask, request)

    def _execute_expanded(self, ask: EngineRequest, request: SearchRequest) -> ExecutedQuery:
        """Return what answers the words and their other names, as few or as many as need be."""
        topical = remove_question_words(ask.query)
        meant, matches = expand_synonyms(topical, self._vocabulary)
        echo = _build_echo(request, topical, synonyms=_synonym_pairs(matches))
        asked = replace(ask, query=meant)
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
        some = self._any_terms(asked, loose) if _may_relax(loose) else found
        if some.articles:
            echo = replace(echo, relaxed=ANY, synonyms=_synonym_pairs(matches))
            return ExecutedQuery(loose, some, echo)
        return self._search_corrected(asked, meaning, echo, match_all=False) or ExecutedQuery(
            meant, found, echo
        )

    def _search_corrected(
        self, ask: EngineRequest, meaning: _SuggestedQueries, echo: QueryEcho, *, match_all: bool
    ) -> ExecutedQuery | None:
        """Search the words spelt alike, if there are any and they find something."""
        if meaning.automatic is None:
            return None
        corrected, matches = expand_synonyms(split_compounds(meaning.automatic), self._vocabulary)
        found = self._any_terms(ask, corrected, match_all=match_all)
        if not found.articles:
            return None
        echo = replace(
            echo, relaxed=FUZZY, corrected=str(meaning.automatic), synonyms=_synonym_pairs(matches)
        )
        return ExecutedQuery(corrected, found, echo)

    def _partial_matches(
        self, ask: EngineRequest, found: EngineResult, loose: ParsedQuery
    ) -> tuple[ArticleGroup, ...]:
        """Return the articles that have some of the words, after those that have them all."""
        room = ask.offset + ask.limit - max(ask.offset, found.articles)
        if room <= 0 or not _may_relax(loose):
            return ()
        complete = found
        if ask.offset or ask.limit < found.articles:
            complete = self._engine.search(replace(ask, offset=0, limit=MIN_COMPLETE_MATCHES))
        there = frozenset(group.article_id for group in complete.groups)
        begin = max(0, ask.offset - found.articles)
        return self._any_terms(
            replace(ask, offset=begin, limit=room, excluded_articles=there), loose
        ).groups

    def _any_terms(
        self, ask: EngineRequest, query: ParsedQuery, *, match_all: bool = False
    ) -> EngineResult:
        """Ask for any of the words; the best answers to a question are looked at more closely."""
        loose = replace(ask, query=query, match_all=match_all)
        closer = not match_all and ask.sort == "relevance" and reranking.is_question(query)
        end = ask.offset + ask.limit
        if not closer:
            return self._engine.search(loose)
        rarity = self._engine.idf(reranking.query_stems(query))
        query = reranking.weight_by_idf(query, rarity)
        if ask.offset >= reranking.RERANK_DEPTH:
            return self._engine.search(replace(loose, query=query))
        most = max(end, reranking.RERANK_DEPTH)
        found = self._engine.search(replace(loose, query=query, offset=0, limit=most))
        best, others = (
            found.groups[: reranking.RERANK_DEPTH],
            found.groups[reranking.RERANK_DEPTH :],
        )
        groups = (*self._rerank(query, best, rarity), *others)
        return replace(found, groups=groups[ask.offset : end])

    def _rerank(
        self, query: ParsedQuery, groups: Sequence[ArticleGroup], rarity: Mapping[str, float]
    ) -> list[ArticleGroup]:
        """Return the articles in the order of what they and their neighbours say as a whole."""
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
        whole = reranking.score_articles(query, readings, rarity)
        scores = reranking.mix_scores([group.score for group in groups], whole)
        texts = [reranking.topical_terms(reading.counts) for reading in readings]
        rarity = self._engine.idf({stem for text in texts for stem in text})
        scores = reranking.regularize_scores(scores, texts, rarity)
        scored = [replace(g, score=score) for g, score in zip(groups, scores, strict=True)]
        return sorted(scored, key=lambda group: -group.score)

    def _suggest_queries(self, query: ParsedQuery) -> _SuggestedQueries:
        """Return queries that may be meant where words of `query` are unknown to the index."""
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
        """Return the typed words that no passage has in any form."""
        plain = [leaf for leaf in query.leaves if isinstance(leaf, WordQuery) and not leaf.field]
        rarity = self._engine.idf([UNINDEXED_STEM, *(leaf.stem for leaf in plain)])
        return [
            leaf.text
            for leaf in plain
            if rarity[leaf.stem] >= rarity[UNINDEXED_STEM] and not is_stopword(leaf.text)
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
    """Queries to be offered, and the one that may be searched without asking, if any."""

    queries: tuple[str, ...]
    automatic: ParsedQuery | None


def _may_relax(query: ParsedQuery) -> bool:
    return len(query.clauses) > 1 or any(
        isinstance(node, SynonymQuery) and len(node.typed) > 1 for node in query.clauses
    )


def _replace_words(query: ParsedQuery, words: Mapping[str, str]) -> ParsedQuery:
    """Return `query` with other words in the place of some."""

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
