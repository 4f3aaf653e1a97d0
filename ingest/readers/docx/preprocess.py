"""The text of a Word document as its XML holds it, and what of it a reader of the paper misses.

mammoth turns a document into HTML and leaves things out without a word: tracked deletions, what is
hidden, the heads of the pages, comments, formulas, the text of boxes in newer files. So the XML is
prepared first: what shall be left out is taken out and reported, and what mammoth cannot read is
put into a form that it can. The text that remains is what coverage is measured against.
"""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.base import OmittedText
from ingest.readers.docx.heading_styles import name_headings
from ingest.readers.docx.namespaces import W, attribute, children, every, is_on, name_of
from ingest.readers.docx.package import DocxPackage
from ingest.readers.docx.rewriting import rewrite

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
