"""Helpers for runs and ranges in sorted arrays."""

from __future__ import annotations

import numpy as np

from index.postings.array_file import Array


def run_starts(values: Array) -> Array:
    """Return the start index of each run of equal values."""
    new = np.ones(len(values), bool)
    new[1:] = values[1:] != values[:-1]
    return np.flatnonzero(new)


def concat_ranges(begin: Array, end: Array) -> Array:
    """Return the concatenated ranges from `begin` to `end` (exclusive) as uint32."""
    sizes = (end - begin).astype(np.int64)
    first = begin - (np.cumsum(sizes) - sizes)
    return (np.repeat(first, sizes) + np.arange(int(sizes.sum()))).astype(np.uint32)


def range_sizes(beginnings: Array) -> Array:
    """Return the size of each range from its starts and the end of the last one."""
    wide = beginnings.astype(np.int64)
    return np.asarray(wide[1:] - wide[:-1])
