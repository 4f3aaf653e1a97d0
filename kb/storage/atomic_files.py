"""Atomic file writes with fsync, and chunked reading of large files.

A rename survives a power failure only if the containing folder has been synced as well.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

CHUNK_BYTES = 1 << 20


def sync_file(path: Path) -> None:
    """Flush a file to disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Flush the directory entries of a folder to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def atomic_replace(path: Path, mode: int = 0o666) -> Iterator[Path]:
    """Yield a temporary file that replaces `path` when the block ends without an error.

    `mode` is the permission mode of the file, subject to the umask.
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
    """Write a file atomically and durably: a power failure leaves the old or the new content."""
    atomic_write_stream(path, (content,))


def atomic_write_stream(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file from parts like `atomic_write`, without holding them all in memory."""
    with atomic_replace(path) as partial, partial.open("wb") as file:
        for part in parts:
            file.write(part)


def iter_chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the rest of an open file in chunks."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def iter_file_chunks(path: Path) -> Iterator[bytes]:
    """Yield the content of a file in chunks."""
    with path.open("rb") as file:
        yield from iter_chunks(file)


def checksum(parts: Iterable[bytes], copy: IO[bytes] | None = None) -> str:
    """Return the SHA-256 of the parts as hex digits, and copy them to `copy` if given."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
        if copy is not None:
            copy.write(part)
    return digest.hexdigest()
