import hashlib

import pytest

from ingest.originals import keep, same_bytes
from kb.errors import SourceError, StoreError

CONTENT = b"Gout hurts."
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_bytes_are_kept_once_under_their_hash(tmp_path):
    folder = tmp_path / "sources"
    keep(folder, SHA256, CONTENT)
    target = folder / SHA256[:2] / SHA256
    written = target.stat().st_mtime_ns
    keep(folder, SHA256, CONTENT)
    assert target.read_bytes() == CONTENT
    assert target.stat().st_mtime_ns == written
    assert [path for path in folder.rglob("*") if path.is_file()] == [target]
    assert target.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_says_that_the_article_is_safe(tmp_path):
    (tmp_path / "sources").write_text("a file")
    with pytest.raises(StoreError, match="The article itself is saved"):
        keep(tmp_path / "sources", SHA256, CONTENT)


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        keep(tmp_path, SHA256, CONTENT)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_bytes_that_are_not_those_that_were_read_are_an_error(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(CONTENT)
    assert same_bytes(path, SHA256, "a.txt") == CONTENT
    path.write_bytes(b"other")
    with pytest.raises(SourceError, match="was changed"):
        same_bytes(path, SHA256, "a.txt")
    path.unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        same_bytes(path, SHA256, "a.txt")
