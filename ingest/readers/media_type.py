"""Media type detection from content.

File names are unreliable, so the suffix only decides between Markdown and plain text when the
content is ambiguous.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePath

from ingest.readers.xml.parser import detect_xml_format
from kb.errors import SourceError, SourceProblem


class MediaType(StrEnum):
    """Supported source formats."""

    HTML = "text/html"
    MARKDOWN = "text/markdown"
    TEXT = "text/plain"
    JSON_LINES = "application/jsonl"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    JATS = "application/jats+xml"
    SPL = "application/spl+xml"


FORMATS = "HTML, Markdown, plain text, JSON Lines, PDF, DOCX, JATS and SPL"
FORMATS_HINT = f"Save it in a supported format: {FORMATS}."

# Formats that are read as bytes because they declare their own encoding. Archives are unpacked
# earlier (`ingest.zip_archives`), so a ZIP file here is treated as DOCX and the DOCX reader rejects
# any other content.
DOCUMENT_MAGIC = ((b"%PDF-", MediaType.PDF), (b"PK\x03\x04", MediaType.DOCX))
XML_MEDIA_TYPES = {"jats": MediaType.JATS, "spl": MediaType.SPL}

UNSUPPORTED_MAGIC = (
    (b"\xd0\xcf\x11\xe0", "an old Office document (DOC)"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "an image"),
    (b"GIF8", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"SQLite format 3\x00", "a database"),
    (b"\x7fELF", "a program"),
)
UTF16_AND_32_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
UTF8_BOM = b"\xef\xbb\xbf"

# Bytes examined at the start of a file. A page may have a long script before its body.
HEAD_BYTES = 65_536
# About 10% of random bytes are control characters, while text has none; a stray NUL is tolerated.
MAX_CONTROL_SHARE = 0.05
CONTROL_BYTES = bytes(set(range(32)).difference(b"\t\n\r\x0b\x0c"))

# Most of the first lines must start with an object, so that one invalid line does not prevent
# detection.
JSON_LINE = re.compile(rb'\{\s*"')
JSON_LINES_SAMPLE_SIZE = 5
JSON_START = re.compile(rb'(?:\{\s*(?:"|\r?\n|\})|\[\s*(?:\{|\]|"))')

XML_START = re.compile(r"\s*<\?xml|\s*<!doctype\s+(?!html)", re.I)
HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
BLOCK_TAG = re.compile(
    r"</?(?:p|div|section|article|main|header|footer|nav|aside|h[1-6]|ul|ol|li|dl|dt|dd|table|tr|td"
    r"|th|thead|tbody|blockquote|figure|details|summary|title|meta|link)\b[^>]*>",
    re.I,
)
# An HTML fragment starts with a block tag and has at least one block tag per this many characters.
MAX_CHARACTERS_PER_BLOCK_TAG = 400
MIN_FRAGMENT_BLOCK_TAGS = 2

MARKDOWN_SUFFIXES = (".md", ".markdown")

# Markup that only Markdown uses, and markup that is also common in plain text.
MARKDOWN_MARKS = tuple(
    re.compile(mark, re.M)
    for mark in (
        r"\A---[ \t]*\n(?:#.*\n|\s*\n){0,20}[\w -]+:",
        r"\A\+\+\+[ \t]*\n(?:#.*\n|\s*\n){0,20}(?:\w[\w.-]*[ \t]*=|\[)",
        r"^#{1,6} +\S",
        r"^(?:```|~~~)",
        r"^\|?[ \t]*:?-{3,}:?[ \t]*\|",
        r"!?\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)",
        r"(?<![\w*])\*\*\w[^*\n]{0,200}\*\*(?![\w*])",
    )
)
AMBIGUOUS_MARKS = tuple(
    re.compile(mark, re.M)
    for mark in (
        r"^(?:[*+-]|\d+\.) +\S",
        r"^> ?\S",
        r"^\S.{0,88}\n(?:={3,}|-{3,})[ \t]*$",
        r"(?<![\w_])_\w[^_\n]{0,100}_(?![\w_])",
    )
)


def detect_document_type(head: bytes) -> MediaType | None:
    """Return the format of a file that is read as bytes, or None for a text file."""
    for magic, media_type in DOCUMENT_MAGIC:
        if head.startswith(magic):
            return media_type
    xml_format = detect_xml_format(head)
    return XML_MEDIA_TYPES[xml_format] if xml_format else None


def reject_binary(head: bytes, source: str) -> None:
    """Raise `SourceError` if the start of a file is not text."""
    for magic, description in UNSUPPORTED_MAGIC:
        if head.removeprefix(UTF8_BOM).startswith(magic):
            raise SourceError(source, f"is {description}.", FORMATS_HINT, code=SourceProblem.FORMAT)
    if head.startswith(UTF16_AND_32_BOMS):
        return
    controls = len(head) - len(head.translate(None, CONTROL_BYTES))
    if controls > MAX_CONTROL_SHARE * len(head):
        raise SourceError(source, "is not a text file.", FORMATS_HINT, code=SourceProblem.BINARY)


def is_json_lines(head: bytes) -> bool:
    """Return whether the start of a file is JSON Lines."""
    lines = [line.strip() for line in head.removeprefix(UTF8_BOM).split(b"\n")]
    first = [line for line in lines if line][:JSON_LINES_SAMPLE_SIZE]
    return 2 * sum(1 for line in first if JSON_LINE.match(line)) > len(first) > 0


def detect_media_type(text: str, name: str) -> MediaType:
    """Return the media type of a text that is not JSON Lines.

    `name` decides between Markdown and plain text if the content is ambiguous. Raises `SourceError`
    for other XML and for JSON that is not JSON Lines.
    """
    head = text[:HEAD_BYTES]
    if JSON_START.match(head.lstrip()[:200].encode("utf-8", "replace")):
        raise SourceError(
            name,
            "is JSON, but not JSON Lines in UTF-8.",
            "Write one article per line, each an object with `title` and `sections`.",
            code=SourceProblem.SCHEMA,
        )
    if HTML_START.match(head):
        return MediaType.HTML
    if XML_START.match(head):
        raise SourceError(
            name, "is XML in an unsupported format.", FORMATS_HINT, code=SourceProblem.FORMAT
        )
    if _is_fragment(head):
        return MediaType.HTML
    if any(mark.search(head) for mark in MARKDOWN_MARKS):
        return MediaType.MARKDOWN
    has_markdown_suffix = PurePath(name).suffix.lower() in MARKDOWN_SUFFIXES
    if has_markdown_suffix and any(mark.search(head) for mark in AMBIGUOUS_MARKS):
        return MediaType.MARKDOWN
    return MediaType.TEXT


def _is_fragment(head: str) -> bool:
    start = head.lstrip()
    tags = len(BLOCK_TAG.findall(head))
    if BLOCK_TAG.match(start):
        return tags >= MIN_FRAGMENT_BLOCK_TAGS and tags * MAX_CHARACTERS_PER_BLOCK_TAG >= len(head)
    return start.startswith("<") and tags * MAX_CHARACTERS_PER_BLOCK_TAG >= 4 * len(head)
