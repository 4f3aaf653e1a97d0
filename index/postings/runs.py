"""Runs and ranges in sorted arrays: the small steps that every other module here takes."""

from __future__ import annotations

import numpy as np

from index.postings.files import Array


def starts_at(values: Array) -> Array:
    """Return for each of `values` whether a run of equal ones begins there."""
    new = np.ones(len(values), bool)
    new[1:] = values[1:] != values[:-1]
    return new


def starts(values: Array) -> Array:
    """Return where a run of equal values begins."""
    return np.flatnonzero(starts_at(values))


def ragged(begin: Array, end: Array) -> Array:
    """Return the numbers from each of `begin` to before its `end`, one range after another."""
    sizes = end - begin
    return np.repeat(begin - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))


def sizes_of(beginnings: Array) -> Array:
    """Return how long each range is, given where each begins and where the last one ends."""
    wide = beginnings.astype(np.int64)
    return np.asarray(wide[1:] - wide[:-1])
