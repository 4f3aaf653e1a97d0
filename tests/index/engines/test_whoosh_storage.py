"""Durable commits: after a crash at any step, readers see the old index or the new one."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index.engines.whoosh.engine import WhooshEngine
from index.engines.whoosh.storage import (
    CommitManifest,
    CommitMetadata,
    CommitStorage,
    file_checksum,
    manifest_name,
    newest_generation,
    read_manifest,
    read_pointer,
    verify_files,
    write_pointer,
)
from kb.errors import REBUILD, IndexCorruptError, IndexMissingError, SearchIndexError
from kb.storage.atomic_files import atomic_write
from tests.index.builders import DIGEST, apply, build, document, found_passages
from tests.raises import raises

OLD = [document("a.1", "common old"), document("b.1", "common stays")]
NEW = [document("a.2", "common new"), document("c.1", "common fresh")]
BEFORE = (5, {"a.1", "b.1"})
AFTER = (6, {"a.2", "b.1", "c.1"})
REBUILT = (6, {"a.2", "c.1"})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def engine(place: Path) -> WhooshEngine:
    """An index with two commits and two segments."""
    engine = WhooshEngine(place, DIGEST)
    build(engine, OLD[0], checkpoint=4)
    apply(engine, OLD[1], checkpoint=5)
    return engine


def contents(place: Path) -> tuple[int, set[str]]:
    """Return the checkpoint and the passages of the index at `place`, read in a new process."""
    engine = WhooshEngine(place, DIGEST)
    found = found_passages(engine, "common")
    assert found == found_passages(engine, "")
    assert engine.verify().documents == len(found)
    return engine.state().checkpoint, found


def change(place: Path) -> None:
    apply(WhooshEngine(place, DIGEST), *NEW, checkpoint=6)


def rebuild(place: Path) -> None:
    build(WhooshEngine(place, DIGEST), *NEW, checkpoint=6)


WORK = [(change, AFTER), (rebuild, REBUILT)]
works = pytest.mark.parametrize(("work", "after"), WORK, ids=["apply", "rebuild"])


# Manifests


def test_manifest_lists_every_file_of_the_commit(engine: WhooshEngine, place: Path) -> None:
    folder = read_pointer(place)
    generation = newest_generation(folder) or 0

    manifest = read_manifest(folder, generation)

    assert (manifest.checkpoint, manifest.documents, manifest.stamp) == (5, 2, engine.stamp)
    assert set(manifest.files) == {
        path.name for path in folder.iterdir() if path.suffix in {".seg", ".toc"}
    }
    assert all(file_checksum(folder / name) == found for name, found in manifest.files.items())
    assert manifest.as_of <= datetime.now(UTC)


@pytest.mark.parametrize("harm", ["a bit", "the seal", "the end", "emptied", "more"])
def test_changed_manifest_raises_index_corrupt_error(
    engine: WhooshEngine, place: Path, harm: str
) -> None:
    folder = read_pointer(place)
    generation = newest_generation(folder) or 0
    path = folder / manifest_name(generation)
    content = path.read_bytes()
    path.write_bytes(
        {
            "a bit": content.replace(b'"checkpoint": 5', b'"checkpoint": 7'),
            "the seal": bytes([content[0] ^ 1]) + content[1:],
            "the end": content[:-5],
            "emptied": b"",
            "more": content + b" ",
        }[harm]
    )
    assert path.read_bytes() != content

    with raises(IndexCorruptError, "checksum") as raised:
        read_manifest(folder, generation)
    assert path.name in raised.value.detail


def test_missing_manifest_is_corruption_unless_commit_was_replaced(
    engine: WhooshEngine, place: Path
) -> None:
    folder = read_pointer(place)
    generation = newest_generation(folder) or 0
    (folder / manifest_name(generation)).unlink()

    with raises(IndexCorruptError, "missing"):
        read_manifest(folder, generation)
    with pytest.raises(FileNotFoundError):
        read_manifest(folder, generation + 50)


def test_file_missing_from_manifest_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "MAIN_a.seg").write_bytes(b"a")
    known = CommitManifest(stamp="", checkpoint=0, as_of=datetime.now(UTC), documents=0)

    with raises(IndexCorruptError, "foreign") as raised:
        verify_files(tmp_path, ["MAIN_a.seg"], known)
    assert "MAIN_a.seg" in raised.value.detail


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, IndexMissingError),
        (b"", IndexCorruptError),
        (b"build-9\n", IndexCorruptError),
        (b"../build-1\n", IndexCorruptError),
        (b"build-\xb2\n", IndexCorruptError),
        ("build-١\n".encode(), IndexCorruptError),
        (b"/etc", IndexCorruptError),
    ],
)
def test_pointer_must_name_a_build_folder(
    tmp_path: Path, content: bytes | None, error: type[Exception]
) -> None:
    (tmp_path / "build-1").mkdir()
    if content is not None:
        (tmp_path / "CURRENT").write_bytes(content)

    with pytest.raises(error, match=REBUILD):
        read_pointer(tmp_path)


def test_pointer_round_trips(tmp_path: Path) -> None:
    (tmp_path / "build-12").mkdir()

    write_pointer(tmp_path, tmp_path / "build-12")

    assert read_pointer(tmp_path) == tmp_path / "build-12"
    assert [path.name for path in tmp_path.glob("CURRENT*")] == ["CURRENT"]


def test_commit_without_metadata_is_a_programming_error(tmp_path: Path) -> None:
    (tmp_path / "_MAIN_1.toc.123").touch()

    with pytest.raises(AssertionError):
        CommitStorage(tmp_path).rename_file("_MAIN_1.toc.123", "_MAIN_1.toc")


def test_only_leftover_files_are_removed(engine: WhooshEngine, place: Path) -> None:
    folder = read_pointer(place)
    generation = newest_generation(folder) or 0
    (folder / "MAIN.tmp").mkdir()
    (folder / "MAIN.tmp" / "pool").touch()
    left = ["_MAIN_99.toc.123.4", "manifest-99.json", "manifest-99.json.partial"]
    for name in left:
        (folder / name).touch()
    kept = set(read_manifest(folder, generation).files) | {manifest_name(generation)}

    CommitStorage(folder).remove_leftovers()

    there = {path.name for path in folder.iterdir()}
    assert kept <= there
    assert there.isdisjoint([*left, "MAIN.tmp"])
    assert contents(place) == BEFORE


def test_file_writes_are_atomic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    atomic_write(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        atomic_write(path, b"new")

    assert path.read_bytes() == b"old"


# Crashes


@dataclass
class Steps:
    """Hook at every sync and rename that copies the folder or raises."""

    place: Path
    pictures: Path
    fail_at: int | None = None
    taken: list[Path] = field(default_factory=list)
    durable: set[int] = field(default_factory=set)
    count: int = 0

    def before(self) -> None:
        if self.fail_at == self.count:
            raise OSError(5, "Input/output error")
        if self.fail_at is None:
            self.picture()
        self.count += 1

    def picture(self) -> None:
        """Copy the folder as a killed process or a power failure may leave it."""
        killed = self.pictures / f"killed-{self.count}"
        shutil.copytree(self.place, killed)
        cut = self.pictures / f"cut-{self.count}"
        shutil.copytree(self.place, cut)
        for path in self.place.rglob("*"):
            # What was never synced is lost, although its name is there.
            if path.is_file() and path.stat().st_ino not in self.durable:
                (cut / path.relative_to(self.place)).write_bytes(b"")
        self.taken += [killed, cut]


@contextmanager
def stepping(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    sync, rename, replace = os.fsync, os.rename, os.replace
    steps.durable = {path.stat().st_ino for path in steps.place.rglob("*")}

    def synced(handle: int) -> None:
        steps.before()
        sync(handle)
        steps.durable.add(os.fstat(handle).st_ino)

    def watched(original: Callable[..., None]) -> Callable[..., None]:
        def renamed(*names: object, **options: object) -> None:
            steps.before()
            original(*names, **options)

        return renamed

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", synced)
        patch.setattr(os, "rename", watched(rename))
        patch.setattr(os, "replace", watched(replace))
        yield


@works
def test_crash_at_any_step_leaves_old_or_new_commit(
    engine: WhooshEngine,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[Path], None],
    after: tuple[int, set[str]],
) -> None:
    steps = Steps(place, tmp_path / "pictures")
    with stepping(steps, monkeypatch):
        work(place)
    steps.picture()

    seen = [contents(picture) for picture in steps.taken]

    assert steps.count >= 7
    assert all(found in (BEFORE, after) for found in seen)
    # Once it is there it stays there, and at the end it is there in spite of a power cut.
    killed, cut = seen[::2], seen[1::2]
    for found in (killed, cut):
        assert found == sorted(found, key=lambda content: content[0])
        assert (found[0], found[-1]) == (BEFORE, after)


@works
def test_indexing_resumes_after_crash_at_any_step(
    engine: WhooshEngine,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[Path], None],
    after: tuple[int, set[str]],
) -> None:
    steps = Steps(place, tmp_path / "pictures")
    with stepping(steps, monkeypatch):
        work(place)

    for picture in steps.taken:
        work(picture)
        assert contents(picture) == after
        folder = read_pointer(picture)
        assert [path.name for path in picture.glob("build-*")] == [folder.name]
        assert not [path for path in folder.iterdir() if ".toc." in path.name]


@works
def test_error_at_any_step_is_raised_and_indexing_can_be_retried(
    engine: WhooshEngine,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[Path], None],
    after: tuple[int, set[str]],
) -> None:
    """Also for errors after the commit: nothing is duplicated."""
    fail_at = 0
    while True:
        copy = tmp_path / f"copy-{fail_at}"
        shutil.copytree(place, copy)
        with stepping(Steps(copy, tmp_path, fail_at=fail_at), monkeypatch):
            try:
                work(copy)
            except SearchIndexError as error:
                assert isinstance(error.__cause__, OSError)
                assert error.__cause__.errno == errno.EIO
            else:
                break
        assert contents(copy) in (BEFORE, after)
        work(copy)
        assert contents(copy) == after
        fail_at += 1

    assert fail_at >= 7


def test_checksums_of_earlier_segments_are_reused(
    engine: WhooshEngine, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = read_pointer(place)
    sealed = {path.name for path in folder.glob("*.seg")}
    read: list[str] = []

    def counting(path: Path) -> str:
        read.append(path.name)
        return file_checksum(path)

    monkeypatch.setattr("index.engines.whoosh.storage.file_checksum", counting)
    storage = CommitStorage(folder)
    storage.metadata = CommitMetadata(stamp="s", checkpoint=9, documents=2, refused={})
    (folder / "_MAIN_99.toc.1").write_bytes(b"")
    storage.rename_file("_MAIN_99.toc.1", "_MAIN_99.toc")

    assert sealed
    assert read == ["_MAIN_99.toc.1"]
