"""Search: from what a person asks to hits that can be shown.

The engine finds passages; the store says what they are and whether they may still be shown. A
passage that was withdrawn after the index was last written is found by nobody: the join with the
store leaves it out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

from index.analyzer import stem_text
from index.engine import MAX_TOPICS, ArticleGroup, Engine, IndexState
from index.query.parser import MAX_WORDS, ParsedQuery, add_filters, parse, parse_words
from index.query.synonyms import SynonymDictionary
from index.search import highlighter, reranking
from index.search.explain import MatchExplainer
from index.search.query_executor import QueryExecutor
from index.search.results import FacetValue, SearchHit, SearchRequest, SearchResponse, Snippet
from kb.errors import QueryError, SearchIndexError
from kb.model.passage import Evidence, Passage, Tag
from kb.model.records import ArticleSummary, review_state
from kb.model.taxonomy import Taxonomy
from kb.storage.article_store import ArticleStore

MAX_LIMIT = 50  # hits on one page; a person reads ten
MAX_OFFSET = 1_000  # nobody reads further; narrower words lead there faster
MAX_MORE_PASSAGES = 5  # further passages of the same article that a hit carries
SAFETY_TAG = "safety"  # the tag whose passages are shown beside the first hit
RELIABLE_EVIDENCE = (Evidence.EDITOR, Evidence.CODE, Evidence.HEADING)
MIN_SAFETY_CONFIDENCE = 0.9  # what a heading's tag has
SORTS = ("relevance", "date")

Pins = Mapping[tuple[str, ...], tuple[str, ...]]
PublishedSource = Mapping[str, tuple[ArticleSummary, Passage]]  # what is published, by its id


class SearchService:
    """Answers searches over one store with one engine."""

    def __init__(
        self,
        store: ArticleStore,
        engine: Engine,
        taxonomy: Taxonomy,
        today: Callable[[], date] = date.today,
        *,
        vocabulary: SynonymDictionary | None = None,
        pins: Pins | None = None,
    ) -> None:
        """Take what a knowledge base has; without a `vocabulary`, the one that ships.

        `pins` are the passages that lead for a query, by the stems of its words.
        """
        self._store, self._engine, self._taxonomy, self._today = store, engine, taxonomy, today
        self._safety_tags = frozenset(
            tag.key for tag in taxonomy if SAFETY_TAG in taxonomy.with_ancestors([tag.key])
        )
        self._asking = QueryExecutor(store, engine, vocabulary or SynonymDictionary())
        self._pins: Pins = dict(pins or {})

    def search(self, request: SearchRequest) -> SearchResponse:
        """Answer `request`; raises `QueryError` or `SearchIndexError`."""
        started = time.perf_counter()
        self._check(request)
        query = add_filters(self._resolved(parse(request.q)), request.tags, request.topics)
        reading = self._asking.execute(query, request, self._today())
        explanation = MatchExplainer(
            reading.query, self._taxonomy, fuzzy=reading.echo.relaxed == "fuzzy"
        )
        found = reading.result
        groups = (*found.groups, *reading.partial_groups)
        pinned = self._pinned(request)
        with self._store.at_present() as published:
            present = published.passages([*pinned, *_shown(groups)])
            pinned = [id_ for id_ in pinned if self._allowed(id_, query, present)]
            first = next((id_ for id_ in (*pinned, *_shown(found.groups)) if id_ in present), None)
            safety: Sequence[Passage] = ()
            if first and request.offset == 0:
                safety = published.tagged(present[first][0].id, self._safety_tags)
        both = self._hits(groups, present, explanation, reranking.heading_stems(request.q))
        shown = tuple(hit for hit in both[: len(found.groups)] if hit)
        also = both[len(found.groups) :]
        led = self._led(pinned, present, explanation)
        shown = _put_first(led, shown)[: max(request.limit, len(led))]
        return SearchResponse(
            query=reading.echo,
            total=max(found.articles, len(shown)),
            total_passages=max(found.passages, len(shown)),
            limit=request.limit,
            offset=request.offset,
            took_ms=round((time.perf_counter() - started) * 1000, 2),
            engine=self._engine.name,
            generation=found.generation,
            as_of=found.as_of,
            hits=shown,
            partial_hits=tuple(hit for hit in also if hit),
            safety=self._surest(safety),
            tag_facet=self._tag_facet(found.tags, query.tags),
            topic_facet=_topic_facet(found.topics, query.topics),
            partial=found.partial,
        )

    def set_curation(self, vocabulary: SynonymDictionary, pins: Pins) -> None:
        """Go on with other names and pins; a search that is under way keeps those it began with.

        What the next search would wait for is made before.
        """
        asking = QueryExecutor(self._store, self._engine, vocabulary)
        asking.load()
        with suppress(SearchIndexError):  # without an index whoever searches is told so
            asking.refresh()
        self._asking, self._pins = asking, dict(pins)

    def with_curation(self, vocabulary: SynonymDictionary, pins: Pins) -> SearchService:
        """Return a search of the same articles with other names and pins, to be tried out."""
        return SearchService(
            self._store, self._engine, self._taxonomy, self._today, vocabulary=vocabulary, pins=pins
        )

    def is_known_word(self, word: str) -> bool:
        """Whether a word stands in some article in any form, or in a name of the vocabulary."""
        return self._asking.is_known_word(word)

    def is_known_name(self, text: str) -> bool:
        """Whether the whole of a text is one name of the vocabulary."""
        return self._asking.is_known_name(text)

    def highlight(self, text: str, q: str) -> Snippet:
        """Return `text` with the words of the query `q` marked, as a search for it marks them.

        Raises `QueryError`.
        """
        return highlighter.highlight_text(
            text, highlighter.highlight_terms(self._asking.expand(parse(q)))
        )

    def find_synonyms(self, name: str) -> tuple[str, ...]:
        """Return what else people call the thing of this name."""
        return self._asking.find_synonyms(name)

    def load(self) -> None:
        """Read what the first search would otherwise wait for; a server does, before it serves."""
        self._asking.load()

    def refresh(self) -> None:
        """Make what the next search of the newest commit would wait for, if it is not there yet.

        Raises `SearchIndexError`.
        """
        self._asking.refresh()

    def state(self) -> IndexState:
        """Return the state of the index; raises `SearchIndexError`."""
        return self._engine.state()

    def _check(self, request: SearchRequest) -> None:
        if not 1 <= request.limit <= MAX_LIMIT:
            raise QueryError(f"limit must be between 1 and {MAX_LIMIT}.", code="limit")
        if not 0 <= request.offset <= MAX_OFFSET:
            raise QueryError(
                f"offset must be between 0 and {MAX_OFFSET}; use narrower words.", code="offset"
            )
        if request.sort not in SORTS:
            raise QueryError(f"sort must be one of {', '.join(SORTS)}.", code="sort")
        for tag in request.tags:
            if tag not in self._taxonomy:
                known = ", ".join(definition.key for definition in self._taxonomy)
                raise QueryError(
                    f"There is no tag {tag!r}. The tags are {known}.", code="unknown-tag"
                )

    def _resolved(self, query: ParsedQuery) -> ParsedQuery:
        """Turn what a person typed after ``tag:`` into keys; what is no tag is read as words."""
        by_name = {tag.key.casefold(): tag.key for tag in self._taxonomy}
        by_name |= {tag.label.casefold(): tag.key for tag in self._taxonomy}
        keys: list[str] = []
        for typed in query.tags:
            key = by_name.get(typed.casefold())
            if key:
                keys.append(key)
                continue
            note = f"There is no tag “{typed}”; it was read as words."
            room = max(0, MAX_WORDS - len(query.leaves))
            query = replace(
                query,
                clauses=(*query.clauses, *parse_words(typed)[:room]),
                notes=(*query.notes, note),
            )
        return replace(query, tags=tuple(keys))

    def _surest(self, safety: Sequence[Passage]) -> tuple[Passage, ...]:
        """Return the safety passages of the first hit's article, in its order.

        Where some are sure to be about safety, a passing mention elsewhere is not put beside them.
        """
        sure = [passage for passage in safety if any(map(self._is_sure, passage.tags))]
        return tuple(sure or safety)

    def _is_sure(self, tag: Tag) -> bool:
        """Tell whether a tag of safety is an editor's, a code's or a heading's, or nearly so."""
        return tag.tag in self._safety_tags and (
            tag.evidence in RELIABLE_EVIDENCE or tag.confidence >= MIN_SAFETY_CONFIDENCE
        )

    def _pinned(self, request: SearchRequest) -> Sequence[str]:
        """Return the passages that the content team has put first for the whole query."""
        plain = not (request.offset or request.literal) and request.sort == SORTS[0]
        return self._pins.get(pin_key(request.q), ()) if plain and self._pins else ()

    def _allowed(self, passage_id: str, query: ParsedQuery, present: PublishedSource) -> bool:
        """Tell whether a passage is published and the filters allow it, as the engine would."""
        if passage_id not in present:
            return False
        article, passage = present[passage_id]
        tags = self._taxonomy.with_ancestors(tag.tag for tag in passage.tags)
        topics = _folded(article.metadata.topics)
        return (not query.tags or not set(query.tags).isdisjoint(tags)) and (
            not query.topics or not topics.isdisjoint(_folded(query.topics))
        )

    def _led(
        self, pinned: Sequence[str], present: PublishedSource, explanation: MatchExplainer
    ) -> tuple[SearchHit, ...]:
        """Return the pinned hits, one of each article."""
        led = [
            replace(self._hit(0.0, [id_], 0, present, explanation), pinned=True) for id_ in pinned
        ]
        return tuple({hit.article.id: hit for hit in reversed(led)}.values())[::-1]

    def _hits(
        self,
        groups: Sequence[ArticleGroup],
        present: PublishedSource,
        explanation: MatchExplainer,
        typed: frozenset[str],
    ) -> tuple[SearchHit | None, ...]:
        """Return a hit for each group, None for an article that was withdrawn since."""
        hits: list[SearchHit | None] = []
        for group in groups:
            passages = [id_ for id_ in group.passages[: MAX_MORE_PASSAGES + 1] if id_ in present]
            hidden = len(group.passages[: MAX_MORE_PASSAGES + 1]) - len(passages)
            more = len(group.passages) - hidden - 1
            if passages:
                first = reranking.best_heading_match(typed, [present[id_][1] for id_ in passages])
                passages.insert(0, passages.pop(first))
            hits.append(
                self._hit(group.score, passages, more, present, explanation) if passages else None
            )
        return tuple(hits)

    def _hit(
        self,
        score: float,
        passages: Sequence[str],
        more: int,
        present: PublishedSource,
        explanation: MatchExplainer,
    ) -> SearchHit:
        article, passage = present[passages[0]]
        state = review_state(article.metadata.review_due, self._today())
        text = passage.text
        matched, why = explanation.explain(article, passage, text, state)
        return SearchHit(
            score=round(score, 4),
            article=article,
            review_state=state,
            passage=passage,
            snippet=highlighter.build_snippet(text, explanation.terms),
            matched=matched,
            why=why,
            more_in_article=more,
            more=tuple(present[id_][1] for id_ in passages[1:]),
        )

    def _tag_facet(
        self, counts: Mapping[str, int], selected: Sequence[str]
    ) -> tuple[FacetValue, ...]:
        """Return the tags in the order of the taxonomy: it is the same on every page."""
        return tuple(
            FacetValue(
                value=tag.key,
                label=tag.label,
                count=counts.get(tag.key, 0),
                selected=tag.key in selected,
            )
            for tag in self._taxonomy
            if counts.get(tag.key) or tag.key in selected
        )


def _shown(groups: Sequence[ArticleGroup]) -> list[str]:
    """Return the passages that the hits of these groups show or name."""
    return [id_ for group in groups for id_ in group.passages[: MAX_MORE_PASSAGES + 1]]


def pin_key(q: str) -> tuple[str, ...]:
    """Return by what a query finds its pins: the stems of its words in their order."""
    return tuple(stem_text(q))


def _put_first(led: Sequence[SearchHit], hits: Sequence[SearchHit]) -> tuple[SearchHit, ...]:
    """Put pinned hits first; their articles do not come twice, and keep their further passages."""
    others = {hit.article.id: hit for hit in hits}
    first = []
    for hit in led:
        same = others.pop(hit.article.id, None)
        if same is not None:
            more = tuple(p for p in (same.passage, *same.more) if p.id != hit.passage.id)[
                :MAX_MORE_PASSAGES
            ]
            folded = same.more_in_article + (same.passage.id != hit.passage.id)
            folded -= any(p.id == hit.passage.id for p in same.more)
            hit = replace(hit, score=same.score, more=more, more_in_article=folded)  # noqa: PLW2901
        first.append(hit)
    return (*first, *others.values())


def _topic_facet(counts: Mapping[str, int], selected: Sequence[str]) -> tuple[FacetValue, ...]:
    """Return the most frequent topics, the chosen ones among them in any case."""
    chosen = {topic.casefold() for topic in selected}
    missing = [topic for topic in selected if topic.casefold() not in _folded(counts)]
    ranked = sorted(counts, key=lambda topic: (-counts[topic], topic.casefold()))
    kept = ranked[:MAX_TOPICS]
    kept += [t for t in ranked[MAX_TOPICS:] if t.casefold() in chosen] + missing
    return tuple(
        FacetValue(
            value=topic,
            label=topic,
            count=counts.get(topic, 0),
            selected=topic.casefold() in chosen,
        )
        for topic in kept
    )


def _folded(topics: Iterable[str]) -> set[str]:
    return {topic.casefold() for topic in topics}
