"""DOCX package: a ZIP archive of XML parts, opened within limits.

Every entry is decompressed once and counted, because the sizes declared in a ZIP archive are not
trustworthy. Only the XML parts are kept; images and embedded files are counted and discarded. XML
with a document type is rejected: Word never writes one, and it could define entities.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.docx.namespaces import convert_to_transitional
from kb.errors import SourceError, SourceProblem

MEGABYTE = 1_000_000
MAX_BYTES = 25 * MEGABYTE
MAX_ENTRIES = 2_000  # a document has 15, plus one per image
MAX_UNPACKED_BYTES = 200 * MEGABYTE
# Start and end tags per part. 100 pages have 300,000; lxml needs 100 bytes for each.
MAX_TAGS = 2_000_000
MAX_DEPTH = 150  # nested elements; a table in a table cell is 4 levels deeper
CHUNK_BYTES = 65_536
KEPT_SUFFIXES = (".xml", ".rels")
STRICT_NAMESPACES = b"http://purl.oclc.org/ooxml/"

ENCRYPTED_FLAG = 0x1
OLE_MAGIC = b"\xd0\xcf\x11\xe0"  # DOC files, and password-protected DOCX files
SAVE_AS_DOCX_HINT = "Open it in Word and save it as a Word document (DOCX)."
SPLIT_HINT = "Split it into several articles, or save it with smaller images."
SIMPLIFY_HINT = "Open it in Word, copy everything into a new document and save that document."

RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
OTHER_FORMATS = (
    ("xl/", "is an Excel workbook."),
    ("ppt/", "is a PowerPoint presentation."),
    ("content.xml", "is an OpenDocument file."),
)


@dataclass(frozen=True, slots=True)
class Relationship:
    """Relationship of a part: its kind ("styles") and the name of a part, or an external URL."""

    kind: str
    target: str
    is_external: bool


@dataclass(frozen=True, slots=True)
class DocxPackage:
    """XML parts of a document by name, and the name of the main part."""

    parts: dict[str, bytes]
    main: str
    source: str

    def parse(self, name: str) -> etree._Element | None:
        """Return the tree of a part, or None if it is missing. Raises `SourceError`."""
        data = self.parts.get(name)
        return None if data is None else parse_part(data, self.source, name)

    def parse_all(self, prefix: str) -> Iterator[etree._Element]:
        """Yield the trees of the parts with a name prefix, sorted by name."""
        for name in sorted(self.parts):
            tree = self.parse(name) if name.startswith(prefix) and name.endswith(".xml") else None
            if tree is not None:
                yield tree

    def sibling(self, name: str) -> str:
        """Return the name of a part in the folder of the main part."""
        return posixpath.join(posixpath.dirname(self.main), name)

    def find_related(self, kind: str, default: str) -> str:
        """Return the name of the part of a kind ("styles"), related to the main part or usual."""
        for relationship in self.relationships(self.main).values():
            if relationship.kind == kind and relationship.target in self.parts:
                return relationship.target
        return self.sibling(default)

    def relationships(self, name: str) -> dict[str, Relationship]:
        """Return the relationships of a part by id. Raises `SourceError`."""
        folder, file_name = posixpath.split(name)
        tree = self.parse(posixpath.join(folder, "_rels", f"{file_name}.rels"))
        if tree is None:
            return {}
        return {
            str(element.get("Id", "")): _read_relationship(element, folder)
            for element in tree.iter(f"{RELATIONSHIPS}Relationship")
        }


def _read_relationship(element: etree._Element, folder: str) -> Relationship:
    kind = str(element.get("Type", "")).rpartition("/")[2]
    target = str(element.get("Target", ""))
    if element.get("TargetMode") == "External":
        return Relationship(kind, target, is_external=True)
    name = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
    return Relationship(kind, name, is_external=False)


def open_package(data: bytes, source: str) -> DocxPackage:
    """Open a Word document.

    Raises `SourceError` if it is not a DOCX file, or is encrypted, damaged or too large.
    """
    if len(data) > MAX_BYTES:
        problem = f"is larger than the limit of {MAX_BYTES // MEGABYTE} MB for Word documents."
        raise SourceError(source, problem, SPLIT_HINT, code=SourceProblem.TOO_LARGE)
    if data.startswith(OLE_MAGIC):
        raise SourceError(
            source,
            "is password-protected, or in the old Word format (DOC).",
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
        NotImplementedError,  # an unsupported compression method
        OSError,
        ValueError,
        RuntimeError,
    ) as error:
        raise SourceError(
            source,
            "is damaged or not a Word document.",
            SAVE_AS_DOCX_HINT,
            code=SourceProblem.DAMAGED,
        ) from error
    return DocxPackage(parts, _find_main_part(parts, source), source)


def _unpack_parts(archive: zipfile.ZipFile, source: str) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise SourceError(
            source,
            f"contains more than {MAX_ENTRIES:,} files.",
            SIMPLIFY_HINT,
            code=SourceProblem.TOO_MANY_FILES,
        )
    if any(entry.flag_bits & ENCRYPTED_FLAG for entry in entries):
        raise SourceError(
            source, "is encrypted.", "Save it without a password.", code=SourceProblem.ENCRYPTED
        )
    parts: dict[str, bytes] = {}
    remaining = MAX_UNPACKED_BYTES
    for entry in entries:
        content = io.BytesIO()
        with archive.open(entry) as file:
            while chunk := file.read(CHUNK_BYTES):
                remaining -= len(chunk)
                if remaining < 0:
                    problem = f"unpacks to more than {MAX_UNPACKED_BYTES // MEGABYTE} MB."
                    raise SourceError(
                        source, problem, SPLIT_HINT, code=SourceProblem.UNPACKED_TOO_LARGE
                    )
                if entry.filename.endswith(KEPT_SUFFIXES):
                    content.write(chunk)
        if entry.filename.endswith(KEPT_SUFFIXES):
            parts[entry.filename] = content.getvalue()
    return parts


def _find_main_part(parts: dict[str, bytes], source: str) -> str:
    """Return the name of the main part. Raises `SourceError` for other Office formats."""
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
        "is a ZIP archive, but not a Word document.",
        SAVE_AS_DOCX_HINT,
        code=SourceProblem.FORMAT,
    )


def parse_part(data: bytes, source: str, name: str) -> etree._Element:
    """Parse a part, with the namespaces of transitional documents.

    Raises `SourceError` if it is damaged, has a document type or exceeds a limit.
    """
    if data.count(b"<") > MAX_TAGS:
        raise SourceError(
            source,
            f"has more than {MAX_TAGS:,} tags.",
            SPLIT_HINT,
            name,
            code=SourceProblem.TOO_MANY_TAGS,
        )
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
            "has a document type declaration, which Word documents do not have.",
            SIMPLIFY_HINT,
            name,
            code=SourceProblem.DOCUMENT_TYPE,
        )
    _check_depth(root, source, name)
    if STRICT_NAMESPACES in data:
        convert_to_transitional(root)
    return root


def _check_depth(root: etree._Element, source: str, name: str) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise SourceError(
                source,
                f"has more than {MAX_DEPTH} nested elements.",
                SIMPLIFY_HINT,
                name,
                code=SourceProblem.TOO_DEEP,
            )
