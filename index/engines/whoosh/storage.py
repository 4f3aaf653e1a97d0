"""Whoosh commits that can be trusted: on disk before they are seen, and known to the last byte.

Whoosh writes the files of a new segment, then renames a table of contents ("TOC") into place:
that rename is the commit. Left alone it syncs nothing to the disk, and its files carry no
checksum: after a power cut an index was seen to be unusable, and random damage to answer wrongly.

`CommitStorage` therefore stands at the rename. Before it, every file is synced, and a manifest
is written beside the TOC: the checksum of each file, the stamp of what built the index, and the
place in the change feed that this commit has reached. So checkpoint and content are one commit.
A reader checks the files against the manifest before anything in them is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from whoosh.filedb.filestore import FileStorage

from index.postings.array_file import checksum as checksum_of_segment
from kb.errors import IndexCorruptError, IndexMissingError
from kb.storage.atomic_files import atomic_write, checksum, iter_file_chunks, sync_file, sync_folder

TOC = re.compile(r"^_MAIN_(\d+)\.toc$")
PENDING_TOC = re.compile(r"^_MAIN_(\d+)\.toc\.")
SEGMENT_SUFFIX = ".seg"
CLOCK_TICK = 100_000_000  # nanoseconds: the clocks of file systems tick every few milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitManifest:
    """What a commit says of itself. `files` maps names to checksums (`file_checksum`)."""

    stamp: str
    checkpoint: int
    as_of: datetime
    documents: int
    refused: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitMetadata:
    """What the writer wants the manifest of its next commit to say.

    `segments` are the files of the commit's segments, `written` the checksums of the new ones.
    """

    stamp: str
    checkpoint: int
    documents: int
    refused: Mapping[str, str]
    segments: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)


class CommitStorage(FileStorage):  # type: ignore[misc]  # Whoosh has no type for it
    """A folder of index files whose commits are synced and carry a manifest."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.path = folder
        self.metadata: CommitMetadata | None = None

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Rename a file; a TOC only after all that it speaks of is safe on the disk."""
        toc = TOC.match(newname)
        if toc:
            if self.metadata is None:
                raise AssertionError("a commit without a note")
            self._write_manifest(int(toc[1]), oldname, newname, self.metadata)
        super().rename_file(oldname, newname, safe)
        sync_folder(self.path)

    def _write_manifest(
        self, generation: int, pending: str, toc: str, note: CommitMetadata
    ) -> None:
        for name in note.written:
            sync_file(self.path / name)
        # A segment is written once; one that an earlier commit has sealed is not read again.
        known = {**self._known_files(), **note.written}
        files = {name: known[name] for name in note.segments}
        sync_file(self.path / pending)
        files[toc] = file_checksum(self.path / pending)
        manifest = CommitManifest(
            stamp=note.stamp,
            checkpoint=note.checkpoint,
            as_of=datetime.now(UTC),
            documents=note.documents,
            refused=note.refused,
            files=files,
        )
        atomic_write(self.path / manifest_name(generation), _encode(manifest))

    def _known_files(self) -> Mapping[str, str]:
        generation = newest_generation(self.path)
        if generation is None:
            return {}
        return read_manifest(self.path, generation).files

    def remove_leftovers(self) -> None:
        """Remove what crashes and old commits have left behind; only under the writer's lock."""
        newest = newest_generation(self.path)
        for path in self.path.iterdir():
            number = re.match(r"^manifest-(\d+)\.json$", path.name)
            if number and int(number[1]) != newest:
                path.unlink()
            elif path.name.endswith(".tmp") and path.is_dir():
                for file in path.iterdir():
                    file.unlink()
                path.rmdir()
            elif PENDING_TOC.match(path.name) or path.name.endswith(".partial"):
                path.unlink()


def newest_generation(folder: Path) -> int | None:
    """Return the number of the newest commit in `folder`, or None when there is none."""
    try:
        numbers = [int(match[1]) for name in folder.iterdir() if (match := TOC.match(name.name))]
    except FileNotFoundError:
        return None
    return max(numbers, default=None)


def manifest_name(generation: int) -> str:
    """Return the file name of a commit's manifest."""
    return f"manifest-{generation}.json"


def read_manifest(folder: Path, generation: int) -> CommitManifest:
    """Read a commit's manifest; raises `IndexCorruptError` when it is not whole."""
    name = manifest_name(generation)
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError as error:
        if newest_generation(folder) != generation:  # replaced while we were looking
            raise
        raise IndexCorruptError(f"{name} is missing", code="missing") from error
    seal, _, body = content.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != seal:
        raise IndexCorruptError(f"{name} has changed", code="checksum")
    values = json.loads(body)
    values["as_of"] = datetime.fromisoformat(values["as_of"])
    return CommitManifest(**values)


def verify_files(folder: Path, names: Iterable[str], manifest: CommitManifest) -> None:
    """Raise `IndexCorruptError` unless each named file is what was committed."""
    for name in names:
        expected = manifest.files.get(name)
        if expected is None:
            raise IndexCorruptError(f"{name} is not of this commit", code="foreign")
        if file_checksum(folder / name) != expected:
            raise IndexCorruptError(f"{name} has changed", code="checksum")


def file_checksum(path: Path) -> str:
    """Return the checksum of a file in hexadecimal: a segment's own, SHA-256 of any other."""
    if path.suffix == SEGMENT_SUFFIX:
        return checksum_of_segment(path)
    return checksum(iter_file_chunks(path))


def read_pointer(root: Path) -> Path:
    """Return the folder that ``CURRENT`` names; raises `IndexMissingError`."""
    name = _pointer(root)
    while not (root / name).is_dir():
        before, name = name, _pointer(root)
        if name == before:  # else a rebuild has just switched and removed the old folder
            raise IndexCorruptError("CURRENT names no index", code="pointer")
    return root / name


def _pointer(root: Path) -> str:
    try:
        name = (root / "CURRENT").read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise IndexMissingError(str(root)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexCorruptError("CURRENT cannot be read", code="pointer") from error
    if not re.fullmatch(r"build-\d+", name, re.ASCII):
        raise IndexCorruptError("CURRENT names no index", code="pointer")
    return name


class CommitWatcher:
    """Which commit of an index is the newest: looked up again when its folders have changed.

    A folder that changed a moment ago may change again within the same tick of the file system's
    clock, and would look the same, so what was read then is not remembered.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: tuple[Path, int | None] | None = None
        self._seen: tuple[int, ...] = ()
        self._folder, self._places = root, ("", "")

    def read(self) -> tuple[Path, int | None]:
        """Return the folder and the number of the newest commit; raises `IndexMissingError`."""
        known = self._known
        if known is not None and self._times(known[0]) == self._seen:
            return known
        folder = read_pointer(self._root)
        seen = self._times(folder)
        found = folder, newest_generation(folder)
        settled = seen and time.time_ns() - max(seen) > CLOCK_TICK
        self._known, self._seen = (found, seen) if settled else (None, ())
        return found

    def _times(self, folder: Path) -> tuple[int, ...]:
        """Return when the pointer and the folder have changed; nothing where one is gone."""
        if folder is not self._folder:
            self._folder, self._places = folder, (str(self._root / "CURRENT"), str(folder))
        try:
            # As text and by hand: every search asks.
            return os.stat(self._places[0]).st_mtime_ns, os.stat(self._places[1]).st_mtime_ns  # noqa: PTH116
        except OSError:
            return ()


def write_pointer(root: Path, folder: Path) -> None:
    """Let ``CURRENT`` name `folder` from now on."""
    atomic_write(root / "CURRENT", (folder.name + "\n").encode("ascii"))


def _encode(manifest: CommitManifest) -> bytes:
    values = {
        "stamp": manifest.stamp,
        "checkpoint": manifest.checkpoint,
        "as_of": manifest.as_of.isoformat(),
        "documents": manifest.documents,
        "refused": dict(manifest.refused),
        "files": dict(manifest.files),
    }
    body = json.dumps(values, sort_keys=True, indent=1).encode()
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body
