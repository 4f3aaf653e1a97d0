import errno
import hashlib
import os

import pytest

from kb.errors import SourceError, SourceProblem, StoreError
from kb.storage.source_files import SourceFileBatch, read_unchanged

CONTENT = b"Gout hurts."
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def kept(folder):
    with SourceFileBatch(folder) as portion:
        portion.write(SHA256, CONTENT)
        portion.commit([SHA256])


def test_file_is_stored_once_under_its_hash(tmp_path):
    folder = tmp_path / "sources"
    kept(folder)
    target = folder / SHA256[:2] / SHA256
    written = target.stat().st_mtime_ns
    kept(folder)
    assert target.read_bytes() == CONTENT
    assert target.stat().st_mtime_ns == written
    assert files(folder) == [target]
    assert target.stat().st_mode & 0o077 == 0


def test_duplicate_in_a_batch_is_stored_once(tmp_path):
    with SourceFileBatch(tmp_path) as portion:
        portion.write(SHA256, CONTENT)
        portion.write(SHA256, CONTENT)
        assert len(files(tmp_path)) == 1
        portion.commit([SHA256, SHA256])
    assert files(tmp_path) == [tmp_path / SHA256[:2] / SHA256]


def test_uncommitted_file_is_deleted(tmp_path):
    with SourceFileBatch(tmp_path) as portion:
        portion.write(SHA256, CONTENT)
        portion.commit([])
    assert files(tmp_path) == []


def test_unwritable_folder_is_reported(tmp_path):
    (tmp_path / "sources").write_text("a file")
    with pytest.raises(StoreError) as error:
        kept(tmp_path / "sources")
    assert str(tmp_path / "sources") in str(error.value)
    assert os.strerror(errno.ENOTDIR) in str(error.value)


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError) as error:
        kept(tmp_path)
    assert os.strerror(errno.ENOSPC) in str(error.value)
    assert files(tmp_path) == []


def test_changed_file_is_an_error(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(CONTENT)
    assert read_unchanged(path, SHA256, "a.txt") == CONTENT
    path.write_bytes(b"other")
    with pytest.raises(SourceError) as changed:
        read_unchanged(path, SHA256, "a.txt")
    assert changed.value.code == SourceProblem.CHANGED
    path.unlink()
    with pytest.raises(SourceError) as gone:
        read_unchanged(path, SHA256, "a.txt")
    assert gone.value.code == SourceProblem.UNREADABLE
    assert os.strerror(errno.ENOENT) in gone.value.problem
