"""What it takes for a file's name to be on the disk, and not only its content.

The index and the originals both rename finished files into place; a rename is safe from a power
cut only when the folder that holds the name has been synced as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def sync_folder(path: Path) -> None:
    """Push the names in a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, or not at all, even after a power cut."""
    stream_durably(path, (content,))


def stream_durably(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file of parts, none of which need be in memory with another, as `write_durably`."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)
