"""Memory-mapped file of NumPy arrays with a checksum.

Format: a fixed header (magic, version, byte order, length of the table), a JSON table with the
type, shape and offset of each array, the arrays aligned to 64 bytes, and an XXH3-128 checksum of
everything before it. Reading executes nothing. Callers verify the file with `checksum` first;
`index.engines.whoosh.storage` also compares it with the manifest.
"""

from __future__ import annotations

import json
import math
import mmap
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from kb.errors import IndexCorruptError

Array = npt.NDArray[Any]

MAGIC = b"KBARRAYS"
VERSION = 2
BYTE_ORDER_MARK = 0xFEFF  # reads as 0xFFFE on a machine with the other byte order
HEADER = struct.Struct("=8sHHQ")  # magic, version, byte order, table size
ALIGNMENT = 64  # cache line size, sufficient for vector registers
CHECKSUM_SIZE = 16  # bytes


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> str:
    """Write `arrays` to a new file and return its checksum; the file is not synced."""
    table: dict[str, tuple[str, tuple[int, ...], int]] = {}
    at = 0
    for name, array in arrays.items():
        table[name] = (array.dtype.str, array.shape, at)
        at += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    described = json.dumps(table).encode()
    described += b" " * (-(HEADER.size + len(described)) % ALIGNMENT)
    seal = xxhash.xxh3_128()
    with path.open("xb") as file:
        for part in (HEADER.pack(MAGIC, VERSION, BYTE_ORDER_MARK, len(described)), described):
            seal.update(part)
            file.write(part)
        for array in arrays.values():
            content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
            padding = bytes(-len(content) % ALIGNMENT)
            seal.update(content)
            seal.update(padding)
            file.write(content)
            file.write(padding)
        file.write(seal.digest())
    return seal.hexdigest()


def read_arrays(path: Path) -> dict[str, Array]:
    """Map the arrays of a file read-only; raises `IndexCorruptError` for an invalid file.

    The mapping is released with the last of the arrays.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if size < HEADER.size + CHECKSUM_SIZE:
            raise IndexCorruptError(f"{path.name} is truncated", code="truncated")
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    magic, version, order, described = HEADER.unpack_from(content)
    if magic != MAGIC or version != VERSION or HEADER.size + described + CHECKSUM_SIZE > size:
        raise IndexCorruptError(
            f"{path.name} is not an array file of version {VERSION}", code="format"
        )
    if order != BYTE_ORDER_MARK:
        other = "big" if sys.byteorder == "little" else "little"
        raise IndexCorruptError(
            f"{path.name} was written on a {other}-endian machine", code="byte-order"
        )
    start = HEADER.size + described
    table = json.loads(content[HEADER.size : start])
    return {
        name: np.frombuffer(content, dtype, math.prod(shape), start + at).reshape(shape)
        for name, (dtype, shape, at) in table.items()
    }


def checksum(path: Path) -> str:
    """Return the checksum of the file's content, as `write_arrays` returned it.

    Raises `IndexCorruptError` if it differs from the checksum stored in the file.
    """
    seal = xxhash.xxh3_128()
    with path.open("rb") as file:
        size = path.stat().st_size
        if size <= CHECKSUM_SIZE:
            raise IndexCorruptError(f"{path.name} is truncated", code="truncated")
        with (
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
            memoryview(content) as view,
            view[: size - CHECKSUM_SIZE] as sealed,
        ):
            seal.update(sealed)
            if view[size - CHECKSUM_SIZE :] != seal.digest():
                raise IndexCorruptError(f"{path.name} has changed", code="checksum")
    return seal.hexdigest()
