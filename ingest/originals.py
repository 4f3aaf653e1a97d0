"""The original bytes of accepted sources, each once, under the hash that the store knows it by.

``KB_HOME/sources/ab/abcdef...``: what an article was made from can be read again by a later
version of a reader, or shown to somebody who doubts it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from kb.durable import sync_folder
from kb.errors import SourceError, StoreError

FOLDER = "sources"  # below KB_HOME


def same_bytes(path: Path, sha256: str, source: str) -> bytes:
    """Return the bytes of a file. Raises `SourceError` when they are not those that were read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(source, f"cannot be read: {error.strerror}.", "Try again.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SourceError(source, "was changed while it was read.", "Add it again.")
    return content


def keep(folder: Path, sha256: str, content: bytes) -> None:
    """Write the bytes durably unless they are there. Raises `StoreError` when they cannot be."""
    target = folder / sha256[:2] / sha256
    if target.exists():
        return
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
        for parent in (target.parent, folder):
            sync_folder(parent)
    except OSError as error:
        raise StoreError(
            f"The original of an article cannot be kept in {folder}: {error.strerror}. "
            "The article itself is saved. Free some space or mend the folder, then add it again."
        ) from error
