"""Readers: from a source file to articles, by what the file holds.

`split_documents` parts a source into what becomes one article each, cheaply and without holding the file;
`read` makes the article of a piece and may run in another process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.readers.base import ReaderResult
from ingest.readers.docx.reader import read_docx
from ingest.readers.html.reader import read_html
from ingest.readers.jats.reader import read_jats
from ingest.readers.jsonl import read_json_line
from ingest.readers.markdown.reader import read_markdown
from ingest.readers.media_type import (
    HEAD_BYTES,
    MediaType,
    detect_document_type,
    detect_media_type,
    is_json_lines,
    reject_binary,
)
from ingest.readers.pdf.reader import read_pdf
from ingest.readers.spl.reader import read_spl
from ingest.readers.text.reader import read_text
from ingest.text_encoding import TextNormalizer, decode
from kb.errors import SourceError, SourceProblem

MEGABYTE = 1_000_000
# The largest source of each kind. A long article is 0.1 MB; what is larger is a book or a dump.
LIMITS = {
    MediaType.HTML: 5 * MEGABYTE,
    MediaType.MARKDOWN: 2 * MEGABYTE,
    MediaType.TEXT: 2 * MEGABYTE,
    MediaType.JSON_LINES: 5 * MEGABYTE,  # of one line
    MediaType.PDF: 50 * MEGABYTE,
    MediaType.DOCX: 25 * MEGABYTE,
    MediaType.JATS: 20 * MEGABYTE,
    MediaType.SPL: 20 * MEGABYTE,
}
MAX_LINES = 100_000  # four thousand pages: a dump, which would cost minutes to cut
SPLIT_HINT = "Split it into several articles."

READERS: dict[MediaType, Callable[[str, str], ReaderResult]] = {
    MediaType.HTML: read_html,
    MediaType.MARKDOWN: read_markdown,
    MediaType.TEXT: read_text,
}
DOCUMENT_READERS: dict[MediaType, Callable[[bytes, str], ReaderResult]] = {
    MediaType.PDF: read_pdf,
    MediaType.DOCX: read_docx,
    MediaType.JATS: read_jats,
    MediaType.SPL: read_spl,
}


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """What becomes one article: a file, or one line of it, which is then here already."""

    path: Path
    location: str = ""
    line: bytes | None = None

    @property
    def source(self) -> str:
        """The name of the source, as it is shown."""
        return str(self.path).encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A reading with what identifies its source: the hash of the bytes and what they were."""

    result: ReaderResult
    sha256: str
    media_type: MediaType


def split_documents(path: Path) -> Iterator[SourceDocument | SourceError]:
    """Yield the pieces of a file; of a bad line of JSON Lines, the error in its place.

    Raises `SourceError` when the file cannot be read at all.
    """
    whole = SourceDocument(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if not head:
                raise SourceError(
                    whole.source,
                    "is empty.",
                    "Check that it is the right file.",
                    code=SourceProblem.EMPTY,
                )
            if detect_document_type(head) is None:
                reject_binary(head, whole.source)
            if not is_json_lines(head):
                yield whole
                return
            file.seek(0)
            yield from _lines(path, file.readline)
    except OSError as error:
        raise _unreadable(whole.source, error) from error


def _lines(path: Path, readline: Callable[[int], bytes]) -> Iterator[SourceDocument | SourceError]:
    limit = LIMITS[MediaType.JSON_LINES]
    number = 0
    while line := readline(limit + 1):
        number += 1
        piece = SourceDocument(path, f"line {number}", line)
        if len(line) > limit and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = readline(limit)
            yield SourceError(
                piece.source,
                _too_large(limit),
                SPLIT_HINT,
                piece.location,
                code=SourceProblem.TOO_LARGE,
            )
        elif line.strip():
            yield piece


def read_document(piece: SourceDocument) -> ReadDocument:
    """Read the article of a piece. Raises `SourceError` when there is none to be had."""
    data = _bytes(piece) if piece.line is None else piece.line
    document = detect_document_type(data[:HEAD_BYTES]) if piece.line is None else None
    if document is not None:
        _refuse_too_large(data, document, piece.source)
        reading = DOCUMENT_READERS[document](data, piece.source)
        return ReadDocument(reading, hashlib.sha256(data).hexdigest(), document)
    warnings: list[str] = []
    cleaner = TextNormalizer()
    text = cleaner.clean(decode(data, piece.source, piece.location, warnings))
    if piece.line is None:
        kind = detect_media_type(text, piece.source)
        _refuse_too_large(data, kind, piece.source)
        if text.count("\n") > MAX_LINES:
            raise SourceError(
                piece.source,
                f"has more than {MAX_LINES:,} lines.",
                SPLIT_HINT,
                code=SourceProblem.TOO_MANY_LINES,
            )
        reading = READERS[kind](text, piece.source)
    else:
        kind = MediaType.JSON_LINES
        reading = read_json_line(text, piece.source, piece.location)
    warnings.extend(cleaner.warnings())
    reading = ReaderResult(
        article=reading.article,
        visible_text=reading.visible_text,
        omitted=reading.omitted,
        warnings=(*warnings, *reading.warnings),
    )
    return ReadDocument(reading, hashlib.sha256(data).hexdigest(), kind)


def _bytes(piece: SourceDocument) -> bytes:
    largest = max(LIMITS.values())
    try:
        with piece.path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise _unreadable(piece.source, error) from error
    if len(data) > largest:
        raise SourceError(
            piece.source, _too_large(largest), SPLIT_HINT, code=SourceProblem.TOO_LARGE
        )
    return data


def _refuse_too_large(data: bytes, kind: MediaType, source: str) -> None:
    if len(data) > LIMITS[kind]:
        raise SourceError(
            source, _too_large(LIMITS[kind]), SPLIT_HINT, code=SourceProblem.TOO_LARGE
        )


def _too_large(limit: int) -> str:
    return f"is larger than {limit // MEGABYTE} MB, the most for its kind."


def _unreadable(source: str, error: OSError) -> SourceError:
    return SourceError(
        source,
        f"cannot be read: {error.strerror}.",
        "Check the name and the permissions.",
        code=SourceProblem.UNREADABLE,
    )
