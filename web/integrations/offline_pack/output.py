"""The folder of a pack: written beside, summed up, and put in the place of the pack before.

`SHA256SUMS` names every file with its checksum, in the form that ``sha256sum -c`` reads; its own
checksum is that of the whole pack, short enough to be read out over a telephone. A folder is only
replaced when everything in it was written by a pack.
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
NEW, OLD = ".new", ".old"  # end the names of the folders beside, while a pack is written
# Bytes: ten thousand articles of ordinary length with their index take half of it, and it fits on
# the smallest stick that can be bought.
MAX_FILE_BYTES = 2 << 30
_LINE = re.compile(r"([0-9a-f]{64})  ([^\0\n]+)")


@dataclass(frozen=True, slots=True)
class WrittenPack:
    """A pack that is in place."""

    files: int
    bytes: int
    sha256: str


class PackWriter:
    """A pack while it is written, beside the folder where it will stand. Used with `with`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._new = self._folder.with_name(self._folder.name + NEW)
        self._sums: dict[str, str] = {}
        self._bytes = 0

    def __enter__(self) -> PackWriter:
        _refuse_strangers(self._folder)
        try:
            if self._new.exists():  # of a run that was cut off
                shutil.rmtree(self._new)
            self._new.mkdir(parents=True)
        except OSError as error:
            raise _unwritable(self._new, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._new, ignore_errors=True)

    def write(self, name: str, content: bytes) -> None:
        """Write a file; raises `OfflinePackError` when there is no room for it."""
        self._bytes += len(content)
        if self._bytes > MAX_FILE_BYTES:
            raise OfflinePackError(
                self._folder,
                f"was not written: it would take more than {MAX_FILE_BYTES >> 30} GB",
                "Retire articles that nobody needs in an emergency.",
                code="too-large",
            )
        path = self._new / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise _unwritable(path, error) from error
        self._sums[name] = hashlib.sha256(content).hexdigest()

    def finish(self) -> WrittenPack:
        """Put the pack in its place."""
        lines = "".join(f"{self._sums[name]}  {name}\n" for name in sorted(self._sums))
        content = lines.encode()
        old = self._folder.with_name(self._folder.name + OLD)
        try:
            (self._new / SUMS).write_bytes(content)
            os.sync()  # thousands of small files, perhaps on a stick: all at once is fastest
            if self._folder.exists():
                if old.exists():
                    shutil.rmtree(old)
                self._folder.rename(old)
            self._new.rename(self._folder)
            sync_folder(self._folder.parent)
            if old.exists():
                shutil.rmtree(old)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        return WrittenPack(
            len(self._sums) + 1, self._bytes + len(content), hashlib.sha256(content).hexdigest()
        )


def verify_pack(folder: Path) -> tuple[WrittenPack, tuple[str, ...]]:
    """Return what a pack holds, and a sentence for each file that is not what it was."""
    content, sums = _read_sums(folder)
    faults: list[str] = []
    size = len(content)
    for name, wanted in sums.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            faults.append(f"{name} is missing.")
            continue
        size += path.stat().st_size
        if checksum(iter_file_chunks(path)) != wanted:
            faults.append(f"{name} has changed.")
    faults += [f"{name} does not belong to the pack." for name in _unknown_files(folder, sums)]
    found = WrittenPack(len(sums) + 1, size, hashlib.sha256(content).hexdigest())
    return found, tuple(faults)


def _read_sums(folder: Path) -> tuple[bytes, dict[str, str]]:
    try:
        content = (folder / SUMS).read_bytes()
    except OSError as error:
        raise OfflinePackError(
            folder,
            f"holds no pack: {SUMS} cannot be read",
            "Name the folder of a pack.",
            code="no-pack",
        ) from error
    sums: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        found = _LINE.fullmatch(line)
        if not found or not _is_inside(found[2]) or found[2] in sums:
            raise OfflinePackError(
                folder,
                f"has a {SUMS} that is damaged",
                "Write the pack again.",
                code="checksums-damaged",
            )
        sums[found[2]] = found[1]
    return content, sums


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _unknown_files(folder: Path, sums: Mapping[str, str]) -> Iterator[str]:
    """Yield the files in a folder that are not of its pack."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name != SUMS and name not in sums and (path.is_symlink() or not path.is_dir()):
            yield name


def _refuse_strangers(folder: Path) -> None:
    """Raise unless nothing is lost when the folder is replaced."""
    if not folder.exists():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise OfflinePackError(folder, "is not a folder", "Name another one.", code="not-a-folder")
    if folder.is_mount():  # which cannot be renamed
        raise OfflinePackError(
            folder,
            "is a whole disk",
            f"Name a folder on it: {folder / 'pack'}.",
            code="whole-disk",
        )
    if not any(folder.iterdir()):
        return
    if not (folder / SUMS).is_file():
        raise OfflinePackError(
            folder, "holds files of something else", "Name another folder.", code="unknown-files"
        )
    stranger = next(_unknown_files(folder, _read_sums(folder)[1]), "")
    if stranger:
        raise OfflinePackError(
            folder,
            f"holds a file that is not part of a pack: {stranger}",
            "Move it, or name another folder.",
            code="unknown-files",
        )


def _unwritable(path: Path, error: OSError) -> OfflinePackError:
    return OfflinePackError(
        path,
        f"cannot be written: {error.strerror}",
        "The previous pack is unchanged.",
        code="write-failed",
    )
