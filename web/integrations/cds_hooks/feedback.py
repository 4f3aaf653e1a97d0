"""CDS Hooks feedback: which cards were accepted or overridden.

Only the article and the outcome are logged; reasons and comments may contain patient data and are
ignored. Cards contain no suggestions, so "accepted" is not expected, but it is logged as received.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from web.integrations.cds_hooks.cards import articles_by_token, card_token
from web.params import ParameterError

OUTCOMES = ("accepted", "overridden")
MAX_FEEDBACK = 100  # outcomes per request; health records may batch them


@dataclass(frozen=True, slots=True)
class CardFeedback:
    """Outcome of a card; `article` is empty if the article is unknown."""

    article: str
    outcome: str


def parse_feedback(body: object, article_ids: Iterable[str]) -> Iterator[CardFeedback]:
    """Yield the feedback in a request; raises `ParameterError` if it violates the specification."""
    items = body.get("feedback") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise ParameterError("feedback", "must be a non-empty array")
    if len(items) > MAX_FEEDBACK:
        raise ParameterError("feedback", f"must have at most {MAX_FEEDBACK} entries")
    parsed = [_parse_item(number, item) for number, item in enumerate(items)]
    articles = articles_by_token(article_ids)
    for card, outcome in parsed:
        yield CardFeedback(articles.get(card_token(card), ""), outcome)


def _parse_item(number: int, item: object) -> tuple[UUID, str]:
    location = f"feedback[{number}]"
    if not isinstance(item, dict):
        raise ParameterError(location, "must be an object")
    try:
        card = UUID(str(item.get("card")))
    except ValueError as error:
        raise ParameterError(f"{location}.card", "must be the UUID of a card") from error
    outcome = item.get("outcome")
    if outcome not in OUTCOMES:
        raise ParameterError(f"{location}.outcome", f"must be one of {', '.join(OUTCOMES)}")
    if not isinstance(item.get("outcomeTimestamp"), str):
        raise ParameterError(f"{location}.outcomeTimestamp", "is required")
    return card, str(outcome)
