"""Expansion of files, folders, ZIP archives and URLs into source files.

`open_sources` yields one readable file per source, with a display name and a key that identifies
it, whether it is a local file, an archive member or a downloaded page.
"""

from __future__ import annotations

import os
import re
import shutil
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
MAX_FILE_NAME_LENGTH = 60  # characters of a temporary file's name
CHUNK_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file to read, with its display name and its key in the store."""

    path: Path
    name: str
    key: str
    url: str = ""  # of a downloaded page
    temporary: bool = False

    def remove(self) -> None:
        """Delete the file if it is temporary."""
        if self.temporary:
            self.path.unlink(missing_ok=True)
            self.path.parent.rmdir()


@dataclass(frozen=True, slots=True)
class IngestTask:
    """A document to process, and the source file that contains it."""

    source: SourceFile
    document: SourceDocument

    @property
    def display_name(self) -> str:
        """The name of the document in messages."""
        place = self.document.location
        return f"{self.source.name}, {place}" if place else self.source.name


def open_sources(
    names: Iterable[str], scratch: Path, *, fetch_private_networks: bool
) -> Iterator[SourceFile | SourceError]:
    """Yield the source files that each name refers to, in a fixed order, or errors.

    Extracted and downloaded files are in `scratch` until `SourceFile.remove` is called.
    """
    for name in names:
        if URL_SCHEME.match(name):
            yield from _fetch_pages(name, scratch, fetch_private_networks)
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
    """Yield the source files of an upload, identified by the file name that the user supplied.

    Readers see a copy with this name, because its extension and words can matter to them.
    """
    copy = Path(tempfile.mkdtemp(dir=scratch)) / safe_file_name(name)
    shutil.copyfile(path, copy)
    source = SourceFile(path=copy, name=name, key=f"upload:{name}", temporary=True)
    yield from _expand_archive(source, scratch)


def iter_files(names: Iterable[str]) -> Iterator[Path | SourceError]:
    """Yield the files under each name in a fixed order, or an error for a name without files.

    Hidden files and folders inside a folder are skipped. Links to folders are not followed, to
    avoid cycles. Only regular files are opened, because reading a pipe or a device could block
    forever.
    """
    for name in names:
        path = Path(name)
        if path.is_dir():
            yield from _walk_folder(path)
        else:
            yield _check_file(_normalize_path(path), name)


def estimate_count(names: Sequence[str]) -> int | None:
    """Return the approximate number of results for `names`, or None if one is a URL.

    Files are counted without parsing them.
    """
    if any(URL_SCHEME.match(name) for name in names):
        return None
    return sum(
        1 if isinstance(file, SourceError) else _count_in_file(file) for file in iter_files(names)
    )


def _normalize_path(path: Path) -> Path:
    """Return the absolute path without `..`, so that a file has one name from every directory."""
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
        return 1  # the reader reports the error


def _check_file(path: Path, name: str) -> Path | SourceError:
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        return SourceError(name, "does not exist.", "Check the path.", code=SourceProblem.NOT_FOUND)
    except (OSError, ValueError) as error:  # a NUL character raises ValueError
        why = getattr(error, "strerror", None) or error
        return SourceError(
            name,
            f"cannot be read: {why}.",
            "Check the path and the permissions.",
            code=SourceProblem.UNREADABLE,
        )
    if not stat.S_ISREG(kind):
        return SourceError(
            name,
            "is neither a file nor a folder.",
            "Specify a file or a folder.",
            code=SourceProblem.NOT_A_FILE,
        )
    return path


def _walk_folder(folder: Path) -> Iterator[Path | SourceError]:
    errors: list[OSError] = []
    empty = True
    for current, folders, names in os.walk(_normalize_path(folder), onerror=errors.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                empty = False
                path = Path(current) / name
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
            "contains no files.",
            "Check that it is the correct folder.",
            code=SourceProblem.NO_FILES,
        )


def _expand_archive(source: SourceFile, scratch: Path) -> Iterator[SourceFile | SourceError]:
    """Yield the members of an archive, or the source itself if it is not an archive."""
    try:
        archive = is_archive(source.path)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}."
        yield SourceError(
            source.name,
            problem,
            "Check the path and the permissions.",
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
    """Yield the page at a URL, or all pages that a sitemap lists."""
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
    file = Path(tempfile.mkdtemp(dir=scratch)) / safe_file_name(path)
    file.write_bytes(page.content)
    source = SourceFile(path=file, name=address, key=f"url:{address}", url=address, temporary=True)
    yield from _expand_archive(source, scratch)


def safe_file_name(name: str) -> str:
    """Return a short file name without special characters, with the extension of `name`."""
    return UNSAFE_CHARACTERS.sub("-", name)[-MAX_FILE_NAME_LENGTH:].strip(".-") or "page"


def _printable_path(path: Path) -> str:
    """Return a path as text that can be displayed and stored."""
    return str(path).encode("utf-8", "replace").decode()
