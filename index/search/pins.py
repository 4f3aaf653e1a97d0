"""Pinned passages: the hits that editors place first for a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.analyzer import stem_text
from index.search.results import MAX_MORE_PASSAGES, SearchHit, SearchRequest

Pins = Mapping[tuple[str, ...], tuple[str, ...]]  # key of a query -> passage ids in order


def pin_key(q: str) -> tuple[str, ...]:
    """Return the key of a query in `Pins`: the stems of its words in order."""
    return tuple(stem_text(q))


def find_pins(pins: Pins, request: SearchRequest) -> Sequence[str]:
    """Return the ids of the passages that are pinned for the whole query.

    Pins apply only to the first page of a non-literal search by relevance.
    """
    if not pins or request.offset or request.literal or request.sort != "relevance":
        return ()
    return pins.get(pin_key(request.q), ())


def merge_pinned(pinned: Sequence[SearchHit], hits: Sequence[SearchHit]) -> tuple[SearchHit, ...]:
    """Return the hits with the pinned ones first and each article once.

    A pinned hit takes over the score and the further passages of its article's ordinary hit.
    """
    others = {hit.article.id: hit for hit in hits}
    first = []
    for pin in pinned:
        same = others.pop(pin.article.id, None)
        first.append(_with_passages_of(same, pin) if same else pin)
    return (*first, *others.values())


def _with_passages_of(hit: SearchHit, pin: SearchHit) -> SearchHit:
    more = tuple(p for p in (hit.passage, *hit.more) if p.id != pin.passage.id)
    hidden = hit.more_in_article + (hit.passage.id != pin.passage.id)
    hidden -= any(passage.id == pin.passage.id for passage in hit.more)
    return replace(pin, score=hit.score, more=more[:MAX_MORE_PASSAGES], more_in_article=hidden)
