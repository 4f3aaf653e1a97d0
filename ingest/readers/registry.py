"""Reader dispatch by media type.

`split_documents` splits a source file into documents, one per article, without loading the whole
file. `read_document` parses one document and can run in another process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.readers.common.result import ReaderResult, too_long_error
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
from kb.model.reader_limits import DEFAULT_LIMITS, ReaderLimits

MEGABYTE = 1_000_000
# Maximum size of a source in bytes. A long article has 0.1 MB; larger files are books or data
# dumps.
LIMITS = {
    MediaType.HTML: 5 * MEGABYTE,
    MediaType.MARKDOWN: 2 * MEGABYTE,
    MediaType.TEXT: 2 * MEGABYTE,
    MediaType.JSON_LINES: 5 * MEGABYTE,  # per line
    MediaType.PDF: 50 * MEGABYTE,
    MediaType.DOCX: 25 * MEGABYTE,
    MediaType.JATS: 20 * MEGABYTE,
    MediaType.SPL: 20 * MEGABYTE,
}
MAX_LINES = 100_000  # about 4,000 pages; more would take minutes to parse
SPLIT_HINT = "Split it into several articles."

READERS: dict[MediaType, Callable[[str, str], ReaderResult]] = {
    MediaType.HTML: read_html,
    MediaType.MARKDOWN: read_markdown,
    MediaType.TEXT: read_text,
}
DOCUMENT_READERS: dict[MediaType, Callable[[bytes, str], ReaderResult]] = {
    MediaType.DOCX: read_docx,
    MediaType.JATS: read_jats,
    MediaType.SPL: read_spl,
}


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """Source of one article: a file, or one line of a JSON Lines file.

    `location` ("line 3") and `line`, the bytes of the line, are set for JSON Lines only.
    """

    path: Path
    location: str = ""
    line: bytes | None = None

    @property
    def source(self) -> str:
        """The file path as printable text."""
        return str(self.path).encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """Reader result with the SHA-256 and the media type of its source.

    `data` are the bytes of the source, and `text` its decoded text if it is a text format, for
    checks against the source.
    """

    result: ReaderResult
    sha256: str
    media_type: MediaType
    data: bytes
    text: str


def split_documents(path: Path) -> Iterator[SourceDocument | SourceError]:
    """Yield the documents of a file, and a `SourceError` for each line that is too long.

    Raises `SourceError` if the file is empty, unreadable or not text.
    """
    document = SourceDocument(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if not head:
                raise SourceError(
                    document.source,
                    "is empty.",
                    "Check that you chose the right file.",
                    code=SourceProblem.EMPTY,
                )
            if detect_document_type(head) is None:
                reject_binary(head, document.source)
            if not is_json_lines(head):
                yield document
                return
            file.seek(0)
            yield from _split_lines(path, file.readline)
    except OSError as error:
        raise _read_error(document.source, error) from error


def _split_lines(
    path: Path, readline: Callable[[int], bytes]
) -> Iterator[SourceDocument | SourceError]:
    limit = LIMITS[MediaType.JSON_LINES]
    number = 0
    while line := readline(limit + 1):
        number += 1
        document = SourceDocument(path, f"line {number}", line)
        if len(line) > limit and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = readline(limit)
            yield SourceError(
                document.source,
                _size_problem(limit),
                SPLIT_HINT,
                document.location,
                code=SourceProblem.TOO_LARGE,
            )
        elif line.strip():
            yield document


def read_document(document: SourceDocument, limits: ReaderLimits = DEFAULT_LIMITS) -> ReadDocument:
    """Parse one document into an article.

    Raises `SourceError` if the document cannot be read or is longer than the limits.
    """
    read = _parse(document, limits)
    count = len(read.result.article.plain)
    if count > limits.article_max_characters:
        raise too_long_error(document.source, count, limits, document.location)
    return read


def _parse(document: SourceDocument, limits: ReaderLimits) -> ReadDocument:
    data = _read_bytes(document) if document.line is None else document.line
    file_type = detect_document_type(data[:HEAD_BYTES]) if document.line is None else None
    if file_type is not None:
        _check_size(data, file_type, document.source)
        if file_type is MediaType.PDF:
            result = read_pdf(data, document.source, limits)
        else:
            result = DOCUMENT_READERS[file_type](data, document.source)
        return _read_document(result, data, file_type, "")
    warnings: list[str] = []
    normalizer = TextNormalizer()
    text = decode(data, document.source, document.location, warnings)
    if document.line is None:
        text = normalizer.normalize(text)
        text_type = detect_media_type(text, document.source)
        _check_size(data, text_type, document.source)
        if text.count("\n") > MAX_LINES:
            raise SourceError(
                document.source,
                f"has more than {MAX_LINES:,} lines.",
                SPLIT_HINT,
                code=SourceProblem.TOO_MANY_LINES,
            )
        result = READERS[text_type](text, document.source)
    else:
        # Line separators such as U+2028 are valid inside JSON; the reader normalises each text.
        text_type = MediaType.JSON_LINES
        result = read_json_line(text, document.source, document.location)
    all_warnings = dict.fromkeys((*warnings, *normalizer.warnings(), *result.warnings))
    result = replace(result, warnings=tuple(all_warnings))
    return _read_document(result, data, text_type, text)


def _read_document(
    result: ReaderResult, data: bytes, media_type: MediaType, text: str
) -> ReadDocument:
    return ReadDocument(result, hashlib.sha256(data).hexdigest(), media_type, data, text)


def _read_bytes(document: SourceDocument) -> bytes:
    largest = max(LIMITS.values())
    try:
        with document.path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise _read_error(document.source, error) from error
    if len(data) > largest:
        raise SourceError(
            document.source, _size_problem(largest), SPLIT_HINT, code=SourceProblem.TOO_LARGE
        )
    return data


def _check_size(data: bytes, kind: MediaType, source: str) -> None:
    if len(data) > LIMITS[kind]:
        raise SourceError(
            source, _size_problem(LIMITS[kind]), SPLIT_HINT, code=SourceProblem.TOO_LARGE
        )


def _size_problem(limit: int) -> str:
    return f"is larger than the limit of {limit // MEGABYTE} MB for this format."


def _read_error(source: str, error: OSError) -> SourceError:
    return SourceError(
        source,
        f"cannot be read: {error.strerror}.",
        "Check the file name and its permissions.",
        code=SourceProblem.UNREADABLE,
    )
