"""Extraction of ZIP archives, one member at a time.

Readers and workers expect files, so each member is extracted to a private temporary folder, which
holds only a few at a time. A member is never extracted under its name in the archive, so no name
can point outside the folder. Unsafe names are rejected anyway, because they indicate an
attack.

The code runs in the main process, within limits: the size of the central directory is checked
before it is read, extracted bytes are counted while they are written, and only deflate is supported
(LZMA can demand any amount of memory).
"""

from __future__ import annotations

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kb.errors import SourceError, SourceProblem

MEGABYTE = 1_000_000
MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # the second one is that of an empty archive
# Members that identify a document: Office, and OpenDocument or EPUB.
DOCUMENT_MEMBERS = frozenset(["[Content_Types].xml", "word/document.xml", "mimetype"])
END_RECORD = struct.Struct("<4s4H2LH")  # end of central directory: entries, directory size, ...
END_RECORD_MAGIC = b"PK\x05\x06"
MAX_COMMENT_LENGTH = 65_535
ENCRYPTED_FLAG = 1 << 0
COMPRESSION_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
UNSAFE_NAME = re.compile(r"\A/|\A[A-Za-z]:|\\|(?:\A|/)\.\.(?:/|\Z)|[\x00-\x1f\x7f]")
HIDDEN_NAME = re.compile(r"(?:\A|/)(?:\.(?!\.)|__MACOSX/)")
CHUNK_BYTES = 65_536

UNPACK_HINT = "If you trust the archive, unpack it and add the folder."
DAMAGED_HINT = "Create the archive again; it may have been truncated during transfer."
Rejection = tuple[str, str, SourceProblem]  # problem, hint and code
NESTED: Rejection = (
    "is an archive inside an archive.",
    "Unpack it and add it separately.",
    SourceProblem.NESTED_ARCHIVE,
)
DAMAGE_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Limits for an archive; they also apply to Word documents, which are archives."""

    max_entries: int = 2_000
    max_unpacked_bytes: int = 200 * MEGABYTE
    max_member_bytes: int = 50 * MEGABYTE  # the largest limit of any reader
    max_directory_bytes: int = 2 * MEGABYTE  # 2,000 entries with long names need 0.5 MB


def is_archive(path: Path) -> bool:
    """Return whether the content of a file is a ZIP archive of other files; a DOCX is a document.

    An unreadable archive counts as one: opening it later reports the problem.
    """
    with path.open("rb") as file:
        if file.read(4) not in MAGIC:
            return False
        if _check_directory(file, ArchiveLimits()):
            return True
        try:
            with zipfile.ZipFile(file) as archive:
                return DOCUMENT_MEMBERS.isdisjoint(archive.namelist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return True


def count_members(path: Path) -> int:
    """Return the number of entries that an archive declares."""
    with path.open("rb") as file:
        end = _read_end_record(file)
    return end[0] if end else 0


def extract_members(
    path: Path, name: str, folder: Path, limits: ArchiveLimits | None = None
) -> Iterator[tuple[str, Path] | SourceError]:
    """Yield (name in the archive, file in `folder`) for each member; the caller removes the file.

    Yields an error for each rejected member, or a single error if the archive is rejected. Hidden
    members and folders are skipped.
    """
    limits = limits or ArchiveLimits()
    try:
        with path.open("rb") as file:
            if rejection := _check_directory(file, limits):
                yield _error(name, rejection)
                return
            with zipfile.ZipFile(file) as archive:
                yield from _extract(archive, name, folder, limits)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        problem = f"is a damaged ZIP archive: {error}."
        yield SourceError(name, problem, DAMAGED_HINT, code=SourceProblem.DAMAGED)
    except OSError as error:
        yield SourceError(
            name,
            f"cannot be unpacked: {error.strerror}.",
            "Check the free space and permissions of the temporary folder.",
            code=SourceProblem.UNREADABLE,
        )


def _extract(
    archive: zipfile.ZipFile, name: str, folder: Path, limits: ArchiveLimits
) -> Iterator[tuple[str, Path] | SourceError]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(archive.infolist()) > limits.max_entries:
        yield _error(name, _too_many_files_rejection(limits))
        return
    left = limits.max_unpacked_bytes
    if sum(entry.file_size for entry in entries) > left:
        problem = f"unpacks to more than {left // MEGABYTE:,} MB."
        yield SourceError(name, problem, UNPACK_HINT, code=SourceProblem.UNPACKED_TOO_LARGE)
        return
    seen: set[str] = set()
    count = 0
    for entry in entries:
        if HIDDEN_NAME.search(entry.filename) and not UNSAFE_NAME.search(entry.filename):
            continue
        count += 1
        rejection = _check_entry(entry, seen, limits)
        if rejection:
            yield _error(name, rejection, _printable(entry.filename))
            continue
        seen.add(entry.filename)
        target = folder / f"{count}" / _file_name(entry.filename)
        target.parent.mkdir(mode=0o700)
        try:
            with archive.open(entry) as member, target.open("wb") as file:
                left -= _copy(member, file, min(left, limits.max_member_bytes))
        except DAMAGE_ERRORS as error:
            rejection = (f"is damaged: {error}.", DAMAGED_HINT, SourceProblem.DAMAGED)
        else:
            rejection = NESTED if is_archive(target) else None
        if rejection:
            target.unlink(missing_ok=True)
            yield _error(name, rejection, _printable(entry.filename))
        else:
            yield _printable(entry.filename), target
    if not count:
        hint = "Check that it is the correct archive."
        yield SourceError(name, "contains no files.", hint, code=SourceProblem.NO_FILES)


def _error(name: str, rejection: Rejection, location: str = "") -> SourceError:
    problem, hint, code = rejection
    return SourceError(name, problem, hint, location, code=code)


def _check_entry(entry: zipfile.ZipInfo, seen: set[str], limits: ArchiveLimits) -> Rejection | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    problems = (
        (
            not entry.filename or UNSAFE_NAME.search(entry.filename),
            (
                "has a name that points outside the archive.",
                "Remove it; the archive may be malicious.",
                SourceProblem.UNSAFE_NAME,
            ),
        ),
        (
            kind not in (0, stat.S_IFREG),
            (
                "is a link or a device, not a file.",
                "Add the file itself to the archive.",
                SourceProblem.NOT_A_FILE,
            ),
        ),
        (
            entry.flag_bits & ENCRYPTED_FLAG,
            (
                "is encrypted.",
                "Create the archive without a password.",
                SourceProblem.ENCRYPTED,
            ),
        ),
        (
            entry.compress_type not in COMPRESSION_METHODS,
            (
                "uses an unsupported compression method.",
                "Create the archive with deflate compression.",
                SourceProblem.COMPRESSION,
            ),
        ),
        (
            entry.file_size > limits.max_member_bytes,
            (
                f"is larger than {limits.max_member_bytes // MEGABYTE} MB.",
                "Split it into several articles.",
                SourceProblem.TOO_LARGE,
            ),
        ),
        (
            entry.filename in seen,
            (
                "is in the archive twice.",
                "Remove one of the two.",
                SourceProblem.DUPLICATE,
            ),
        ),
    )
    return next((rejection for is_wrong, rejection in problems if is_wrong), None)


def _too_many_files_rejection(limits: ArchiveLimits) -> Rejection:
    return (
        f"contains more than {limits.max_entries:,} files.",
        UNPACK_HINT,
        SourceProblem.TOO_MANY_FILES,
    )


def _copy(member: IO[bytes], file: IO[bytes], max_bytes: int) -> int:
    """Copy a member and return its size. Raises `ValueError` if it exceeds `max_bytes`."""
    size = 0
    while chunk := member.read(CHUNK_BYTES):
        size += len(chunk)
        if size > max_bytes:
            raise ValueError("it is larger than declared")
        file.write(chunk)
    return size


def _check_directory(file: IO[bytes], limits: ArchiveLimits) -> Rejection | None:
    """Return the problem with the central directory, which must not be read if it is too large."""
    end = _read_end_record(file)
    if end is None:
        problem = "is a damaged ZIP archive: its directory is missing."
        return problem, DAMAGED_HINT, SourceProblem.DAMAGED
    entries, directory = end
    if entries > limits.max_entries:
        return _too_many_files_rejection(limits)
    if directory > limits.max_directory_bytes:
        problem = "has an oversized central directory."
        return problem, UNPACK_HINT, SourceProblem.DIRECTORY_TOO_LARGE
    return None


def _read_end_record(file: IO[bytes]) -> tuple[int, int] | None:
    """Return (entries, directory size); ZIP64 archives yield values above every limit."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END_RECORD.size - MAX_COMMENT_LENGTH - 20))
    tail = file.read()
    file.seek(0)
    position = tail.rfind(END_RECORD_MAGIC)
    if position < 0 or len(tail) - position < END_RECORD.size:
        return None
    _, _, _, _, entries, directory, _, _ = END_RECORD.unpack_from(tail, position)
    if tail[max(0, position - 20) : position].startswith(b"PK\x06\x07"):
        return 2**16, 2**32
    return entries, directory


def _file_name(name: str) -> str:
    """Return the last part of a name with its extension, shortened for any file system."""
    last = _printable(name.rpartition("/")[2])
    path = Path(last)
    return (path.stem[:50] + path.suffix[:10]).lstrip(".") or "file"


def _printable(name: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
