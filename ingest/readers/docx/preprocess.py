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
from ingest.readers.docx.heading_styles import name_headings
from ingest.readers.docx.namespaces import (
    MC,
    STRICT_W,
    M,
    W,
    attribute,
    children,
    every,
    is_on,
    like,
    name_of,
    set_attribute,
)
from ingest.readers.docx.package import DocxPackage

# Elements that only wrap the text: a field with its result, text that runs the other way.
WRAPPERS = ("fldSimple", "dir", "bdo")
# Where Word puts the letters of a font of symbols: their codes in the font from F000 on.
SYMBOL = re.compile("[\uf020-\uf0ff]")
FONTS = ("ascii", "hAnsi", "cs")


def rewrite(tree: etree._Element) -> None:
    """Rewrite a part in place."""
    for choice in list(tree.iter(f"{MC}AlternateContent")):
        _choose(choice)
    for drawing in list(every(tree, "drawing")):
        _take_boxes_out(drawing)
    for name in WRAPPERS:
        for wrapper in list(every(tree, name)):
            _unwrap(wrapper)
    for gloss in list(every(tree, "ruby")):
        _write_behind(gloss)
    for text in list(every(tree, "t")):
        if SYMBOL.search(text.text or ""):
            _part_symbols(text)
    for formula in list(tree.iter(f"{M}oMath")):
        _write_out(formula)


def text_in(tree: etree._Element) -> str:
    """Return all text of a part on end."""
    return "".join(text.text or "" for text in every(tree, "t"))


def _choose(alternatives: etree._Element) -> None:
    """Leave one of several forms of the same thing: the older, where it holds text."""
    older = next(alternatives.iter(f"{MC}Fallback"), None)
    newer = next(alternatives.iter(f"{MC}Choice"), None)
    if newer is None:
        return
    if older is not None and text_in(older).strip():
        alternatives.remove(newer)
        return
    boxes = list(every(newer, "txbxContent"))
    if not boxes:
        return
    if older is None:
        older = etree.SubElement(alternatives, f"{MC}Fallback")
    picture = etree.SubElement(older, f"{W}pict")
    picture.extend(boxes)
    alternatives.remove(newer)


def _take_boxes_out(drawing: etree._Element) -> None:
    """Put the boxes of text in a drawing behind it, as older files have them."""
    boxes = list(every(drawing, "txbxContent"))
    if boxes:
        picture = like(drawing, "pict")
        drawing.addnext(picture)
        picture.extend(boxes)


def _unwrap(wrapper: etree._Element) -> None:
    parent = wrapper.getparent()
    if parent is not None:
        at = parent.index(wrapper)
        parent[at : at + 1] = list(wrapper)


def _write_behind(gloss: etree._Element) -> None:
    """Write what stands over a word in brackets behind it."""
    run = gloss.getparent()
    if run is None or name_of(run)[1] != "r":
        return
    base = "".join(text_in(part) for part in children(gloss, "rubyBase"))
    over = "".join(text_in(part) for part in children(gloss, "rt"))
    text = like(run, "t")
    text.text = f"{base} ({over})"
    run.replace(gloss, text)


def _part_symbols(text: etree._Element) -> None:
    """Make elements for symbols of the letters that are set in a font of them."""
    run = text.getparent()
    fonts = [font for properties in children(run, "rPr") for font in children(properties, "rFonts")]
    font = next((attribute(each, name) for each in fonts for name in FONTS), "")
    parts: list[etree._Element] = []
    for letter in text.text or "":
        if font and SYMBOL.match(letter):
            symbol = like(run, "sym")
            set_attribute(symbol, "font", font)
            set_attribute(symbol, "char", f"{ord(letter):X}")
            parts.append(symbol)
        elif parts and name_of(parts[-1])[1] == "t":
            parts[-1].text = (parts[-1].text or "") + letter
        else:
            plain = like(run, "t")
            plain.text = letter
            parts.append(plain)
    at = run.index(text)
    run[at : at + 1] = parts


def _write_out(formula: etree._Element) -> None:
    text = _linear(formula)
    parent = formula.getparent()
    if parent is None:
        return
    # A formula that stands by itself is wrapped once more, in what mammoth passes over.
    inside = name_of(parent) == (M, "oMathPara")
    place = parent if inside else formula
    outer = place.getparent()
    if outer is None:
        return
    run = etree.Element(f"{W}r")
    etree.SubElement(run, f"{W}t").text = f" {text} "
    place.addprevious(run)
    (parent if inside else outer).remove(formula)


def _linear(formula: etree._Element) -> str:
    """Return a formula in one line: (140 - age) / (72), x^(2), √(x)."""
    parts: list[str] = []
    for element in formula:
        namespace, name = name_of(element)
        if namespace == M and name == "r":
            parts.extend(text.text or "" for text in element.iter(f"{M}t", f"{W}t", f"{STRICT_W}t"))
        elif name in BINARY:
            first, second = (_linear(part) for part in _parts(element, BINARY[name]))
            parts.append(FORMS[name].format(first, second))
        elif name == "rad":
            parts.append(f"√({_linear(next(iter(_parts(element, ('e',)))))})")
        elif name == "d":
            inside = "; ".join(_linear(part) for part in element.iterchildren(f"{M}e"))
            parts.append(f"({inside})")
        else:
            parts.append(_linear(element))
    return "".join(parts)


BINARY = {"f": ("num", "den"), "sSup": ("e", "sup"), "sSub": ("e", "sub")}
FORMS = {"f": "({}) / ({})", "sSup": "{}^({})", "sSub": "{}_{}"}


def _parts(element: etree._Element, names: Iterable[str]) -> list[etree._Element]:
    return [next(element.iterchildren(f"{M}{name}"), etree.Element("none")) for name in names]


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
LEFT_OUT = {
    "del": DELETED,
    "moveFrom": "moved while changes were tracked",
}
HIDDEN = "hidden in the document"
TEXTS = ("t", "delText")
# Elements that stand for a character.
CHARACTERS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
INSERTED = "another file inside the document"
POWER = re.compile(r"[-−–+]?\d+")


def preprocess(package: DocxPackage) -> tuple[dict[str, bytes], str, list[OmittedText]]:
    """Return the changed parts, the text that can be seen, and what was left out."""
    changed: dict[str, bytes] = {}
    dropped: list[OmittedText] = []
    visible: list[str] = []
    for name in (package.main, package.beside("footnotes.xml"), package.beside("endnotes.xml")):
        tree = package.tree(name)
        if tree is None:
            continue
        _leave_out(tree, dropped)
        rewrite(tree)
        visible.append(text_of(tree))
        if name == package.main:
            changed.update(_with_headings_named(package, tree))
        changed[name] = _written(tree)
    for prefix, reason in OTHER_PARTS.items():
        for tree in package.trees(package.beside(prefix)):
            rewrite(tree)
            text = text_of(tree)
            if text.strip():
                dropped.append(OmittedText(reason, text))
    visible.extend(piece.text for piece in dropped)
    return changed, "\n".join(visible), dropped


def _with_headings_named(package: DocxPackage, document: etree._Element) -> dict[str, bytes]:
    """Name the headings of the document; return the styles, if it has any."""
    name = package.beside("styles.xml")
    styles = package.tree(name)
    if styles is None:
        return {}
    name_headings(styles, document)
    return {name: _written(styles)}


def _written(tree: etree._Element) -> bytes:
    return bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=True))


def struck_out(package: DocxPackage) -> bool:
    """Whether some text is struck out, which is read like any other."""
    tree = package.tree(package.main)
    if tree is None:
        return False
    marks = (mark for name in ("strike", "dstrike") for mark in every(tree, name))
    return any(is_on(mark) and _text_around(mark).strip() for mark in marks)


def text_of(tree: etree._Element) -> str:
    """Return the text of a part, a line to each paragraph."""
    parts: list[str] = []
    for element in tree.iter():
        namespace, name = name_of(element)
        if name == "p":
            parts.append("\n")
        elif name in TEXTS:
            text = element.text or ""
            power = parts and parts[-1][-1:].isdigit() and POWER.fullmatch(text)
            parts.append(f"^{text}" if power and _is_raised(element) else text)
        elif namespace == W and name in CHARACTERS:
            parts.append(CHARACTERS[name])
    return "".join(parts)


def _is_raised(text: etree._Element) -> bool:
    run = text.getparent()
    return run is not None and any(
        attribute(mark, "val") == "superscript"
        for properties in children(run, "rPr")
        for mark in children(properties, "vertAlign")
    )


def _leave_out(tree: etree._Element, dropped: list[OmittedText]) -> None:
    for name, reason in LEFT_OUT.items():
        for element in list(every(tree, name)):
            _take(element, reason, dropped)
    for _ in every(tree, "altChunk"):
        dropped.append(OmittedText(INSERTED, ""))
    for mark in list(every(tree, "vanish")):
        run = mark.getparent().getparent() if mark.getparent() is not None else None
        if run is not None and name_of(run)[1] == "r" and is_on(mark):
            _take(run, HIDDEN, dropped)


def _take(element: etree._Element, reason: str, dropped: list[OmittedText]) -> None:
    """Take an element out, with its text into the report; a mark without text stays."""
    text = text_of(element)
    parent = element.getparent()
    if text.strip() and parent is not None:
        dropped.append(OmittedText(reason, text))
        parent.remove(element)


def _text_around(mark: etree._Element) -> str:
    properties = mark.getparent()
    run = properties.getparent() if properties is not None else None
    return text_of(run) if run is not None else ""
