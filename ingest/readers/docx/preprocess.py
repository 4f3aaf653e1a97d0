"""The text of a Word document as its XML holds it, and what of it a reader of the paper misses.

mammoth turns a document into HTML and leaves things out without a word: tracked deletions, what is
hidden, the heads of the pages, comments, formulas, the text of boxes in newer files. So the XML is
prepared first: what shall be left out is taken out and reported, and what mammoth cannot read is
put into a form that it can. The text that remains is what coverage is measured against.

What mammoth cannot read of a Word document, put into a form that it can.

It passes over formulas, over boxes of newer files, over the text of some fields, of parts that run
the other way and of glosses over words, and over letters of the fonts of symbols: an "at least"
that is set in such a font would be gone without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.base import OmittedText
from ingest.readers.docx.heading_styles import normalize_headings
from ingest.readers.docx.namespaces import (
    MC,
    STRICT_W,
    M,
    W,
    get_attribute,
    is_enabled,
    iter_children,
    iter_descendants,
    new_element,
    qualified_name,
    set_attribute,
)
from ingest.readers.docx.package import DocxPackage

# Elements that only wrap the text: a field with its result, text that runs the other way.
WRAPPER_ELEMENTS = ("fldSimple", "dir", "bdo")
# Where Word puts the letters of a font of symbols: their codes in the font from F000 on.
SYMBOL = re.compile("[\uf020-\uf0ff]")
FONT_ATTRIBUTES = ("ascii", "hAnsi", "cs")
BINARY_OPERANDS = {"f": ("num", "den"), "sSup": ("e", "sup"), "sSub": ("e", "sub")}
BINARY_FORMATS = {"f": "({}) / ({})", "sSup": "{}^({})", "sSub": "{}_{}"}
HEADER = "the header of the page"
FOOTER = "the footer of the page"
COMMENT = "a comment"
DELETED = "deleted while changes were tracked"
# Parts that are not the text <- reason; the first part of the name, beside the main part.
OTHER_PARTS = {
    "header": HEADER,
    "footer": FOOTER,
    "comments": COMMENT,
    "diagrams/data": "a drawing",
    "charts/chart": "a chart",
}
# Elements that are left out <- reason.
OMITTED_ELEMENTS = {
    "del": DELETED,
    "moveFrom": "moved while changes were tracked",
}
HIDDEN = "hidden in the document"
TEXT_ELEMENTS = ("t", "delText")
# Elements that stand for a character.
CHARACTER_ELEMENTS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
EMBEDDED_FILE = "another file inside the document"
POWER = re.compile(r"[-−–+]?\d+")


def preprocess(package: DocxPackage) -> tuple[dict[str, bytes], str, list[OmittedText]]:
    """Return the changed parts, the text that can be seen, and what was left out."""
    changed: dict[str, bytes] = {}
    omitted: list[OmittedText] = []
    visible: list[str] = []
    for name in (package.main, package.sibling("footnotes.xml"), package.sibling("endnotes.xml")):
        tree = package.parse(name)
        if tree is None:
            continue
        _remove_omitted(tree, omitted)
        rewrite_unsupported(tree)
        visible.append(part_text(tree))
        if name == package.main:
            changed.update(_normalize_styles(package, tree))
        changed[name] = _serialize(tree)
    for prefix, reason in OTHER_PARTS.items():
        for tree in package.parse_all(package.sibling(prefix)):
            rewrite_unsupported(tree)
            text = part_text(tree)
            if text.strip():
                omitted.append(OmittedText(reason, text))
    visible.extend(piece.text for piece in omitted)
    return changed, "\n".join(visible), omitted


def _normalize_styles(package: DocxPackage, document: etree._Element) -> dict[str, bytes]:
    """Name the headings of the document; return the styles, if it has any."""
    name = package.sibling("styles.xml")
    styles = package.parse(name)
    if styles is None:
        return {}
    normalize_headings(styles, document)
    return {name: _serialize(styles)}


def _remove_omitted(tree: etree._Element, omitted: list[OmittedText]) -> None:
    for name, reason in OMITTED_ELEMENTS.items():
        for element in list(iter_descendants(tree, name)):
            _remove_element(element, reason, omitted)
    for _ in iter_descendants(tree, "altChunk"):
        omitted.append(OmittedText(EMBEDDED_FILE, ""))
    for mark in list(iter_descendants(tree, "vanish")):
        run = mark.getparent().getparent() if mark.getparent() is not None else None
        if run is not None and qualified_name(run)[1] == "r" and is_enabled(mark):
            _remove_element(run, HIDDEN, omitted)


def _remove_element(element: etree._Element, reason: str, omitted: list[OmittedText]) -> None:
    """Take an element out, with its text into the report; a mark without text stays."""
    text = part_text(element)
    parent = element.getparent()
    if text.strip() and parent is not None:
        omitted.append(OmittedText(reason, text))
        parent.remove(element)


def rewrite_unsupported(tree: etree._Element) -> None:
    """Rewrite a part in place."""
    for choice in list(tree.iter(f"{MC}AlternateContent")):
        _choose_alternative(choice)
    for drawing in list(iter_descendants(tree, "drawing")):
        _move_text_boxes(drawing)
    for name in WRAPPER_ELEMENTS:
        for wrapper in list(iter_descendants(tree, name)):
            _unwrap(wrapper)
    for gloss in list(iter_descendants(tree, "ruby")):
        _inline_ruby(gloss)
    for text in list(iter_descendants(tree, "t")):
        if SYMBOL.search(text.text or ""):
            _split_symbols(text)
    for formula in list(tree.iter(f"{M}oMath")):
        _inline_formula(formula)


def _choose_alternative(alternatives: etree._Element) -> None:
    """Leave one of several forms of the same thing: the older, where it holds text."""
    older = next(alternatives.iter(f"{MC}Fallback"), None)
    newer = next(alternatives.iter(f"{MC}Choice"), None)
    if newer is None:
        return
    if older is not None and inner_text(older).strip():
        alternatives.remove(newer)
        return
    boxes = list(iter_descendants(newer, "txbxContent"))
    if not boxes:
        return
    if older is None:
        older = etree.SubElement(alternatives, f"{MC}Fallback")
    picture = etree.SubElement(older, f"{W}pict")
    picture.extend(boxes)
    alternatives.remove(newer)


def _move_text_boxes(drawing: etree._Element) -> None:
    """Put the boxes of text in a drawing behind it, as older files have them."""
    boxes = list(iter_descendants(drawing, "txbxContent"))
    if boxes:
        picture = new_element(drawing, "pict")
        drawing.addnext(picture)
        picture.extend(boxes)


def _unwrap(wrapper: etree._Element) -> None:
    parent = wrapper.getparent()
    if parent is not None:
        at = parent.index(wrapper)
        parent[at : at + 1] = list(wrapper)


def _inline_ruby(gloss: etree._Element) -> None:
    """Write what stands over a word in brackets behind it."""
    run = gloss.getparent()
    if run is None or qualified_name(run)[1] != "r":
        return
    base = "".join(inner_text(part) for part in iter_children(gloss, "rubyBase"))
    over = "".join(inner_text(part) for part in iter_children(gloss, "rt"))
    text = new_element(run, "t")
    text.text = f"{base} ({over})"
    run.replace(gloss, text)


def _split_symbols(text: etree._Element) -> None:
    """Make elements for symbols of the letters that are set in a font of them."""
    run = text.getparent()
    fonts = [
        font
        for properties in iter_children(run, "rPr")
        for font in iter_children(properties, "rFonts")
    ]
    font = next((get_attribute(each, name) for each in fonts for name in FONT_ATTRIBUTES), "")
    parts: list[etree._Element] = []
    for letter in text.text or "":
        if font and SYMBOL.match(letter):
            symbol = new_element(run, "sym")
            set_attribute(symbol, "font", font)
            set_attribute(symbol, "char", f"{ord(letter):X}")
            parts.append(symbol)
        elif parts and qualified_name(parts[-1])[1] == "t":
            parts[-1].text = (parts[-1].text or "") + letter
        else:
            plain = new_element(run, "t")
            plain.text = letter
            parts.append(plain)
    at = run.index(text)
    run[at : at + 1] = parts


def _inline_formula(formula: etree._Element) -> None:
    text = _linearize(formula)
    parent = formula.getparent()
    if parent is None:
        return
    # A formula that stands by itself is wrapped once more, in what mammoth passes over.
    inside = qualified_name(parent) == (M, "oMathPara")
    place = parent if inside else formula
    outer = place.getparent()
    if outer is None:
        return
    run = etree.Element(f"{W}r")
    etree.SubElement(run, f"{W}t").text = f" {text} "
    place.addprevious(run)
    (parent if inside else outer).remove(formula)


def _linearize(formula: etree._Element) -> str:
    """Return a formula in one line: (140 - age) / (72), x^(2), √(x)."""
    parts: list[str] = []
    for element in formula:
        namespace, name = qualified_name(element)
        if namespace == M and name == "r":
            parts.extend(text.text or "" for text in element.iter(f"{M}t", f"{W}t", f"{STRICT_W}t"))
        elif name in BINARY_OPERANDS:
            first, second = (
                _linearize(part) for part in _formula_parts(element, BINARY_OPERANDS[name])
            )
            parts.append(BINARY_FORMATS[name].format(first, second))
        elif name == "rad":
            parts.append(f"√({_linearize(next(iter(_formula_parts(element, ('e',)))))})")
        elif name == "d":
            inside = "; ".join(_linearize(part) for part in element.iterchildren(f"{M}e"))
            parts.append(f"({inside})")
        else:
            parts.append(_linearize(element))
    return "".join(parts)


def _formula_parts(element: etree._Element, names: Iterable[str]) -> list[etree._Element]:
    return [next(element.iterchildren(f"{M}{name}"), etree.Element("none")) for name in names]


def part_text(tree: etree._Element) -> str:
    """Return the text of a part, a line to each paragraph."""
    parts: list[str] = []
    for element in tree.iter():
        namespace, name = qualified_name(element)
        if name == "p":
            parts.append("\n")
        elif name in TEXT_ELEMENTS:
            text = element.text or ""
            power = parts and parts[-1][-1:].isdigit() and POWER.fullmatch(text)
            parts.append(f"^{text}" if power and _is_superscript(element) else text)
        elif namespace == W and name in CHARACTER_ELEMENTS:
            parts.append(CHARACTER_ELEMENTS[name])
    return "".join(parts)


def _is_superscript(text: etree._Element) -> bool:
    run = text.getparent()
    return run is not None and any(
        get_attribute(mark, "val") == "superscript"
        for properties in iter_children(run, "rPr")
        for mark in iter_children(properties, "vertAlign")
    )


def inner_text(tree: etree._Element) -> str:
    """Return all text of a part on end."""
    return "".join(text.text or "" for text in iter_descendants(tree, "t"))


def has_strikethrough(package: DocxPackage) -> bool:
    """Whether some text is struck out, which is read like any other."""
    tree = package.parse(package.main)
    if tree is None:
        return False
    marks = (mark for name in ("strike", "dstrike") for mark in iter_descendants(tree, name))
    return any(is_enabled(mark) and _run_text(mark).strip() for mark in marks)


def _run_text(mark: etree._Element) -> str:
    properties = mark.getparent()
    run = properties.getparent() if properties is not None else None
    return part_text(run) if run is not None else ""


def _serialize(tree: etree._Element) -> bytes:
    return bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=True))
