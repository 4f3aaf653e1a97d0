"""Safe XML parser for the JATS and SPL readers.

The readers get `XmlNode` trees instead of lxml elements, without comments, processing instructions
and namespaces. External DTDs, external entities and network access are disabled. Nested entities
are rejected: by libxml2 if they expand exponentially, otherwise here. Named characters such as
``&ndash;``, which the JATS DTD defines, are resolved here; unknown names are kept and reported.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import Any, Literal

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.xml.node import NO_ATTRIBUTES, XmlNode
from kb.errors import SourceError, SourceProblem

MAX_BYTES = 20_000_000  # bytes; a drug label with forty images has 0.8 MB
# nested elements; real files have up to 30, and readers use four stack frames per level
MAX_DEPTH = 200
# Number of "<" and "&". A tag takes about 0.04 ms and 0.5 KB; real files have up to 15,000.
MAX_TAGS = 300_000

# Entity definitions that are rejected: description and error code.
EXTERNAL = ("content outside the file", SourceProblem.EXTERNAL_ENTITY)
NESTED = ("other entities or elements", SourceProblem.ENTITY)
MATHML = "http://www.w3.org/1998/Math/MathML"
# Root elements of each format, by name, attributes and doctype.
JATS_MARKERS = re.compile(
    r"NLM//DTD|JATS|jats\.nlm\.nih\.gov|\b(?:article-type|dtd-version)\s*=", re.I
)
JATS_FRONT = re.compile(r"\s*<(?:[\w.-]+:)?front[\s>]")
DOCBOOK = re.compile(r"docbook", re.I)  # its root element is also named article
SPL_NAMESPACE = re.compile(r"""["']urn:hl7-org:v3["']""")

_DOCTYPE = re.compile(r"""<!DOCTYPE(?:[^\[>"']|"[^"]*"|'[^']*')*(?:\[.*?\]\s*)?>""", re.S | re.I)
_ROOT = re.compile(r"""<(?:[\w.-]+:)?([\w.-]+)((?:[^<>"']|"[^"]*"|'[^']*')*)>""")
# End of a libxml2 message, after the description of the error.
LIBXML2_DETAILS = re.compile(r",? (?:line \d+, column|see xml|use XML_PARSE)")
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def detect_xml_format(head: bytes) -> Literal["jats", "spl"] | None:
    """Return the XML format at the start of a file, by root element and doctype, or None."""
    # Latin-1 decodes the ASCII names of any other encoding
    encoding = _UTF16.get(head[:2], "latin-1")
    text = head.decode(encoding, "replace").lstrip("\ufeff\u00ef\u00bb\u00bf \t\r\n")
    doctype = ""
    while text.startswith(("<?", "<!")):
        end = 0
        if text.startswith("<!--"):
            end = text.find("-->") + 3
        elif text.startswith("<?"):
            end = text.find("?>") + 2
        elif doctype_match := _DOCTYPE.match(text):
            doctype, end = doctype_match.group(), doctype_match.end()
        if end < 3:
            return None
        text = text[end:].lstrip()
    root = _ROOT.match(text)
    if not root:
        return None
    name, attributes = root.groups()
    declarations = doctype + attributes
    if name == "document" and SPL_NAMESPACE.search(attributes):
        return "spl"
    is_jats = JATS_MARKERS.search(declarations) or JATS_FRONT.match(text, root.end())
    return "jats" if name == "article" and is_jats and not DOCBOOK.search(declarations) else None


def parse_document(data: bytes, source: str, root: str, kind: str, warnings: list[str]) -> XmlNode:
    """Parse a file whose root element must be named `root`.

    `kind` describes the expected document in the error message. Raises `SourceError` if the root
    differs, and for all errors of `parse_xml`.
    """
    node = parse_xml(data, source, warnings)
    if node.name != root:
        raise SourceError(
            source,
            f"is XML with the root <{node.name}>, not {kind}.",
            "Export it as JATS or SPL, or save it as HTML or Markdown.",
            code=SourceProblem.FORMAT,
        )
    return node


def parse_xml(data: bytes, source: str, warnings: list[str]) -> XmlNode:
    """Parse a file into nodes.

    Unresolved entities are kept as text and added to `warnings`. Raises `SourceError` if the file
    is empty, not well-formed or exceeds a limit.
    """
    if len(data) > MAX_BYTES:
        raise SourceError(
            source,
            f"is larger than {MAX_BYTES // 1_000_000} MB.",
            "Split it into several articles.",
            code=SourceProblem.TOO_LARGE,
        )
    if not data.strip():
        raise SourceError(
            source, "is empty.", "Check that you chose the right file.", code=SourceProblem.EMPTY
        )
    if data.count(b"<") + data.count(b"&") > MAX_TAGS:
        raise SourceError(
            source,
            f"has more than {MAX_TAGS:,} tags.",
            "Split it into several articles.",
            code=SourceProblem.TOO_MANY_TAGS,
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise SourceError(
            source,
            f"is not well-formed XML: {LIBXML2_DETAILS.split(str(error.msg))[0]}.",
            "Obtain a new copy of the file, or fix the error at this line.",
            f"line {error.lineno}",
            code=SourceProblem.MALFORMED,
        ) from error
    return _convert(root, _Entities(root, source, warnings), source)


class _Entities:
    """Named characters of a file: its own definitions and the HTML ones."""

    def __init__(self, root: Any, source: str, warnings: list[str]) -> None:
        dtd = root.getroottree().docinfo.internalDTD
        self._definitions = {
            entity.name: entity.content for entity in (dtd.entities() if dtd else ())
        }
        self._source = source
        self._warnings = warnings
        self._unknown: set[str] = set()

    def text(self, name: str) -> str:
        """Return the text of an entity.

        Raises `SourceError` if the definition is external or nested.
        """
        if name not in self._definitions:
            return html5.get(f"{name};") or self._keep_reference(name)
        text = self._definitions[name]
        if text is None or "&" in text or "<" in text:
            description, code = EXTERNAL if text is None else NESTED
            raise SourceError(
                self._source,
                f'defines the entity "&{name};" with {description}.',
                "Save the file with resolved entities.",
                code=code,
            )
        return str(text)

    def _keep_reference(self, name: str) -> str:
        if name not in self._unknown:
            self._unknown.add(name)
            self._warnings.append(f'The entity "&{name};" is not defined and was kept as written.')
        return f"&{name};"


def _convert(root: Any, entities: _Entities, source: str) -> XmlNode:
    """Convert an lxml tree to nodes, without recursion."""
    top = _make_node(root)
    open_nodes = [(top, iter(root))]
    while open_nodes:
        node, children = open_nodes[-1]
        child = next(children, None)
        if child is None:
            open_nodes.pop()
            continue
        if child.tag is etree.Entity:
            node.content.append(entities.text(child.name))
        else:
            child_node = _make_node(child)
            node.content.append(child_node)
            open_nodes.append((child_node, iter(child)))
            if len(open_nodes) > MAX_DEPTH:
                raise SourceError(
                    source,
                    f"has more than {MAX_DEPTH} nested elements.",
                    "Simplify the markup.",
                    f"line {child.sourceline}",
                    code=SourceProblem.TOO_DEEP,
                )
        if child.tail:
            node.content.append(child.tail)
    return top


def _make_node(element: Any) -> XmlNode:
    name = etree.QName(element)
    attributes = {etree.QName(key).localname: value for key, value in element.attrib.items()}
    prefix = "mml:" if name.namespace == MATHML else ""
    text = [element.text] if element.text else []
    return XmlNode(prefix + name.localname, attributes or NO_ATTRIBUTES, text)
