"""An export as it comes in: a ZIP from anywhere, verified before anything of it is believed.

Nothing is ever written by a name of the archive: members are known names or none. Every member is
read once through, within bounds, and compared with its checksum; every article is read and checked
(`kb.exchange.export_format`). What passes is handed on article by article, so that memory does not grow with the
file.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from pydantic import ConfigDict, TypeAdapter

from kb.errors import ExportError
from kb.exchange import curation_format
from kb.exchange.curation_format import ExportedCuration
from kb.exchange.export_format import ExportedArticle, InvalidExportError, load_article, validate
from kb.storage import source_files
from kb.storage.atomic_files import checksum, iter_chunks

FORMAT = "clinical-kb-export"
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
VOCABULARY = ("synonyms.txt", "taxonomy.toml")  # below "vocabulary/", and in the home

ARTICLE = re.compile(r"articles/([a-z0-9][a-z0-9-]{0,119})\.json")
DESK = "vocabulary/desk.json"  # what was taught at the desk
WORDS = {f"vocabulary/{name}": name for name in VOCABULARY}

# Bytes. The largest article of a drug label with twenty versions takes 8 MB; a source is a file
# that somebody uploaded. All together is what a disk can be asked for without a person looking.
MAX_ARTICLE_BYTES = MAX_MANIFEST_BYTES = 64 << 20
MAX_VOCABULARY_BYTES = 16 << 20
MAX_SOURCE_BYTES = 512 << 20
MAX_TOTAL_BYTES = 32 << 30
MAX_MEMBERS = 200_000
MAX_DIRECTORY_BYTES = 32 << 20  # of the list of members: 200,000 names of ordinary length

AGAIN = "Export it again and copy the file anew."
NO_EXPORT = "Name a file that `kb export` wrote."


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveManifest:
    """What an export says of itself. `elsewhere` are replacements that it does not hold."""

    format: str
    version: int
    made_at: str
    title: str
    selection: str = ""
    articles: int
    elsewhere: tuple[str, ...] = ()
    sha256: dict[str, str]

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)


@cache
def manifest_adapter() -> TypeAdapter[ArchiveManifest]:
    """Return what reads and writes a manifest."""
    return TypeAdapter(ArchiveManifest)


class ExportArchive:
    """An export that has been verified."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: ArchiveManifest) -> None:
        self._path, self._archive = path, archive
        self.manifest = manifest
        self.keys: dict[str, str] = {}  # by article: which source it is made from

    def articles(self) -> Iterator[ExportedArticle]:
        """Yield the articles in the order of their ids."""
        for name in sorted(filter(ARTICLE.fullmatch, self.manifest.sha256)):
            yield _article(self._path, self._archive, name, self.manifest.sha256[name])

    @property
    def sources(self) -> list[str]:
        """The hashes of the sources that it holds."""
        return [
            found[2]
            for name in self.manifest.sha256
            if (found := source_files.NAME.fullmatch(name))
        ]

    def source(self, sha256: str) -> Iterator[bytes]:
        """Yield the bytes of a source."""
        with (
            _translated(self._path),
            self._archive.open(source_files.source_name(sha256)) as member,
        ):
            yield from iter_chunks(member)

    def words(self) -> dict[str, bytes]:
        """Return the files of the vocabulary, by their names in the home."""
        return {
            WORDS[name]: _whole(self._path, self._archive, name)
            for name in self.manifest.sha256
            if name in WORDS
        }

    def taught(self) -> ExportedCuration:
        """Return what was taught at the desk."""
        if DESK not in self.manifest.sha256:
            return ExportedCuration()
        try:
            return curation_format.load_curation(_whole(self._path, self._archive, DESK))
        except InvalidExportError as error:
            raise ExportError(
                self._path, DESK, error.problem, AGAIN, place=error.place, code="value"
            ) from error


@contextmanager
def open_archive(path: Path, shown: str) -> Iterator[ExportArchive]:
    """Open an export and verify all of it; raises `ExportError`, which calls the file `shown`."""
    name = Path(shown)
    with ExitStack() as stack:
        with _translated(name):
            file = _BoundedReader(stack.enter_context(path.open("rb")))
            archive = stack.enter_context(zipfile.ZipFile(file))
            manifest = _manifest(name, archive)
            _verify(name, archive, manifest)
        found = ExportArchive(name, archive, manifest)
        _verify_articles(name, found)
        found.taught()
        yield found


class _BoundedReader:
    """A file of which no more is read at once than a list of members may take.

    `zipfile` reads that list whole, and makes an object for each member, before anybody can look at
    how many there are.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes; raises when these are more than belongs in one piece."""
        if size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(
                f"its list of members takes more than {_size(MAX_DIRECTORY_BYTES)}"
            )
        return self._file.read(size)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what a damaged archive may raise into an error that says so."""
    try:
        yield
    except OSError as error:
        raise ExportError(
            path, "", f"cannot be read: {error.strerror}", AGAIN, code="unreadable"
        ) from error
    # A password is a RuntimeError, an unknown way of packing a NotImplementedError, and a name
    # that is not what it claims to be written in a ValueError.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise ExportError(
            path, "", f"cannot be read as a ZIP archive: {error}", AGAIN, code="not-a-zip"
        ) from error


def _manifest(path: Path, archive: zipfile.ZipFile) -> ArchiveManifest:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ExportError(
            path, "", f"has more than {MAX_MEMBERS:,} members", NO_EXPORT, code="too-many-members"
        )
    for name, count in Counter(info.filename for info in members).items():
        if count > 1:
            raise ExportError(path, name, "is there twice", AGAIN, code="duplicate")
    if MANIFEST not in archive.namelist():
        raise ExportError(path, "", f"has no {MANIFEST}", NO_EXPORT, code="no-manifest")
    content = _whole(path, archive, MANIFEST)
    _check_format(path, content)
    try:
        return validate(manifest_adapter(), content)
    except InvalidExportError as error:
        raise ExportError(
            path, MANIFEST, error.problem, AGAIN, place=error.place, code="value"
        ) from error


def _check_format(path: Path, content: bytes) -> None:
    """Tell another format before its fields are looked at: they may be other ones."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ExportError(path, MANIFEST, "is not JSON", NO_EXPORT, code="not-json") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ExportError(
            path, MANIFEST, f"is not of the format {FORMAT}", NO_EXPORT, code="format"
        )
    if said.get("version") != FORMAT_VERSION:
        raise ExportError(
            path,
            MANIFEST,
            f"is of version {said.get('version')!r} of the format, this program reads "
            f"{FORMAT_VERSION}",
            "Import it with the version of this program that wrote it, or a later one.",
            code="version",
        )


def _verify(path: Path, archive: zipfile.ZipFile, manifest: ArchiveManifest) -> None:
    members = {info.filename: info for info in archive.infolist() if info.filename != MANIFEST}
    for name in manifest.sha256:
        if name not in members:
            raise ExportError(path, name, "is missing", AGAIN, code="member-missing")
    total = 0
    for name, info in members.items():
        if name not in manifest.sha256 or not _known(name):
            raise ExportError(path, name, "does not belong there", NO_EXPORT, code="member-unknown")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ExportError(path, name, "is a link, not a file", NO_EXPORT, code="link")
        total += info.file_size
        if total > MAX_TOTAL_BYTES:
            raise ExportError(
                path,
                name,
                f"brings it above {_size(MAX_TOTAL_BYTES)}",
                "Export a part of it at a time.",
                code="total-size",
            )
    held = sum(bool(ARTICLE.fullmatch(name)) for name in members)
    if held != manifest.articles:
        raise ExportError(
            path,
            MANIFEST,
            "says another number of articles than there are",
            AGAIN,
            code="article-count",
        )
    for name, wanted in manifest.sha256.items():
        source = source_files.NAME.fullmatch(name)
        if _digest(path, archive, name) != wanted or (source and source[2] != wanted):
            raise ExportError(path, name, "is not what its checksum says", AGAIN, code="checksum")


def _verify_articles(path: Path, found: ExportArchive) -> None:
    """Read every article: what one of them must not share with another, too."""
    owners: dict[str, str] = {}
    by_key: dict[str, str] = {}
    for article in found.articles():
        name = f"articles/{article.id}.json"
        other = by_key.setdefault(article.source_key, article.id)
        if other != article.id:
            raise ExportError(
                path, name, f"is of the same source as {other}", AGAIN, code="source-shared"
            )
        for passage_id in {one.id for version in article.versions for one in version.passages}:
            other = owners.setdefault(passage_id, article.id)
            if other != article.id:
                raise ExportError(
                    path,
                    name,
                    f"has a passage of {other}: {passage_id}",
                    AGAIN,
                    code="passage-shared",
                )
        found.keys[article.id] = article.source_key


def _article(path: Path, archive: zipfile.ZipFile, name: str, wanted: str) -> ExportedArticle:
    content = _whole(path, archive, name)
    if hashlib.sha256(content).hexdigest() != wanted:
        raise ExportError(path, name, "has changed while it was read", AGAIN, code="checksum")
    try:
        article = load_article(content)
    except InvalidExportError as error:
        raise ExportError(
            path, name, error.problem, AGAIN, place=error.place, code="value"
        ) from error
    if name != f"articles/{article.id}.json":
        raise ExportError(
            path, name, f"is {article.id!r}, not the file's name", AGAIN, place="id", code="name"
        )
    return article


def _known(name: str) -> bool:
    return bool(ARTICLE.fullmatch(name) or source_files.NAME.fullmatch(name)) or name in (
        *WORDS,
        DESK,
    )


def _most(name: str) -> int:
    if source_files.NAME.fullmatch(name):
        return MAX_SOURCE_BYTES
    return MAX_VOCABULARY_BYTES if name in (*WORDS, DESK) else MAX_ARTICLE_BYTES


def _whole(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    with _translated(path), _opened(path, archive, name) as member:
        return b"".join(iter_chunks(member))


def _digest(path: Path, archive: zipfile.ZipFile, name: str) -> str:
    with _opened(path, archive, name) as member:
        return checksum(iter_chunks(member))


def _opened(path: Path, archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a member whose size is within bounds; `zipfile` reads no more than it declares."""
    if archive.getinfo(name).file_size > _most(name):
        raise ExportError(path, name, f"is larger than {_size(_most(name))}", AGAIN, code="size")
    return archive.open(name)


def _size(number: int) -> str:
    return f"{number >> 20:,} MB"
