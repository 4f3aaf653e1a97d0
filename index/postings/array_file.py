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
    """Map the arrays of a file, read-only; raises `IndexCorruptError` when it is no such file.

    The map lives as long as one of the arrays does.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if size < HEAD.size + SEAL:
            raise IndexCorruptError(f"{path.name} is cut off", code="truncated")
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    magic, version, order, described = HEAD.unpack_from(content)
    if magic != MAGIC or version != VERSION or HEAD.size + described + SEAL > size:
        raise IndexCorruptError(
            f"{path.name} is no file of arrays, version {VERSION}", code="format"
        )
    if order != ORDER:
        other = "big" if sys.byteorder == "little" else "little"
        raise IndexCorruptError(
            f"{path.name} was written on a {other}-endian machine", code="byte-order"
        )
    start = HEAD.size + described
    table = json.loads(content[HEAD.size : start])
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
        if size <= SEAL:
            raise IndexCorruptError(f"{path.name} is cut off", code="truncated")
        with (
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
            memoryview(content) as view,
            view[: size - SEAL] as sealed,
        ):
            seal.update(sealed)
            if view[size - SEAL :] != seal.digest():
                raise IndexCorruptError(f"{path.name} has changed", code="checksum")
    return seal.hexdigest()
