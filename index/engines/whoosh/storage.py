"""Durable Whoosh commits with checksums.

Whoosh writes the files of a new segment and commits by renaming a table of contents (TOC) into
place. It neither syncs files nor stores checksums: simulated power failures corrupted indexes, and
queries silently returned results from damaged files.

`CommitStorage` extends the rename. It first syncs every file and writes a manifest with the
checksum of each file, the stamp of the index and the checkpoint in the change feed, so that content
and checkpoint are committed together. Readers verify the manifest before they unpickle anything.
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
CLOCK_TICK = 100_000_000  # nanoseconds; more than the resolution of file system timestamps


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitManifest:
    """The manifest of a commit; `files` maps file names to checksums (`file_checksum`)."""

    stamp: str
    checkpoint: int
    as_of: datetime
    documents: int
    refused: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitMetadata:
    """Content of the manifest of the next commit.

    `segments` are the segment files of the commit, `written` the checksums of new ones.
    """

    stamp: str
    checkpoint: int
    documents: int
    refused: Mapping[str, str]
    segments: tuple[str, ...] = ()
    written: Mapping[str, str] = field(default_factory=dict)


class CommitStorage(FileStorage):  # type: ignore[misc]  # Whoosh has no type for it
    """A folder of index files whose commits are synced and have a manifest."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self.path = folder
        self.metadata: CommitMetadata | None = None

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Rename a file; before renaming a TOC, sync its files and write the manifest."""
        toc = TOC.match(newname)
        if toc:
            if self.metadata is None:
                raise AssertionError("a commit without metadata")
            self._write_manifest(int(toc[1]), oldname, newname, self.metadata)
        super().rename_file(oldname, newname, safe)
        sync_folder(self.path)

    def _write_manifest(
        self, generation: int, pending: str, toc: str, note: CommitMetadata
    ) -> None:
        for name in note.written:
            sync_file(self.path / name)
        # Segments are immutable: checksums of earlier commits are reused.
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
        """Remove files left by crashes and old commits; requires the writer lock."""
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
    """Return the generation of the latest commit in `folder`, or None if there is none."""
    try:
        numbers = [int(match[1]) for name in folder.iterdir() if (match := TOC.match(name.name))]
    except FileNotFoundError:
        return None
    return max(numbers, default=None)


def manifest_name(generation: int) -> str:
    """Return the file name of a commit's manifest."""
    return f"manifest-{generation}.json"


def read_manifest(folder: Path, generation: int) -> CommitManifest:
    """Read the manifest of a commit; raises `IndexCorruptError` if it is damaged or missing."""
    name = manifest_name(generation)
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError as error:
        if newest_generation(folder) != generation:  # replaced by a newer commit
            raise
        raise IndexCorruptError(f"{name} is missing", code="missing") from error
    seal, _, body = content.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != seal:
        raise IndexCorruptError(f"{name} has changed", code="checksum")
    values = json.loads(body)
    values["as_of"] = datetime.fromisoformat(values["as_of"])
    return CommitManifest(**values)


def verify_files(folder: Path, names: Iterable[str], manifest: CommitManifest) -> None:
    """Raise `IndexCorruptError` if a named file differs from the committed one."""
    for name in names:
        expected = manifest.files.get(name)
        if expected is None:
            raise IndexCorruptError(f"{name} does not belong to this commit", code="foreign")
        if file_checksum(folder / name) != expected:
            raise IndexCorruptError(f"{name} has changed", code="checksum")


def file_checksum(path: Path) -> str:
    """Return the hexadecimal checksum of a file: XXH3 of a segment, SHA-256 of other files."""
    if path.suffix == SEGMENT_SUFFIX:
        return checksum_of_segment(path)
    return checksum(iter_file_chunks(path))


def read_pointer(root: Path) -> Path:
    """Return the folder named in ``CURRENT``; raises `IndexMissingError`."""
    name = _pointer(root)
    while not (root / name).is_dir():
        before, name = name, _pointer(root)
        if name == before:  # otherwise a rebuild switched folders
            raise IndexCorruptError("CURRENT does not name an index folder", code="pointer")
    return root / name


def _pointer(root: Path) -> str:
    try:
        name = (root / "CURRENT").read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise IndexMissingError(str(root)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexCorruptError("CURRENT cannot be read", code="pointer") from error
    if not re.fullmatch(r"build-\d+", name, re.ASCII):
        raise IndexCorruptError("CURRENT does not name an index folder", code="pointer")
    return name


class CommitWatcher:
    """Finds the latest commit of an index, cached by the modification times of its folders.

    The cache is not used for recently modified folders, because a second change within the
    resolution of the timestamps would go unnoticed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: tuple[Path, int | None] | None = None
        self._seen: tuple[int, ...] = ()
        self._folder, self._places = root, ("", "")

    def read(self) -> tuple[Path, int | None]:
        """Return the folder and generation of the latest commit; raises `IndexMissingError`."""
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
        """Return the modification times of pointer and folder, empty if one is missing."""
        if folder is not self._folder:
            self._folder, self._places = folder, (str(self._root / "CURRENT"), str(folder))
        try:
            # os.stat on strings is faster than Path.stat, and every search calls this.
            return os.stat(self._places[0]).st_mtime_ns, os.stat(self._places[1]).st_mtime_ns  # noqa: PTH116
        except OSError:
            return ()


def write_pointer(root: Path, folder: Path) -> None:
    """Switch ``CURRENT`` to `folder` atomically."""
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
