"""The package of a Word document: a ZIP of XML parts, opened within its limits.

Every entry is unpacked once, and counted while it is, because what a ZIP declares about its sizes
is what its maker wrote. Only the XML parts are kept: images and embedded files are counted and let
go. XML with a document type is refused; Word writes none, and it is where entities are defined.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from kb.errors import SourceError, SourceProblem

MEGABYTE = 1_000_000
MAX_BYTES = 25 * MEGABYTE
MAX_ENTRIES = 2_000  # a document has 15 and one for each image
MAX_UNPACKED_BYTES = 200 * MEGABYTE
CHUNK_BYTES = 65_536
KEPT_SUFFIXES = (".xml", ".rels")

ENCRYPTED_FLAG = 0x1
OLE_MAGIC = b"\xd0\xcf\x11\xe0"  # of DOC, and of a DOCX inside a password
SAVE_AS_DOCX_HINT = "Open it in Word and save it as a Word document (DOCX)."
SPLIT_HINT = "Split it into several articles, or save it with smaller images."
SIMPLIFY_HINT = "Open it in Word, copy all of it into a new document and save that."

RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
OTHER_FORMATS = (
    ("xl/", "is an Excel workbook."),
    ("ppt/", "is a PowerPoint presentation."),
    ("content.xml", "is an OpenDocument file."),
)


@dataclass(frozen=True, slots=True)
class DocxPackage:
    """The XML parts of a document by name, and the name of the main one."""

    parts: dict[str, bytes]
    main: str
    source: str

    def parse(self, name: str) -> etree._Element | None:
        """Return a part as a tree, or None if there is none. Raises `SourceError`."""
        data = self.parts.get(name)
        return None if data is None else parse_part(data, self.source, name)

    def parse_all(self, prefix: str) -> Iterator[etree._Element]:
        """Yield the parts whose names begin so, in the order of their names."""
        for name in sorted(self.parts):
            tree = self.parse(name) if name.startswith(prefix) and name.endswith(".xml") else None
            if tree is not None:
                yield tree

    def sibling(self, name: str) -> str:
        """Return the name of a part in the folder of the main one."""
        return posixpath.join(posixpath.dirname(self.main), name)

    def to_zip(self, changed: dict[str, bytes]) -> io.BytesIO:
        """Return the XML parts as a package of their own, some of them changed."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, data in {**self.parts, **changed}.items():
                archive.writestr(name, data)
        file.seek(0)
        return file


def open_package(data: bytes, source: str) -> DocxPackage:
    """Open a Word document. Raises `SourceError` when it is none, is locked, damaged or too big."""
    if len(data) > MAX_BYTES:
        problem = f"is larger than {MAX_BYTES // MEGABYTE} MB, the most for a Word document."
        raise SourceError(source, problem, SPLIT_HINT, code=SourceProblem.TOO_LARGE)
    if data.startswith(OLE_MAGIC):
        raise SourceError(
            source,
            "is protected by a password, or an old Word document (DOC).",
            "Open it in Word and save it as DOCX without a password.",
            code=SourceProblem.ENCRYPTED,
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _unpack_parts(archive, source)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,  # a way of packing that Word does not use
        OSError,
        ValueError,
        RuntimeError,
    ) as error:
        raise SourceError(
            source,
            "is damaged, or no Word document.",
            SAVE_AS_DOCX_HINT,
            code=SourceProblem.DAMAGED,
        ) from error
    return DocxPackage(parts, _find_main_part(parts, source), source)


def _unpack_parts(archive: zipfile.ZipFile, source: str) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise SourceError(
            source,
            f"holds more than {MAX_ENTRIES:,} files.",
            SIMPLIFY_HINT,
            code=SourceProblem.TOO_MANY_FILES,
        )
    if any(entry.flag_bits & ENCRYPTED_FLAG for entry in entries):
        raise SourceError(
            source, "is encrypted.", "Save it without a password.", code=SourceProblem.ENCRYPTED
        )
    parts: dict[str, bytes] = {}
    left = MAX_UNPACKED_BYTES
    for entry in entries:
        kept = io.BytesIO()
        with archive.open(entry) as file:
            while chunk := file.read(CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    problem = f"unpacks to more than {MAX_UNPACKED_BYTES // MEGABYTE} MB."
                    raise SourceError(
                        source, problem, SPLIT_HINT, code=SourceProblem.UNPACKED_TOO_LARGE
                    )
                if entry.filename.endswith(KEPT_SUFFIXES):
                    kept.write(chunk)
        if entry.filename.endswith(KEPT_SUFFIXES):
            parts[entry.filename] = kept.getvalue()
    return parts


def _find_main_part(parts: dict[str, bytes], source: str) -> str:
    """Return the name of the part that holds the text, after checking that it is one of Word."""
    for prefix, problem in OTHER_FORMATS:
        if any(name.startswith(prefix) for name in parts):
            raise SourceError(source, problem, SAVE_AS_DOCX_HINT, code=SourceProblem.FORMAT)
    root = parse_part(parts.get("_rels/.rels", b"<none/>"), source, "_rels/.rels")
    for relationship in root.iter(f"{RELATIONSHIPS}Relationship"):
        if relationship.get("Type", "").endswith("/officeDocument"):
            main = str(relationship.get("Target", "")).lstrip("/")
            if main in parts:
                return main
    if "word/document.xml" in parts:
        return "word/document.xml"
    raise SourceError(
        source,
        "is a ZIP archive, but no Word document.",
        SAVE_AS_DOCX_HINT,
        code=SourceProblem.FORMAT,
    )


def parse_part(data: bytes, source: str, name: str) -> etree._Element:
    """Parse a part. Raises `SourceError` when it is broken, too deep, or has a document type."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SourceError(
            source, "is damaged.", SAVE_AS_DOCX_HINT, name, code=SourceProblem.DAMAGED
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SourceError(
            source,
            "has a document type, as no Word document does.",
            SIMPLIFY_HINT,
            name,
            code=SourceProblem.DOCUMENT_TYPE,
        )
    return root
