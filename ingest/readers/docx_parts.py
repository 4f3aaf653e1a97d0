"""The text of a Word document as its XML holds it, and what of it a reader of the paper misses.

mammoth turns a document into HTML and leaves things out without a word: tracked deletions, what is
hidden, the heads of the pages, comments, formulas, the text of boxes in newer files. So the XML is
prepared first: what shall be left out is taken out and reported, and what mammoth cannot read is
put into a form that it can. The text that remains is what coverage is measured against.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.docx_package import Package
from ingest.readers.reading import Dropped

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STRICT_W = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"

# Parts that are not the text <- reason; the first part of the name, beside the main part.
OTHER_PARTS = {
    "header": "the header of the page",
    "footer": "the footer of the page",
    "comments": "a comment",
    "diagrams/data": "a drawing",
    "charts/chart": "a chart",
}
# Elements that are left out <- reason.
LEFT_OUT = {
    "del": "deleted while changes were tracked",
    "moveFrom": "moved while changes were tracked",
}
HIDDEN = "hidden in the document"
TEXTS = ("t", "delText")
# Elements that stand for a character.
CHARACTERS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
OFF = ("0", "false", "off")


def prepare(package: Package) -> tuple[dict[str, bytes], str, list[Dropped]]:
    """Return the changed parts, the text that can be seen, and what was left out."""
    changed: dict[str, bytes] = {}
    dropped: list[Dropped] = []
    visible: list[str] = []
    for name in (package.main, package.beside("footnotes.xml"), package.beside("endnotes.xml")):
        tree = package.tree(name)
        if tree is None:
            continue
        _leave_out(tree, dropped)
        _rewrite(tree)
        visible.append(text_of(tree))
        changed[name] = etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
    for prefix, reason in OTHER_PARTS.items():
        for tree in package.trees(package.beside(prefix)):
            _rewrite(tree)
            text = text_of(tree)
            if text.strip():
                dropped.append(Dropped(reason, text))
    visible.extend(piece.text for piece in dropped)
    return changed, "\n".join(visible), dropped


def struck_out(package: Package) -> bool:
    """Whether some text is struck out, which is read like any other."""
    tree = package.tree(package.main)
    if tree is None:
        return False
    marks = (mark for name in ("strike", "dstrike") for mark in _all(tree, name))
    return any(_is_on(mark) and _text_around(mark).strip() for mark in marks)


def text_of(tree: etree._Element) -> str:
    """Return the text of a part, a line to each paragraph."""
    parts: list[str] = []
    for element in tree.iter():
        namespace, name = _name(element)
        if name == "p":
            parts.append("\n")
        elif name in TEXTS:
            parts.append(element.text or "")
        elif namespace == W and name in CHARACTERS:
            parts.append(CHARACTERS[name])
    return "".join(parts)


def _leave_out(tree: etree._Element, dropped: list[Dropped]) -> None:
    for name, reason in LEFT_OUT.items():
        for element in list(_all(tree, name)):
            _take(element, reason, dropped)
    for mark in list(_all(tree, "vanish")):
        run = mark.getparent().getparent() if mark.getparent() is not None else None
        if run is not None and _name(run)[1] == "r" and _is_on(mark):
            _take(run, HIDDEN, dropped)


def _take(element: etree._Element, reason: str, dropped: list[Dropped]) -> None:
    """Take an element out, with its text into the report; a mark without text stays."""
    text = text_of(element)
    parent = element.getparent()
    if text.strip() and parent is not None:
        dropped.append(Dropped(reason, text))
        parent.remove(element)


def _rewrite(tree: etree._Element) -> None:
    """Put boxes and formulas into a form that mammoth reads."""
    for choice in list(tree.iter(f"{MC}AlternateContent")):
        _choose(choice)
    for formula in list(tree.iter(f"{M}oMath")):
        text = _linear(formula)
        parent = formula.getparent()
        if parent is None:
            continue
        # A formula that stands by itself is wrapped once more, in what mammoth passes over.
        inside = _name(parent) == (M, "oMathPara")
        place = parent if inside else formula
        outer = place.getparent()
        if outer is None:
            continue
        run = etree.Element(f"{W}r")
        etree.SubElement(run, f"{W}t").text = f" {text} "
        place.addprevious(run)
        (parent if inside else outer).remove(formula)


def _choose(alternatives: etree._Element) -> None:
    """Leave one of several forms of the same thing: the older, where it holds text."""
    older = next(alternatives.iter(f"{MC}Fallback"), None)
    newer = next(alternatives.iter(f"{MC}Choice"), None)
    if newer is None:
        return
    if older is not None and text_of(older).strip():
        alternatives.remove(newer)
        return
    boxes = list(_all(newer, "txbxContent"))
    if not boxes:
        return
    if older is None:
        older = etree.SubElement(alternatives, f"{MC}Fallback")
    picture = etree.SubElement(older, f"{W}pict")
    picture.extend(boxes)
    alternatives.remove(newer)


def _linear(formula: etree._Element) -> str:
    """Return a formula in one line: (140 - age) / (72), x^(2), √(x)."""
    parts: list[str] = []
    for element in formula:
        namespace, name = _name(element)
        if namespace == M and name == "r":
            parts.extend(text.text or "" for text in element.iter(f"{M}t", f"{W}t"))
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


def _all(tree: etree._Element, name: str) -> Iterator[etree._Element]:
    yield from tree.iter(f"{W}{name}", f"{STRICT_W}{name}")


def _name(element: etree._Element) -> tuple[str, str]:
    """The namespace, in braces, and the name of an element."""
    namespace, _, name = str(element.tag).rpartition("}")
    namespace = f"{namespace}}}" if namespace else ""
    return (W if namespace == STRICT_W else namespace), name


def _is_on(mark: etree._Element) -> bool:
    return str(mark.get(f"{W}val", mark.get(f"{STRICT_W}val", "1"))).lower() not in OFF


def _text_around(mark: etree._Element) -> str:
    properties = mark.getparent()
    run = properties.getparent() if properties is not None else None
    return text_of(run) if run is not None else ""
