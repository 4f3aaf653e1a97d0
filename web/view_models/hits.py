"""A hit as the page of results shows it: its links, its words, and why it was found.

The search says what was found (`index.search.results`); here that becomes short labels and addresses. The
states of the page around the hits are made in `web.view_models.search_results`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from index.search.results import QueryEcho, SearchHit, SearchResponse, Snippet
from kb.model.passage import Passage
from kb.model.taxonomy import Taxonomy
from web.presentation.article_view import TagView, is_safety, tag_views
from web.presentation.formatting import ReviewLabel, place_of_words, review_label
from web.presentation.urls import UrlBuilder

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
    lines.append(HitReason("synonym", "Another name for your words", matched.synonym))
    lines.append(HitReason("fuzzy", "Similar spelling", matched.fuzzy))
    lines.append(HitReason("missing", "Not in this passage", why.missing))
    reasons = [line for line in lines if line.words]
    if why.overdue:
        reasons.append(HitReason("overdue", "Placed lower", ("its review is overdue",)))
    return tuple(reasons)
