"""Folder of an offline pack: written next to the previous pack, which it then replaces.

`SHA256SUMS` lists the checksum of every file in the format of ``sha256sum -c``. Its own checksum
identifies the whole pack and is short enough to compare by telephone. A folder is replaced only if
all of its files belong to a pack.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kb.errors import OfflinePackError
from kb.storage.atomic_files import checksum, iter_file_chunks, sync_folder

SUMS = "SHA256SUMS"
NEW, OLD = ".new", ".old"  # suffixes of temporary folders while a pack is written
# 10,000 articles of average length with their index take half of this; fits on any USB stick.
MAX_PACK_BYTES = 2 << 30
_LINE = re.compile(r"([0-9a-f]{64})  ([^\0\n]+)")


@dataclass(frozen=True, slots=True)
class WrittenPack:
    """Number of files, size in bytes and checksum of a pack."""

    files: int
    bytes: int
    sha256: str


class PackWriter:
    """Context manager that writes a pack next to its final folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._new = self._folder.with_name(self._folder.name + NEW)
        self._sums: dict[str, str] = {}
        self._bytes = 0

    def __enter__(self) -> PackWriter:
        _check_replaceable(self._folder)
        try:
            if self._new.exists():  # left by an interrupted run
                shutil.rmtree(self._new)
            self._new.mkdir(parents=True)
        except OSError as error:
            raise _write_error(self._new, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._new, ignore_errors=True)

    def write(self, name: str, content: bytes) -> None:
        """Write a file; raises `OfflinePackError` if it cannot be written or is too large."""
        self._bytes += len(content)
        if self._bytes > MAX_PACK_BYTES:
            raise OfflinePackError(
                self._folder,
                f"was not written: it would exceed {MAX_PACK_BYTES >> 30} GB",
                "Retire articles that are not needed in an emergency.",
                code="too-large",
            )
        path = self._new / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise _write_error(path, error) from error
        self._sums[name] = hashlib.sha256(content).hexdigest()

    def finish(self) -> WrittenPack:
        """Replace the previous pack and return the new one."""
        lines = "".join(f"{self._sums[name]}  {name}\n" for name in sorted(self._sums))
        content = lines.encode()
        old = self._folder.with_name(self._folder.name + OLD)
        try:
            (self._new / SUMS).write_bytes(content)
            os.sync()  # one sync is fastest for thousands of small files
            if self._folder.exists():
                if old.exists():
                    shutil.rmtree(old)
                self._folder.rename(old)
            self._new.rename(self._folder)
            sync_folder(self._folder.parent)
            if old.exists():
                shutil.rmtree(old)
        except OSError as error:
            raise _write_error(self._folder, error) from error
        return WrittenPack(
            len(self._sums) + 1, self._bytes + len(content), hashlib.sha256(content).hexdigest()
        )


def verify_pack(folder: Path) -> tuple[WrittenPack, tuple[str, ...]]:
    """Return the pack in `folder`, and one message per missing, changed or unknown file."""
    content, checksums = _read_sums(folder)
    problems: list[str] = []
    size = len(content)
    for name, expected in checksums.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            problems.append(f"{name} is missing.")
            continue
        size += path.stat().st_size
        if checksum(iter_file_chunks(path)) != expected:
            problems.append(f"{name} has changed.")
    problems += [
        f"{name} does not belong to the pack." for name in _unknown_files(folder, checksums)
    ]
    pack = WrittenPack(len(checksums) + 1, size, hashlib.sha256(content).hexdigest())
    return pack, tuple(problems)


def _read_sums(folder: Path) -> tuple[bytes, dict[str, str]]:
    try:
        content = (folder / SUMS).read_bytes()
    except OSError as error:
        raise OfflinePackError(
            folder,
            f"contains no pack: {SUMS} cannot be read",
            "Choose the folder of a pack.",
            code="no-pack",
        ) from error
    checksums: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if not match or not _is_inside(match[2]) or match[2] in checksums:
            raise OfflinePackError(
                folder,
                f"has a damaged {SUMS}",
                "Write the pack again.",
                code="checksums-damaged",
            )
        checksums[match[2]] = match[1]
    return content, checksums


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _unknown_files(folder: Path, checksums: Mapping[str, str]) -> Iterator[str]:
    """Yield the files in a folder that do not belong to its pack."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name != SUMS and name not in checksums and (path.is_symlink() or not path.is_dir()):
            yield name


def _check_replaceable(folder: Path) -> None:
    """Raise `OfflinePackError` if the folder contains anything but a pack."""
    if not folder.exists():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise OfflinePackError(
            folder, "is not a folder", "Choose another path.", code="not-a-folder"
        )
    if folder.is_mount():  # a mount point cannot be renamed
        raise OfflinePackError(
            folder,
            "is a mount point",
            f"Choose a folder below it, such as {folder / 'pack'}.",
            code="whole-disk",
        )
    if not any(folder.iterdir()):
        return
    if not (folder / SUMS).is_file():
        raise OfflinePackError(
            folder,
            "contains files that do not belong to a pack",
            "Choose another folder.",
            code="unknown-files",
        )
    unknown = next(_unknown_files(folder, _read_sums(folder)[1]), "")
    if unknown:
        raise OfflinePackError(
            folder,
            f"contains a file that does not belong to the pack: {unknown}",
            "Move it, or choose another folder.",
            code="unknown-files",
        )


def _write_error(path: Path, error: OSError) -> OfflinePackError:
    return OfflinePackError(
        path,
        f"cannot be written: {error.strerror}",
        "The previous pack is unchanged.",
        code="write-failed",
    )
