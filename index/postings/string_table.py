"""Sorted strings in two arrays: their bytes in a row, and where each ends."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from index.postings import native
from index.postings.array_file import Array

HIGHEST_BYTE = b"\xff"  # no character of UTF-8 begins so, or goes on so


def pack_strings(strings: list[bytes]) -> tuple[Array, Array]:
    """Return the bytes of all `strings` in a row, and where each ends, with 0 before the first."""
    ends = np.zeros(len(strings) + 1, np.uint32)
    np.cumsum([len(string) for string in strings], out=ends[1:])
    return np.frombuffer(b"".join(strings), np.uint8), ends


class StringTable:
    """Strings that `pack_strings` packed, read one at a time; `find` and `beginning` want them sorted."""

    def __init__(self, heap: Array, ends: Array) -> None:
        # Views of memory give plain integers and bytes, several times faster than arrays do.
        self._arrays = np.ascontiguousarray(heap), np.ascontiguousarray(ends)
        self._heap, self._ends = (array.data for array in self._arrays)
        self._at = tuple(native.address(array) for array in self._arrays)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> bytes:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return bytes(self._heap[self._ends[number] : self._ends[number + 1]])

    def all(self) -> list[bytes]:
        """Return all of them."""
        heap, ends = bytes(self._heap), self._ends.tolist()
        return [heap[start:end] for start, end in pairwise(ends)]

    def texts(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """Return some of them as text."""
        heap, ends = self._heap, self._ends
        return tuple([str(heap[ends[n] : ends[n + 1]], "utf-8") for n in numbers])

    def lower_bound(self, wanted: bytes) -> int:
        """Return the number of the first string that is not below `wanted`."""
        found: int = native.first_not_below(*self._at, len(self), wanted, len(wanted))
        return found

    def find(self, wanted: bytes) -> int | None:
        """Return the number of a string, or None."""
        number = self.lower_bound(wanted)
        return number if number < len(self) and self[number] == wanted else None

    def prefix_range(self, start: bytes, most: int) -> range:
        """Return the numbers of the first `most` strings that begin with `start`."""
        first = self.lower_bound(start)
        return range(first, min(first + most, self.lower_bound(start + HIGHEST_BYTE)))
