"""Content-addressed storage of the original source files.

Each file is stored once, by SHA-256, as ``sources/ab/abcdef...`` in KB_HOME, backups and exports.
The files allow later ingests with an improved reader, and verification of an article.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.errors import SourceError, SourceProblem, StoreError
from kb.storage.atomic_files import sync_folder

SOURCES_FOLDER = "sources"
SOURCE_NAME = re.compile(r"sources/([0-9a-f]{2})/(\1[0-9a-f]{62})")  # group 2 is the SHA-256


def get_source_path(sha256: str) -> str:
    """Return the path of a source file relative to the folder of sources."""
    return f"{sha256[:2]}/{sha256}"


def get_source_name(sha256: str) -> str:
    """Return the path of a source file relative to KB_HOME, as used in archives."""
    return f"{SOURCES_FOLDER}/{get_source_path(sha256)}"


def read_unchanged(path: Path, sha256: str, source: str) -> bytes:
    """Return the bytes of a file. Raises `SourceError` if their SHA-256 differs."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(
            source,
            f"cannot be read: {error.strerror}.",
            "Try again.",
            code=SourceProblem.UNREADABLE,
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SourceError(
            source,
            "changed while it was read.",
            "Add it again.",
            code=SourceProblem.CHANGED,
        )
    return content


class SourceFileBatch:
    """Source files of articles that are saved in one transaction.

    Files are written before the transaction and renamed to their final names after it, so that
    every saved article has its source file and no file remains of an article that was not saved.
    Use it as a context manager: leaving it deletes files without a final name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, Path] = {}

    def __enter__(self) -> SourceFileBatch:
        return self

    def __exit__(self, *_: object) -> None:
        for path in self._written.values():
            path.unlink(missing_ok=True)

    def write(self, sha256: str, content: bytes) -> None:
        """Write a file durably, unless it exists. Raises `StoreError`."""
        target = self._target(sha256)
        if sha256 in self._written or target.exists():
            return
        with self._translated():
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
            self._written[sha256] = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)

    def commit(self, hashes: Iterable[str]) -> None:
        """Rename the written files to their final names, durably. Raises `StoreError`."""
        with self._translated():
            folders = set()
            for sha256 in hashes:
                path = self._written.pop(sha256, None)
                if path is not None:
                    folders.add(path.replace(self._target(sha256)).parent)
            for folder in folders:
                sync_folder(folder)
            if folders:
                sync_folder(self._folder)

    def _target(self, sha256: str) -> Path:
        return self._folder / get_source_path(sha256)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"The source file cannot be written to {self._folder}: {error.strerror}. "
                "Check the disk space and the folder's permissions, then add the article again."
            ) from error
