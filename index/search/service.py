"""Search service: validates a request, runs its query and assembles the response.

The engine returns passage ids; the store supplies the passages that are published. A passage that
was withdrawn after the last index commit is dropped in this join.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

from index.engine import Engine, IndexState
from index.query.intents import IntentCatalog, load_intents
from index.query.parser import MAX_WORDS, ParsedQuery, add_filters, parse_words
from index.query.synonyms import SynonymDictionary
from index.search.cards import build_card
from index.search.corrections import FUZZY
from index.search.explain import MatchExplainer
from index.search.highlighter import highlight_text
from index.search.hits import (
    HitBuilder,
    PublishedPassages,
    build_tag_facet,
    build_topic_facet,
    fold_topics,
    lead_with_openings,
    shown_passages,
)
from index.search.pins import Pins, find_pins, merge_pinned
from index.search.query_executor import QueryExecutor
from index.search.results import SearchRequest, SearchResponse, Snippet
from index.search.semantic_reranker import SemanticReranker
from kb.errors import QueryError, SearchIndexError
from kb.model.passage import Evidence, Passage, Tag
from kb.model.taxonomy import Taxonomy
from kb.storage.article_store import ArticleStore

MAX_LIMIT = 50  # hits per page
MAX_OFFSET = 1_000  # deeper pages cost more and narrower queries find the article sooner
SAFETY_TAG = "safety"  # passages with this tag are shown beside the first hit
RELIABLE_EVIDENCE = (Evidence.EDITOR, Evidence.CODE, Evidence.HEADING)
MIN_SAFETY_CONFIDENCE = 0.9  # the confidence of a tag that comes from a heading
SORTS = ("relevance", "date")


class SearchService:
    """Answers searches over one store with one engine; shared by all threads."""

    def __init__(
        self,
        store: ArticleStore,
        engine: Engine,
        taxonomy: Taxonomy,
        today: Callable[[], date] = date.today,
        *,
        vocabulary: SynonymDictionary | None = None,
        intents: IntentCatalog | None = None,
        pins: Pins | None = None,
        reranker: SemanticReranker | None = None,
    ) -> None:
        """Create a service with the built-in synonyms and intents unless others are given.

        Without a `reranker`, results are ranked by words only.
        """
        self._store, self._engine, self._taxonomy, self._today = store, engine, taxonomy, today
        self._safety_tags = frozenset(
            tag.key for tag in taxonomy if SAFETY_TAG in taxonomy.with_ancestors([tag.key])
        )
        self._intents = intents or load_intents()
        self._reranker = reranker
        self._executor = self._build_executor(vocabulary or SynonymDictionary())
        self._pins: Pins = dict(pins or {})

    def search(self, request: SearchRequest) -> SearchResponse:
        """Answer `request`; raises `QueryError` or `SearchIndexError`."""
        started = time.perf_counter()
        self._validate(request)
        today = self._today()
        query = add_filters(
            self._resolve_tags(self._executor.expander.parse(request.q)),
            request.tags,
            request.topics,
        )
        with self._store.published_snapshot() as snapshot:
            executed = self._executor.execute(query, request, today, snapshot)
            titled = executed.subject.titled if executed.subject else ()
            openings = snapshot.first_passages(titled) if titled else {}
            groups = lead_with_openings(executed.result.groups, openings)
            result = replace(executed.result, groups=groups)
            groups = (*groups, *executed.partial_groups)
            pinned = find_pins(self._pins, request)
            published = snapshot.passages([*pinned, *shown_passages(groups)])
            pinned = [id_ for id_ in pinned if self._is_allowed(id_, query, published)]
            candidates = (*pinned, *shown_passages(result.groups))
            first = next((id_ for id_ in candidates if id_ in published), None)
            safety: Sequence[Passage] = ()
            if first and request.offset == 0:
                safety = snapshot.tagged(published[first][0].id, self._safety_tags)
        explainer = MatchExplainer(
            executed.query,
            self._taxonomy,
            fuzzy=executed.echo.relaxed == FUZZY,
            names=executed.subject.names if executed.subject else (),
        )
        builder = HitBuilder(
            published,
            explainer,
            request.q,
            today,
            subject=executed.subject,
            reranked=executed.reranked,
        )
        leading = builder.build_pinned(pinned)
        hits = merge_pinned(leading, builder.build_hits(result.groups, is_leading=not leading))
        hits = hits[: max(request.limit, len(leading))]
        card = (
            None
            if request.offset
            else build_card(executed.subject, hits, self._intents, self._taxonomy)
        )
        return SearchResponse(
            query=executed.echo,
            total=max(result.articles, len(hits)),
            total_passages=max(result.passages, len(hits)),
            limit=request.limit,
            offset=request.offset,
            took_ms=round((time.perf_counter() - started) * 1000, 2),
            engine=self._engine.name,
            generation=result.generation,
            as_of=result.as_of,
            hits=hits,
            card=card,
            partial_hits=builder.build_hits(executed.partial_groups),
            safety=self._most_reliable(safety),
            tag_facet=build_tag_facet(self._taxonomy, result.tags, query.tags),
            topic_facet=build_topic_facet(result.topics, query.topics),
            partial=result.partial,
        )

    def set_curation(self, vocabulary: SynonymDictionary, pins: Pins) -> None:
        """Replace synonyms and pins; running searches finish with the previous ones.

        Loads what the next search needs before switching.
        """
        executor = self._build_executor(vocabulary)
        executor.load()
        with suppress(SearchIndexError):  # without an index, each search reports the error
            executor.refresh()
        self._executor, self._pins = executor, dict(pins)

    def with_curation(self, vocabulary: SynonymDictionary, pins: Pins) -> SearchService:
        """Return a service over the same articles with other synonyms and pins, for previews."""
        return SearchService(
            self._store,
            self._engine,
            self._taxonomy,
            self._today,
            vocabulary=vocabulary,
            intents=self._intents,
            pins=pins,
            reranker=self._reranker,
        )

    def _build_executor(self, vocabulary: SynonymDictionary) -> QueryExecutor:
        return QueryExecutor(
            self._store,
            self._engine,
            vocabulary,
            self._taxonomy,
            self._intents,
            reranker=self._reranker,
        )

    def is_known_word(self, word: str) -> bool:
        """Return whether any form of a word occurs in an article or a synonym."""
        return self._executor.expander.is_known_word(word)

    def is_known_name(self, text: str) -> bool:
        """Return whether the whole text is a name in the synonym dictionary."""
        return self._executor.expander.is_known_name(text)

    def highlighter(self, q: str) -> Callable[[str], Snippet]:
        """Return a function that marks the matches of the query `q` in a text.

        Raises `QueryError` or `SearchIndexError`.
        """
        terms = self._executor.highlight_terms(self._executor.expander.parse(q))
        return lambda text: highlight_text(text, terms)

    def find_synonyms(self, name: str) -> tuple[str, ...]:
        """Return the synonyms of a whole name."""
        return self._executor.expander.find_synonyms(name)

    def load(self) -> None:
        """Load what the first search needs; called before a server starts."""
        self._executor.load()
        if self._reranker is not None:
            self._reranker.load()

    def refresh(self) -> None:
        """Load what depends on the latest index commit; raises `SearchIndexError`."""
        self._executor.refresh()

    def state(self) -> IndexState:
        """Return the state of the index; raises `SearchIndexError`."""
        return self._engine.state()

    def _validate(self, request: SearchRequest) -> None:
        if not 1 <= request.limit <= MAX_LIMIT:
            raise QueryError(f"limit must be between 1 and {MAX_LIMIT}.", code="limit")
        if not 0 <= request.offset <= MAX_OFFSET:
            raise QueryError(
                f"offset must be between 0 and {MAX_OFFSET}. Use a more specific query.",
                code="offset",
            )
        if request.sort not in SORTS:
            raise QueryError(f"sort must be one of {', '.join(SORTS)}.", code="sort")
        for tag in request.tags:
            if tag not in self._taxonomy:
                known = ", ".join(definition.key for definition in self._taxonomy)
                raise QueryError(f"Unknown tag {tag!r}. Use one of {known}.", code="unknown-tag")

    def _resolve_tags(self, query: ParsedQuery) -> ParsedQuery:
        """Return `query` with tag keys for tag labels; unknown tags become words, with a note."""
        by_name = {tag.key.casefold(): tag.key for tag in self._taxonomy}
        by_name |= {tag.label.casefold(): tag.key for tag in self._taxonomy}
        keys: list[str] = []
        for typed in query.tags:
            key = by_name.get(typed.casefold())
            if key:
                keys.append(key)
                continue
            note = f"There is no tag “{typed}”. It was searched as words."
            room = max(0, MAX_WORDS - len(query.leaves))
            words = parse_words(typed)[:room]
            query = replace(query, clauses=(*query.clauses, *words), notes=(*query.notes, note))
        return replace(query, tags=tuple(keys))

    def _most_reliable(self, safety: Sequence[Passage]) -> tuple[Passage, ...]:
        """Return the safety passages with a reliable tag, or all of them if none has one."""
        reliable = [p for p in safety if any(map(self._is_reliable_safety_tag, p.tags))]
        return tuple(reliable or safety)

    def _is_reliable_safety_tag(self, tag: Tag) -> bool:
        return tag.tag in self._safety_tags and (
            tag.evidence in RELIABLE_EVIDENCE or tag.confidence >= MIN_SAFETY_CONFIDENCE
        )

    def _is_allowed(
        self, passage_id: str, query: ParsedQuery, published: PublishedPassages
    ) -> bool:
        """Return whether a passage is published and passes the query's filters."""
        if passage_id not in published:
            return False
        article, passage = published[passage_id]
        tags = self._taxonomy.with_ancestors(tag.tag for tag in passage.tags)
        topics = fold_topics(article.metadata.topics)
        return (not query.tags or not set(query.tags).isdisjoint(tags)) and (
            not query.topics or not topics.isdisjoint(fold_topics(query.topics))
        )
