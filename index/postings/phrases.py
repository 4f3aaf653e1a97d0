"""Phrases: the passages where words stand side by side, from their places compared as arrays.

The passages that have all the words come first, the rarest word's places next; each further word
is looked at only in the passages that are left, the rarer ones first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.postings.files import Array
from index.postings.lists import Scratch, looked_up
from index.postings.runs import starts, starts_at
from index.postings.segment import Segment

PLACE_BITS = 32  # of a key that holds the number of a passage and a place in it
PLACE = (1 << PLACE_BITS) - 1


def side_by_side(segment: Segment, terms: Sequence[int], text: str, scratch: Scratch) -> Array:
    """Return the passages in which `terms` follow one another, in `text` or in any when empty."""
    by_size = sorted(range(len(terms)), key=lambda number: segment.holders(terms[number]))
    docs = _shared(segment, [terms[number] for number in by_size], scratch)
    keys = np.zeros(0, np.int64)
    for turn, number in enumerate(by_size):
        if not len(docs):
            return docs
        found = _keys(segment, terms[number], docs, scratch)
        found = found[found & PLACE >= number] - number  # where the phrase would begin
        keys = found if turn == 0 else keys[_among(keys, found)]
        ordinal = keys >> PLACE_BITS
        docs, new = docs[ordinal[starts(ordinal)]], np.cumsum(starts_at(ordinal)) - 1
        keys = new << PLACE_BITS | keys & PLACE
    if text:
        start, end = segment.text_starts(docs, text)
        ordinal, place = keys >> PLACE_BITS, keys & PLACE
        inside = (place >= start[ordinal]) & (place + len(terms) <= end[ordinal])
        docs = docs[np.unique(ordinal[inside])]
    return docs


def in_text(segment: Segment, term: int, docs: Array, text: str, scratch: Scratch) -> Array:
    """Return which of `docs`, all of which have the term, have it in `text`."""
    there = np.zeros(len(docs), bool)
    if len(docs):
        keys = _keys(segment, term, docs, scratch)
        ordinal, place = keys >> PLACE_BITS, keys & PLACE
        start, end = segment.text_starts(docs, text)
        there[ordinal[(place >= start[ordinal]) & (place < end[ordinal])]] = True
    return there


def _shared(segment: Segment, terms: Sequence[int], scratch: Scratch) -> Array:
    """Return the passages that have all of `terms`, the rarest of which is the first."""
    docs = segment.docs[segment.postings(terms[0])].astype(np.intp)
    for term in dict.fromkeys(terms[1:]):
        row = segment.rows.get(term)
        if row is not None:
            docs = docs[row[docs] > 0]
        elif term != terms[0]:
            docs = docs[looked_up(segment.docs[segment.postings(term)], docs, scratch)[0]]
    return np.asarray(docs)


def _among(wanted: Array, among: Array) -> Array:
    """Return which of `wanted` are in `among`; both are sorted."""
    if not len(among):
        return np.zeros(len(wanted), bool)
    at = np.searchsorted(among, wanted)
    at[at == len(among)] = 0
    return np.asarray(among[at] == wanted)


def _keys(segment: Segment, term: int, docs: Array, scratch: Scratch) -> Array:
    """Return (number in `docs`, place) of a term in `docs`, in one integer each, sorted."""
    postings = segment.postings(term)
    _, number = looked_up(segment.docs[postings], docs, scratch)
    places, ordinal = segment.places_of(number + postings.start)
    return np.asarray(ordinal << PLACE_BITS | places.astype(np.int64))
