"""BM25F in a table: how much a posting counts, worked out once for what it can hold.

The score of a word in a passage is ``idf * f * (BM25_K1 + 1) / (f + BM25_K1 * ((1 - BM25_B) + BM25_B * l / a))``
with `f` how often the passage has it (each text counted as `index.document.FIELD_BOOSTS` says), `l` the
passage's length, and `a` the mean length (Robertson and Zaragoza, "The probabilistic relevance
framework: BM25 and beyond", 2009). It is what Whoosh computes, to the digit: ``idf = log(N / (n +
1)) + 1``, and a length known as one byte on a logarithmic scale.

`f` and `l` never change once a segment is written, `idf` and `a` change with every commit. So a
posting keeps `f`, a passage keeps `l`, and a commit works out the saturation for all bytes of a
length and the low frequencies, which a query looks up.
"""

from __future__ import annotations

import ctypes
import math

import numpy as np

from index.document import BM25_B, BM25_K1
from index.postings import native
from index.postings.array_file import Array

# Whoosh's scale of lengths: about one percent fine where passages are, in one byte.
LENGTHS = np.array([round((1.033**byte - 1) * 27) for byte in range(256)], np.int64)


def length_bytes(lengths: Array) -> Array:
    """Return lengths in words as bytes of the scale, rounded up; longer ones are the last."""
    return np.asarray(np.minimum(np.searchsorted(LENGTHS, lengths), 255), np.uint8)


def saturation(frequencies: Array, bytes_: Array, mean_length: float) -> Array:
    """Return f * (BM25_K1 + 1) / (f + BM25_K1 * norm) for pairs of frequency and length, as float64."""
    return np.asarray(
        frequencies * (BM25_K1 + 1) / (frequencies + _length_norms(mean_length)[bytes_])
    )


class Saturation:
    """The saturation of one commit, as the loops want it."""

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


def idf(passages: int, holders: int) -> float:
    """Return the inverse document frequency of a word that `holders` of the passages have."""
    return math.log(passages / (holders + 1)) + 1 if passages else 1.0


def growth(mean_then: float, mean_now: float) -> float:
    """Return by how much a saturation may exceed what it was when the mean length was another.

    It exceeds it most where the frequency is 1, the lowest there is.
    """
    return float(max(1.0, ((1 + _length_norms(mean_then)) / (1 + _length_norms(mean_now))).max()))


def _length_norms(mean_length: float) -> Array:
    """Return BM25_K1 * norm for each byte of a length."""
    return np.asarray(BM25_K1 * ((1 - BM25_B) + BM25_B * LENGTHS / (mean_length or 1)))
