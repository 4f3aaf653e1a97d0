"""Inline content of a JATS article: formulas, names, references and definition lists.

`preprocess_article` prepares a tree for reading. Text that it inserts is part of the article and of
the visible text that coverage is measured against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingest.readers.common.definition_list import build_definition_list
from ingest.readers.common.formulas import MathNode, format_math
from ingest.readers.common.inline_text import NOTE_EDGES, mark_edges
from ingest.readers.common.result import DELETED, OmittedText
from ingest.readers.common.tex import format_tex
from ingest.readers.xml.node import (
    XmlNode,
    formatted_line,
    mark_inline,
    node_line,
    node_text,
)
from kb.model.article import Block, MarkKind

MARK_ELEMENTS = {
    "bold": MarkKind.STRONG,
    "italic": MarkKind.EMPHASIS,
    "sub": MarkKind.SUBSCRIPT,
}
# Inline elements; all others are surrounded by a gap.
INLINE = frozenset(
    [
        "abbrev",
        "bold",
        "email",
        "ext-link",
        "fixed-case",
        "italic",
        "monospace",
        "named-content",
        "note-reference",
        "overline",
        "roman",
        "sans-serif",
        "sc",
        "strike",
        "styled-content",
        "sub",
        "sup",
        "underline",
        "uri",
        "xref",
    ]
)
FORMULA_ELEMENTS = frozenset(
    ["inline-formula", "disp-formula", "chem-struct", "mml:math", "tex-math"]
)
# Replaces a formula that is only an image, so that the sentence shows the gap.
FORMULA_PLACEHOLDER = "[formula]"
FORMULA_IMAGE = "a formula image"

# Parts of a reference, and how each is appended; other parts start a new sentence.
REFERENCE_FORMATS = {
    "volume": " {}",
    "issue": "({})",
    "supplement": " {}",
    "fpage": ": {}",
    "lpage": "–{}",
    "elocation-id": ": {}",
    "publisher-name": ": {}",
    "comment": " {}",
}
PERSON_ELEMENTS = frozenset(["name", "string-name", "collab", "etal"])
CITATION_ELEMENTS = ("element-citation", "mixed-citation", "citation", "nlm-citation")


def line_text(node: XmlNode | None) -> str:
    """Return the text of an element on one line, or an empty string for None."""
    return node_line(node, INLINE)


def formatted_text(node: XmlNode | None) -> str:
    """Return the formatted text of an element on one line, or an empty string for None."""
    return formatted_line(node, INLINE)


def preprocess_article(root: XmlNode, report: Callable[[XmlNode, str], None]) -> None:
    """Convert formulas to text, separate name parts, and mark powers and note numbers.

    `report` is called with the image of a formula without text, and the reason.
    """
    for node in root.walk():
        if node.name in ("name", "string-name") and not _has_loose_text(node):
            node.content = [part for name in node.elements for part in (" ", name)][1:]
        if node.name == "alternatives" and node.contains("table"):
            node.content = [part for part in node.elements if part.name not in ("graphic", "media")]
        for index, child in enumerate(node.content):
            if isinstance(child, XmlNode) and child.name in FORMULA_ELEMENTS:
                gap = " " if child.name == "disp-formula" else ""
                node.content[index] = gap + _format_formula(child, report) + gap
    mark_inline(root, _find_edges)


def remove_struck_text(root: XmlNode, omitted: list[OmittedText]) -> None:
    """Remove struck-out text and report it."""
    for node in root.walk():
        for child in node.children("strike"):
            omitted.append(OmittedText(DELETED, line_text(child)))
            child.content = []


def _find_edges(node: XmlNode) -> Iterator[tuple[str, str]]:
    if node.name in MARK_ELEMENTS:
        yield mark_edges(MARK_ELEMENTS[node.name])
    elif node.name == "sup":
        is_note = node.contains("xref")
        yield NOTE_EDGES if is_note else mark_edges(MarkKind.SUPERSCRIPT)
    elif node.name == "xref":
        for superscript in node.children("sup"):
            superscript.name = "note-reference"
    elif node.name == "note-reference":
        yield NOTE_EDGES
    elif node.name in ("ext-link", "uri"):
        yield mark_edges(MarkKind.LINK, node.attributes.get("href", ""))


def _format_formula(node: XmlNode, report: Callable[[XmlNode, str], None]) -> str:
    """Return a formula on one line, from MathML, TeX or plain text in that order."""
    label = line_text(node.find("label"))
    math = _find_self_or_descendant(node, "mml:math")
    tex = _find_self_or_descendant(node, "tex-math")
    if math:
        text = format_math(_math_node(math))
    elif tex:
        text = format_tex(node_text(tex, INLINE))
    else:
        skip = frozenset(["label", "graphic", "inline-graphic"])
        text = " ".join(node_text(node, INLINE, skip=skip).split())
    for image in node.descendants("graphic", "inline-graphic"):
        if not text:
            report(image, FORMULA_IMAGE)
    return f"{text or FORMULA_PLACEHOLDER} {label}".strip()


def _find_self_or_descendant(node: XmlNode, name: str) -> XmlNode | None:
    return node if node.name == name else next(node.descendants(name), None)


def _math_node(node: XmlNode) -> MathNode:
    text = "".join(part for part in node.content if isinstance(part, str))
    children = tuple(map(_math_node, node.elements))
    return MathNode(node.name.removeprefix("mml:"), text, children, dict(node.attributes))


def definition_list(node: XmlNode) -> Block:
    """Return a definition list; a nested list becomes part of the definition."""
    return build_definition_list(
        (
            [formatted_text(term) for term in item.children("term")],
            [formatted_text(part) for part in item.children("def")],
        )
        for item in node.children("def-item")
    )


def format_citation(ref: XmlNode) -> str:
    """Return a reference with its number and its parts in order."""
    parts = [line_text(ref.find("label"))]
    for part in ref.elements:
        if part.name in CITATION_ELEMENTS and not _has_loose_text(part):
            parts.append(_join_reference(part))
        elif part.name == "citation-alternatives":
            forms = part.children(*CITATION_ELEMENTS)
            parts.append(format_citation(XmlNode("ref", content=[*forms[:1]])))
        elif part.name != "label":
            # The author provided the punctuation: no space may separate a word from its comma.
            inline = INLINE | {inside.name for inside in part.walk()}
            parts.append(" ".join(node_text(part, inline).split()))
    return " ".join(part for part in parts if part)


def _join_reference(reference: XmlNode) -> str:
    text = ""
    for part in reference.elements:
        people = [line_text(person) for person in part.elements if person.name in PERSON_ELEMENTS]
        part_text = ", ".join(name or "et al." for name in people) if people else line_text(part)
        if part.name == "etal":
            part_text = "et al."
        if not part_text:
            continue
        if not text:
            text = part_text
        elif part.name in REFERENCE_FORMATS:
            text += REFERENCE_FORMATS[part.name].format(part_text)
        elif part.name in PERSON_ELEMENTS:
            text += f", {part_text}"
        else:
            text += (" " if text.endswith((".", "?", "!")) else ". ") + part_text
    return text


def _has_loose_text(node: XmlNode) -> bool:
    return any(isinstance(part, str) and part.strip() for part in node.content)
