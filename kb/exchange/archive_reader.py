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
VOCABULARY = ("synonyms.txt", "taxonomy.toml", "intents.toml")  # in "vocabulary/" and in KB_HOME

ARTICLE = re.compile(r"articles/([a-z0-9][a-z0-9-]{0,119})\.json")
CURATION = "vocabulary/desk.json"  # synonym rules and pins
VOCABULARY_MEMBERS = {f"vocabulary/{name}": name for name in VOCABULARY}

# Limits in bytes. The largest drug label with twenty versions takes 8 MB.
MAX_ARTICLE_BYTES = 64 << 20
MAX_VOCABULARY_BYTES = 16 << 20
MAX_SOURCE_BYTES = 512 << 20
MAX_TOTAL_BYTES = 32 << 30
MAX_MEMBERS = 200_000
MAX_DIRECTORY_BYTES = 32 << 20  # of the ZIP central directory; enough for 200,000 names

EXPORT_AGAIN = "Export it again and copy the new file."
CHOOSE_EXPORT = "Choose a file written by `kb export`."


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveManifest:
    """Manifest of an export. `elsewhere` lists the ids of replacements that are not included."""

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
    """An export; `open_archive` verifies it before it is used."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path, self._archive = path, archive
        self.manifest = self._read_manifest()
        self.keys: dict[str, str] = {}  # source keys by article id

    def articles(self) -> Iterator[ExportedArticle]:
        """Yield the articles, sorted by id."""
        for name in sorted(filter(ARTICLE.fullmatch, self.manifest.sha256)):
            yield self._read_article(name)

    @property
    def sources(self) -> list[str]:
        """SHA-256 hashes of the source files in the archive."""
        return [
            match[2]
            for name in self.manifest.sha256
            if (match := source_files.SOURCE_NAME.fullmatch(name))
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
            VOCABULARY_MEMBERS[name]: self._read_member(name)
            for name in self.manifest.sha256
            if name in VOCABULARY_MEMBERS
        }

    def curation(self) -> ExportedCuration:
        """Return the synonym rules and pins."""
        if CURATION not in self.manifest.sha256:
            return ExportedCuration()
        with self._translate_faults(CURATION):
            return curation_format.load_curation(self._read_member(CURATION))

    def verify_members(self) -> None:
        """Verify the names, sizes and checksums of all members. Raises `ExportError`."""
        sha256, infos = self.manifest.sha256, self._archive.infolist()
        members = {info.filename: info for info in infos if info.filename != MANIFEST}
        for name in sha256:
            if name not in members:
                raise self._error(name, "is missing", code="member-missing")
        total = 0
        for name, info in members.items():
            if name not in sha256 or not _is_known(name):
                raise self._error(name, "is not a known file", CHOOSE_EXPORT, code="member-unknown")
            if stat.S_ISLNK(info.external_attr >> 16):
                raise self._error(name, "is a link, not a file", CHOOSE_EXPORT, code="link")
            total += info.file_size
            if total > MAX_TOTAL_BYTES:
                problem = f"exceeds the total size limit of {_format_size(MAX_TOTAL_BYTES)}"
                hint = "Export fewer articles at a time."
                raise self._error(name, problem, hint, code="total-size")
        if sum(bool(ARTICLE.fullmatch(name)) for name in members) != self.manifest.articles:
            problem = "lists a different number of articles from the archive"
            raise self._error(MANIFEST, problem, code="article-count")
        for name, wanted in sha256.items():
            source = source_files.SOURCE_NAME.fullmatch(name)
            with self._open_member(name) as member:
                found = checksum(iter_chunks(member))
            if found != wanted or (source and source[2] != wanted):
                raise self._error(name, "does not match its checksum", code="checksum")

    def verify_articles(self) -> None:
        """Validate every article, and that no two share a source or a passage."""
        owners: dict[str, str] = {}
        by_key: dict[str, str] = {}
        for article in self.articles():
            name = f"articles/{article.id}.json"
            other = by_key.setdefault(article.source_key, article.id)
            if other != article.id:
                raise self._error(name, f"has the same source as {other}", code="source-shared")
            for passage_id in {one.id for version in article.versions for one in version.passages}:
                other = owners.setdefault(passage_id, article.id)
                if other != article.id:
                    problem = f"contains the passage {passage_id} of {other}"
                    raise self._error(name, problem, code="passage-shared")
            self.keys[article.id] = article.source_key

    def _read_manifest(self) -> ArchiveManifest:
        members = self._archive.infolist()
        if len(members) > MAX_MEMBERS:
            problem = f"has more than {MAX_MEMBERS:,} members"
            raise self._error("", problem, CHOOSE_EXPORT, code="too-many-members")
        for name, count in Counter(info.filename for info in members).items():
            if count > 1:
                raise self._error(name, "occurs twice", code="duplicate")
        if MANIFEST not in self._archive.namelist():
            raise self._error("", f"has no {MANIFEST}", CHOOSE_EXPORT, code="no-manifest")
        content = self._read_member(MANIFEST)
        self._check_format(content)
        with self._translate_faults(MANIFEST):
            return validate(manifest_adapter(), content)

    def _check_format(self, content: bytes) -> None:
        """Check the format version before the fields, which depend on it."""
        try:
            data = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self._error(MANIFEST, "is not JSON", CHOOSE_EXPORT, code="not-json") from error
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            problem = f"does not have the format {FORMAT}"
            raise self._error(MANIFEST, problem, CHOOSE_EXPORT, code="format")
        version = data.get("version")
        if version != FORMAT_VERSION:
            problem = f"has format version {version!r}, but this version reads {FORMAT_VERSION}"
            hint = "Import it with the program version that wrote it, or a later one."
            raise self._error(MANIFEST, problem, hint, code="version")

    def _read_article(self, name: str) -> ExportedArticle:
        content = self._read_member(name)
        if hashlib.sha256(content).hexdigest() != self.manifest.sha256[name]:
            raise self._error(name, "changed while it was read", code="checksum")
        with self._translate_faults(name):
            article = load_article(content)
        if name != f"articles/{article.id}.json":
            problem = f"is {article.id!r}, which does not match the file name"
            raise self._error(name, problem, location="id", code="name")
        return article

    def _read_member(self, name: str) -> bytes:
        with _translate_errors(self._path), self._open_member(name) as member:
            return b"".join(iter_chunks(member))

    def _open_member(self, name: str) -> IO[bytes]:
        """Open a member within its size limit; `zipfile` never reads more than declared."""
        limit = _max_size(name)
        if self._archive.getinfo(name).file_size > limit:
            raise self._error(name, f"is larger than {_format_size(limit)}", code="size")
        return self._archive.open(name)

    @contextmanager
    def _translate_faults(self, member: str) -> Iterator[None]:
        """Translate an invalid value in a member into `ExportError`."""
        try:
            yield
        except InvalidExportError as error:
            raise self._error(
                member, error.problem, location=error.location, code="value"
            ) from error

    def _error(
        self, member: str, problem: str, hint: str = EXPORT_AGAIN, *, location: str = "", code: str
    ) -> ExportError:
        return ExportError(self._path, member, problem, hint, location=location, code=code)


@contextmanager
def open_archive(path: Path, file_name: str) -> Iterator[ExportArchive]:
    """Open and verify an export. Raises `ExportError`, which names the file as `file_name`."""
    name = Path(file_name)
    with ExitStack() as stack:
        with _translate_errors(name):
            file = _BoundedReader(stack.enter_context(path.open("rb")))
            export = ExportArchive(name, stack.enter_context(zipfile.ZipFile(file)))
            export.verify_members()
        export.verify_articles()
        export.curation()
        yield export


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


def _is_known(name: str) -> bool:
    return bool(ARTICLE.fullmatch(name) or source_files.SOURCE_NAME.fullmatch(name)) or name in (
        *VOCABULARY_MEMBERS,
        CURATION,
    )


def _max_size(name: str) -> int:
    if source_files.SOURCE_NAME.fullmatch(name):
        return MAX_SOURCE_BYTES
    return MAX_VOCABULARY_BYTES if name in (*VOCABULARY_MEMBERS, CURATION) else MAX_ARTICLE_BYTES


def _format_size(number: int) -> str:
    return f"{number >> 20:,} MB"
