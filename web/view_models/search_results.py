"""View model of the results page: hits with their links, filters, sort orders and paging.

Every state of the page has its own URL. The module builds the links to the neighbouring states,
such as another filter, sort order or page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.search.results import (
    QueryEcho,
    SearchHit,
    SearchRequest,
    SearchResponse,
    Snippet,
)
from kb.model.passage import Passage
from kb.model.taxonomy import Taxonomy
from web.params import OFFSET, SORTS
from web.presentation.article_view import TagView, build_tag_views, is_safety
from web.presentation.formatting import FIELD_LABELS, ReviewLabel, format_missing, format_review
from web.presentation.line_breaks import join_snippet_amounts, split_like
from web.presentation.urls import UrlBuilder, search_parameters

# Safety passages listed with the first hit; more would push the second hit off the first screen.
MAX_SAFETY_LINKS = 3
MAX_EXCERPT_LENGTH = 36  # characters that distinguish passages with the same heading

# List and table markers in plain text, and their replacements in a snippet. Rows keep their lines.
TABLE_LINE = "\N{LINE SEPARATOR}"
ROW_BREAK = re.compile(r"\n(?!\s*- )(?=[^\n]* \| )")
LEADING_DASH = re.compile(r"^(… )?\s*- ")
LINE_SIGNS = (
    (re.compile(r"\n\s*-\s+"), " • "),
    (re.compile(r"(?<![.!?:;])\n"), " • "),
    (re.compile(r"\n"), " "),
    (re.compile(r" \| "), " · "),
    (re.compile(TABLE_LINE), "\n"),
)


@dataclass(frozen=True, slots=True)
class PassageLink:
    """Another passage of the same article."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class HitReason:
    """One reason why a passage matched: where or how, and the matching words."""

    kind: str
    what: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardLinkView:
    """A section of the article that the query names; `heading` is shown if the label differs."""

    intent: str
    label: str
    heading: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HitView:
    """A hit with its links and labels."""

    hit: SearchHit
    heading: str
    place: tuple[str, ...]
    snippet: Snippet
    has_rows: bool
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
    """Links to safety passages of the first hit's article; `more` is collapsed."""

    first: tuple[PassageLink, ...] = ()
    more: tuple[PassageLink, ...] = ()


def build_hit_view(
    hit: SearchHit, query: QueryEcho, taxonomy: Taxonomy, urls: UrlBuilder
) -> HitView:
    """Return the view of a hit."""
    article, passage = hit.article, hit.passage
    snippet = join_snippet_amounts(flatten_snippet(hit.snippet))
    keys = [tag.tag for tag in passage.tags]
    return HitView(
        hit=hit,
        heading=passage.heading or article.title,
        place=passage.heading_path[:-1],
        snippet=snippet,
        has_rows=any("\n" in text for text, _ in snippet),
        address=urls.passage(article.id, passage.id, q=query.q),
        article_address=urls.article(article.id),
        all_address=urls.article(article.id, q=query.q),
        tags=build_tag_views(keys, taxonomy),
        safety=is_safety(keys, taxonomy),
        review=format_review(article.metadata, hit.review_state),
        more=_links(hit, hit.more, query.q, urls),
        reasons=_reasons(hit),
    )


def build_safety_note(response: SearchResponse, urls: UrlBuilder) -> SafetyNote:
    """Return the safety passages of the first hit's article, except those under its own heading."""
    if not response.hits:
        return SafetyNote()
    hit = response.hits[0]
    passages = [
        passage for passage in response.safety if passage.heading_path != hit.passage.heading_path
    ]
    first_of_each = {passage.heading_path: passage for passage in reversed(passages)}
    first_passages = [
        passage for passage in passages if first_of_each[passage.heading_path] is passage
    ]
    links = _links(hit, first_passages, response.query.q, urls)
    return SafetyNote(links[:MAX_SAFETY_LINKS], links[MAX_SAFETY_LINKS:])


def flatten_snippet(snippet: Snippet) -> Snippet:
    """Return a snippet with signs between list items and cells; table rows keep their lines."""
    marked = ROW_BREAK.sub(TABLE_LINE, "".join(text for text, _ in snippet))
    segments = [
        (text if matched else _flatten(text), matched)
        for text, matched in split_like(snippet, marked)
    ]
    if segments and not segments[0][1]:
        segments[0] = (LEADING_DASH.sub(r"\1", segments[0][0]), False)
    return tuple(segments)


def _flatten(text: str) -> str:
    for marker, replacement in LINE_SIGNS:
        text = marker.sub(replacement, text)
    return text


def _links(
    hit: SearchHit, passages: Sequence[Passage], q: str, urls: UrlBuilder
) -> tuple[PassageLink, ...]:
    """Return a link to each passage; the label of an ambiguous heading includes an excerpt."""
    times = Counter(other_passage.heading for other_passage in (hit.passage, *passages))

    def label(passage: Passage) -> str:
        if passage.heading and times[passage.heading] == 1:
            return passage.heading
        return ": ".join(filter(None, (passage.heading, _excerpt(passage))))

    return tuple(
        PassageLink(label(other_passage), urls.passage(hit.article.id, other_passage.id, q=q))
        for other_passage in passages
    )


def _excerpt(passage: Passage) -> str:
    text = _flatten(LEADING_DASH.sub("", passage.text))
    if len(text) <= MAX_EXCERPT_LENGTH:
        return text
    return text[:MAX_EXCERPT_LENGTH].rpartition(" ")[0] + " …"


def _reasons(hit: SearchHit) -> tuple[HitReason, ...]:
    """Return the reasons why a passage matched; empty if the search reports none."""
    matched, why = hit.matched, hit.why
    lines = [HitReason(field, FIELD_LABELS[field], words) for field, words in why.fields]
    lines.append(HitReason("synonym", "Synonym of your words", matched.synonym))
    lines.append(HitReason("fuzzy", "Similar spelling", matched.fuzzy))
    lines.append(HitReason("missing", "Not in this passage", why.missing))
    reasons = [line for line in lines if line.words]
    if why.overdue:
        reasons.append(HitReason("overdue", "Ranked lower", ("review overdue",)))
    if why.reranked:
        reasons.append(HitReason("reranked", "Moved by", ("similarity of meaning",)))
    return tuple(reasons)


MAX_FACET_VALUES = 12  # per facet; the others are collapsed
DEFAULT_SORT = next(iter(SORTS))


@dataclass(frozen=True, slots=True)
class FilterLink:
    """Link to another state of the page. `count` is None if no count is shown."""

    label: str
    address: str
    selected: bool = False
    count: int | None = None
    glyph: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResultsPage:
    """Content of the results page in addition to the search response."""

    hits: tuple[HitView, ...]
    has_card: bool
    card_links: tuple[CardLinkView, ...]
    missing: str
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


def _state(request: SearchRequest) -> dict[str, Any]:
    """Return the state of a search, except the query, as arguments of `UrlBuilder.search`."""
    return {
        "tags": request.tags,
        "topics": request.topics,
        "sort": "" if request.sort == DEFAULT_SORT else request.sort,
        "offset": request.offset,
        "literal": request.literal,
    }


def results_url(request: SearchRequest, urls: UrlBuilder) -> str:
    """Return the URL of the results page for a request."""
    return urls.search(request.q, **_state(request))


def build_results(
    request: SearchRequest, response: SearchResponse, taxonomy: Taxonomy, urls: UrlBuilder
) -> SearchResultsPage:
    """Return the view model of the results page."""

    def links(**changes: Any) -> str:
        """Return the URL of the first page, or of `offset`, with other fields of the request."""
        return results_url(replace(request, **{"offset": 0, **changes}), urls)

    def tag_link(tag: str, label: str, *, selected: bool, count: int | None = None) -> FilterLink:
        address = links(tags=_toggle(request.tags, tag))
        return FilterLink(label, address, selected, count, taxonomy.glyph(tag))

    def topic_link(
        topic: str, label: str, *, selected: bool, count: int | None = None
    ) -> FilterLink:
        return FilterLink(label, links(topics=_toggle(request.topics, topic)), selected, count)

    result_urls = replace(urls, state=search_parameters(**_state(request)))
    tags = tuple(
        tag_link(one.value, one.label, selected=one.selected, count=one.count)
        for one in response.tag_facet
    )
    topics = tuple(
        topic_link(one.value, one.label, selected=one.selected, count=one.count)
        for one in response.topic_facet
    )
    end = request.offset + request.limit
    return SearchResultsPage(
        hits=tuple(
            build_hit_view(hit, response.query, taxonomy, result_urls) for hit in response.hits
        ),
        has_card=response.card is not None,
        card_links=_card_links(response, result_urls),
        missing=format_missing(response.query),
        also=tuple(
            build_hit_view(hit, response.query, taxonomy, result_urls)
            for hit in response.partial_hits
        ),
        safety=build_safety_note(response, result_urls),
        meant=tuple(FilterLink(q, links(q=q, literal=False)) for q in response.query.did_you_mean),
        chosen=(
            *(tag_link(tag, taxonomy.label(tag), selected=True) for tag in request.tags),
            *(topic_link(topic, topic, selected=True) for topic in request.topics),
        ),
        tags=tags[:MAX_FACET_VALUES],
        more_tags=tags[MAX_FACET_VALUES:],
        topics=topics[:MAX_FACET_VALUES],
        more_topics=topics[MAX_FACET_VALUES:],
        sorts=tuple(
            FilterLink(label, links(sort=sort), sort == request.sort)
            for sort, label in SORTS.items()
        ),
        without_filters=links(tags=(), topics=()),
        literal=links(literal=True),
        wider=links(literal=False),
        previous=links(offset=max(0, request.offset - request.limit)) if request.offset else "",
        next=links(offset=end) if end < response.total and end <= OFFSET.maximum else "",
        page=request.offset // request.limit + 1,
        pages=max(1, -(-response.total // request.limit)),
        cut_off=response.total > end > OFFSET.maximum,
        reachable=end,
    )


def _card_links(response: SearchResponse, urls: UrlBuilder) -> tuple[CardLinkView, ...]:
    if response.card is None:
        return ()
    article_id = response.card.hit.article.id
    return tuple(
        CardLinkView(
            link.intent,
            link.label[:1].upper() + link.label[1:],
            link.passage.heading,
            urls.passage(article_id, link.passage.id),
        )
        for link in response.card.links
    )


def _toggle(values: Sequence[str], value: str) -> tuple[str, ...]:
    if value in values:
        return tuple(other for other in values if other != value)
    return (*values, value)
