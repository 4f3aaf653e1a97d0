"""Where the original bytes of sources are: each once, under its SHA-256.

``sources/ab/abcdef...`` below KB_HOME, and by the same name in backups and exports.

The original bytes of accepted sources, each once, under the hash that the store knows it by.

What an article was made from can be read again by a later version of a reader, or shown to somebody
who doubts it. Where they are says `kb.storage.source_files`.
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

FOLDER = "sources"
NAME = re.compile(r"sources/([0-9a-f]{2})/(\1[0-9a-f]{62})")  # its second group is the SHA-256


def source_path(sha256: str) -> str:
    """Return where a source is below its folder."""
    return f"{sha256[:2]}/{sha256}"


def source_name(sha256: str) -> str:
    """Return the name of a source below KB_HOME, or in an archive."""
    return f"{FOLDER}/{source_path(sha256)}"


def has_same_bytes(path: Path, sha256: str, source: str) -> bytes:
    """Return the bytes of a file. Raises `SourceError` when they are not those that were read."""
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
            "was changed while it was read.",
            "Add it again.",
            code=SourceProblem.CHANGED,
        )
    return content


class SourceFileBatch:
    """The originals of articles that are saved together: written before that, named after it.

    So no article is acknowledged without its original, and none is kept of an article that was
    not saved. Used with `with`; what was written and not named goes with its end.
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
        """Write the bytes durably, unless they are there. Raises `StoreError`."""
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

    def keep(self, hashes: Iterable[str]) -> None:
        """Give these their names, durably. Raises `StoreError`."""
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
        return self._folder / source_path(sha256)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"The original of an article cannot be kept in {self._folder}: {error.strerror}. "
                "Free some space or mend the folder, then add the article again."
            ) from error
