"""What a file is, by what it holds: a name says little, and a wrong one must not lose an article.

The name's ending only settles between Markdown and plain text when the text shows no marks.
"""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import PurePath

from ingest.readers.xml.parser import detect_xml_format
from kb.errors import SourceError, SourceProblem


class MediaType(StrEnum):
    """The formats that can be read."""

    HTML = "text/html"
    MARKDOWN = "text/markdown"
    TEXT = "text/plain"
    JSON_LINES = "application/jsonl"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    JATS = "application/jats+xml"
    SPL = "application/spl+xml"


FORMATS = "HTML, Markdown, plain text, JSON Lines, PDF, DOCX, JATS and SPL"
FORMATS_HINT = f"{FORMATS} can be read; save it as one of these."

# Formats that are read as bytes, because they say themselves how they are encoded.
# An archive of other files is unpacked before a reader sees it (`ingest.zip_archives`): a ZIP that
# arrives here is a document, and the reader says which one it cannot read.
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

# The beginning that is looked at. A page may hold a long script before its body.
HEAD_BYTES = 65_536
# Random bytes hold one control character in ten, text none; a stray NUL in a text is forgiven.
MAX_CONTROL_SHARE = 0.05

# JSON Lines: an object begins most of the first lines, so that one bad line does not hide the rest.
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
# A fragment of HTML opens with a block tag and has one for every so many characters of text.
MAX_CHARACTERS_PER_BLOCK_TAG = 400
MIN_FRAGMENT_BLOCK_TAGS = 2

MARKDOWN_SUFFIXES = (".md", ".markdown")

# Marks that only Markdown has; and marks that plain text has as well, where the name settles it.
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
    """Return the format of a file that is read as bytes, or None for one that is read as text."""
    for magic, kind in DOCUMENT_MAGIC:
        if head.startswith(magic):
            return kind
    found = detect_xml_format(head)
    return XML_MEDIA_TYPES[found] if found else None


def reject_binary(head: bytes, source: str) -> None:
    """Raise `SourceError` when the beginning of a file is not that of a text."""
    for magic, what in UNSUPPORTED_MAGIC:
        if head.removeprefix(UTF8_BOM).startswith(magic):
            raise SourceError(source, f"is {what}.", FORMATS_HINT, code=SourceProblem.FORMAT)
    if head.startswith(UTF16_AND_32_BOMS):
        return
    controls = sum(1 for byte in head if byte < 32 and byte not in b"\t\n\r\x0b\x0c")
    if controls > MAX_CONTROL_SHARE * len(head):
        raise SourceError(source, "is not a text file.", FORMATS_HINT, code=SourceProblem.BINARY)


def is_json_lines(head: bytes) -> bool:
    """Whether the beginning of a file is that of JSON Lines."""
    lines = [line.strip() for line in head.removeprefix(UTF8_BOM).split(b"\n")]
    first = [line for line in lines if line][:JSON_LINES_SAMPLE_SIZE]
    return 2 * sum(1 for line in first if JSON_LINE.match(line)) > len(first) > 0


def detect_media_type(text: str, name: str) -> MediaType:
    """Return what `text` is, which is known not to be JSON Lines; `name` settles a tie.

    Raises `SourceError` for formats that are known and not read: XML, and JSON of another shape.
    """
    head = text[:HEAD_BYTES]
    if JSON_START.match(head.lstrip()[:200].encode("utf-8", "replace")):
        raise SourceError(
            name,
            "is JSON, but not JSON Lines of articles in UTF-8.",
            "Write one article to a line, each an object with `title` and `sections`.",
            code=SourceProblem.SCHEMA,
        )
    if HTML_START.match(head):
        return MediaType.HTML
    if XML_START.match(head):
        raise SourceError(name, "is XML.", FORMATS_HINT, code=SourceProblem.FORMAT)
    if _is_fragment(head):
        return MediaType.HTML
    if any(mark.search(head) for mark in MARKDOWN_MARKS):
        return MediaType.MARKDOWN
    named_so = PurePath(name).suffix.lower() in MARKDOWN_SUFFIXES
    if named_so and any(mark.search(head) for mark in AMBIGUOUS_MARKS):
        return MediaType.MARKDOWN
    return MediaType.TEXT


def _is_fragment(head: str) -> bool:
    start = head.lstrip()
    tags = len(BLOCK_TAG.findall(head))
    if BLOCK_TAG.match(start):
        return tags >= MIN_FRAGMENT_BLOCK_TAGS and tags * MAX_CHARACTERS_PER_BLOCK_TAG >= len(head)
    return start.startswith("<") and tags * MAX_CHARACTERS_PER_BLOCK_TAG >= 4 * len(head)
