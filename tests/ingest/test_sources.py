"""Expansion of names into source files; only regular files are opened."""

import errno
import os
import socket
from zipfile import ZipFile

import pytest

from ingest.http_fetch import FetchedPage
from ingest.sources import estimate_count, iter_files, open_sources
from kb.errors import SourceError, SourceProblem


def sources(names, tmp_path):
    scratch = tmp_path / ".scratch"
    scratch.mkdir()
    return list(open_sources([str(name) for name in names], scratch, fetch_private_networks=False))


def test_iter_files_uses_fixed_order_and_skips_hidden_files(tmp_path):
    for name in ("b.txt", "a.txt", ".hidden", "sub/c.txt", ".git/d.txt", "sub/a/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    names = [str(path.relative_to(tmp_path)) for path in iter_files([str(tmp_path)])]
    assert names == ["a.txt", "b.txt", "sub/c.txt", "sub/a/e.txt"]
    assert list(iter_files([str(tmp_path / ".hidden")])) == [tmp_path / ".hidden"]


def test_name_without_a_file_yields_source_error(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "round").symlink_to(tmp_path / "round")
    names = [
        str(tmp_path / "none"),
        str(tmp_path / "empty"),
        "/dev/zero",
        str(tmp_path / "round"),
        "nul\0",
    ]
    found = list(iter_files(names))
    assert all(isinstance(error, SourceError) for error in found)
    assert [error.code for error in found] == [
        SourceProblem.NOT_FOUND,
        SourceProblem.NO_FILES,
        SourceProblem.NOT_A_FILE,
        SourceProblem.UNREADABLE,
        SourceProblem.UNREADABLE,
    ]
    assert [error.source for error in found] == names
    assert os.strerror(errno.ELOOP) in found[3].problem
    assert "null byte" in found[4].problem  # Python's message


def test_pipes_devices_and_sockets_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # paths of sockets must be short
    os.mkfifo("a-pipe")
    (tmp_path / "b-device").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("c-socket")
        (tmp_path / "d.txt").write_text("x")
        *refused, last = sources([tmp_path], tmp_path)
    assert [error.code for error in refused] == [SourceProblem.NOT_A_FILE] * 3
    assert last.path == tmp_path / "d.txt"
    (pipe,) = iter_files([str(tmp_path / "a-pipe")])
    assert pipe.code == SourceProblem.NOT_A_FILE


def test_unreadable_file_is_reported(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("ingest.sources.is_archive", denied)
    (tmp_path / "a.txt").write_text("x")
    (error,) = sources([tmp_path / "a.txt"], tmp_path)
    assert (error.code, error.source) == (SourceProblem.UNREADABLE, str(tmp_path / "a.txt"))
    assert os.strerror(errno.EACCES) in error.problem


def test_archive_member_has_name_and_key_of_its_archive(tmp_path):
    path = tmp_path / "a.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("in/b.md", "B")
    (member,) = sources([path], tmp_path)
    assert (member.name, member.key) == (f"{path}, in/b.md", f"file:{path}#in/b.md")
    assert (member.path.name, member.path.read_text()) == ("b.md", "B")
    member.remove()
    assert not member.path.exists()
    assert path.exists()


@pytest.fixture
def web(monkeypatch):
    pages = {}

    def fetch(address, *, private):
        assert not private
        if address not in pages:
            raise SourceError(address, "404.", "Check it.", code=SourceProblem.STATUS)
        return FetchedPage(address, pages[address])

    monkeypatch.setattr("ingest.sources.fetch", fetch)
    return pages


def test_page_has_its_url_as_name_and_key(web, tmp_path):
    web["https://example.org/a%20b/gout.md"] = b"# Gout"
    (page,) = sources(["https://example.org/a%20b/gout.md"], tmp_path)
    assert page.name == page.url == "https://example.org/a%20b/gout.md"
    assert page.key == "url:https://example.org/a%20b/gout.md"
    assert (page.path.name, page.path.read_bytes()) == ("gout.md", b"# Gout")


def test_sitemap_expands_to_its_pages(web, tmp_path):
    entries = "".join(f"<url><loc>https://example.org/{name}</loc></url>" for name in "abab")
    web["https://example.org/sitemap.xml"] = f"<urlset>{entries}</urlset>".encode()
    web["https://example.org/a"] = b"A"
    page, missing = sources(["https://example.org/sitemap.xml"], tmp_path)
    assert page.key == "url:https://example.org/a"
    assert (missing.source, missing.code) == ("https://example.org/b", SourceProblem.STATUS)


def test_estimate_count_counts_members_and_lines(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.jsonl").write_text('{"title": "A"}\n{"title": "B"}\n')
    with ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("a.md", "A")
        archive.writestr("b.md", "B")
    assert estimate_count([str(tmp_path), "none"]) == 6
    assert estimate_count(["https://example.org"]) is None


def test_file_has_same_name_from_every_directory(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "gout.txt").write_text("Gout\n\nUric acid.", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "a")
    assert list(iter_files(["../gout.txt"])) == [tmp_path / "gout.txt"]
    assert list(iter_files([".."])) == [tmp_path / "gout.txt"]
