"""Phrases: the passages where words stand side by side, from their places compared as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.postings.files import Array
from index.postings.segment import Segment

PLACE_BITS = 32  # of a key that holds a passage and a place in it
PLACE = (1 << PLACE_BITS) - 1


def side_by_side(segment: Segment, terms: Sequence[int], text: str) -> Array:
    """Return the passages in which `terms` follow one another, in `text` or in any when empty."""
    docs = _shared(segment, terms)
    if not len(docs):
        return docs
    rarest = min(range(len(terms)), key=lambda number: segment.holders(terms[number]))
    keys = _keys(segment, terms[rarest], docs)
    keys = keys[keys & PLACE >= rarest] - rarest  # where the phrase would begin
    for number, term in enumerate(terms):
        if number != rarest and len(keys):
            # What is left of the passages bounds what is read of the next word.
            left = docs[np.unique(keys >> PLACE_BITS)]
            docs, keys = left, _renumbered(keys)
            keys = keys[_among(keys + number, _keys(segment, term, docs))]
    if text and len(keys):
        ordinal = keys >> PLACE_BITS
        place = keys & PLACE
        start, end = segment.text_starts(docs[ordinal], text)
        keys = keys[(place >= start) & (place + len(terms) <= end)]
    return np.asarray(docs[np.unique(keys >> PLACE_BITS)])


def in_text(segment: Segment, term: int, docs: Array, text: str) -> Array:
    """Return which of `docs`, all of which have the term, have it in `text`."""
    keys = _keys(segment, term, docs)
    ordinal = keys >> PLACE_BITS
    place = keys & PLACE
    start, end = segment.text_starts(docs, text)
    there = np.zeros(len(docs), bool)
    there[ordinal[(place >= start[ordinal]) & (place < end[ordinal])]] = True
    return there


def _shared(segment: Segment, terms: Sequence[int]) -> Array:
    """Return the passages that have all of `terms`."""
    by_size = sorted(set(terms), key=segment.holders)
    docs = segment.docs[segment.postings(by_size[0])].astype(np.intp)
    for term in by_size[1:]:
        row = segment.rows.get(term)
        if row is not None:
            docs = docs[row[docs] > 0]
        else:
            among = segment.docs[segment.postings(term)]
            docs = docs[_among(docs.astype(among.dtype), among)]
    return np.asarray(docs)


def _among(wanted: Array, among: Array) -> Array:
    """Return which of `wanted` are in `among`; both are sorted."""
    if not len(among):
        return np.zeros(len(wanted), bool)
    at = np.searchsorted(among, wanted)
    at[at == len(among)] = 0
    return np.asarray(among[at] == wanted)


def _renumbered(keys: Array) -> Array:
    """Return `keys` with their passages counted anew, leaving out those that have none."""
    ordinal = keys >> PLACE_BITS
    new = np.cumsum(np.diff(ordinal, prepend=ordinal[:1]) != 0)
    return np.asarray(new << PLACE_BITS | keys & PLACE)


def _keys(segment: Segment, term: int, docs: Array) -> Array:
    """Return (number in `docs`, place) of a term in `docs`, in one integer each, sorted."""
    among = segment.docs[segment.postings(term)]
    number = np.searchsorted(among, docs.astype(among.dtype))
    places = segment.places_of(term)
    mark = places.dtype.type(1 << (8 * places.itemsize - 1))
    ends = np.flatnonzero(places & mark) + 1
    last = ends[number]
    first = np.where(number > 0, ends[number - 1], 0)
    counts = last - first
    ordinal = np.repeat(np.arange(len(docs)), counts)
    at = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    found = (places[np.repeat(first, counts) + at] & ~mark).astype(np.int64)
    return np.asarray(ordinal << PLACE_BITS | found)
