"""Preparation of the document XML for mammoth, and its visible text.

mammoth silently drops tracked deletions, hidden text, page headers, comments, formulas, text boxes
in newer file formats, some fields, right-to-left wrappers, ruby text and symbol-font characters.
Text that must be omitted is removed and reported here; everything else that mammoth ignores is
rewritten in a form that it supports. Otherwise a symbol such as "≥" would be lost. Coverage is
measured against the remaining text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.common.result import POWER, OmittedText
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

# Elements that only wrap text: a field with its result, bidirectional text.
WRAPPER_ELEMENTS = ("fldSimple", "dir", "bdo")
# Word maps the characters of symbol fonts to F000 and above.
SYMBOL = re.compile("[\uf020-\uf0ff]")
FONT_ATTRIBUTES = ("ascii", "hAnsi", "cs")
BINARY_OPERANDS = {"f": ("num", "den"), "sSup": ("e", "sup"), "sSub": ("e", "sub")}
BINARY_FORMATS = {"f": "({}) / ({})", "sSup": "{}^({})", "sSub": "{}_{}"}
HEADER = "the page header"
FOOTER = "the page footer"
COMMENT = "a comment"
DELETED = "a tracked deletion"
# Prefix of a part name, relative to the folder of the main part -> reason why it is not content.
OTHER_PARTS = {
    "header": HEADER,
    "footer": FOOTER,
    "comments": COMMENT,
    "diagrams/data": "a drawing",
    "charts/chart": "a chart",
}
# Removed elements, with the reason.
OMITTED_ELEMENTS = {
    "del": DELETED,
    "moveFrom": "a tracked move",
}
HIDDEN = "hidden text"
TEXT_ELEMENTS = ("t", "delText")
# Elements that represent a character.
CHARACTER_ELEMENTS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
EMBEDDED_FILE = "an embedded file"


def preprocess(package: DocxPackage) -> tuple[dict[str, bytes], str, list[OmittedText]]:
    """Return the changed parts, the visible text and the omitted text of a package."""
    changed: dict[str, bytes] = {}
    omitted: list[OmittedText] = []
    visible_texts: list[str] = []
    for name in (package.main, package.sibling("footnotes.xml"), package.sibling("endnotes.xml")):
        tree = package.parse(name)
        if tree is None:
            continue
        _remove_omitted(tree, omitted)
        rewrite_unsupported(tree)
        visible_texts.append(part_text(tree))
        if name == package.main:
            changed.update(_normalize_styles(package, tree))
        changed[name] = _serialize(tree)
    for prefix, reason in OTHER_PARTS.items():
        for tree in package.parse_all(package.sibling(prefix)):
            rewrite_unsupported(tree)
            text = part_text(tree)
            if text.strip():
                omitted.append(OmittedText(reason, text))
    visible_texts.extend(omission.text for omission in omitted)
    return changed, "\n".join(visible_texts), omitted


def _normalize_styles(package: DocxPackage, document: etree._Element) -> dict[str, bytes]:
    """Normalise the heading styles, and return the changed styles part if there is one."""
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
    for property_ in list(iter_descendants(tree, "vanish")):
        run = property_.getparent().getparent() if property_.getparent() is not None else None
        if run is not None and qualified_name(run)[1] == "r" and is_enabled(property_):
            _remove_element(run, HIDDEN, omitted)


def _remove_element(element: etree._Element, reason: str, omitted: list[OmittedText]) -> None:
    """Remove an element with text and report it. Elements without text stay."""
    text = part_text(element)
    parent = element.getparent()
    if text.strip() and parent is not None:
        omitted.append(OmittedText(reason, text))
        parent.remove(element)


def rewrite_unsupported(tree: etree._Element) -> None:
    """Rewrite everything in a part that mammoth does not support, in place."""
    for choice in list(tree.iter(f"{MC}AlternateContent")):
        _choose_alternative(choice)
    for drawing in list(iter_descendants(tree, "drawing")):
        _move_text_boxes(drawing)
    for name in WRAPPER_ELEMENTS:
        for wrapper in list(iter_descendants(tree, name)):
            _unwrap(wrapper)
    for ruby in list(iter_descendants(tree, "ruby")):
        _inline_ruby(ruby)
    for text in list(iter_descendants(tree, "t")):
        if SYMBOL.search(text.text or ""):
            _split_symbols(text)
    for formula in list(tree.iter(f"{M}oMath")):
        _inline_formula(formula)


def _choose_alternative(alternatives: etree._Element) -> None:
    """Keep one of several alternatives: the fallback if it has text, else the text boxes."""
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
    """Move the text boxes of a drawing behind it, as in older files."""
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


def _inline_ruby(ruby: etree._Element) -> None:
    """Append ruby text in parentheses after its base text."""
    run = ruby.getparent()
    if run is None or qualified_name(run)[1] != "r":
        return
    base_text = "".join(inner_text(part) for part in iter_children(ruby, "rubyBase"))
    ruby_text = "".join(inner_text(part) for part in iter_children(ruby, "rt"))
    text = new_element(run, "t")
    text.text = f"{base_text} ({ruby_text})"
    run.replace(ruby, text)


def _split_symbols(text: etree._Element) -> None:
    """Split a text in a symbol font into symbol elements and plain text."""
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
    # A display formula has a wrapper that mammoth ignores.
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
    """Return a formula on one line: (140 - age) / (72), x^(2), √(x)."""
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
    """Return the text of a part, one line per paragraph."""
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
        get_attribute(alignment, "val") == "superscript"
        for properties in iter_children(run, "rPr")
        for alignment in iter_children(properties, "vertAlign")
    )


def inner_text(tree: etree._Element) -> str:
    """Return all text of an element, concatenated."""
    return "".join(text.text or "" for text in iter_descendants(tree, "t"))


def has_strikethrough(package: DocxPackage) -> bool:
    """Return whether some text is struck through, which is kept like other text."""
    tree = package.parse(package.main)
    if tree is None:
        return False
    properties = (
        property_ for name in ("strike", "dstrike") for property_ in iter_descendants(tree, name)
    )
    return any(is_enabled(property_) and _run_text(property_).strip() for property_ in properties)


def _run_text(property_: etree._Element) -> str:
    parent = property_.getparent()
    run = parent.getparent() if parent is not None else None
    return part_text(run) if run is not None else ""


def _serialize(tree: etree._Element) -> bytes:
    return bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=True))
