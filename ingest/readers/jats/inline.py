"""The small pieces of a JATS article as text: formulas, names, references, dates apart from words.

`preprocess` makes a tree ready for reading: whatever it puts in place is both in the article and in
the text that coverage is measured against.
"""

from __future__ import annotations

from collections.abc import Callable

from ingest.readers.xml.node import XmlNode, mark_superscripts, text_of, words_of
from kb.model.article import Block, BlockKind, ListItem

# What stands within a line; around everything else there is a gap.
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
FORMULAS = frozenset(["inline-formula", "disp-formula", "chem-struct", "mml:math", "tex-math"])
# What stands for a formula that is only an image, so that no sentence hides its gap.
NO_FORMULA = "[formula]"
FORMULA_IMAGE = "the image of a formula"
OPERATORS = frozenset("=<>≤≥≈≠±×·+−-/∝→")
# Elements of MathML by their number of parts: {} is a part, in brackets where it is a term.
MATHML = {
    ("mfrac", 2): "{}/{}",
    ("msup", 2): "{}^{}",
    ("msubsup", 3): "{0}{plain[1]}^{2}",
    ("mroot", 2): "{1}√{0}",
}
TEX_BODY = ("\\begin{document}", "\\end{document}")

# Parts of a reference -> how they follow the part before them; others begin a new sentence.
IN_REFERENCE = {
    "volume": " {}",
    "issue": "({})",
    "supplement": " {}",
    "fpage": ": {}",
    "lpage": "–{}",
    "elocation-id": ": {}",
    "publisher-name": ": {}",
    "comment": " {}",
}
PEOPLE = frozenset(["name", "string-name", "collab", "etal"])
CITATIONS = ("element-citation", "mixed-citation", "citation", "nlm-citation")


def words(node: XmlNode | None) -> str:
    """Return the text of an element as one line; nothing of none."""
    return words_of(node, INLINE)


def preprocess(root: XmlNode, report: Callable[[XmlNode, str], None]) -> None:
    """Make a tree ready: formulas as text, names in two words, powers and notes apart.

    The image of a formula without any text is given to `report`, with what it is.
    """
    mark_superscripts(root)
    for node in root.walk():
        if node.name in ("name", "string-name") and not _has_loose_text(node):
            node.content = [part for name in node.elements for part in (" ", name)][1:]
        if node.name == "alternatives" and node.holds("table"):
            node.content = [part for part in node.elements if part.name not in ("graphic", "media")]
        for place, piece in enumerate(node.content):
            if isinstance(piece, XmlNode) and piece.name in FORMULAS:
                apart = " " if piece.name == "disp-formula" else ""
                node.content[place] = apart + _formula(piece, report) + apart


def _formula(node: XmlNode, report: Callable[[XmlNode, str], None]) -> str:
    """Return a formula on one line: of its forms, MathML first, TeX next, plain text else."""
    label = words(node.first("label"))
    math = _first(node, "mml:math")
    tex = _first(node, "tex-math")
    if math:
        text = " ".join(_linear(math).split())
    elif tex:
        body = text_of(tex, INLINE).split(TEX_BODY[0])[-1].split(TEX_BODY[1])[0]
        text = " ".join(body.strip(" $\n").split())
    else:
        skip = frozenset(["label", "graphic", "inline-graphic"])
        text = " ".join(text_of(node, INLINE, skip=skip).split())
    for image in node.all("graphic", "inline-graphic"):
        if not text:
            report(image, FORMULA_IMAGE)
    return f"{text or NO_FORMULA} {label}".strip()


def _first(node: XmlNode, name: str) -> XmlNode | None:
    return node if node.name == name else next(node.all(name), None)


def _linear(node: XmlNode) -> str:
    """Return MathML on one line: x^2, (a + b)/c, √(x)."""
    own = "".join(part for part in node.content if isinstance(part, str)).strip()
    parts = [_linear(part) for part in node.elements]
    name = node.name.removeprefix("mml:")
    if name == "mo":
        return f" {own} " if own in OPERATORS else own
    if name == "semantics":
        parts = parts[:1]  # the others say the same in another notation
    if (name, len(parts)) in MATHML:
        grouped = [_grouped(part) for part in parts]
        return MATHML[name, len(parts)].format(*grouped, plain=parts)
    if name == "msqrt":
        return "√" + _grouped("".join(parts))
    return (" " if name in ("mtable", "mtr") else "").join([own, *parts])


def _grouped(text: str) -> str:
    text = text.strip()
    return text if text.lstrip("-−").isalnum() else f"({text})"


def definitions(node: XmlNode) -> Block:
    """Return a list of terms; another one inside a definition is text of the definition."""
    items = []
    for item in node.named("def-item"):
        terms = " / ".join(words(term) for term in item.named("term"))
        meaning = " ".join(words(part) for part in item.named("def"))
        items.append(ListItem(f"{terms}: {meaning}" if terms and meaning else terms + meaning))
    return Block(kind=BlockKind.LIST, items=tuple(items))


def citation(ref: XmlNode) -> str:
    """Return a reference with its number, its parts in their order."""
    parts = [words(ref.first("label"))]
    for part in ref.elements:
        if part.name in CITATIONS and not _has_loose_text(part):
            parts.append(_joined(part))
        elif part.name == "citation-alternatives":
            forms = part.named(*CITATIONS)
            parts.append(citation(XmlNode("ref", content=[*forms[:1]])))
        elif part.name != "label":
            # Its author set the punctuation: nothing may come between a word and its comma.
            everywhere = INLINE | {inside.name for inside in part.walk()}
            parts.append(" ".join(text_of(part, everywhere).split()))
    return " ".join(part for part in parts if part)


def _joined(reference: XmlNode) -> str:
    text = ""
    for part in reference.elements:
        people = [words(person) for person in part.elements if person.name in PEOPLE]
        said = ", ".join(name or "et al." for name in people) if people else words(part)
        if part.name == "etal":
            said = "et al."
        if not said:
            continue
        if not text:
            text = said
        elif part.name in IN_REFERENCE:
            text += IN_REFERENCE[part.name].format(said)
        elif part.name in PEOPLE:
            text += f", {said}"
        else:
            text += (" " if text.endswith((".", "?", "!")) else ". ") + said
    return text


def _has_loose_text(node: XmlNode) -> bool:
    return any(isinstance(part, str) and part.strip() for part in node.content)
