"""Query execution with progressive relaxation.

Steps, until enough articles are found:

1. Match all words in any form or as a synonym (`index.query.synonyms`).
2. If a word is unknown to the index and only one correction is plausible, execute the corrected
   query from the start (``fuzzy``; a drug is replaced only if no other drug is close). Otherwise
   the corrections are only suggested ("did you mean").
3. If few articles contain all words, list articles with some of them separately; if none does,
   return those (``any``). The best results of a long question are reranked
   (`index.search.reranking`).

A literal search ends after the first step and uses no synonyms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from index.analyzer import split_words
from index.engine import ArticleGroup, Engine, EngineRequest, EngineResult
from index.query.expansion import remove_fillers, remove_stopwords
from index.query.intents import IntentCatalog
from index.query.parser import ParsedQuery, SynonymQuery, split_compounds
from index.query.synonyms import SynonymDictionary, SynonymMatch
from index.search import reranking
from index.search.corrections import CorrectedQueries, QueryCorrector
from index.search.highlighter import HighlightTerms, highlight_terms
from index.search.query_expander import QueryExpander
from index.search.relaxation import QueryRelaxer, RelaxedQuery
from index.search.results import QueryEcho, SearchRequest
from index.search.semantic_reranker import MAX_ARTICLES, SemanticReranker, requested_drugs
from index.search.subjects import Subject, SubjectFinder, plain_words
from kb.model.taxonomy import Taxonomy
from kb.storage.article_store import ArticleStore
from kb.storage.published_cache import PublishedSnapshot

# One page of articles; with fewer complete matches, partial matches are added.
MIN_COMPLETE_MATCHES = 10
ANY = "any"
NO_WORDS_NOTE = "The query contains no words."


@dataclass(frozen=True, slots=True)
class ExecutedQuery:
    """The query that was finally executed and its results."""

    query: ParsedQuery
    result: EngineResult
    echo: QueryEcho
    partial_groups: tuple[ArticleGroup, ...] = ()
    subject: Subject | None = None
    reranked: frozenset[str] = frozenset()  # articles that were moved by their meaning


class QueryExecutor:
    """Executes queries on one engine with one synonym dictionary."""

    def __init__(
        self,
        store: ArticleStore,
        engine: Engine,
        vocabulary: SynonymDictionary,
        taxonomy: Taxonomy,
        intents: IntentCatalog,
        *,
        reranker: SemanticReranker | None = None,
    ) -> None:
        self._store, self._engine, self._vocabulary = store, engine, vocabulary
        self._reranker = reranker
        self._subjects = SubjectFinder(engine, vocabulary, intents, taxonomy)
        self.expander = QueryExpander(engine, vocabulary)
        self._corrector = QueryCorrector(engine, vocabulary, self.expander)
        self._relaxer = QueryRelaxer(engine, vocabulary, intents, self.expander)

    def load(self) -> None:
        """Load the synonym dictionary."""
        self._vocabulary.load()

    def refresh(self) -> None:
        """Build the spell checker of the latest commit; raises `SearchIndexError`."""
        self._corrector.refresh()

    def highlight_terms(self, query: ParsedQuery) -> HighlightTerms:
        """Return what to mark in a text for `query`; raises `SearchIndexError`."""
        expanded, _ = self.expander.expand(query)
        return highlight_terms(expanded, self._subjects.find_names(query))

    def execute(
        self,
        query: ParsedQuery,
        request: SearchRequest,
        today: date,
        published: PublishedSnapshot,
    ) -> ExecutedQuery:
        """Execute `query` with the options of `request`; raises `SearchIndexError`.

        Plain queries sorted by relevance are reranked by meaning. The article that a message names
        comes first, unless it names several.
        """
        words = plain_words(query)
        is_reranked = self._reranker is not None and words and not request.literal
        if (
            not (is_reranked or query.is_message)
            or request.sort != "relevance"
            or request.offset >= MAX_ARTICLES
        ):
            return self._execute(query, request, today, published)
        end = request.offset + request.limit
        deep = replace(request, offset=0, limit=max(end, MAX_ARTICLES))
        executed = self._execute(query, deep, today, published)
        if self._reranker is not None and is_reranked:
            executed = self._rerank_by_meaning(executed, words, self._reranker, published)
        if query.is_message:
            executed = _lead_with(executed, self._subjects.find_named_articles(query))
        return _select_page(executed, request.offset, end)

    def _rerank_by_meaning(
        self,
        executed: ExecutedQuery,
        words: Sequence[str],
        reranker: SemanticReranker,
        published: PublishedSnapshot,
    ) -> ExecutedQuery:
        """Rerank the results, except the leading articles about the subject."""
        text = executed.echo.corrected or " ".join(words)
        drugs = requested_drugs(split_words(text), self._vocabulary)
        count = len(executed.subject.groups) if executed.subject else 0
        groups, partial = executed.result.groups, executed.partial_groups
        reranked = (
            *groups[:count],
            *reranker.rerank(text, drugs, groups[count:MAX_ARTICLES], published),
            *groups[max(count, MAX_ARTICLES) :],
        )
        reranked_partial = reranker.rerank(text, drugs, partial, published)
        moved = frozenset(
            new.article_id
            for old, new in zip((*groups, *partial), (*reranked, *reranked_partial), strict=True)
            if new is not old
        )
        result = replace(executed.result, groups=reranked)
        return replace(executed, result=result, partial_groups=reranked_partial, reranked=moved)

    def _execute(
        self,
        query: ParsedQuery,
        request: SearchRequest,
        today: date,
        published: PublishedSnapshot,
    ) -> ExecutedQuery:
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
            query = remove_stopwords(query)
            result = self._engine.search(replace(engine_request, query=query))
            return ExecutedQuery(query, result, _build_echo(request, query))
        return self._execute_plain(engine_request, request, published)

    def _execute_plain(
        self,
        engine_request: EngineRequest,
        request: SearchRequest,
        published: PublishedSnapshot,
        *,
        may_correct: bool = True,
    ) -> ExecutedQuery:
        """Execute a query by its subject, if it has one, else by its words or corrected words."""
        query = engine_request.query
        is_ranked = request.sort == "relevance"
        subject = self._subjects.find(query, published) if is_ranked else None
        if subject and subject.articles:
            executed = self._execute_about(subject, engine_request, request)
            return _interpreted(executed, subject)
        suggested = self._corrector.correct(query) if may_correct else CorrectedQueries()
        if suggested.automatic:
            corrected = self._execute_plain(
                replace(engine_request, query=suggested.automatic),
                request,
                published,
                may_correct=False,
            )
            if corrected.result.articles:
                echo = suggested.report_in(corrected.echo, query)
                return replace(corrected, echo=echo)
        executed = self._execute_expanded(engine_request, request, subject, suggested)
        return _interpreted(executed, subject) if subject else executed

    def _execute_about(
        self, subject: Subject, engine_request: EngineRequest, request: SearchRequest
    ) -> ExecutedQuery:
        """Return the articles about the subject, followed by the other results."""
        query = engine_request.query
        leading = subject.groups
        expanded, matches = self.expander.expand(query)
        echo = _build_echo(request, remove_fillers(query), synonyms=_synonym_pairs(matches))
        shown = leading[request.offset : request.offset + request.limit]
        others = replace(
            engine_request,
            query=expanded,
            offset=max(0, request.offset - len(leading)),
            limit=max(1, request.limit - len(shown)),
            excluded_articles=frozenset(each.article.id for each in subject.articles),
        )
        result = self._engine.search(others)
        partial: tuple[ArticleGroup, ...] = ()
        if result.articles + len(leading) < MIN_COMPLETE_MATCHES and subject.interpretation.asked:
            relaxed = self._relaxer.relax(self.expander.expand(subject.query)[0])
            if _can_relax(relaxed.query):
                partial = self._partial_matches(others, result, relaxed)
        groups = (*shown, *result.groups)[: request.limit]
        result = subject.add_to(replace(result, groups=groups))
        return ExecutedQuery(expanded, result, echo, partial_groups=partial)

    def _execute_expanded(
        self,
        engine_request: EngineRequest,
        request: SearchRequest,
        subject: Subject | None,
        suggested: CorrectedQueries,
    ) -> ExecutedQuery:
        """Execute a query with synonyms, relaxing it if it has few results."""
        typed = engine_request.query
        topical = remove_fillers(typed)
        expanded, matches = self.expander.expand(typed)
        echo = _build_echo(request, topical, synonyms=_synonym_pairs(matches))
        expanded_request = replace(engine_request, query=expanded)
        result = self._engine.search(expanded_request)
        if result.articles >= MIN_COMPLETE_MATCHES or not expanded.clauses:
            return ExecutedQuery(expanded, result, echo)
        echo = replace(echo, did_you_mean=suggested.queries)
        is_short = len(split_compounds(topical).clauses) < reranking.MIN_QUERY_WORDS
        about = expanded
        if subject and subject.interpretation.asked and is_short:
            about, matches = self.expander.expand(subject.query)
        relaxed = self._relaxer.relax(about, may_drop=is_short, is_plain=bool(plain_words(typed)))
        can_relax = relaxed.query.clauses != expanded.clauses or _can_relax(relaxed.query)
        if result.articles:
            partial_groups: tuple[ArticleGroup, ...] = ()
            if can_relax:
                partial_groups = self._partial_matches(expanded_request, result, relaxed)
            return ExecutedQuery(expanded, result, echo, partial_groups=partial_groups)
        if can_relax and relaxed.query.clauses and not suggested.must_ask:
            partial = self._any_terms(expanded_request, relaxed)
            if partial.articles:
                echo = replace(echo, relaxed=ANY, synonyms=_synonym_pairs(matches))
                return ExecutedQuery(relaxed.scored, partial, echo)
        return ExecutedQuery(expanded, result, replace(echo, subject=" ".join(relaxed.absent)))

    def _partial_matches(
        self, engine_request: EngineRequest, result: EngineResult, relaxed: RelaxedQuery
    ) -> tuple[ArticleGroup, ...]:
        """Return articles with some of the words to fill the page after the complete matches."""
        room = (
            engine_request.offset
            + engine_request.limit
            - max(engine_request.offset, result.articles)
        )
        if room <= 0 or not relaxed.query.clauses:
            return ()
        complete = result
        if engine_request.offset or engine_request.limit < result.articles:
            complete = self._engine.search(
                replace(engine_request, offset=0, limit=MIN_COMPLETE_MATCHES)
            )
        found = frozenset(group.article_id for group in complete.groups)
        excluded = engine_request.excluded_articles | found
        begin = max(0, engine_request.offset - result.articles)
        return self._any_terms(
            replace(engine_request, offset=begin, limit=room, excluded_articles=excluded), relaxed
        ).groups

    def _any_terms(self, engine_request: EngineRequest, relaxed: RelaxedQuery) -> EngineResult:
        """Return the articles with any of the words that name the subject, ranked by all words."""
        result = self._search_any(replace(engine_request, query=relaxed.query))
        if relaxed.scored == relaxed.query or engine_request.sort != "relevance":
            return result
        end = engine_request.offset + engine_request.limit
        scored = self._search_any(
            replace(engine_request, query=relaxed.scored, offset=0, limit=max(end, MAX_ARTICLES))
        )
        by_article = {group.article_id: group for group in scored.groups}
        groups = [by_article.get(group.article_id, group) for group in result.groups]
        return replace(result, groups=tuple(sorted(groups, key=lambda group: -group.score)))

    def _search_any(self, engine_request: EngineRequest) -> EngineResult:
        """Search for any of the words; the best results of a question are reranked."""
        query = engine_request.query
        relaxed = replace(engine_request, match_all=False)
        end = engine_request.offset + engine_request.limit
        if engine_request.sort != "relevance" or not reranking.is_question(query):
            return self._engine.search(relaxed)
        idfs = self._engine.idf(reranking.query_stems(query))
        query = reranking.weight_by_idf(query, idfs)
        if engine_request.offset >= reranking.RERANK_DEPTH:
            return self._engine.search(replace(relaxed, query=query))
        depth = max(end, reranking.RERANK_DEPTH)
        result = self._engine.search(replace(relaxed, query=query, offset=0, limit=depth))
        best, others = (
            result.groups[: reranking.RERANK_DEPTH],
            result.groups[reranking.RERANK_DEPTH :],
        )
        groups = (*self._rerank(query, best, idfs), *others)
        return replace(result, groups=groups[engine_request.offset : end])

    def _rerank(
        self, query: ParsedQuery, groups: Sequence[ArticleGroup], idfs: Mapping[str, float]
    ) -> list[ArticleGroup]:
        """Rerank articles by several of their passages and by similar articles."""
        count = reranking.PASSAGES_PER_ARTICLE
        passage_ids = [id_ for group in groups for id_ in group.passages[:count]]
        present = self._store.published_passages(passage_ids)
        groups = [group for group in groups if group.passages[0] in present]
        if not groups:
            return []
        article_terms = []
        for group in groups:
            passages = [present[id_] for id_ in group.passages[:count] if id_ in present]
            article_terms.append(
                reranking.count_terms(passages[0][0], [passage for _, passage in passages])
            )
        scores = [group.score for group in groups]
        if self._reranker is None:  # reranking by meaning gains nothing from whole articles
            article_scores = reranking.score_articles(query, article_terms, idfs)
            scores = reranking.mix_scores(scores, article_scores)
        texts = [reranking.topical_terms(terms.counts) for terms in article_terms]
        idfs = self._engine.idf({stem for text in texts for stem in text})
        scores = reranking.regularize_scores(scores, texts, idfs)
        scored = [replace(g, score=score) for g, score in zip(groups, scores, strict=True)]
        return sorted(scored, key=lambda group: -group.score)

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


def _lead_with(executed: ExecutedQuery, named: frozenset[str]) -> ExecutedQuery:
    """Return the results with the only named article first, if it is among them."""
    groups = executed.result.groups
    if len(named) != 1 or not any(group.article_id in named for group in groups):
        return executed
    ordered = tuple(sorted(groups, key=lambda group: group.article_id not in named))
    return replace(executed, result=replace(executed.result, groups=ordered))


def _select_page(executed: ExecutedQuery, begin: int, end: int) -> ExecutedQuery:
    """Return the results from one position to another, counted through the partial matches."""
    count = len(executed.result.groups)
    result = replace(executed.result, groups=executed.result.groups[begin:end])
    partial = executed.partial_groups[max(0, begin - count) : max(0, end - count)]
    return replace(executed, result=result, partial_groups=partial)


def _can_relax(query: ParsedQuery) -> bool:
    return len(query.clauses) > 1 or any(
        isinstance(node, SynonymQuery) and len(node.typed) > 1 for node in query.clauses
    )


def _synonym_pairs(matches: Sequence[SynonymMatch]) -> tuple[tuple[str, str], ...]:
    return tuple((match.typed, other.text) for match in matches for other in match.synonyms)


def _build_echo(
    request: SearchRequest, query: ParsedQuery, synonyms: tuple[tuple[str, str], ...] = ()
) -> QueryEcho:
    return QueryEcho(q=request.q, parsed=str(query), notes=query.notes, synonyms=synonyms)


def _interpreted(executed: ExecutedQuery, subject: Subject) -> ExecutedQuery:
    """Return the results with the interpretation of the query and what was not found."""
    named = next((each for each in subject.articles if each.is_named), None)
    is_filtered = bool(subject.query.tags or subject.query.topics)
    echo = replace(
        executed.echo,
        subject=executed.echo.subject or " ".join(subject.words),
        intents=tuple((intent.key, intent.label) for intent in subject.interpretation.asked),
        article=named.article.title if named else "",
        missing=tuple(intent.label for intent in subject.unanswered),
        is_absent=not executed.result.articles and not is_filtered,
    )
    return replace(executed, echo=echo, subject=subject)
