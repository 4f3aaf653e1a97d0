"""BM25F scoring with precomputed saturation tables.

The score of a word in a passage is ``idf * f * (k1 + 1) / (f + k1 * ((1 - b) + b * l / a))``, where
`f` is the frequency weighted by `index.document.FIELD_BOOSTS`, `l` the length of the passage and
`a` the mean length (Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and
beyond", 2009). The result is identical to that of Whoosh: ``idf = log(N / (n + 1)) + 1``, and
lengths are quantised to one byte on a logarithmic scale.

`f` and `l` are fixed when a segment is written; `idf` and `a` change with every commit. Postings
therefore store `f`, passages store `l`, and each commit computes a table of the saturation for all
length bytes and low frequencies.
"""

from __future__ import annotations

import ctypes
import math

import numpy as np

from index.document import BM25_B, BM25_K1, LENGTH_SCALE
from index.postings import native
from index.postings.array_file import Array

LENGTHS = np.array(LENGTH_SCALE, np.int64)


def length_bytes(lengths: Array) -> Array:
    """Return lengths in words as bytes of the scale, rounded up and capped at 255."""
    return np.asarray(np.minimum(np.searchsorted(LENGTHS, lengths), 255), np.uint8)


def saturation(frequencies: Array, bytes_: Array, mean_length: float) -> Array:
    """Return the saturation of pairs of frequency and length byte as float64."""
    return np.asarray(
        frequencies * (BM25_K1 + 1) / (frequencies + _length_norms(mean_length)[bytes_])
    )


class Saturation:
    """The saturation table of one commit in the format of the kernel."""

    def __init__(self, mean_length: float) -> None:
        self._norms = _length_norms(mean_length)
        frequencies = np.arange(native.TABLED, dtype=np.float64)[:, None]
        self._table = frequencies * (BM25_K1 + 1) / (frequencies + self._norms)
        self._native = native.NativeModel(
            most=BM25_K1 + 1,
            norms=native.address(self._norms),
            table=native.address(self._table),
        )
        self.address = ctypes.addressof(self._native)


def idf(passages: int, doc_freq: int) -> float:
    """Return the idf of a word that occurs in `doc_freq` of `passages` passages."""
    return math.log(passages / (doc_freq + 1)) + 1 if passages else 1.0


def growth(old_mean: float, new_mean: float) -> float:
    """Return the largest factor by which a saturation grows with a new mean length, at least 1.

    The growth is largest for frequency 1.
    """
    return float(max(1.0, ((1 + _length_norms(old_mean)) / (1 + _length_norms(new_mean))).max()))


def _length_norms(mean_length: float) -> Array:
    """Return k1 times the length norm for each length byte."""
    return np.asarray(BM25_K1 * ((1 - BM25_B) + BM25_B * LENGTHS / (mean_length or 1)))
