"""The cards: one for each article that matches, with links to its passages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from secrets import token_bytes
from typing import Any
from uuid import UUID

from kb.model.records import review_state
from web.context import Services
from web.integrations.infobutton.matching import InfobuttonMatch, InfobuttonMatcher
from web.integrations.infobutton.request import InfobuttonConcept, InfobuttonRequest, ResponseFormat
from web.presentation.formatting import review_label
from web.presentation.urls import UrlBuilder

Json = dict[str, Any]

MAX_CARDS = 8
MAX_LINKS = 6
MAX_SUMMARY_LENGTH = 139  # characters: the specification wants fewer than 140
MAX_DETAIL_LENGTH = 500
SAFETY = "safety"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+.!|~&-])")
_MARK = 6  # bytes of a card's number that stand for its article


def matching(
    concepts: Iterable[Sequence[InfobuttonConcept]],
    recipient: str,
    site: Services,
    matcher: InfobuttonMatcher,
) -> list[InfobuttonMatch]:
    """Return what matches, each article once; `concepts` has all names of each thing."""
    shelves = site.catalogue.shelves()
    found: dict[str, InfobuttonMatch] = {}
    for ways in concepts:
        for concept in ways:
            asked = InfobuttonRequest(
                form=ResponseFormat.JSON, main=(concept,), recipient=recipient
            )
            matches = matcher.matches(asked, shelves, by_words=False)  # a card is not looked for
            if matches:
                for match in matches:
                    found.setdefault(match.contents.article.id, match)
                break  # the other codings name the same thing
    return list(found.values())[:MAX_CARDS]


def card(match: InfobuttonMatch, site: Services, here: UrlBuilder, *, safety_first: bool) -> Json:
    """Return the card of an article; what would be empty is left out, as is asked for."""
    article, places = match.contents.article, list(match.contents.places)
    state = review_label(article.metadata, review_state(article.metadata.review_due, site.today()))
    if safety_first:
        places.sort(key=lambda place: SAFETY not in place.tags)
    texts = site.store.published_passages([place.passage_id for place in places[:1]])
    detail = [passage.text for _, passage in texts.values()]
    summary = f"{article.title}. {state.words}"
    links = [
        (place.heading_path[-1] if place.heading_path else article.title,
         here.passage(article.id, place.passage_id))
        for place in places[:MAX_LINKS]
    ]  # fmt: skip
    return {
        "uuid": _number(article.id),
        "summary": summary
        if len(summary) <= MAX_SUMMARY_LENGTH
        else summary[: MAX_SUMMARY_LENGTH - 1] + "…",
        "detail": "\n\n".join(_markdown(text) for text in (*detail, state.words)),
        "indicator": "info",
        "source": {"label": article.metadata.source or site.settings.title, "url": here.home()},
        "links": [
            {"label": label, "url": url, "type": "absolute"}
            for label, url in links or [(article.title, here.article(article.id))]
        ],
    }


def articles_by_token(article_ids: Iterable[str]) -> dict[bytes, str]:
    """Return the articles by how the numbers of their cards begin."""
    return {_mark(id_): id_ for id_ in article_ids}


def card_token(number: UUID) -> bytes:
    """Return what the number of a card says of its article."""
    return number.bytes[:_MARK]


def _number(article_id: str) -> str:
    """Return a number for one card: no two are the same, and its beginning names the article.

    So nothing need be kept of cards to know what feedback on one is about (UUID version 8).
    """
    raw = bytearray(_mark(article_id) + token_bytes(16 - _MARK))
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(raw)))


def _mark(article_id: str) -> bytes:
    return blake2b(article_id.encode(), digest_size=_MARK).digest()


def _markdown(text: str) -> str:
    """Return a text as Markdown in which nothing is a mark."""
    cut = (
        text
        if len(text) <= MAX_DETAIL_LENGTH
        else text[:MAX_DETAIL_LENGTH].rsplit(" ", 1)[0] + " …"
    )
    return _MARKDOWN.sub(r"\\\1", cut).replace("\n", "  \n")
