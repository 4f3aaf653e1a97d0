"""Arrays in one file, mapped into memory: read by all processes, copied by none.

A file is a fixed head (magic, version, byte order, length of the table), a table in JSON that says
where each array stands, the arrays, each at a multiple of 64 bytes, and a checksum of all before
it. Nothing in it is executed at reading, and nothing is believed before the checksum has been
compared: see `checksum`, which `index.engines.whoosh.storage` compares with the manifest, too.
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
BYTE_ORDER_MARK = 0xFEFF  # read with its bytes exchanged on a machine of the other byte order
HEADER = struct.Struct("=8sHHQ")  # magic, version, order, bytes of the table
ALIGNMENT = 64  # a line of the cache, and any vector register
CHECKSUM_SIZE = 16  # bytes of the checksum


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> str:
    """Write `arrays` to a new file; return its checksum. The file is not synced to the disk."""
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
    """Map the arrays of a file, read-only; raises `IndexCorruptError` when it is no such file.

    The map lives as long as one of the arrays does.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if size < HEADER.size + CHECKSUM_SIZE:
            raise IndexCorruptError(f"{path.name} is cut off", code="truncated")
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    magic, version, order, described = HEADER.unpack_from(content)
    if magic != MAGIC or version != VERSION or HEADER.size + described + CHECKSUM_SIZE > size:
        raise IndexCorruptError(
            f"{path.name} is no file of arrays, version {VERSION}", code="format"
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
    """Return the checksum that `write_arrays` returned for the file, computed from its content.

    Raises `IndexCorruptError` when the content is not what the file's own seal says.
    """
    seal = xxhash.xxh3_128()
    with path.open("rb") as file:
        size = path.stat().st_size
        if size <= CHECKSUM_SIZE:
            raise IndexCorruptError(f"{path.name} is cut off", code="truncated")
        with (
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
            memoryview(content) as view,
            view[: size - CHECKSUM_SIZE] as sealed,
        ):
            seal.update(sealed)
            if view[size - CHECKSUM_SIZE :] != seal.digest():
                raise IndexCorruptError(f"{path.name} has changed", code="checksum")
    return seal.hexdigest()
