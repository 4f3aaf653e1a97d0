"""ZIP archives: their members one after the other, each a file of its own while it is read.

A member is unpacked to a private temporary folder, not held in memory, because the readers and the
processes they run in take files; the folder holds few at a time. It is never unpacked under the
name it has in the archive, so no name can lead out of the folder; odd names are refused all the
same, because whoever wrote them meant no good.

This runs in the process that was started by the person, within bounds: the directory's size is
checked before it is read, what is unpacked is counted while it is written, and of the ways to pack
only deflation is taken (LZMA asks for as much memory as the archive likes).
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
MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # the second is that of an archive without members
# Members that make a ZIP a document: Office, and OpenDocument or EPUB.
DOCUMENT_MEMBERS = frozenset(["[Content_Types].xml", "word/document.xml", "mimetype"])
END_RECORD = struct.Struct(
    "<4s4H2LH"
)  # the record at the end: entries in all, size of the directory, ...
END_RECORD_MAGIC = b"PK\x05\x06"
MAX_COMMENT_LENGTH = 65_535
ENCRYPTED_FLAG = 1 << 0  # a flag of a member
COMPRESSION_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
UNSAFE_NAME = re.compile(r"\A/|\A[A-Za-z]:|\\|(?:\A|/)\.\.(?:/|\Z)|[\x00-\x1f\x7f]")
HIDDEN_NAME = re.compile(r"(?:\A|/)(?:\.(?!\.)|__MACOSX/)")
CHUNK_BYTES = 65_536

UNPACK_HINT = "Unpack it and add the folder, if you trust it."
DAMAGED_HINT = "Make the archive again; it may have been cut off on its way."
Rejection = tuple[str, str, SourceProblem]  # what is wrong, what to do, and the code
NESTED: Rejection = (
    "is an archive inside an archive.",
    "Unpack it and add it by itself.",
    SourceProblem.NESTED_ARCHIVE,
)
DAMAGE_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """What an archive may hold: those of a Word document, which is one as well."""

    max_entries: int = 2_000
    max_unpacked_bytes: int = 200 * MEGABYTE
    max_member_bytes: int = 50 * MEGABYTE  # the largest file of any kind that a reader takes
    max_directory_bytes: int = 2 * MEGABYTE  # 2,000 entries with long names are 0.5 MB


def is_archive(path: Path) -> bool:
    """Whether a file is a ZIP archive of other files, by its content; a DOCX is a document.

    One that cannot be opened is an archive too: opening it again says what is wrong.
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
    """Return how many entries an archive says that it has."""
    with path.open("rb") as file:
        end = _read_end_record(file)
    return end[0] if end else 0


def extract_members(
    path: Path, name: str, folder: Path, limits: ArchiveLimits | None = None
) -> Iterator[tuple[str, Path] | SourceError]:
    """Yield (name in the archive, file in `folder`) of each member, which the caller removes.

    A member that is refused gives an error in its place; an archive that is refused, one error.
    Hidden members and folders are left out.
    """
    limits = limits or ArchiveLimits()
    try:
        with path.open("rb") as file:
            if refusal := _check_directory(file, limits):
                yield _error(name, refusal)
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
            "Check the disk.",
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
        problem = f"unpacks to more than {left // MEGABYTE:,} MB, as bombs do."
        yield SourceError(name, problem, UNPACK_HINT, code=SourceProblem.UNPACKED_TOO_LARGE)
        return
    seen: set[str] = set()
    shown = 0
    for entry in entries:
        if HIDDEN_NAME.search(entry.filename) and not UNSAFE_NAME.search(entry.filename):
            continue
        shown += 1
        refusal = _check_entry(entry, seen, limits)
        if refusal:
            yield _error(name, refusal, _printable(entry.filename))
            continue
        seen.add(entry.filename)
        target = folder / f"{shown}" / _file_name(entry.filename)
        target.parent.mkdir(mode=0o700)
        try:
            with archive.open(entry) as member, target.open("wb") as file:
                left -= _copy(member, file, min(left, limits.max_member_bytes))
        except DAMAGE_ERRORS as error:
            refusal = (f"is damaged: {error}.", DAMAGED_HINT, SourceProblem.DAMAGED)
        else:
            refusal = NESTED if is_archive(target) else None
        if refusal:
            target.unlink(missing_ok=True)
            yield _error(name, refusal, _printable(entry.filename))
        else:
            yield _printable(entry.filename), target
    if not shown:
        mend = "Check that it is the right archive."
        yield SourceError(name, "holds no files.", mend, code=SourceProblem.NO_FILES)


def _error(name: str, refusal: Rejection, place: str = "") -> SourceError:
    problem, mend, code = refusal
    return SourceError(name, problem, mend, place, code=code)


def _check_entry(entry: zipfile.ZipInfo, seen: set[str], limits: ArchiveLimits) -> Rejection | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    problems = (
        (
            not entry.filename or UNSAFE_NAME.search(entry.filename),
            (
                "has a name that leads out of the archive.",
                "Leave it out: it was made to do harm.",
                SourceProblem.UNSAFE_NAME,
            ),
        ),
        (
            kind not in (0, stat.S_IFREG),
            (
                "is a link or a device, not a file.",
                "Put the file itself into the archive.",
                SourceProblem.NOT_A_FILE,
            ),
        ),
        (
            entry.flag_bits & ENCRYPTED_FLAG,
            (
                "is encrypted.",
                "Make the archive without a password.",
                SourceProblem.ENCRYPTED,
            ),
        ),
        (
            entry.compress_type not in COMPRESSION_METHODS,
            (
                "is packed in a way that is not read.",
                "Make the archive with deflation.",
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
                "Leave one of the two out.",
                SourceProblem.DUPLICATE,
            ),
        ),
    )
    return next((refusal for wrong, refusal in problems if wrong), None)


def _too_many_files_rejection(limits: ArchiveLimits) -> Rejection:
    return (
        f"holds more than {limits.max_entries:,} files.",
        UNPACK_HINT,
        SourceProblem.TOO_MANY_FILES,
    )


def _copy(member: IO[bytes], file: IO[bytes], most: int) -> int:
    """Copy a member and return its size. Raises `ValueError` when it is larger than `most`."""
    size = 0
    while step := member.read(CHUNK_BYTES):
        size += len(step)
        if size > most:
            raise ValueError("it unpacks to more than it says")
        file.write(step)
    return size


def _check_directory(file: IO[bytes], limits: ArchiveLimits) -> Rejection | None:
    """Return what is wrong with the directory, which must not be read when it is too large."""
    end = _read_end_record(file)
    if end is None:
        problem = "is a damaged ZIP archive: its directory is missing."
        return problem, DAMAGED_HINT, SourceProblem.DAMAGED
    entries, directory = end
    if entries > limits.max_entries:
        return _too_many_files_rejection(limits)
    if directory > limits.max_directory_bytes:
        problem = "has a directory that is larger than its files need."
        return problem, UNPACK_HINT, SourceProblem.DIRECTORY_TOO_LARGE
    return None


def _read_end_record(file: IO[bytes]) -> tuple[int, int] | None:
    """Return (entries, size of the directory); archives of over 4 GB (ZIP64) come out too large."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END_RECORD.size - MAX_COMMENT_LENGTH - 20))
    tail = file.read()
    file.seek(0)
    place = tail.rfind(END_RECORD_MAGIC)
    if place < 0 or len(tail) - place < END_RECORD.size:
        return None
    _, _, _, _, entries, directory, _, _ = END_RECORD.unpack_from(tail, place)
    if tail[max(0, place - 20) : place].startswith(b"PK\x06\x07"):
        return 2**16, 2**32
    return entries, directory


def _file_name(name: str) -> str:
    """Return the last part of a name, short enough for any file system, with its ending."""
    last = _printable(name.rpartition("/")[2])
    path = Path(last)
    return (path.stem[:50] + path.suffix[:10]).lstrip(".") or "file"


def _printable(name: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
