"""Near-duplicates: passages that say the same in almost the same words, not comparing all pairs.

A passage is the set of its runs of five words ("shingles"); two are alike by the Jaccard
similarity of these sets (Broder 1997). A signature of `BANDS * ROWS` minima estimates it, taken
with one hash for each shingle (one permutation hashing: Li, Owen, Zhang 2012; empty bins are filled
by rotation: Shrivastava, Li 2014). Signatures that agree in all rows of any band make a candidate,
and only candidates are compared word by word.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

SHINGLE = 5  # words; with fewer, common turns of phrase look like copies
ALIKE = 0.8  # share of shingles in common from which an editor should look
MIN_WORDS = 20  # a shorter passage ("Call 999 if:") may well stand in many articles

# A pair at 0.8 shares a band with probability 1 - (1 - 0.8**5)**10 = 0.98, one at 0.5 with 0.27.
BANDS, ROWS = 10, 5
_BINS = BANDS * ROWS
_ROTATION = 0x9E3779B97F4A7C15  # odd, so that a borrowed minimum differs from the lender's own
_MASK = (1 << 64) - 1


def band_keys(text: str) -> tuple[int, ...]:
    """Return a signed 64-bit key for each band, or nothing for a text too short to tell."""
    found = _shingles(text)
    if len(found) < MIN_WORDS - SHINGLE + 1:
        return ()
    minima = _minima([_hash(shingle) for shingle in found])
    return tuple(_key(band, minima[band * ROWS : (band + 1) * ROWS]) for band in range(BANDS))


def similarity_estimate(one: str, other: str) -> float:
    """Return the share of shingles that both texts have, of those that either has: 0 to 1."""
    a, b = _shingles(one), _shingles(other)
    return len(a & b) / len(a | b) if a | b else 0.0


@lru_cache(maxsize=1_000)  # a passage is asked for several times while its article is saved
def _shingles(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


def _minima(hashes: Sequence[int]) -> list[int]:
    minima: list[int | None] = [None] * _BINS
    for value in hashes:
        bin_, rest = value % _BINS, value // _BINS
        least = minima[bin_]
        if least is None or rest < least:
            minima[bin_] = rest
    filled: list[int] = []
    for start in range(_BINS):
        distance = 0
        while (value_here := minima[(start + distance) % _BINS]) is None:
            distance += 1
        filled.append((value_here + distance * _ROTATION) & _MASK)
    return filled


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _key(band: int, values: Sequence[int]) -> int:
    digest = hashlib.blake2b(repr((band, *values)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
