"""CDS Hooks cards: one per matching article, with links to its passages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import blake2b
from secrets import token_bytes
from typing import Any
from uuid import UUID

from kb.model.records import ArticleSummary, get_review_state
from kb.storage.article_listing import PassageRef
from kb.storage.article_store import ArticleStore
from kb.storage.catalog_cache import CatalogSnapshot
from web.integrations.infobutton.matching import InfobuttonMatch, InfobuttonMatcher
from web.integrations.infobutton.request import InfobuttonConcept, InfobuttonRequest, ResponseFormat
from web.presentation.formatting import format_review
from web.presentation.urls import UrlBuilder

Json = dict[str, Any]
MatchedConcept = tuple[InfobuttonMatch, InfobuttonConcept]

MAX_CARDS = 8
MAX_LINKS = 6
MAX_SUMMARY_LENGTH = 139  # characters; the specification requires fewer than 140
MAX_DETAIL_LENGTH = 500  # characters
TOKEN_BYTES = 6  # at the start of the UUID of a card: identifies the article
SAFETY = "safety"
FOUND_BY = "clinical-kb.found-by"  # extension with the code or name that was searched
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+.!|~&-])")


def find_matches(
    concepts: Iterable[Sequence[InfobuttonConcept]],
    recipient: str,
    matcher: InfobuttonMatcher,
    catalog: CatalogSnapshot,
) -> list[MatchedConcept]:
    """Return at most `MAX_CARDS` matches, one per article.

    Each item of `concepts` holds the alternative codings of one condition or order; the first
    coding that matches is used. Matching is by code and name only, without full-text search.
    """
    by_article: dict[str, MatchedConcept] = {}
    for codings in concepts:
        for concept in codings:
            request = InfobuttonRequest(
                form=ResponseFormat.JSON, main=(concept,), recipient=recipient
            )
            matches = matcher.matches(request, catalog, by_words=False)
            if matches:
                for match in matches:
                    by_article.setdefault(match.contents.article.id, (match, concept))
                break
    return list(by_article.values())[:MAX_CARDS]


def build_cards(
    matches: Iterable[MatchedConcept],
    store: ArticleStore,
    *,
    title: str,
    urls: UrlBuilder,
    today: date,
    safety_first: bool,
) -> list[Json]:
    """Return one CDS Hooks card per match.

    The detail ends with what was searched and for which concept of the record. `title` is the
    source label of articles without a source. With `safety_first`, links to safety passages come
    first.
    """
    cards = []
    for match, concept in matches:
        refs = list(match.contents.passages)
        if safety_first:
            refs.sort(key=lambda ref: SAFETY not in ref.tags)
        texts = store.published_passages([ref.passage_id for ref in refs[:1]])
        detail = [passage.text for _, passage in texts.values()]
        article = match.contents.article
        source = article.metadata.source or title
        review = format_review(
            article.metadata, get_review_state(article.metadata.review_due, today)
        )
        card = _card(article, refs, (*detail, review.words), source, urls)
        card["detail"] += f"\n\n{_markdown(_describe_search(match, concept))}"
        card["extension"] = {FOUND_BY: match.found_by}
        cards.append(card)
    return cards


def _describe_search(match: InfobuttonMatch, concept: InfobuttonConcept) -> str:
    """Return what was searched: the code or name that an article has, and the one in the record."""
    asked = concept.name or concept.text or dict(concept.sent).get("c", "")
    searched = f"Searched: {match.found_by}"
    is_same = asked.casefold() in ("", match.found_by.casefold())
    return f"{searched}." if is_same else f"{searched} (for {asked})."


def _card(
    article: ArticleSummary,
    refs: Sequence[PassageRef],
    detail: Sequence[str],
    source: str,
    urls: UrlBuilder,
) -> Json:
    """Return one card; the last item of `detail` is the review state."""
    links = [
        (
            ref.heading_path[-1] if ref.heading_path else article.title,
            urls.passage(article.id, ref.passage_id),
        )
        for ref in refs[:MAX_LINKS]
    ]
    return {
        "uuid": _card_uuid(article.id),
        "summary": _truncate(f"{article.title}. {detail[-1]}"),
        "detail": "\n\n".join(_markdown(text) for text in detail),
        "indicator": "info",
        "source": {"label": source, "url": urls.home()},
        "links": [
            {"label": label, "url": url, "type": "absolute"}
            for label, url in links or [(article.title, urls.article(article.id))]
        ],
    }


def _truncate(summary: str) -> str:
    if len(summary) <= MAX_SUMMARY_LENGTH:
        return summary
    return summary[: MAX_SUMMARY_LENGTH - 1] + "…"


def articles_by_token(article_ids: Iterable[str]) -> dict[bytes, str]:
    """Return the article ids by the token at the start of the UUIDs of their cards."""
    return {_article_token(id_): id_ for id_ in article_ids}


def card_token(number: UUID) -> bytes:
    """Return the token that identifies the article of a card, given the UUID of the card."""
    return number.bytes[:TOKEN_BYTES]


def _card_uuid(article_id: str) -> str:
    """Return a new UUID (version 8) that starts with the token of the article.

    Feedback can therefore be assigned to an article without storing the cards.
    """
    number = bytearray(_article_token(article_id) + token_bytes(16 - TOKEN_BYTES))
    number[6] = number[6] & 0x0F | 0x80
    number[8] = number[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(number)))


def _article_token(article_id: str) -> bytes:
    return blake2b(article_id.encode(), digest_size=TOKEN_BYTES).digest()


def _markdown(text: str) -> str:
    """Return `text`, shortened to `MAX_DETAIL_LENGTH`, with all Markdown characters escaped."""
    shortened = (
        text
        if len(text) <= MAX_DETAIL_LENGTH
        else text[:MAX_DETAIL_LENGTH].rsplit(" ", 1)[0] + " …"
    )
    return _MARKDOWN.sub(r"\\\1", shortened).replace("\n", "  \n")
