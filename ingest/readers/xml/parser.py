"""XML parsed safely into plain nodes: what the readers of XML formats begin with.

lxml stays behind this module: an article is read from `ingest.readers.xml.node.XmlNode`s, from which
comments, processing instructions and namespaces are gone. Nothing outside the file is ever read:
no DTD, no external entity, no network; entities made of entities are refused, by libxml2 where they
grow and here where they do not. A name such as ``&ndash;``, which the DTD of JATS defines,
arrives unresolved and is looked up here; none is lost in silence.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import Any, Literal

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.xml.node import NO_ATTRIBUTES, XmlNode
from kb.errors import SourceError, SourceProblem

MAX_BYTES = 20_000_000  # bytes; the label of a drug with forty pictures' worth of tables is 0.8 MB
MAX_DEPTH = 200  # elements in each other; real ones go to 30, and readers spend four calls on each
# "<" and "&": a tag costs some 0.04 ms and 0.5 KB; real ones have up to 15,000.
MAX_TAGS = 300_000

# What the definition of a name may hold that is not read, and the code of the refusal.
EXTERNAL = ("what is outside the file", SourceProblem.EXTERNAL_ENTITY)
NESTED = ("other names or elements", SourceProblem.ENTITY)
MATHML = "http://www.w3.org/1998/Math/MathML"
# What opens a root of each kind, by its name and what its tag and the doctype hold.
JATS_MARKERS = re.compile(
    r"NLM//DTD|JATS|jats\.nlm\.nih\.gov|\b(?:article-type|dtd-version)\s*=", re.I
)
JATS_FRONT = re.compile(r"\s*<(?:[\w.-]+:)?front[\s>]")
DOCBOOK = re.compile(r"docbook", re.I)  # its root is called article, too
SPL_NAMESPACE = re.compile(r"""["']urn:hl7-org:v3["']""")

_DOCTYPE = re.compile(r"""<!DOCTYPE(?:[^\[>"']|"[^"]*"|'[^']*')*(?:\[.*?\]\s*)?>""", re.S | re.I)
_ROOT = re.compile(r"""<(?:[\w.-]+:)?([\w.-]+)((?:[^<>"']|"[^"]*"|'[^']*')*)>""")
LIBXML2_DETAILS = re.compile(
    r",? (?:line \d+, column|see xml|use XML_PARSE)"
)  # of a message of libxml2
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def detect_xml_format(head: bytes) -> Literal["jats", "spl"] | None:
    """Return what the beginning of a file says it is: by its root and doctype, not by its name."""
    encoding = _UTF16.get(head[:2], "latin-1")  # for names in ASCII, Latin-1 is any of the others
    text = head.decode(encoding, "replace").lstrip("\ufeff\u00ef\u00bb\u00bf \t\r\n")
    doctype = ""
    while text.startswith(("<?", "<!")):
        end = 0
        if text.startswith("<!--"):
            end = text.find("-->") + 3
        elif text.startswith("<?"):
            end = text.find("?>") + 2
        elif found := _DOCTYPE.match(text):
            doctype, end = found.group(), found.end()
        if end < 3:
            return None
        text = text[end:].lstrip()
    root = _ROOT.match(text)
    if not root:
        return None
    name, attributes = root.groups()
    signs = doctype + attributes
    if name == "document" and SPL_NAMESPACE.search(attributes):
        return "spl"
    is_jats = JATS_MARKERS.search(signs) or JATS_FRONT.match(text, root.end())
    return "jats" if name == "article" and is_jats and not DOCBOOK.search(signs) else None


def parse_document(data: bytes, source: str, root: str, kind: str, warnings: list[str]) -> XmlNode:
    """Parse a file whose root must be named `root`, or it is no document of this `kind`.

    Raises `SourceError`, as `parse_xml` does.
    """
    found = parse_xml(data, source, warnings)
    if found.name != root:
        raise SourceError(
            source,
            f"is XML of another kind (<{found.name}>), not {kind}.",
            "Save it in the right format, or as HTML or Markdown.",
            code=SourceProblem.FORMAT,
        )
    return found


def parse_xml(data: bytes, source: str, warnings: list[str]) -> XmlNode:
    """Parse a file. Raises `SourceError` when it is not well-formed, or no document of a person.

    A name that nothing defines stays as it is written, and is told in `warnings`.
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
            source, "is empty.", "Check that it is the right file.", code=SourceProblem.EMPTY
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
            "Get the file anew, or mend it at this place.",
            f"line {error.lineno}",
            code=SourceProblem.MALFORMED,
        ) from error
    return _convert(root, _Entities(root, source, warnings), source)


class _Entities:
    """The named characters of a file: those it defines itself, and those everybody knows."""

    def __init__(self, root: Any, source: str, warnings: list[str]) -> None:
        dtd = root.getroottree().docinfo.internalDTD
        self._own = {entity.name: entity.content for entity in (dtd.entities() if dtd else ())}
        self._source = source
        self._warnings = warnings
        self._unknown: set[str] = set()

    def text(self, name: str) -> str:
        """Return what a name stands for. Raises `SourceError` where that could be anything."""
        if name not in self._own:
            return html5.get(f"{name};") or self._as_written(name)
        text = self._own[name]
        if text is None or "&" in text or "<" in text:
            what, code = EXTERNAL if text is None else NESTED
            raise SourceError(
                self._source,
                f'defines the name "&{name};" as {what}, which is not read.',
                "Save the file with its entities resolved.",
                code=code,
            )
        return str(text)

    def _as_written(self, name: str) -> str:
        if name not in self._unknown:
            self._unknown.add(name)
            self._warnings.append(f'Nothing says what "&{name};" stands for: kept as written.')
        return f"&{name};"


def _convert(root: Any, entities: _Entities, source: str) -> XmlNode:
    """Turn a tree of lxml into nodes, without recursion."""
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
            below = _make_node(child)
            node.content.append(below)
            open_nodes.append((below, iter(child)))
            if len(open_nodes) > MAX_DEPTH:
                raise SourceError(
                    source,
                    f"nests more than {MAX_DEPTH} elements.",
                    "Simplify its markup.",
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
