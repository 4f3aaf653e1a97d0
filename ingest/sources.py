"""What the names given by a person stand for: files, folders, archives and addresses.

`open_sources` opens them one after the other: each source it yields is a file that can be read now,
with the name to show for it and what identifies it, whether it stood there before, in an archive
or on the web.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from ingest.http_fetch import FetchedPage, canonical_url, fetch, list_sitemap_pages
from ingest.readers.media_type import HEAD_BYTES, is_json_lines
from ingest.readers.registry import SourceDocument
from ingest.zip_archives import count_members, extract_members, is_archive
from kb.errors import SourceError, SourceProblem

URL_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
UNSAFE_CHARACTERS = re.compile(r"[^\w.-]+")
MAX_FILE_NAME_LENGTH = 60  # characters of an address that become the name of a file
CHUNK_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file to read, with its name for people and its key for the store."""

    path: Path
    name: str
    key: str
    url: str = ""  # of a page from the web
    temporary: bool = False

    def remove(self) -> None:
        """Remove the file if it was made for reading only."""
        if self.temporary:
            self.path.unlink(missing_ok=True)
            self.path.parent.rmdir()


@dataclass(frozen=True, slots=True)
class IngestTask:
    """A piece to be read, and the source that it is a piece of."""

    source: SourceFile
    document: SourceDocument

    @property
    def display_name(self) -> str:
        """The name of the piece, as it is shown."""
        place = self.document.location
        return f"{self.source.name}, {place}" if place else self.source.name


def open_sources(
    names: Iterable[str], scratch: Path, *, fetch_private: bool
) -> Iterator[SourceFile | SourceError]:
    """Yield what each name stands for, in a fixed order; an error where it stands for nothing.

    What is unpacked or fetched lies in `scratch` until its `remove`.
    """
    for name in names:
        if URL_SCHEME.match(name):
            yield from _fetch_pages(name, scratch, fetch_private)
            continue
        for file in iter_files([name]):
            if isinstance(file, SourceError):
                yield file
            else:
                shown = _printable_path(file)
                yield from _expand_archive(
                    SourceFile(path=file, name=shown, key=f"file:{shown}"), scratch
                )


def open_upload(path: Path, name: str, scratch: Path) -> Iterator[SourceFile | SourceError]:
    """Yield what a file that somebody sent stands for, known by the name that they gave it."""
    yield from _expand_archive(SourceFile(path=path, name=name, key=f"upload:{name}"), scratch)


def iter_files(names: Iterable[str]) -> Iterator[Path | SourceError]:
    """Yield the files under each name in a fixed order; an error where a name leads to none.

    Hidden files and folders (a dot first) inside a folder are left out, links to folders are not
    followed, so that a link back up cannot go round for ever. Nothing but a file is ever opened:
    a pipe or a device could keep its reader waiting for ever.
    """
    for name in names:
        path = Path(name)
        if path.is_dir():
            yield from _walk_folder(path)
        else:
            yield _check_file(_normalize_path(path), name)


def estimate_count(names: Sequence[str]) -> int | None:
    """Return about how many outcomes `names` will have, without parsing; None with an address."""
    if any(URL_SCHEME.match(name) for name in names):
        return None
    return sum(
        1 if isinstance(file, SourceError) else _count_in_file(file) for file in iter_files(names)
    )


def _normalize_path(path: Path) -> Path:
    """Return the path without detours: it is what the article is known by from anywhere."""
    return Path(os.path.normpath(path.absolute()))


def _count_in_file(file: Path) -> int:
    try:
        with file.open("rb") as opened:
            if not is_json_lines(opened.read(HEAD_BYTES)):
                return max(count_members(file), 1) if is_archive(file) else 1
            opened.seek(0)
            lines = sum(step.count(b"\n") for step in iter(lambda: opened.read(CHUNK_BYTES), b""))
            return max(lines, 1)
    except OSError:
        return 1  # reading it will say what is wrong


def _check_file(path: Path, name: str) -> Path | SourceError:
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        return SourceError(name, "does not exist.", "Check the name.", code=SourceProblem.NOT_FOUND)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        why = getattr(error, "strerror", None) or error
        return SourceError(
            name,
            f"cannot be read: {why}.",
            "Check the name and the permissions.",
            code=SourceProblem.UNREADABLE,
        )
    if not stat.S_ISREG(kind):
        return SourceError(
            name,
            "is neither a file nor a folder.",
            "Name one of these.",
            code=SourceProblem.NOT_A_FILE,
        )
    return path


def _walk_folder(folder: Path) -> Iterator[Path | SourceError]:
    errors: list[OSError] = []
    empty = True
    for here, folders, names in os.walk(_normalize_path(folder), onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                empty = False
                path = Path(here) / name
                yield _check_file(path, _printable_path(path))
    for error in errors:
        yield SourceError(
            str(error.filename),
            f"cannot be read: {error.strerror}.",
            "Check the permissions.",
            code=SourceProblem.UNREADABLE,
        )
    if empty and not errors:
        yield SourceError(
            str(folder),
            "holds no files.",
            "Check that it is the right folder.",
            code=SourceProblem.NO_FILES,
        )


def _expand_archive(source: SourceFile, scratch: Path) -> Iterator[SourceFile | SourceError]:
    """Yield the members of an archive; a source that is none, itself."""
    try:
        archive = is_archive(source.path)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}."
        yield SourceError(
            source.name,
            problem,
            "Check the name and the permissions.",
            code=SourceProblem.UNREADABLE,
        )
        return
    if not archive:
        yield source
        return
    folder = Path(tempfile.mkdtemp(dir=scratch))
    for member in extract_members(source.path, source.name, folder):
        if isinstance(member, SourceError):
            yield member
            continue
        name, path = member
        shown, key = f"{source.name}, {name}", f"{source.key}#{name}"
        yield SourceFile(path=path, name=shown, key=key, temporary=True)
    source.remove()


def _fetch_pages(name: str, scratch: Path, private: bool) -> Iterator[SourceFile | SourceError]:
    """Yield the page at an address, or all those that a sitemap lists."""
    try:
        page = fetch(name, private=private)
    except SourceError as error:
        yield error
        return
    listed = list_sitemap_pages(page)
    if not listed:
        yield from _save_page(page, scratch)
    for address in dict.fromkeys(listed):
        if isinstance(address, SourceError):
            yield address
            continue
        try:
            found = fetch(address, private=private)
        except SourceError as error:
            yield error
        else:
            yield from _save_page(found, scratch)


def _save_page(page: FetchedPage, scratch: Path) -> Iterator[SourceFile | SourceError]:
    address = canonical_url(page.url, page.url)
    path = PurePosixPath(unquote(urlsplit(address).path)).name or urlsplit(address).hostname or ""
    file = Path(tempfile.mkdtemp(dir=scratch)) / (
        UNSAFE_CHARACTERS.sub("-", path)[-MAX_FILE_NAME_LENGTH:].strip(".-") or "page"
    )
    file.write_bytes(page.content)
    source = SourceFile(path=file, name=address, key=f"url:{address}", url=address, temporary=True)
    yield from _expand_archive(source, scratch)


def _printable_path(path: Path) -> str:
    """Return the name of a file in characters that can be shown and stored."""
    return str(path).encode("utf-8", "replace").decode()
