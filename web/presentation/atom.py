"""Atom feed elements (RFC 4287)."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree

from web.presentation.formatting import format_timestamp

NAMESPACE = "http://www.w3.org/2005/Atom"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MIME = "application/atom+xml"

Element = ElementTree.Element
ElementTree.register_namespace("", NAMESPACE)


def create_feed(*, title: str, id_: str, updated: datetime, href: str, language: str) -> Element:
    """Return a feed without entries; `href` is its URL."""
    feed = Element(f"{{{NAMESPACE}}}feed", {LANG: language})
    add_text(feed, "title", title)
    add_text(feed, "id", id_)
    add_text(feed, "updated", format_timestamp(updated))
    add_element(feed, "link", rel="self", type=MIME, href=href)
    return feed


def add_element(parent: Element, name: str, **attributes: str) -> Element:
    """Add an element to `parent`."""
    clean = {key: _clean(value) for key, value in attributes.items()}
    return ElementTree.SubElement(parent, f"{{{NAMESPACE}}}{name}", clean)


def add_text(parent: Element, name: str, content: str, **attributes: str) -> None:
    """Add an element with a text to `parent`."""
    add_element(parent, name, **attributes).text = _clean(content)


def add_author(parent: Element, name: str, uri: str) -> None:
    """Add the author to a feed or an entry."""
    author = add_element(parent, "author")
    add_text(author, "name", name)
    add_text(author, "uri", uri)


def serialize(feed: Element) -> bytes:
    """Return a feed as an XML document in UTF-8."""
    document: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def _clean(content: str) -> str:
    return "".join(filter(_is_xml, content))


def _is_xml(character: str) -> bool:
    """Return whether XML 1.0 allows a character."""
    return (
        character in "\t\n\r"
        or (" " <= character <= "\ufffd" and not "\ud800" <= character <= "\udfff")
        or character >= "\U00010000"
    )
