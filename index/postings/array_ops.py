"""Runs and ranges in sorted arrays: the small steps that every other module here takes."""

from __future__ import annotations

import numpy as np

from index.postings.array_file import Array


def run_starts(values: Array) -> Array:
    """Return where a run of equal values begins."""
    new = np.ones(len(values), bool)
    new[1:] = values[1:] != values[:-1]
    return np.flatnonzero(new)


def concat_ranges(begin: Array, end: Array) -> Array:
    """Return the numbers from each of `begin` to before its `end`, one range after another.

    They are uint32, as passages are.
    """
    sizes = (end - begin).astype(np.int64)
    first = begin - (np.cumsum(sizes) - sizes)
    return (np.repeat(first, sizes) + np.arange(int(sizes.sum()))).astype(np.uint32)


def range_sizes(beginnings: Array) -> Array:
    """Return how long each range is, given where each begins and where the last one ends."""
    wide = beginnings.astype(np.int64)
    return np.asarray(wide[1:] - wide[:-1])
