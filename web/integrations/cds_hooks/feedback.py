"""Feedback: a record tells that a card was dismissed.

Written down is which article's card it was, and nothing else: a reason and a comment are the
clinician's words on a patient. Our cards suggest nothing, so that nothing of them can be accepted;
a record that says so nevertheless is not contradicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from web.integrations.cds_hooks.cards import articles_by_token, card_token
from web.params import ParameterError

OUTCOMES = ("accepted", "overridden")
MAX_FEEDBACK = 100  # outcomes at once: a record may gather them


@dataclass(frozen=True, slots=True)
class CardFeedback:
    """What became of a card; the article is empty where it is not known any more."""

    article: str
    outcome: str


def parse_feedback(body: object, article_ids: Iterable[str]) -> Iterator[CardFeedback]:
    """Yield what is told; raises `ParameterError` for what the specification does not allow."""
    told = body.get("feedback") if isinstance(body, dict) else None
    if not isinstance(told, list) or not told:
        raise ParameterError("feedback", "must be an array with something in it")
    if len(told) > MAX_FEEDBACK:
        raise ParameterError("feedback", f"must have at most {MAX_FEEDBACK} entries")
    read = [_read(number, each) for number, each in enumerate(told)]
    known = articles_by_token(article_ids)
    for card, outcome in read:
        yield CardFeedback(known.get(card_token(card), ""), outcome)


def _read(number: int, told: object) -> tuple[UUID, str]:
    place = f"feedback[{number}]"
    if not isinstance(told, dict):
        raise ParameterError(place, "must be an object")
    try:
        card = UUID(str(told.get("card")))
    except ValueError as error:
        raise ParameterError(f"{place}.card", "must be the uuid of a card") from error
    outcome = told.get("outcome")
    if outcome not in OUTCOMES:
        raise ParameterError(f"{place}.outcome", f"must be one of {', '.join(OUTCOMES)}")
    if not isinstance(told.get("outcomeTimestamp"), str):
        raise ParameterError(f"{place}.outcomeTimestamp", "must be given")
    return card, str(outcome)
