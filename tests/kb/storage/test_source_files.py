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


def test_bytes_are_kept_once_under_their_hash(tmp_path):
    folder = tmp_path / "sources"
    kept(folder)
    target = folder / SHA256[:2] / SHA256
    written = target.stat().st_mtime_ns
    kept(folder)
    assert target.read_bytes() == CONTENT
    assert target.stat().st_mtime_ns == written
    assert files(folder) == [target]
    assert target.stat().st_mode & 0o077 == 0


def test_the_same_bytes_twice_in_a_portion_are_one_file(tmp_path):
    with SourceFileBatch(tmp_path) as portion:
        portion.write(SHA256, CONTENT)
        portion.write(SHA256, CONTENT)
        assert len(files(tmp_path)) == 1
        portion.commit([SHA256, SHA256])
    assert files(tmp_path) == [tmp_path / SHA256[:2] / SHA256]


def test_what_was_written_for_an_article_that_was_not_saved_goes(tmp_path):
    with SourceFileBatch(tmp_path) as portion:
        portion.write(SHA256, CONTENT)
        portion.commit([])
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
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


def test_bytes_that_are_not_those_that_were_read_are_an_error(tmp_path):
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
