"""Files that are on the disk whole, or not at all; and reading large ones piece by piece.

The index and the originals rename finished files into place; a rename is safe from a power cut only
when the folder that holds the name has been synced as well.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

CHUNK_BYTES = 1 << 20  # bytes that are in memory at once


def sync_file(path: Path) -> None:
    """Push a file to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Push the names in a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def atomic_replace(path: Path, mode: int = 0o666) -> Iterator[Path]:
    """Yield an empty file to write to, which takes the place of `path` when it is whole.

    `mode` is what it may be used for, as far as the process lets others use files at all.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode)
        yield partial
        sync_file(partial)
        partial.replace(path)
        sync_folder(path.absolute().parent)
    finally:
        partial.unlink(missing_ok=True)


def atomic_write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, or not at all, even after a power cut."""
    atomic_write_stream(path, (content,))


def atomic_write_stream(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file of parts, none of which need be in memory with another, as `atomic_write`."""
    with atomic_replace(path) as partial, partial.open("wb") as file:
        for part in parts:
            file.write(part)


def iter_chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what is left of an open file."""
    while piece := file.read(CHUNK_BYTES):
        yield piece


def iter_file_chunks(path: Path) -> Iterator[bytes]:
    """Yield the content of a file."""
    with path.open("rb") as file:
        yield from iter_chunks(file)


def checksum(parts: Iterable[bytes], copy: IO[bytes] | None = None) -> str:
    """Return the SHA-256 of all parts; each is written to `copy` as well."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
        if copy is not None:
            copy.write(part)
    return digest.hexdigest()
