"""Writing Atom (RFC 4287): the elements of a feed, whatever it tells of."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree

from web.presentation.formatting import timestamp

NAMESPACE = "http://www.w3.org/2005/Atom"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MIME = "application/atom+xml"

Element = ElementTree.Element
ElementTree.register_namespace("", NAMESPACE)


def begin(*, title: str, id_: str, updated: datetime, href: str, language: str) -> Element:
    """Return a feed without entries; `href` is its own address."""
    feed = Element(f"{{{NAMESPACE}}}feed", {LANG: language})
    text(feed, "title", title)
    text(feed, "id", id_)
    text(feed, "updated", moment(updated))
    part(feed, "link", rel="self", type=MIME, href=href)
    return feed


def part(parent: Element, name: str, **attributes: str) -> Element:
    """Add an element to `parent`."""
    clean = {key: _clean(value) for key, value in attributes.items()}
    return ElementTree.SubElement(parent, f"{{{NAMESPACE}}}{name}", clean)


def text(parent: Element, name: str, content: str, **attributes: str) -> None:
    """Add an element that holds a text."""
    part(parent, name, **attributes).text = _clean(content)


def author(parent: Element, name: str, uri: str) -> None:
    """Say who wrote a feed or an entry."""
    person = part(parent, "author")
    text(person, "name", name)
    text(person, "uri", uri)


def moment(when: datetime) -> str:
    """Return a moment as Atom writes it."""
    return timestamp(when) or ""


def written(feed: Element) -> bytes:
    """Return a feed as a document."""
    document: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _clean(content: str) -> str:
    return "".join(filter(_is_xml, content))


def _is_xml(character: str) -> bool:
    """Tell whether XML 1.0 can hold a character."""
    return (
        character in "\t\n\r"
        or (" " <= character <= "\ufffd" and not "\ud800" <= character <= "\udfff")
        or character >= "\U00010000"
    )
