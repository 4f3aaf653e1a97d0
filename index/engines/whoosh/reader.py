"""Reader of one commit: searches its segments and groups passages by article.

A reader is never refreshed; each commit gets a new one, which reuses the segments that it shares
with the previous one. Statistics (idf, mean length) are computed over all segments, so that scores
do not depend on the distribution of passages over segments. As in Whoosh, deleted passages count
until their segment is merged.

Readers are shared by threads; only caches change.
"""

from __future__ import annotations

import heapq
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from index.engine import MAX_TOPICS, OVERDUE_FACTOR, ArticleGroup, EngineRequest, EngineResult
from index.engines.whoosh.storage import CommitManifest
from index.postings.array_file import Array
from index.postings.array_ops import concat_ranges, run_starts
from index.postings.bm25f import Saturation, growth, idf
from index.postings.collectors import Matches, SparseMatches
from index.postings.facet_counts import FacetColumns, FacetCounts
from index.postings.posting_lists import MAX_EXPANSIONS, NO_DOCS, Buffers, TopDocs, TopKOptions
from index.postings.segment_executor import CommitStatistics, QueryTimeoutError, SegmentExecutor
from index.postings.segment_reader import SegmentReader

TIME_LIMIT = 2.0  # seconds; after that the results so far are returned and marked as partial
PASSAGES_PER_ARTICLE = 4  # passages ranked per requested article in the first attempt


class SegmentSearcher:
    """A segment of a commit; `base` is the number of its first passage within the commit."""

    def __init__(self, segment: SegmentReader, deleted: frozenset[int], base: int) -> None:
        self.segment, self.deleted, self.base = segment, deleted, base
        self.facets, self.buffers = FacetColumns(segment), Buffers(segment.count)
        self.live: Array | None = None
        if deleted:
            self.live = np.ones(segment.count, bool)
            self.live[list(deleted)] = False
        # Each entry is an array over all passages.
        self.filter_mask = lru_cache(maxsize=32)(self._filter_mask)
        self.score_factors = lru_cache(maxsize=2)(self._score_factors)

    def _filter_mask(self, tags: frozenset[str], topics: frozenset[str]) -> Array:
        """Return a mask of the passages that match the filters; at least one must not be empty."""
        if tags and topics:
            return np.asarray(self.facets.tag_mask(tags) & self.facets.topic_mask(topics))
        return self.facets.tag_mask(tags) if tags else self.facets.topic_mask(topics)

    def _score_factors(self, today: date | None) -> Array | None:
        """Return the score factor of each passage; None if all are 1."""
        dues = self.segment.dues
        overdue = (dues > 0) & (dues < (today.toordinal() if today else 0))
        factors = self.segment.priors * np.where(overdue, OVERDUE_FACTOR, 1.0)
        return None if (factors == 1.0).all() else factors


class IndexReader:
    """An open commit."""

    def __init__(
        self,
        folder: Path,
        generation: int,
        manifest: CommitManifest,
        parts: Sequence[SegmentSearcher],
    ) -> None:
        self.folder, self.generation, self.manifest, self.parts = (
            folder,
            generation,
            manifest,
            parts,
        )
        self.count = sum(part.segment.count for part in parts)
        lengths = sum(part.segment.all_lengths for part in parts)
        mean = lengths / self.count if self.count else 1.0
        self._idf = _IdfCache(parts, self.count)
        model = Saturation(mean)
        self._executors = [
            SegmentExecutor(
                part.segment,
                CommitStatistics(
                    model=model,
                    growth=growth(part.segment.mean_length, mean),
                    idf=self._idf,
                    idfs=self._idfs,
                    last_form=self._last_form,
                ),
                part.buffers,
            )
            for part in parts
        ]

    def search(self, request: EngineRequest) -> EngineResult:
        """Return the matching articles and their facet counts."""
        found, counts, partial = [], [], False
        deadline = time.monotonic() + TIME_LIMIT
        for number, part in enumerate(self.parts):
            try:
                matches = self._matches(number, request, deadline)
            except QueryTimeoutError:
                partial = True
                matches = SparseMatches(NO_DOCS.docs, NO_DOCS.scores)
            counts.append(_count_facets(part, matches, request))
            found.append(matches)
        articles = sum(count.articles for count in counts)
        wanted = request.offset + request.limit
        chosen = self._newest_articles(found, wanted) if request.sort == "date" else ()
        chosen = chosen or self._best_articles(found, request, min(wanted, articles))
        return EngineResult(
            articles=articles,
            passages=sum(count.passages for count in counts),
            groups=self._groups(found, request, chosen),
            tags=self._tag_counts(counts),
            topics=self._topic_counts(counts, request.query.topics),
            generation=self.generation,
            as_of=self.manifest.as_of,
            partial=partial,
        )

    def top_passages(self, request: EngineRequest) -> list[tuple[str, float]]:
        """Return the ids and scores of the best passages, neither counted nor grouped."""
        deadline = time.monotonic() + TIME_LIMIT
        found: list[tuple[float, int, str]] = []
        for number, part in enumerate(self.parts):
            docs, scores = self._segment_top_passages(number, request, deadline)
            names = part.segment.passages.texts(docs)
            if len(self.parts) == 1:
                return list(zip(names, scores, strict=True))
            found += [
                (-score, part.base + doc, name)
                for score, doc, name in zip(scores, docs, names, strict=True)
            ]
        return [(name, -score) for score, _, name in heapq.nsmallest(request.limit, found)]

    def _segment_top_passages(
        self, number: int, request: EngineRequest, deadline: float
    ) -> TopDocs:
        """Return the best passages of a segment."""
        part, query = self.parts[number], request.query
        factors = part.score_factors(request.today)
        if not query.clauses or query.excluded or request.excluded_articles:
            matches = self._matches(number, request, deadline)
            _apply_filters(part, matches, request)
            docs, scores = matches.best(request.limit, factors)
            return docs.tolist(), scores.tolist()
        allowed = part.filter_mask(*_filters(request)) if query.tags or query.topics else None
        options = TopKOptions(request.limit, part.live, allowed, factors)
        return self._executors[number].best(
            query.clauses, options, deadline, match_all=request.match_all
        )

    def idf(self, stems: Iterable[str]) -> Mapping[str, float]:
        """Return the idf of each stem."""
        return {stem: self._idf[stem] for stem in stems}

    def find_articles(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the ids of the articles with each name, without names that no article has."""
        found: dict[str, tuple[str, ...]] = {}
        for name in names:
            for part in self.parts:
                segment = part.segment
                for article in segment.articles_named(name):
                    if part.live is None or part.live[segment.article_starts[article]]:
                        id_ = segment.articles[article].decode()
                        found[name] = (*found.get(name, ()), id_)
        return found

    @cached_property
    def term_counts(self) -> Mapping[str, int]:
        """Each folded word and the number of passages with it."""
        counts: dict[str, int] = {}
        for part in self.parts:
            for form, count in part.segment.all_forms():
                counts[form] = counts.get(form, 0) + count
        return counts

    def _matches(self, number: int, request: EngineRequest, deadline: float) -> Matches:
        """Return the matches in a segment without deleted passages, before filters."""
        part = self.parts[number]
        evaluation, query = self._executors[number], request.query
        excluded = evaluation.passages(query.excluded, deadline) if query.excluded else None
        matches: Matches
        if query.clauses:
            matches = evaluation.matches(query.clauses, deadline, match_all=request.match_all)
        else:
            count = part.segment.count
            matches = SparseMatches(np.arange(count, dtype=np.uint32), np.zeros(count))
        if part.live is not None:
            matches.restrict(part.live)
        if excluded is not None:
            matches.exclude(excluded)
        for article in sorted(request.excluded_articles):
            passages = part.segment.find_article(article)
            if passages:
                matches.exclude(np.arange(passages.start, passages.stop))
        return matches

    def _idfs(self, segment: SegmentReader, terms: Array) -> list[float]:
        """Return the idf of the given terms of a segment."""
        if len(self.parts) > 1:
            return [self._idf[stem] for stem in segment.terms.texts(terms.tolist())]
        return [idf(self.count, doc_freq) for doc_freq in segment.doc_freqs(terms).tolist()]

    def _last_form(self, start: str) -> bytes | None:
        """Return the last word that a prefix expands to; None for no limit.

        The limit applies to the words of all segments together, so that results do not depend on
        the segments.
        """
        if len(self.parts) < 2:
            return None
        prefix = start.encode("utf-8", "surrogatepass")
        forms: set[bytes] = set()
        for part in self.parts:
            segment_forms = part.segment.forms
            forms.update(
                segment_forms[n] for n in segment_forms.prefix_range(prefix, MAX_EXPANSIONS)
            )
        return sorted(forms)[MAX_EXPANSIONS - 1] if len(forms) > MAX_EXPANSIONS else None

    def _best_articles(
        self, matches_by_segment: Sequence[Matches], request: EngineRequest, count: int
    ) -> list[tuple[int, int]]:
        """Return (segment, article) of the best articles in order."""
        depth = PASSAGES_PER_ARTICLE * count
        while count:
            entries: list[tuple[float, int, int, int]] = []
            for number, (part, matches) in enumerate(
                zip(self.parts, matches_by_segment, strict=True)
            ):
                docs, scores = matches.best(depth, part.score_factors(request.today))
                articles = part.segment.article_of[docs]
                entries += [
                    (-score, part.base + doc, number, article)
                    for score, doc, article in zip(
                        scores.tolist(), docs.tolist(), articles.tolist(), strict=True
                    )
                ]
            if len(self.parts) > 1:
                entries.sort()
            best = dict.fromkeys((number, article) for _, _, number, article in entries[:depth])
            if len(best) >= count or depth >= self.count:
                return list(best)[request.offset : count]
            depth *= 4
        return []

    def _newest_articles(
        self, matches_by_segment: Sequence[Matches], count: int
    ) -> Sequence[tuple[int, int]]:
        """Return (segment, article) of the latest articles, including ties on the oldest day."""
        days, entries = [], []
        for number, (part, matches) in enumerate(zip(self.parts, matches_by_segment, strict=True)):
            docs = matches.docs
            first = docs[run_starts(part.segment.article_of[docs])] if len(docs) else docs
            days.append(part.segment.days[first])
            entries += [(number, article) for article in part.segment.article_of[first].tolist()]
        all_days = np.concatenate(days) if days else np.zeros(0, np.int32)
        if not len(all_days):
            return ()
        oldest = np.sort(all_days)[::-1][: max(1, count)][-1]
        return [entries[at] for at in np.flatnonzero(all_days >= oldest).tolist()]

    def _groups(
        self,
        matches_by_segment: Sequence[Matches],
        request: EngineRequest,
        chosen: Sequence[tuple[int, int]],
    ) -> tuple[ArticleGroup, ...]:
        """Return the groups of the chosen articles, best first."""
        by_segment: dict[int, list[int]] = {}
        for number, article in chosen:
            by_segment.setdefault(number, []).append(article)
        groups: list[tuple[int, float, int, ArticleGroup]] = []
        for number, articles in by_segment.items():
            groups += _group_passages(
                self.parts[number], matches_by_segment[number], request, sorted(articles)
            )
        if request.sort != "date":
            groups.sort(key=lambda entry: (-entry[1], entry[2]))
            return tuple(entry[3] for entry in groups)
        groups.sort(key=lambda entry: (-entry[0], -entry[1], entry[2]))
        return tuple(entry[3] for entry in groups[request.offset : request.offset + request.limit])

    def _tag_counts(self, counts: Sequence[FacetCounts]) -> dict[str, int]:
        totals: dict[str, int] = {}
        for part, count in zip(self.parts, counts, strict=True):
            for name, articles in zip(part.facets.tag_names, count.tags.tolist(), strict=True):
                if articles:
                    totals[name] = totals.get(name, 0) + articles
        return totals

    def _topic_counts(self, counts: Sequence[FacetCounts], wanted: Sequence[str]) -> dict[str, int]:
        """Return the counts of the most frequent topics and of the topics of the query."""
        names, of_parts, numbers_by_name = self._topics
        total = np.zeros(len(names), np.int64)
        for numbers, count in zip(of_parts, counts, strict=True):
            total[numbers] += count.topics
        shown = np.flatnonzero(total)
        if len(shown) > MAX_TOPICS:
            selected = {
                number for topic in wanted for number in numbers_by_name.get(topic.casefold(), ())
            }
            order = np.argsort(-total[shown], kind="stable")[:MAX_TOPICS]
            shown = np.array([*shown[order].tolist(), *(n for n in selected if total[n])])
        return {names[number]: int(total[number]) for number in shown.tolist()}

    @cached_property
    def _topics(self) -> tuple[list[str], list[Array], dict[str, list[int]]]:
        """All topics, their numbers for each segment's topics, and numbers by folded name."""
        every = {name for part in self.parts for name in part.facets.topic_names}
        names = sorted(every, key=lambda name: (name.casefold(), name))
        number = {name: at for at, name in enumerate(names)}
        folded: dict[str, list[int]] = {}
        for at, name in enumerate(names):
            folded.setdefault(name.casefold(), []).append(at)
        of_parts = [
            np.array([number[name] for name in part.facets.topic_names], np.intp)
            for part in self.parts
        ]
        return names, of_parts, folded


class _IdfCache(dict[str, float]):
    """Cache of the idf of each stem."""

    def __init__(self, parts: Sequence[SegmentSearcher], count: int) -> None:
        super().__init__()
        self._segments, self._count = [part.segment for part in parts], count

    def __missing__(self, stem: str) -> float:
        doc_freq = 0
        for segment in self._segments:
            term = segment.term(stem)
            doc_freq += segment.doc_freq(term) if term is not None else 0
        self[stem] = value = idf(self._count, doc_freq)
        return value


def _filters(request: EngineRequest) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(request.query.tags), frozenset(
        topic.casefold() for topic in request.query.topics
    )


def _apply_filters(part: SegmentSearcher, matches: Matches, request: EngineRequest) -> None:
    tags, topics = _filters(request)
    if tags or topics:
        matches.restrict(part.filter_mask(tags, topics))


def _count_facets(part: SegmentSearcher, matches: Matches, request: EngineRequest) -> FacetCounts:
    """Count facets, then restrict the matches to the filters."""
    tags, topics = _filters(request)
    none: frozenset[str] = frozenset()
    counts = part.facets.count(
        matches,
        part.filter_mask(tags, none) if tags else None,
        part.filter_mask(none, topics) if topics else None,
    )
    _apply_filters(part, matches, request)
    return counts


def _group_passages(
    part: SegmentSearcher, matches: Matches, request: EngineRequest, articles: Sequence[int]
) -> list[tuple[int, float, int, ArticleGroup]]:
    """Return (day, score, number of the best passage, group) of each article in order."""
    segment = part.segment
    begin, end = segment.article_starts[articles], segment.article_starts[np.array(articles) + 1]
    docs = matches.filter_docs(concat_ranges(begin, end))
    scores = matches.scores(docs)
    factors = part.score_factors(request.today)
    if factors is not None:
        scores = scores * factors[docs]
    numbers, lowest = docs.tolist(), (-scores).tolist()
    entries = list(zip(lowest, numbers, segment.passages.texts(numbers), strict=True))
    groups, first = [], 0
    for article, stop in zip(articles, end.tolist(), strict=True):
        last = bisect_left(numbers, stop, first)
        if last > first:
            best = sorted(entries[first:last])  # ties by passage number
            score, number, _ = best[0]
            names = tuple([name for _, _, name in best])
            group = ArticleGroup(segment.articles[article].decode(), -score, names)
            groups.append((int(segment.days[number]), -score, part.base + number, group))
        first = last
    return groups
