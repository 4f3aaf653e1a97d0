"""The page of results as links: every state of it is an address that can be shared.

From a search and its answer this makes the links that lead to the neighbouring states: a filter
put on or taken off, another order, the next page, the words as they were typed.

A hit as the page of results shows it: its links, its words, and why it was found.

The search says what was found (`index.search.results`); here that becomes short labels and addresses. The
states of the page around the hits are made in `web.view_models.search_results`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from index.search.results import (
    FacetValue,
    QueryEcho,
    SearchHit,
    SearchRequest,
    SearchResponse,
    Snippet,
)
from kb.model.passage import Passage
from kb.model.taxonomy import Taxonomy
from web.params import OFFSET, SORTS
from web.presentation.article_view import TagView, is_safety, tag_views
from web.presentation.formatting import ReviewLabel, place_of_words, review_label
from web.presentation.urls import UrlBuilder, state_of

# Safety passages beside the first hit: with more, the second hit would leave the first screen.
SAFETY_SHOWN = 3
OPENING = 36  # characters that tell apart two passages under one heading

# Signs of a list or a table in plain text, and what stands for them in a running line.
LEADING_DASH = re.compile(r"^(… )?\s*- ")
LINE_SIGNS = (
    (re.compile(r"\n\s*-\s+"), " • "),
    (re.compile(r"(?<![.!?:;])\n"), " • "),
    (re.compile(r"\n"), " "),
    (re.compile(r" \| "), " · "),
)


@dataclass(frozen=True, slots=True)
class PassageLink:
    """Another passage of the same article."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class HitReason:
    """One line of why a passage was found: where or how, and the words."""

    kind: str
    what: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HitView:
    """A hit with its links and words."""

    hit: SearchHit
    heading: str
    place: tuple[str, ...]
    snippet: Snippet
    address: str
    article_address: str
    all_address: str
    tags: tuple[TagView, ...]
    safety: bool
    review: ReviewLabel
    more: tuple[PassageLink, ...]
    reasons: tuple[HitReason, ...]


@dataclass(frozen=True, slots=True)
class SafetyNote:
    """The safety passages of the leading article that its hit does not show itself."""

    first: tuple[PassageLink, ...] = ()
    more: tuple[PassageLink, ...] = ()


def view_hit(hit: SearchHit, query: QueryEcho, taxonomy: Taxonomy, here: UrlBuilder) -> HitView:
    """Return `hit` with its links and words."""
    article, passage = hit.article, hit.passage
    keys = [tag.tag for tag in passage.tags]
    return HitView(
        hit=hit,
        heading=passage.heading or article.title,
        place=passage.heading_path[:-1],
        snippet=flowing(hit.snippet),
        address=here.passage(article.id, passage.id, q=query.q),
        article_address=here.article(article.id),
        all_address=here.article(article.id, q=query.q),
        tags=tag_views(keys, taxonomy),
        safety=is_safety(keys, taxonomy),
        review=review_label(article.metadata, hit.review_state),
        more=_links(hit, hit.more, query.q, here),
        reasons=_reasons(hit),
    )


def view_safety(answer: SearchResponse, here: UrlBuilder) -> SafetyNote:
    """Return the safety passages of the first hit's article but those under the hit's heading."""
    if not answer.hits:
        return SafetyNote()
    hit = answer.hits[0]
    others = [one for one in answer.safety if one.heading_path != hit.passage.heading_path]
    first_of_each = {one.heading_path: one for one in reversed(others)}
    found = [one for one in others if first_of_each[one.heading_path] is one]
    links = _links(hit, found, answer.query.q, here)
    return SafetyNote(links[:SAFETY_SHOWN], links[SAFETY_SHOWN:])


def flowing(snippet: Snippet) -> Snippet:
    """Return a snippet as one running line: items and cells of a table follow one another."""
    pieces = [(piece if matched else _flowing(piece), matched) for piece, matched in snippet]
    if pieces and not pieces[0][1]:
        pieces[0] = (LEADING_DASH.sub(r"\1", pieces[0][0]), False)
    return tuple(pieces)


def _flowing(text: str) -> str:
    for sign, written in LINE_SIGNS:
        text = sign.sub(written, text)
    return text


def _links(
    hit: SearchHit, passages: Sequence[Passage], q: str, here: UrlBuilder
) -> tuple[PassageLink, ...]:
    """Return a link to each passage; those under one heading are told apart by how they begin."""
    times = Counter(one.heading for one in (hit.passage, *passages))

    def label(one: Passage) -> str:
        if one.heading and times[one.heading] == 1:
            return one.heading
        return ": ".join(filter(None, (one.heading, _opening(one))))

    return tuple(
        PassageLink(label(one), here.passage(hit.article.id, one.id, q=q)) for one in passages
    )


def _opening(passage: Passage) -> str:
    text = _flowing(LEADING_DASH.sub("", passage.text))
    if len(text) <= OPENING:
        return text
    return text[:OPENING].rpartition(" ")[0] + " …"


def _reasons(hit: SearchHit) -> tuple[HitReason, ...]:
    """Return why a passage was found, nothing when the search does not say."""
    matched, why = hit.matched, hit.why
    lines = [HitReason(field, place_of_words(field), words) for field, words in why.fields]
    lines.append(HitReason("synonym", "Synonym of your words", matched.synonym))
    lines.append(HitReason("fuzzy", "Similar spelling", matched.fuzzy))
    lines.append(HitReason("missing", "Not in this passage", why.missing))
    reasons = [line for line in lines if line.words]
    if why.overdue:
        reasons.append(HitReason("overdue", "Ranked lower", ("review overdue",)))
    return tuple(reasons)


SHOWN = 12  # values of a facet: what fits beside the hits; the rest is folded
DEFAULT_SORT = next(iter(SORTS))


@dataclass(frozen=True, slots=True)
class FilterLink:
    """A link to a neighbouring state. `count` is None where counting makes no sense."""

    label: str
    address: str
    selected: bool = False
    count: int | None = None
    glyph: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResultsPage:
    """All that the page shows beside the answer itself."""

    hits: tuple[HitView, ...]
    also: tuple[HitView, ...]
    safety: SafetyNote
    meant: tuple[FilterLink, ...]
    chosen: tuple[FilterLink, ...]
    tags: tuple[FilterLink, ...]
    more_tags: tuple[FilterLink, ...]
    topics: tuple[FilterLink, ...]
    more_topics: tuple[FilterLink, ...]
    sorts: tuple[FilterLink, ...]
    without_filters: str
    literal: str
    wider: str
    previous: str
    next: str
    page: int
    pages: int
    cut_off: bool
    reachable: int


class SearchLinks:
    """The states next to one search, as addresses."""

    def __init__(self, request: SearchRequest, here: UrlBuilder) -> None:
        self._request = request
        self._here = here
        self._state = _state(request)
        self._first: SearchState = {**self._state, "offset": 0}  # the first page of the same search

    def address(self) -> str:
        """Return the address of this very state."""
        return self._here.search(self._request.q, **self._state)

    def reached(self) -> UrlBuilder:
        """Addresses that remember this state."""
        return replace(self._here, state=state_of(**self._state))

    def with_tag(self, tag: str) -> str:
        """The same search with a tag put on, or taken off when it is on."""
        return self._changed({**self._first, "tags": _toggled(self._request.tags, tag)})

    def with_topic(self, topic: str) -> str:
        """The same search with a topic put on, or taken off when it is on."""
        return self._changed({**self._first, "topics": _toggled(self._request.topics, topic)})

    def without_filters(self) -> str:
        """The same words with no filter."""
        return self._changed({**self._first, "tags": (), "topics": ()})

    def with_words(self, q: str) -> str:
        """Other words under the same filters, searched as widely as any."""
        state: SearchState = {**self._first, "literal": False}
        return self._here.search(q, **state)

    def literal(self, wish: bool) -> str:
        """The same words, only as they stand or with all that may be meant by them."""
        return self._changed({**self._first, "literal": wish})

    def sorted_by(self, sort: str) -> str:
        """The same search in another order, from its first page."""
        return self._changed({**self._first, "sort": _written(sort)})

    def at(self, offset: int) -> str:
        """Another page of the same search."""
        return self._changed({**self._state, "offset": offset})

    def _changed(self, state: SearchState) -> str:
        return self._here.search(self._request.q, **state)


class SearchState(TypedDict):
    """What beside its words makes a state of the page of results."""

    tags: tuple[str, ...]
    topics: tuple[str, ...]
    sort: str
    offset: int
    literal: bool


def _state(request: SearchRequest) -> SearchState:
    return SearchState(
        tags=request.tags,
        topics=request.topics,
        sort=_written(request.sort),
        offset=request.offset,
        literal=request.literal,
    )


def _written(sort: str) -> str:
    return "" if sort == DEFAULT_SORT else sort


def results_address(request: SearchRequest, here: UrlBuilder) -> str:
    """Return the address of a state of the page of results."""
    return SearchLinks(request, here).address()


def build_results(
    request: SearchRequest, answer: SearchResponse, taxonomy: Taxonomy, here: UrlBuilder
) -> SearchResultsPage:
    """Return what the page of results shows beside `answer`."""
    near = SearchLinks(request, here)
    reached = near.reached()
    tags = tuple(_tag(value, taxonomy, near) for value in answer.tag_facet)
    topics = tuple(_topic(value, near) for value in answer.topic_facet)
    end = request.offset + request.limit
    return SearchResultsPage(
        hits=tuple(view_hit(hit, answer.query, taxonomy, reached) for hit in answer.hits),
        also=tuple(view_hit(hit, answer.query, taxonomy, reached) for hit in answer.also),
        safety=view_safety(answer, reached),
        meant=tuple(FilterLink(q, near.with_words(q)) for q in answer.query.did_you_mean),
        chosen=_chosen(request, taxonomy, near),
        tags=tags[:SHOWN],
        more_tags=tags[SHOWN:],
        topics=topics[:SHOWN],
        more_topics=topics[SHOWN:],
        sorts=tuple(
            FilterLink(label, near.sorted_by(sort), sort == request.sort)
            for sort, label in SORTS.items()
        ),
        without_filters=near.without_filters(),
        literal=near.literal(True),
        wider=near.literal(False),
        previous=near.at(max(0, request.offset - request.limit)) if request.offset else "",
        next=near.at(end) if end < answer.total and end <= OFFSET.most else "",
        page=request.offset // request.limit + 1,
        pages=max(1, -(-answer.total // request.limit)),
        cut_off=answer.total > end > OFFSET.most,
        reachable=end,
    )


def _chosen(
    request: SearchRequest, taxonomy: Taxonomy, near: SearchLinks
) -> tuple[FilterLink, ...]:
    tags = [
        FilterLink(taxonomy.label(tag), near.with_tag(tag), True, glyph=taxonomy.glyph(tag))
        for tag in request.tags
    ]
    return (*tags, *(FilterLink(topic, near.with_topic(topic), True) for topic in request.topics))


def _tag(value: FacetValue, taxonomy: Taxonomy, near: SearchLinks) -> FilterLink:
    return FilterLink(
        value.label,
        near.with_tag(value.value),
        value.selected,
        value.count,
        taxonomy.glyph(value.value),
    )


def _topic(value: FacetValue, near: SearchLinks) -> FilterLink:
    return FilterLink(value.label, near.with_topic(value.value), value.selected, value.count)


def _toggled(values: Sequence[str], value: str) -> tuple[str, ...]:
    if value in values:
        return tuple(other for other in values if other != value)
    return (*values, value)
