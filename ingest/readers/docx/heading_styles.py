"""Heading detection by outline level instead of style name.

Templates define custom styles such as "Guideline section", named in their own language. Word treats
a style as a heading if it has an outline level, set directly or inherited; a single paragraph may
have one too. All of them are renamed to Word's built-in heading styles, which the DOCX reader
recognises.
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

MAX_HEADING_LEVEL = 8  # outline levels count from 0; the next value means "no heading"
MAX_CHAIN_LENGTH = 20  # inherited styles; Word allows 10
HEADING = re.compile(r"heading ([1-9])", re.I)
# Built-in styles that look like headings or inherit from one, but are not headings.
NON_HEADING_STYLES = re.compile(r"title|subtitle|toc .*|caption", re.I)


def normalize_headings(styles: etree._Element, document: etree._Element) -> None:
    """Rename heading styles by outline level, and set the style of paragraphs with a level.

    Modifies both trees.
    """
    handled_ids = _rename_styles(styles)
    for paragraph in iter_descendants(document, "p"):
        for properties in iter_children(paragraph, "pPr"):
            level = _outline_level(properties)
            style = next(iter_children(properties, "pStyle"), None)
            if level is None or (style is not None and get_attribute(style, "val") in handled_ids):
                continue
            if style is None:
                style = new_element(paragraph, "pStyle")
                properties.insert(0, style)
            set_attribute(style, "val", _heading_style_id(styles, level))


def _rename_styles(styles: etree._Element) -> set[str]:
    """Rename heading styles, and return the ids of all styles whose paragraphs are final.

    These are the heading styles and the styles that must not become headings.
    """
    by_id = {get_attribute(style, "styleId"): style for style in iter_children(styles, "style")}
    handled_ids: set[str] = set()
    for style_id, style in by_id.items():
        name = next(iter_children(style, "name"), None)
        if name is None:
            continue
        if NON_HEADING_STYLES.fullmatch(get_attribute(name, "val")):
            handled_ids.add(style_id)
        elif (level := _style_level(style, by_id)) is not None:
            handled_ids.add(style_id)
            set_attribute(name, "val", f"heading {level + 1}")
    return handled_ids


def _style_level(style: etree._Element, by_id: dict[str, etree._Element]) -> int | None:
    """Return the outline level of a style by its name, its properties or its base styles."""
    current: etree._Element | None = style
    for _ in range(MAX_CHAIN_LENGTH):
        if current is None or get_attribute(current, "type") not in ("", "paragraph"):
            return None
        if match := HEADING.fullmatch(_style_name(current)):
            return int(match.group(1)) - 1
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
    level = next(iter_children(properties, "outlineLvl"), None)
    value = get_attribute(level, "val") if level is not None else ""
    return int(value) if value.isdecimal() and int(value[:2]) <= MAX_HEADING_LEVEL else None


def _heading_style_id(styles: etree._Element, level: int) -> str:
    """Return the id of Word's heading style for a level, and add the style if it is missing."""
    heading_name = f"heading {level + 1}"
    for style in iter_children(styles, "style"):
        if _style_name(style).lower() == heading_name:
            return get_attribute(style, "styleId")
    style, name = new_element(styles, "style"), new_element(styles, "name")
    set_attribute(style, "type", "paragraph")
    set_attribute(style, "styleId", heading_name.replace(" ", ""))
    set_attribute(name, "val", heading_name)
    style.append(name)
    styles.append(style)
    return heading_name.replace(" ", "")
