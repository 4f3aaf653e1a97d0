"""XML namespaces of OOXML, and access to WordprocessingML elements and attributes."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

_TRANSITIONAL = "http://schemas.openxmlformats.org/"
W = f"{{{_TRANSITIONAL}wordprocessingml/2006/main}}"
M = f"{{{_TRANSITIONAL}officeDocument/2006/math}}"
R = f"{{{_TRANSITIONAL}officeDocument/2006/relationships}}"
A = f"{{{_TRANSITIONAL}drawingml/2006/main}}"
WP = f"{{{_TRANSITIONAL}drawingml/2006/wordprocessingDrawing}}"
PICTURE = f"{{{_TRANSITIONAL}drawingml/2006/picture}}"
CHART = f"{{{_TRANSITIONAL}drawingml/2006/chart}}"
DIAGRAM = f"{{{_TRANSITIONAL}drawingml/2006/diagram}}"
MC = f"{{{_TRANSITIONAL}markup-compatibility/2006}}"
V = "{urn:schemas-microsoft-com:vml}"
OFFICE = "{urn:schemas-microsoft-com:office:office}"

# The namespaces of strict documents have another base and no year.
_STRICT = "http://purl.oclc.org/ooxml/"
_STRICT_NAMESPACES = {
    namespace[1:-1].replace(_TRANSITIONAL, _STRICT).replace("/2006/", "/"): namespace
    for namespace in (W, M, R, A, WP, PICTURE, CHART, DIAGRAM)
}

FALSE_VALUES = ("0", "false", "off")


def convert_to_transitional(tree: etree._Element) -> None:
    """Rename the elements and attributes of a strict document to the transitional namespaces."""
    for element in tree.iter(etree.Element):
        element.tag = _transitional_name(element.tag)
        for name, value in list(element.attrib.items()):
            renamed = _transitional_name(name)
            if renamed != name:
                del element.attrib[name]
                element.set(renamed, value)


def _transitional_name(name: str) -> str:
    namespace, _, local = name.removeprefix("{").rpartition("}")
    return _STRICT_NAMESPACES[namespace] + local if namespace in _STRICT_NAMESPACES else name


def find_child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """Return the first WordprocessingML child with a name, or its child and so on, or None."""
    for name in path:
        if element is None:
            return None
        element = next(element.iterchildren(f"{W}{name}"), None)
    return element


def child_value(element: etree._Element | None, *path: str) -> str:
    """Return the ``w:val`` of a child, or an empty string."""
    child = find_child(element, *path)
    return get_attribute(child, "val") if child is not None else ""


def iter_children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the WordprocessingML child elements with a name."""
    yield from element.iterchildren(f"{W}{name}")


def get_attribute(element: etree._Element, name: str, default: str = "") -> str:
    """Return a WordprocessingML attribute."""
    return str(element.get(f"{W}{name}", default))


def number_value(text: str, default: int) -> int:
    """Return a decimal integer of at most 9 digits, or the default."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else default


def is_enabled(property_: etree._Element | None) -> bool:
    """Return whether an on/off property is present and on. Without a value it is on."""
    return property_ is not None and (
        get_attribute(property_, "val", "1").lower() not in FALSE_VALUES
    )
