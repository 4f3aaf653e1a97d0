"""Arrays in one file, mapped into memory: read by all processes, copied by none.

A file is a fixed head (magic, version, byte order, length of the table), a table in JSON that says
where each array stands, the arrays, each at a multiple of 64 bytes, and a checksum of all before
it. Nothing in it is executed at reading, and nothing is believed before the checksum has been
compared: see `checksum`, which `index.commits` compares with the manifest, too.
"""

from __future__ import annotations

import json
import math
import mmap
import struct
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from kb.errors import IndexDamagedError

Array = npt.NDArray[Any]

MAGIC = b"KBARRAYS"
VERSION = 1
ORDER = 0xFEFF  # read with its bytes exchanged on a machine of the other byte order
HEAD = struct.Struct("=8sHHQ")  # magic, version, order, bytes of the table
ALIGNED = 64  # a line of the cache, and any vector register
SEAL = 16  # bytes of the checksum


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> str:
    """Write `arrays` to a new file; return its checksum. The file is not synced to the disk."""
    table: dict[str, tuple[str, tuple[int, ...], int]] = {}
    at = 0
    for name, array in arrays.items():
        table[name] = (array.dtype.str, array.shape, at)
        at += -(-array.nbytes // ALIGNED) * ALIGNED
    described = json.dumps(table).encode()
    described += b" " * (-(HEAD.size + len(described)) % ALIGNED)
    seal = xxhash.xxh3_128()
    with path.open("xb") as file:
        for part in (HEAD.pack(MAGIC, VERSION, ORDER, len(described)), described):
            seal.update(part)
            file.write(part)
        for array in arrays.values():
            content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
            padding = bytes(-len(content) % ALIGNED)
            seal.update(content)
            seal.update(padding)
            file.write(content)
            file.write(padding)
        file.write(seal.digest())
    return seal.hexdigest()


def read_arrays(path: Path) -> dict[str, Array]:
    """Map the arrays of a file, read-only; raises `IndexDamagedError` when it is no such file.

    The map lives as long as one of the arrays does.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if size < HEAD.size + SEAL:
            raise IndexDamagedError(f"{path.name} is cut off")
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    magic, version, order, described = HEAD.unpack_from(content)
    if magic != MAGIC or version != VERSION or HEAD.size + described + SEAL > size:
        raise IndexDamagedError(f"{path.name} is no file of arrays, version {VERSION}")
    if order != ORDER:
        other = "big" if sys.byteorder == "little" else "little"
        raise IndexDamagedError(f"{path.name} was written on a {other}-endian machine")
    start = HEAD.size + described
    table = json.loads(content[HEAD.size : start])
    return {
        name: np.frombuffer(content, dtype, math.prod(shape), start + at).reshape(shape)
        for name, (dtype, shape, at) in table.items()
    }


def checksum(path: Path) -> str:
    """Return the checksum that `write_arrays` returned for the file, computed from its content.

    Raises `IndexDamagedError` when the content is not what the file's own seal says.
    """
    seal = xxhash.xxh3_128()
    with path.open("rb") as file:
        size = path.stat().st_size
        if size <= SEAL:
            raise IndexDamagedError(f"{path.name} is cut off")
        with (
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
            memoryview(content) as view,
            view[: size - SEAL] as sealed,
        ):
            seal.update(sealed)
            if view[size - SEAL :] != seal.digest():
                raise IndexDamagedError(f"{path.name} has changed")
    return seal.hexdigest()


def packed(strings: list[bytes]) -> tuple[Array, Array]:
    """Return the bytes of all `strings` in a row, and where each ends, with 0 before the first."""
    ends = np.zeros(len(strings) + 1, np.uint32)
    np.cumsum([len(string) for string in strings], out=ends[1:])
    return np.frombuffer(b"".join(strings), np.uint8), ends


class Strings:
    """Strings that `packed` packed, read one at a time; `find` and `beginning` want them sorted."""

    def __init__(self, heap: Array, ends: Array) -> None:
        # Views of memory give plain integers and bytes, several times faster than arrays do.
        self._heap = np.ascontiguousarray(heap).data
        self._ends = np.ascontiguousarray(ends).data

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

    def at(self, wanted: bytes) -> int:
        """Return the number of the first string that is not below `wanted`."""
        low, high = 0, len(self)
        heap, ends = self._heap, self._ends
        while low < high:
            middle = (low + high) // 2
            if bytes(heap[ends[middle] : ends[middle + 1]]) < wanted:
                low = middle + 1
            else:
                high = middle
        return low

    def find(self, wanted: bytes) -> int | None:
        """Return the number of a string, or None."""
        number = self.at(wanted)
        return number if number < len(self) and self[number] == wanted else None

    def beginning(self, start: bytes, most: int) -> range:
        """Return the numbers of the first `most` strings that begin with `start`."""
        first = self.at(start)
        last = first
        while last < len(self) and last - first < most and self[last].startswith(start):
            last += 1
        return range(first, last)
