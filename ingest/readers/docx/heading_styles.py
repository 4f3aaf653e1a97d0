"""Headings by what a style does, not by what it is called.

A template has styles of its own, such as "Guideline section", and names them in its language. Word
knows them as headings by their outline level, which a style has itself or takes from the style that
it is based on; a single paragraph may have one, too. All of them are given the names of Word's own
headings, by which the reader of the text knows them.
"""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.docx.namespaces import attribute, children, every, like, set_attribute

MAX_HEADING_LEVEL = 8  # of outlines, counted from 0; the next one is Word's sign for "no heading"
MAX_CHAIN_LENGTH = 20  # of styles based on each other; Word allows 10
HEADING = re.compile(r"heading ([1-9])", re.I)
# Word's own styles that look like headings, or are based on one, and are none.
NO_HEADING = re.compile(r"title|subtitle|toc .*|caption", re.I)


def name_headings(styles: etree._Element, document: etree._Element) -> None:
    """Name the styles that are headings by their level, and style the paragraphs that are."""
    found = _name_styles(styles)
    for paragraph in every(document, "p"):
        for properties in children(paragraph, "pPr"):
            level = _level_in(properties)
            style = next(children(properties, "pStyle"), None)
            if level is None or (style is not None and attribute(style, "val") in found):
                continue
            if style is None:
                style = like(paragraph, "pStyle")
                properties.insert(0, style)
            set_attribute(style, "val", _own_style(styles, level))


def _name_styles(styles: etree._Element) -> set[str]:
    """Rename the styles that are headings; return the ids of all that are or must not be."""
    by_id = {attribute(style, "styleId"): style for style in children(styles, "style")}
    found: set[str] = set()
    for identity, style in by_id.items():
        name = next(children(style, "name"), None)
        if name is None:
            continue
        if NO_HEADING.fullmatch(attribute(name, "val")):
            found.add(identity)
        elif (level := _level_of(style, by_id)) is not None:
            found.add(identity)
            set_attribute(name, "val", f"heading {level + 1}")
    return found


def _level_of(style: etree._Element, by_id: dict[str, etree._Element]) -> int | None:
    """Return the outline level of a style: by its name, its own, or what it is based on."""
    current: etree._Element | None = style
    for _ in range(MAX_CHAIN_LENGTH):
        if current is None or attribute(current, "type") not in ("", "paragraph"):
            return None
        if found := HEADING.fullmatch(_name(current)):
            return int(found.group(1)) - 1
        for properties in children(current, "pPr"):
            if next(children(properties, "outlineLvl"), None) is not None:
                return _level_in(properties)
        base = next(children(current, "basedOn"), None)
        current = by_id.get(attribute(base, "val")) if base is not None else None
    return None


def _name(style: etree._Element) -> str:
    name = next(children(style, "name"), None)
    return attribute(name, "val") if name is not None else ""


def _level_in(properties: etree._Element) -> int | None:
    mark = next(children(properties, "outlineLvl"), None)
    value = attribute(mark, "val") if mark is not None else ""
    return int(value) if value.isdecimal() and int(value[:2]) <= MAX_HEADING_LEVEL else None


def _own_style(styles: etree._Element, level: int) -> str:
    """Return the id of Word's heading of a level, which is added to the styles if need be."""
    wanted = f"heading {level + 1}"
    for style in children(styles, "style"):
        if _name(style).lower() == wanted:
            return attribute(style, "styleId")
    style, name = like(styles, "style"), like(styles, "name")
    set_attribute(style, "type", "paragraph")
    set_attribute(style, "styleId", wanted.replace(" ", ""))
    set_attribute(name, "val", wanted)
    style.append(name)
    styles.append(style)
    return wanted.replace(" ", "")
