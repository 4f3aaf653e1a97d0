"""Verified reading of export archives from untrusted sources.

Only known member names are accepted, and none is used as a path. Every member is read once within
size limits and compared with its checksum, and every article is validated
(`kb.exchange.export_format`), before the archive is used. Articles are read one at a time, so the
memory use does not depend on the size of the archive.
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
VOCABULARY = ("synonyms.txt", "taxonomy.toml")  # in "vocabulary/" and in KB_HOME

ARTICLE = re.compile(r"articles/([a-z0-9][a-z0-9-]{0,119})\.json")
CURATION = "vocabulary/desk.json"  # synonym rules and pins
VOCABULARY_MEMBERS = {f"vocabulary/{name}": name for name in VOCABULARY}

# Limits in bytes. The largest drug label with twenty versions takes 8 MB.
MAX_ARTICLE_BYTES = 64 << 20
MAX_VOCABULARY_BYTES = 16 << 20
MAX_SOURCE_BYTES = 512 << 20
MAX_TOTAL_BYTES = 32 << 30
MAX_MEMBERS = 200_000
MAX_DIRECTORY_BYTES = 32 << 20  # of the ZIP central directory, for 200,000 names

EXPORT_AGAIN = "Export it again and copy the new file."
CHOOSE_EXPORT = "Choose a file written by `kb export`."


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveManifest:
    """Manifest of an export. `elsewhere` are ids of replacements that it does not contain."""

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
    """Return the serializer of manifests."""
    return TypeAdapter(ArchiveManifest)


class ExportArchive:
    """A verified export."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: ArchiveManifest) -> None:
        self._path, self._archive = path, archive
        self.manifest = manifest
        self.keys: dict[str, str] = {}  # source keys by article id

    def articles(self) -> Iterator[ExportedArticle]:
        """Yield the articles, sorted by id."""
        for name in sorted(filter(ARTICLE.fullmatch, self.manifest.sha256)):
            yield _read_article(self._path, self._archive, name, self.manifest.sha256[name])

    @property
    def sources(self) -> list[str]:
        """SHA-256 hashes of the source files in the archive."""
        return [
            found[2]
            for name in self.manifest.sha256
            if (found := source_files.SOURCE_NAME.fullmatch(name))
        ]

    def source(self, sha256: str) -> Iterator[bytes]:
        """Yield the content of a source file in chunks."""
        with (
            _translate_errors(self._path),
            self._archive.open(source_files.get_source_name(sha256)) as member,
        ):
            yield from iter_chunks(member)

    def vocabulary(self) -> dict[str, bytes]:
        """Return the vocabulary files by their names in KB_HOME."""
        return {
            VOCABULARY_MEMBERS[name]: _read_member(self._path, self._archive, name)
            for name in self.manifest.sha256
            if name in VOCABULARY_MEMBERS
        }

    def curation(self) -> ExportedCuration:
        """Return the synonym rules and pins."""
        if CURATION not in self.manifest.sha256:
            return ExportedCuration()
        try:
            return curation_format.load_curation(_read_member(self._path, self._archive, CURATION))
        except InvalidExportError as error:
            raise ExportError(
                self._path,
                CURATION,
                error.problem,
                EXPORT_AGAIN,
                place=error.location,
                code="value",
            ) from error


@contextmanager
def open_archive(path: Path, shown: str) -> Iterator[ExportArchive]:
    """Open and verify an export. Raises `ExportError`, which names the file as `shown`."""
    name = Path(shown)
    with ExitStack() as stack:
        with _translate_errors(name):
            file = _BoundedReader(stack.enter_context(path.open("rb")))
            archive = stack.enter_context(zipfile.ZipFile(file))
            manifest = _read_manifest(name, archive)
            _verify(name, archive, manifest)
        found = ExportArchive(name, archive, manifest)
        _verify_articles(name, found)
        found.curation()
        yield found


class _BoundedReader:
    """File wrapper that limits the size of a single read.

    Protects against oversized ZIP central directories, which `zipfile` reads as a whole before the
    number of members is known.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes. Raises `BadZipFile` if `size` is above the limit."""
        if size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(
                f"the central directory is larger than {_format_size(MAX_DIRECTORY_BYTES)}"
            )
        return self._file.read(size)


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    """Translate the errors of a damaged archive into `ExportError`."""
    try:
        yield
    except OSError as error:
        raise ExportError(
            path, "", f"cannot be read: {error.strerror}", EXPORT_AGAIN, code="unreadable"
        ) from error
    # zipfile raises RuntimeError for a password, NotImplementedError for an unknown compression
    # method and ValueError for an invalid name encoding.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise ExportError(
            path, "", f"is not a valid ZIP archive: {error}", EXPORT_AGAIN, code="not-a-zip"
        ) from error


def _read_manifest(path: Path, archive: zipfile.ZipFile) -> ArchiveManifest:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ExportError(
            path,
            "",
            f"has more than {MAX_MEMBERS:,} members",
            CHOOSE_EXPORT,
            code="too-many-members",
        )
    for name, count in Counter(info.filename for info in members).items():
        if count > 1:
            raise ExportError(path, name, "occurs twice", EXPORT_AGAIN, code="duplicate")
    if MANIFEST not in archive.namelist():
        raise ExportError(path, "", f"has no {MANIFEST}", CHOOSE_EXPORT, code="no-manifest")
    content = _read_member(path, archive, MANIFEST)
    _check_format(path, content)
    try:
        return validate(manifest_adapter(), content)
    except InvalidExportError as error:
        raise ExportError(
            path, MANIFEST, error.problem, EXPORT_AGAIN, place=error.location, code="value"
        ) from error


def _check_format(path: Path, content: bytes) -> None:
    """Check the format version before the fields, which depend on it."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ExportError(path, MANIFEST, "is not JSON", CHOOSE_EXPORT, code="not-json") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ExportError(
            path, MANIFEST, f"does not have the format {FORMAT}", CHOOSE_EXPORT, code="format"
        )
    if data.get("version") != FORMAT_VERSION:
        raise ExportError(
            path,
            MANIFEST,
            f"has format version {data.get('version')!r}, but this version reads {FORMAT_VERSION}",
            "Import it with the program version that wrote it, or a later one.",
            code="version",
        )


def _verify(path: Path, archive: zipfile.ZipFile, manifest: ArchiveManifest) -> None:
    members = {info.filename: info for info in archive.infolist() if info.filename != MANIFEST}
    for name in manifest.sha256:
        if name not in members:
            raise ExportError(path, name, "is missing", EXPORT_AGAIN, code="member-missing")
    total = 0
    for name, info in members.items():
        if name not in manifest.sha256 or not _is_known(name):
            raise ExportError(
                path, name, "is not a known file", CHOOSE_EXPORT, code="member-unknown"
            )
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ExportError(path, name, "is a link, not a file", CHOOSE_EXPORT, code="link")
        total += info.file_size
        if total > MAX_TOTAL_BYTES:
            raise ExportError(
                path,
                name,
                f"exceeds the total size limit of {_format_size(MAX_TOTAL_BYTES)}",
                "Export fewer articles at a time.",
                code="total-size",
            )
    held = sum(bool(ARTICLE.fullmatch(name)) for name in members)
    if held != manifest.articles:
        raise ExportError(
            path,
            MANIFEST,
            "lists a different number of articles from the archive",
            EXPORT_AGAIN,
            code="article-count",
        )
    for name, wanted in manifest.sha256.items():
        source = source_files.SOURCE_NAME.fullmatch(name)
        if _hash_member(path, archive, name) != wanted or (source and source[2] != wanted):
            raise ExportError(
                path, name, "does not match its checksum", EXPORT_AGAIN, code="checksum"
            )


def _verify_articles(path: Path, found: ExportArchive) -> None:
    """Validate every article, and that no two share a source or a passage."""
    owners: dict[str, str] = {}
    by_key: dict[str, str] = {}
    for article in found.articles():
        name = f"articles/{article.id}.json"
        other = by_key.setdefault(article.source_key, article.id)
        if other != article.id:
            raise ExportError(
                path, name, f"has the same source as {other}", EXPORT_AGAIN, code="source-shared"
            )
        for passage_id in {one.id for version in article.versions for one in version.passages}:
            other = owners.setdefault(passage_id, article.id)
            if other != article.id:
                raise ExportError(
                    path,
                    name,
                    f"contains the passage {passage_id} of {other}",
                    EXPORT_AGAIN,
                    code="passage-shared",
                )
        found.keys[article.id] = article.source_key


def _read_article(path: Path, archive: zipfile.ZipFile, name: str, wanted: str) -> ExportedArticle:
    content = _read_member(path, archive, name)
    if hashlib.sha256(content).hexdigest() != wanted:
        raise ExportError(path, name, "changed while it was read", EXPORT_AGAIN, code="checksum")
    try:
        article = load_article(content)
    except InvalidExportError as error:
        raise ExportError(
            path, name, error.problem, EXPORT_AGAIN, place=error.location, code="value"
        ) from error
    if name != f"articles/{article.id}.json":
        raise ExportError(
            path,
            name,
            f"is {article.id!r}, which does not match the file name",
            EXPORT_AGAIN,
            place="id",
            code="name",
        )
    return article


def _is_known(name: str) -> bool:
    return bool(ARTICLE.fullmatch(name) or source_files.SOURCE_NAME.fullmatch(name)) or name in (
        *VOCABULARY_MEMBERS,
        CURATION,
    )


def _max_size(name: str) -> int:
    if source_files.SOURCE_NAME.fullmatch(name):
        return MAX_SOURCE_BYTES
    return MAX_VOCABULARY_BYTES if name in (*VOCABULARY_MEMBERS, CURATION) else MAX_ARTICLE_BYTES


def _read_member(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    with _translate_errors(path), _open_member(path, archive, name) as member:
        return b"".join(iter_chunks(member))


def _hash_member(path: Path, archive: zipfile.ZipFile, name: str) -> str:
    with _open_member(path, archive, name) as member:
        return checksum(iter_chunks(member))


def _open_member(path: Path, archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Open a member within its size limit; `zipfile` never reads more than the declared size."""
    if archive.getinfo(name).file_size > _max_size(name):
        raise ExportError(
            path, name, f"is larger than {_format_size(_max_size(name))}", EXPORT_AGAIN, code="size"
        )
    return archive.open(name)


def _format_size(number: int) -> str:
    return f"{number >> 20:,} MB"
