"""Hits and facets of a response: the engine's groups joined with the published passages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from index.analyzer import stem_word
from index.engine import MAX_TOPICS, ArticleGroup
from index.search import reranking, sections, snippets
from index.search.explain import MatchExplainer
from index.search.highlighter import highlight_text
from index.search.results import MAX_MORE_PASSAGES, FacetValue, SearchHit
from index.search.subjects import Subject
from kb.model.passage import Passage
from kb.model.records import ArticleSummary, get_review_state
from kb.model.taxonomy import Taxonomy

PublishedPassages = Mapping[str, tuple[ArticleSummary, Passage]]  # by passage id


class HitBuilder:
    """Builds the hits of one search from the passages that are still published."""

    def __init__(
        self,
        published: PublishedPassages,
        explainer: MatchExplainer,
        q: str,
        today: date,
        *,
        subject: Subject | None = None,
        reranked: Collection[str] = (),
    ) -> None:
        self._published, self._explainer, self._today = published, explainer, today
        self._heading_stems = reranking.heading_stems(q)
        self._reranked = reranked
        self._asked = subject.interpretation.asked if subject else ()
        topical = (*subject.words, *subject.beside) if subject else ()
        self._subject_stems = frozenset(map(stem_word, topical))
        self._subject = subject
        # Articles whose passages are in the order in which they are shown.
        self._arranged = (
            subject.titled.union(group.article_id for group in subject.groups)
            if subject
            else frozenset()
        )

    def build_hits(
        self, groups: Sequence[ArticleGroup], *, is_leading: bool = False
    ) -> tuple[SearchHit, ...]:
        """Return a hit for each group; articles without a published passage are left out.

        The first hit has a longer snippet if `is_leading`.
        """
        entries: list[_Entry] = []
        for group in groups:
            shown = group.passages[: MAX_MORE_PASSAGES + 1]
            passages = [id_ for id_ in shown if id_ in self._published]
            if not passages:
                continue
            withdrawn = len(shown) - len(passages)
            more = len(group.passages) - withdrawn - 1
            if group.article_id not in self._arranged:
                first = self._best_passage([self._published[id_][1] for id_ in passages])
                passages.insert(0, passages.pop(first))
            entries.append(_Entry(passages, group.score, more))
        return self._build(entries, is_leading=is_leading)

    def _best_passage(self, passages: Sequence[Passage]) -> int:
        """Return the index of the passage to show first."""
        if len(passages) == 1:
            return 0
        weight = sections.SUBJECT_WORDS
        scores = [
            sections.score_passage(each, self._asked, self._subject_stems, weight)
            for each in passages
        ]
        best = max(scores)
        return (
            scores.index(best)
            if best
            else reranking.best_heading_match(self._heading_stems, passages)
        )

    def build_pinned(self, pinned: Sequence[str]) -> tuple[SearchHit, ...]:
        """Return the hits of pinned passages, the first of each article."""
        first: dict[str, str] = {}
        for id_ in pinned:
            first.setdefault(self._published[id_][0].id, id_)
        hits = self._build([_Entry([id_], 0.0, 0) for id_ in first.values()], is_leading=True)
        return tuple(replace(hit, pinned=True) for hit in hits)

    def _build(self, entries: Sequence[_Entry], *, is_leading: bool) -> tuple[SearchHit, ...]:
        """Return the hits; their texts are searched for matches at once, which is faster."""
        found = [self._published[entry.passages[0]] for entry in entries]
        self._explainer.find_matches(found)
        texts = [
            self._snippet_text(article, passage, is_first=is_leading and number == 0)
            for number, (article, passage) in enumerate(found)
        ]
        self._explainer.terms.find_matches(texts)
        return tuple(map(self._build_hit, entries, texts))

    def _snippet_text(self, article: ArticleSummary, passage: Passage, *, is_first: bool) -> str:
        length = snippets.LEADING_LENGTH if is_first else snippets.LENGTH
        if self._subject and self._subject.shows_opening(passage):
            return snippets.opening_text(passage, article.title, length)
        terms = self._explainer.terms
        return snippets.snippet_text(
            passage,
            terms,
            self._asked,
            subject=self._subject_stems,
            title=article.title,
            length=length,
        )

    def _build_hit(self, entry: _Entry, text: str) -> SearchHit:
        article, passage = self._published[entry.passages[0]]
        state = get_review_state(article.metadata.review_due, self._today)
        matched, why = self._explainer.explain(article, passage, state)
        if article.id in self._reranked:
            why = replace(why, reranked=True)
        return SearchHit(
            score=round(entry.score, 4),
            article=article,
            review_state=state,
            passage=passage,
            snippet=highlight_text(text, self._explainer.terms),
            matched=matched,
            why=why,
            more_in_article=entry.more,
            more=tuple(self._published[id_][1] for id_ in entry.passages[1:]),
        )


class _Entry(NamedTuple):
    """Passages of a hit, the best first, its score and the number of further passages."""

    passages: Sequence[str]
    score: float
    more: int


def lead_with_openings(
    groups: Sequence[ArticleGroup], openings: Mapping[str, str]
) -> tuple[ArticleGroup, ...]:
    """Return the groups with the opening of their article, if given, as the first passage."""
    found = []
    for group in groups:
        opening = openings.get(group.article_id)
        if opening in group.passages:
            others = tuple(id_ for id_ in group.passages if id_ != opening)
            found.append(replace(group, passages=(opening, *others)))
        else:
            found.append(group)
    return tuple(found)


def shown_passages(groups: Sequence[ArticleGroup]) -> list[str]:
    """Return the ids of the passages that the hits of these groups contain."""
    return [id_ for group in groups for id_ in group.passages[: MAX_MORE_PASSAGES + 1]]


def build_tag_facet(
    taxonomy: Taxonomy, counts: Mapping[str, int], selected: Sequence[str]
) -> tuple[FacetValue, ...]:
    """Return the tags with articles and the selected tags, in the order of the taxonomy."""
    return tuple(
        FacetValue(
            value=tag.key,
            label=tag.label,
            count=counts.get(tag.key, 0),
            selected=tag.key in selected,
        )
        for tag in taxonomy
        if counts.get(tag.key) or tag.key in selected
    )


def build_topic_facet(counts: Mapping[str, int], selected: Sequence[str]) -> tuple[FacetValue, ...]:
    """Return the most frequent topics, followed by the selected topics that are not among them."""
    chosen = fold_topics(selected)
    counted = fold_topics(counts)
    ranked = sorted(counts, key=lambda topic: (-counts[topic], topic.casefold()))
    topics = ranked[:MAX_TOPICS]
    topics += [topic for topic in ranked[MAX_TOPICS:] if topic.casefold() in chosen]
    topics += [topic for topic in selected if topic.casefold() not in counted]
    return tuple(
        FacetValue(
            value=topic,
            label=topic,
            count=counts.get(topic, 0),
            selected=topic.casefold() in chosen,
        )
        for topic in topics
    )


def fold_topics(topics: Iterable[str]) -> set[str]:
    """Return the topics case-folded, as they are compared."""
    return {topic.casefold() for topic in topics}
