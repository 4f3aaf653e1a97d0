"""The files that the names given by a person stand for: files, and folders with all below them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from kb.errors import SourceError

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def files_of(names: Iterable[str]) -> Iterator[Path | SourceError]:
    """Yield the files under each name in a fixed order; an error where a name leads to none.

    Hidden files and folders (a dot first) inside a folder are left out, links to folders are not
    followed, so that a link back up cannot go round for ever.
    """
    for name in names:
        path = Path(name)
        if ADDRESS.match(name):
            yield SourceError(
                name, "is an address.", "Files and folders can be added; save it first."
            )
        elif path.is_dir():
            yield from _files_below(path)
        elif path.is_file():
            yield path.absolute()
        elif path.exists():
            yield SourceError(name, "is neither a file nor a folder.", "Name one of these.")
        else:
            yield SourceError(name, "does not exist.", "Check the name.")


def _files_below(folder: Path) -> Iterator[Path | SourceError]:
    errors: list[OSError] = []
    empty = True
    for here, folders, names in os.walk(folder.absolute(), onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                empty = False
                yield Path(here) / name
    for error in errors:
        yield SourceError(
            str(error.filename), f"cannot be read: {error.strerror}.", "Check the permissions."
        )
    if empty and not errors:
        yield SourceError(str(folder), "holds no files.", "Check that it is the right folder.")
