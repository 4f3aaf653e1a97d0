"""Styles: formatting of runs, heading levels and numbering, with inheritance.

A property is taken from the run itself, its character style, the style of its paragraph or the
defaults of the document, in this order; a style inherits from the style that it is based on.
Templates define custom styles such as "Guideline section", named in their own language. Word treats
a style as a heading if it has an outline level, set directly or inherited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree  # type: ignore[import-untyped]

from ingest.readers.docx.namespaces import (
    W,
    child_value,
    find_child,
    get_attribute,
    is_enabled,
    iter_children,
    number_value,
)

MAX_HEADING_LEVEL = 8  # outline levels count from 0; the next value means "no heading"
MAX_CHAIN_LENGTH = 20  # inherited styles; Word allows 10
HEADING = re.compile(r"heading ?([1-9])", re.I)
# Built-in styles that look like headings or inherit from one, but are not headings.
NON_HEADING_STYLES = re.compile(r"title|subtitle|toc .*|caption", re.I)

DEFAULT_SIZE = 20  # half points, if the document defines none
MIN_SHIFT = 3  # half points by which text is raised or lowered on purpose
SHIFTED_TEXT = re.compile(r"[\d+−–,.*†‡()/-]+")  # may be raised in the size of its neighbours

# Two styles with such a property cancel each other out, such as "Strong" in a bold heading.
TOGGLES = ("b", "i", "strike", "dstrike", "vanish")
VALUES = ("vertAlign", "position", "sz")
FONT_SLOTS = ("ascii", "hAnsi", "cs")
Properties = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunFormat:
    """Formatting of a run that changes its meaning.

    `is_strong` and `is_emphasis` are true for emphasis within the paragraph, `is_bold` for any bold
    text. `shift` is 1 for raised, -1 for lowered text. `fonts` are the fonts of ASCII characters
    and of others, empty for a font of the theme.
    """

    is_bold: bool
    is_strong: bool
    is_emphasis: bool
    is_struck: bool
    is_hidden: bool
    alignment: str
    position: int
    is_small: bool
    fonts: tuple[str, str]

    def shift(self, text: str) -> int:
        """Return 1 if a text with this format is raised, -1 if it is lowered, else 0."""
        if self.alignment == "superscript":
            return 1
        if self.alignment == "subscript":
            return -1
        if abs(self.position) < MIN_SHIFT:
            return 0
        if self.is_small or SHIFTED_TEXT.fullmatch(text.strip()):
            return 1 if self.position > 0 else -1
        return 0


class StyleNumbering(NamedTuple):
    """Numbering of a style: the list, empty for none, and the level, None if not stated."""

    num_id: str
    level: int | None


class StyleSheet:
    """The styles of a document."""

    def __init__(self, tree: etree._Element | None) -> None:
        styles = [] if tree is None else list(iter_children(tree, "style"))
        self._by_id = {get_attribute(style, "styleId"): style for style in styles}
        self._default_style = next(
            (
                get_attribute(style, "styleId")
                for style in styles
                if get_attribute(style, "type") == "paragraph"
                and get_attribute(style, "default") in ("1", "true", "on")
            ),
            "",
        )
        self._defaults = run_properties(find_child(tree, "docDefaults", "rPrDefault", "rPr"))
        self._cache: dict[str, Properties] = {}
        self._formats: dict[tuple[str, str, tuple[tuple[str, str], ...]], RunFormat] = {}

    def paragraph_style(self, properties: etree._Element | None) -> str:
        """Return the id of the style of a paragraph with these properties."""
        return child_value(properties, "pStyle") or self._default_style

    def style_name(self, style_id: str) -> str:
        """Return the name of a style, or its id if it is not defined."""
        style = self._by_id.get(style_id)
        return child_value(style, "name") if style is not None else style_id

    def is_based_on(self, style_id: str, name: str) -> bool:
        """Return whether a style, or one that it inherits from, has a name in lower case."""
        return any(child_value(style, "name").casefold() == name for style in self._chain(style_id))

    def heading_level(self, style_id: str, properties: etree._Element | None) -> int | None:
        """Return the outline level of a paragraph, from 0, or None.

        A level of the paragraph itself applies only if its style has none.
        """
        name = self.style_name(style_id)
        if NON_HEADING_STYLES.fullmatch(name):
            return None
        level = self._style_level(style_id)
        return level if level is not None else _outline_level(properties)

    def _style_level(self, style_id: str) -> int | None:
        if style_id not in self._by_id:
            match = HEADING.fullmatch(style_id)
            return int(match.group(1)) - 1 if match else None
        for style in self._chain(style_id):
            if get_attribute(style, "type") not in ("", "paragraph"):
                return None
            if match := HEADING.fullmatch(child_value(style, "name")):
                return int(match.group(1)) - 1
            properties = find_child(style, "pPr")
            if find_child(properties, "outlineLvl") is not None:
                return _outline_level(properties)
        return None

    def numbering(self, style_id: str) -> StyleNumbering:
        """Return the numbering of a style. List and level may come from different styles."""
        num_id, level = "", None
        for style in self._chain(style_id):
            properties = find_child(style, "pPr", "numPr")
            if level is None:
                value = child_value(properties, "ilvl")
                level = number_value(value, 0) if value else None
            num_id = num_id or child_value(properties, "numId")
            if num_id:
                break
        return StyleNumbering(num_id, level)

    def indentation(self, style_id: str) -> etree._Element | None:
        """Return the indentation of a style, or None."""
        found = (find_child(style, "pPr", "ind") for style in self._chain(style_id))
        return next((indentation for indentation in found if indentation is not None), None)

    def has_bold_first_row(self, style_id: str) -> bool:
        """Return whether a table style formats the first row in bold."""
        for style in self._chain(style_id):
            for part in iter_children(style, "tblStylePr"):
                bold = find_child(part, "rPr", "b")
                if get_attribute(part, "type") == "firstRow" and bold is not None:
                    return is_enabled(bold)
        return False

    def run_format(self, style_id: str, properties: etree._Element | None) -> RunFormat:
        """Return the format of a run with these properties in a paragraph with this style."""
        own = run_properties(properties)
        key = (style_id, child_value(properties, "rStyle"), tuple(own.items()))
        if key not in self._formats:
            self._formats[key] = self._resolve_format(style_id, key[1], own)
        return self._formats[key]

    def _resolve_format(self, style_id: str, character_style: str, own: Properties) -> RunFormat:
        character = self._style_properties(character_style)
        paragraph = self._style_properties(style_id)
        layers = (own, character, paragraph, self._defaults)
        toggles = {name: _toggle(name, layers) for name in TOGGLES}
        values = {
            name: next((layer[name] for layer in layers if name in layer), "")
            for name in (*VALUES, *FONT_SLOTS)
        }
        base_size = paragraph.get("sz", self._defaults.get("sz", ""))
        none: Properties = {}
        of_paragraph = (none, none, paragraph, self._defaults)
        return RunFormat(
            is_bold=toggles["b"],
            is_strong=toggles["b"] and not _toggle("b", of_paragraph),
            is_emphasis=toggles["i"] and not _toggle("i", of_paragraph),
            is_struck=toggles["strike"] or toggles["dstrike"],
            is_hidden=toggles["vanish"],
            alignment=values["vertAlign"],
            position=number_value(values["position"], 0),
            is_small=number_value(values["sz"], DEFAULT_SIZE)
            < number_value(base_size, DEFAULT_SIZE),
            fonts=(values["ascii"], values["hAnsi"] or values["cs"]),
        )

    def _style_properties(self, style_id: str) -> Properties:
        """Return the run properties of a style with those that it inherits."""
        if style_id not in self._cache:
            merged: dict[str, str] = {}
            for style in self._chain(style_id):
                merged = {**run_properties(find_child(style, "rPr")), **merged}
            self._cache[style_id] = merged
        return self._cache[style_id]

    def _chain(self, style_id: str) -> Iterator[etree._Element]:
        """Yield a style and the styles that it is based on."""
        style = self._by_id.get(style_id)
        for _ in range(MAX_CHAIN_LENGTH):
            if style is None:
                return
            yield style
            style = self._by_id.get(child_value(style, "basedOn"))


def run_properties(properties: etree._Element | None) -> Properties:
    """Return the run properties that change the meaning of a text, by name."""
    found: dict[str, str] = {}
    if properties is None:
        return found
    for element in properties.iterchildren(etree.Element):
        name = str(element.tag).removeprefix(W)
        if name in TOGGLES:
            found[name] = "1" if is_enabled(element) else "0"
        elif name in VALUES:
            found[name] = get_attribute(element, "val")
        elif name == "rFonts":
            for slot in FONT_SLOTS:
                theme = "cstheme" if slot == "cs" else f"{slot}Theme"
                if get_attribute(element, theme):
                    found[slot] = ""
                elif get_attribute(element, slot):
                    found[slot] = get_attribute(element, slot)
    return found


def _toggle(name: str, layers: tuple[Properties, Properties, Properties, Properties]) -> bool:
    own, character, paragraph, defaults = layers
    if name in own:
        return own[name] == "1"
    if defaults.get(name) == "1":
        return True
    return (character.get(name) == "1") != (paragraph.get(name) == "1")


def _outline_level(properties: etree._Element | None) -> int | None:
    value = child_value(properties, "outlineLvl")
    return int(value) if value.isdecimal() and int(value[:2]) <= MAX_HEADING_LEVEL else None
