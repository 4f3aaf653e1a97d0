"""Element and attribute access in both WordprocessingML namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
STRICT_W = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

FALSE_VALUES = ("0", "false", "off")


def iter_descendants(tree: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the WordprocessingML elements with a name, anywhere in a tree."""
    yield from tree.iter(f"{W}{name}", f"{STRICT_W}{name}")


def iter_children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """Yield the WordprocessingML child elements with a name."""
    yield from element.iterchildren(f"{W}{name}", f"{STRICT_W}{name}")


def qualified_name(element: etree._Element) -> tuple[str, str]:
    """Return the namespace in braces and the local name of an element.

    The strict WordprocessingML namespace is returned as the transitional one.
    """
    namespace, _, name = str(element.tag).rpartition("}")
    namespace = f"{namespace}}}" if namespace else ""
    return (W if namespace == STRICT_W else namespace), name


def get_attribute(element: etree._Element, name: str, default: str = "") -> str:
    """Return a WordprocessingML attribute."""
    return str(element.get(f"{W}{name}", element.get(f"{STRICT_W}{name}", default)))


def set_attribute(element: etree._Element, name: str, value: str) -> None:
    """Set an attribute in the namespace of its element."""
    namespace = STRICT_W if str(element.tag).startswith(STRICT_W) else W
    element.set(f"{namespace}{name}", value)


def new_element(element: etree._Element, name: str) -> etree._Element:
    """Return a new WordprocessingML element in the namespace of another element."""
    namespace = STRICT_W if str(element.tag).startswith(STRICT_W) else W
    return etree.Element(f"{namespace}{name}")


def is_enabled(property_: etree._Element) -> bool:
    """Return whether an on/off property is on. Without a value it is."""
    return get_attribute(property_, "val", "1").lower() not in FALSE_VALUES
