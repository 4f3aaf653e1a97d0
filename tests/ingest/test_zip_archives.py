"""Extraction of ZIP archives, and rejection of unsafe ones."""

import io
import re
import stat
import struct
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from ingest.zip_archives import MEGABYTE, ArchiveLimits, count_members, extract_members, is_archive
from kb.errors import SourceError, SourceProblem

SMALL = ArchiveLimits(
    max_entries=5,
    max_unpacked_bytes=MEGABYTE,
    max_member_bytes=MEGABYTE // 2,
    max_directory_bytes=2_000,
)


def archive(path, members, compression=ZIP_DEFLATED):
    with ZipFile(path, "w", compression) as made:
        for member, content in members:
            made.writestr(member, content)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.zip"


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()

    def take(path, limits=SMALL):
        found = list(extract_members(path, "a.zip", folder, limits))
        kept = [file for file in folder.rglob("*") if file.is_file()]
        assert len(kept) == sum(not isinstance(each, SourceError) for each in found)
        return found

    return take


def test_members_are_extracted_in_order_without_hidden_ones(path, results):
    archive(
        path,
        [("b.md", "B"), ("in/a.md", "A"), ("in/", ""), (".git/x", "x"), ("__MACOSX/b.md", "x")],
    )
    assert is_archive(path)
    assert count_members(path) == 5
    found = results(path)
    assert [name for name, _ in found] == ["b.md", "in/a.md"]
    assert [file.read_text() for _, file in found] == ["B", "A"]
    assert [file.name for _, file in found] == ["b.md", "a.md"]


@pytest.mark.parametrize("member", ["[Content_Types].xml", "word/document.xml", "mimetype"])
def test_office_document_is_not_an_archive(path, member):
    assert not is_archive(archive(path, [("a.txt", "A"), (member, "x")]))


def test_text_file_is_not_an_archive(path):
    path.write_text("PK is a text")
    assert not is_archive(path)


def linked(name):
    entry = ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def zipped(content=b"x"):
    inner = io.BytesIO()
    archive(inner, [("x.txt", content)])
    return inner.getvalue()


@pytest.mark.parametrize(
    ("member", "content", "code"),
    [
        ("../up.md", "x", SourceProblem.UNSAFE_NAME),
        ("in/../../up.md", "x", SourceProblem.UNSAFE_NAME),
        ("/etc/passwd", "x", SourceProblem.UNSAFE_NAME),
        ("C:/x.md", "x", SourceProblem.UNSAFE_NAME),
        ("in\\..\\x.md", "x", SourceProblem.UNSAFE_NAME),
        (linked("link.md"), "/etc/passwd", SourceProblem.NOT_A_FILE),
        ("inner.zip", zipped(), SourceProblem.NESTED_ARCHIVE),
        ("inner.txt", zipped(), SourceProblem.NESTED_ARCHIVE),
        ("large.md", "x" * 600_000, SourceProblem.TOO_LARGE),
        ("good.md", "again", SourceProblem.DUPLICATE),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_bad_member_is_rejected_and_others_are_extracted(path, results, member, content, code):
    archive(path, [("good.md", "good"), (member, content), ("after.md", "after")])
    first, refused, last = results(path)
    assert (first[0], last[0]) == ("good.md", "after.md")
    assert refused.code == code
    assert refused.location == getattr(member, "filename", member)
    assert refused.hint


def test_unsupported_compression_is_rejected(path, results):
    (refused,) = results(archive(path, [("a.md", "x")], ZIP_BZIP2))
    assert (refused.code, refused.location) == (SourceProblem.COMPRESSION, "a.md")


def test_encrypted_member_is_rejected(path, results):
    content = bytearray(archive(path, [("a.md", "x")]).read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    (refused,) = results(path)
    assert (refused.code, refused.location) == (SourceProblem.ENCRYPTED, "a.md")


@pytest.mark.parametrize(
    ("members", "code", "limit"),
    [
        ([(f"{n}.md", "x") for n in range(6)], SourceProblem.TOO_MANY_FILES, "5"),
        (
            [(f"{n}.md", "x" * 400_000) for n in range(3)],
            SourceProblem.UNPACKED_TOO_LARGE,
            "1 MB",
        ),
        ([("n" * 3_000, "x")], SourceProblem.DIRECTORY_TOO_LARGE, ""),
        ([], SourceProblem.NO_FILES, ""),
    ],
)
def test_archive_exceeding_a_limit_is_rejected(path, results, members, code, limit):
    (refused,) = results(archive(path, members))
    assert (refused.code, refused.location) == (code, "")
    assert re.search(rf"\b{limit}\b", refused.problem)


def test_member_larger_than_declared_is_rejected(path, results):
    content = bytearray(archive(path, [("a.md", "x" * 400_000)]).read_bytes())
    place = content.index(b"PK\x01\x02")
    struct.pack_into("<L", content, place + 24, 10)
    struct.pack_into("<L", content, 22, 10)
    path.write_bytes(content)
    (refused,) = results(path)
    assert refused.code == SourceProblem.DAMAGED


@pytest.mark.parametrize("cut", [5, 30, -10, -30])
def test_damaged_archive_is_rejected(path, results, cut):
    archive(path, [("a.md", "some text " * 20)])
    path.write_bytes(path.read_bytes()[:cut])
    assert is_archive(path)
    (refused,) = results(path)
    assert refused.code == SourceProblem.DAMAGED


def test_every_corrupted_byte_yields_member_or_error(path):
    whole = archive(path, [("a.md", "some text")]).read_bytes()
    for place in range(4, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        folder = path.parent / f"{place}"
        folder.mkdir()
        for found in extract_members(path, "a.zip", folder, SMALL):
            assert isinstance(found, SourceError | tuple)
