"""Headings by what a style does, not by what it is called.

A template has styles of its own, such as "Guideline section", and names them in its language. Word
knows them as headings by their outline level, which a style has itself or takes from the style that
it is based on; a single paragraph may have one, too. All of them are given the names of Word's own
headings, by which the reader of the text knows them.
"""

from __future__ import annotations

import re

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.docx.namespaces import (
    get_attribute,
    iter_children,
    iter_descendants,
    new_element,
    set_attribute,
)

MAX_HEADING_LEVEL = 8  # of outlines, counted from 0; the next one is Word's sign for "no heading"
MAX_CHAIN_LENGTH = 20  # of styles based on each other; Word allows 10
HEADING = re.compile(r"heading ([1-9])", re.I)
# Word's own styles that look like headings, or are based on one, and are none.
NON_HEADING_STYLES = re.compile(r"title|subtitle|toc .*|caption", re.I)


def normalize_headings(styles: etree._Element, document: etree._Element) -> None:
    """Name the styles that are headings by their level, and style the paragraphs that are."""
    found = _rename_styles(styles)
    for paragraph in iter_descendants(document, "p"):
        for properties in iter_children(paragraph, "pPr"):
            level = _outline_level(properties)
            style = next(iter_children(properties, "pStyle"), None)
            if level is None or (style is not None and get_attribute(style, "val") in found):
                continue
            if style is None:
                style = new_element(paragraph, "pStyle")
                properties.insert(0, style)
            set_attribute(style, "val", _heading_style_id(styles, level))


def _rename_styles(styles: etree._Element) -> set[str]:
    """Rename the styles that are headings; return the ids of all that are or must not be."""
    by_id = {get_attribute(style, "styleId"): style for style in iter_children(styles, "style")}
    found: set[str] = set()
    for identity, style in by_id.items():
        name = next(iter_children(style, "name"), None)
        if name is None:
            continue
        if NON_HEADING_STYLES.fullmatch(get_attribute(name, "val")):
            found.add(identity)
        elif (level := _style_level(style, by_id)) is not None:
            found.add(identity)
            set_attribute(name, "val", f"heading {level + 1}")
    return found


def _style_level(style: etree._Element, by_id: dict[str, etree._Element]) -> int | None:
    """Return the outline level of a style: by its name, its own, or what it is based on."""
    current: etree._Element | None = style
    for _ in range(MAX_CHAIN_LENGTH):
        if current is None or get_attribute(current, "type") not in ("", "paragraph"):
            return None
        if found := HEADING.fullmatch(_style_name(current)):
            return int(found.group(1)) - 1
        for properties in iter_children(current, "pPr"):
            if next(iter_children(properties, "outlineLvl"), None) is not None:
                return _outline_level(properties)
        base = next(iter_children(current, "basedOn"), None)
        current = by_id.get(get_attribute(base, "val")) if base is not None else None
    return None


def _style_name(style: etree._Element) -> str:
    name = next(iter_children(style, "name"), None)
    return get_attribute(name, "val") if name is not None else ""


def _outline_level(properties: etree._Element) -> int | None:
    mark = next(iter_children(properties, "outlineLvl"), None)
    value = get_attribute(mark, "val") if mark is not None else ""
    return int(value) if value.isdecimal() and int(value[:2]) <= MAX_HEADING_LEVEL else None


def _heading_style_id(styles: etree._Element, level: int) -> str:
    """Return the id of Word's heading of a level, which is added to the styles if need be."""
    wanted = f"heading {level + 1}"
    for style in iter_children(styles, "style"):
        if _style_name(style).lower() == wanted:
            return get_attribute(style, "styleId")
    style, name = new_element(styles, "style"), new_element(styles, "name")
    set_attribute(style, "type", "paragraph")
    set_attribute(style, "styleId", wanted.replace(" ", ""))
    set_attribute(name, "val", wanted)
    style.append(name)
    styles.append(style)
    return wanted.replace(" ", "")
