"""String table: sorted strings in two arrays, the concatenated bytes and the end offsets."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from index.postings import native
from index.postings.array_file import Array

HIGHEST_BYTE = b"\xff"  # occurs in no UTF-8 text


def pack_strings(strings: list[bytes]) -> tuple[Array, Array]:
    """Return the concatenated bytes of `strings` and their end offsets, preceded by 0."""
    ends = np.zeros(len(strings) + 1, np.uint32)
    np.cumsum([len(string) for string in strings], out=ends[1:])
    return np.frombuffer(b"".join(strings), np.uint8), ends


class StringTable:
    """Strings packed by `pack_strings`; `find` and `prefix_range` require sorted strings."""

    def __init__(self, heap: Array, ends: Array) -> None:
        # Memoryviews return plain integers and bytes several times faster than arrays.
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
        """Return all strings."""
        heap, ends = bytes(self._heap), self._ends.tolist()
        return [heap[start:end] for start, end in pairwise(ends)]

    def texts(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """Return the strings with these numbers as text."""
        heap, ends = self._heap, self._ends
        return tuple([str(heap[ends[n] : ends[n + 1]], "utf-8") for n in numbers])

    def lower_bound(self, wanted: bytes) -> int:
        """Return the number of the first string that is not less than `wanted`."""
        found: int = native.first_not_below(*self._at, len(self), wanted, len(wanted))
        return found

    def find(self, wanted: bytes) -> int | None:
        """Return the number of a string, or None if it is missing."""
        number = self.lower_bound(wanted)
        return number if number < len(self) and self[number] == wanted else None

    def prefix_range(self, start: bytes, most: int) -> range:
        """Return the numbers of the first `most` strings with the prefix `start`."""
        first = self.lower_bound(start)
        return range(first, min(first + most, self.lower_bound(start + HIGHEST_BYTE)))
