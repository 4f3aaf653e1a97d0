"""Automatic numbers of lists and headings, as Word displays them.

Word stores no numbers: a paragraph refers to a list definition (``w:num``) and a level, and the
numbers result from counting. The rules are those of ECMA-376 part 1, section 17.9, and of Word
where they differ:

* All lists of one abstract definition share their counters. A ``w:startOverride`` restarts them
  once, at the first paragraph of its list at that level.
* A level restarts after a paragraph of a higher level, unless ``w:lvlRestart`` excludes it. Until
  it is used again, it counts as its first number.
* A higher level that has not been used yet counts as its first number from then on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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
from ingest.readers.docx.styles import StyleSheet, run_properties
from ingest.readers.docx.symbols import decode_letters
from kb.model import list_numbering
from kb.model.list_numbering import Numbering

LEVELS = 9
NO_LIST = "0"  # list of a paragraph whose style is numbered, but not the paragraph itself
PLACEHOLDER = re.compile(r"%([1-9])")
# Bullets that change the meaning of their item are shown as its label.
MEANINGFUL_BULLETS = frozenset("✓✔✗✘✕✖❌✅☐☑☒🗴🗵🗶🗷🗸🗹⚠")
GAPS = {"tab": " ", "space": " ", "nothing": ""}
MAX_REPEATED_LETTERS = 10
NOTE_SYMBOLS = "*†‡§"

UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
TENS = ("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINAL_WORDS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def _letters(number: int, first: str) -> str:
    """Return a number as Word's letters: a to z, then aa, bb to zz."""
    repeated, letter = divmod(number - 1, 26)
    if number < 1 or repeated >= MAX_REPEATED_LETTERS:
        return str(number)
    return chr(ord(first) + letter) * (repeated + 1)


def _ordinal(number: int) -> str:
    suffix = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{suffix}"


def _cardinal_words(number: int) -> str:
    if not 0 <= number < 100:
        return str(number)
    if number < len(UNITS):
        return UNITS[number]
    tens, units = divmod(number, 10)
    return TENS[tens] + (f"-{UNITS[units]}" if units else "")


def _ordinal_words(number: int) -> str:
    if not 0 < number < 100:
        return _ordinal(number)
    start, hyphen, last = _cardinal_words(number).rpartition("-")
    last = ORDINAL_WORDS.get(last, last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return start + hyphen + last


def _circled(number: int) -> str:
    return chr(0x2460 + number - 1) if 1 <= number <= 20 else str(number)


def _symbols(number: int) -> str:
    """Return a number of a note in the style of the Chicago manual: *, †, ‡, §, **."""
    repeated, symbol = divmod(number - 1, len(NOTE_SYMBOLS))
    if number < 1 or repeated >= MAX_REPEATED_LETTERS:
        return str(number)
    return NOTE_SYMBOLS[symbol] * (repeated + 1)


# Number formats by their names in WordprocessingML; all others are displayed as decimal numbers.
FORMATS: dict[str, Callable[[int], str]] = {
    "lowerLetter": lambda number: _letters(number, "a"),
    "upperLetter": lambda number: _letters(number, "A"),
    "lowerRoman": lambda number: list_numbering.format_number(number, Numbering.LOWER_ROMAN),
    "upperRoman": lambda number: list_numbering.format_number(number, Numbering.UPPER_ROMAN),
    "ordinal": _ordinal,
    "cardinalText": lambda number: _cardinal_words(number).capitalize(),
    "ordinalText": lambda number: _ordinal_words(number).capitalize(),
    "decimalZero": lambda number: f"{number:02}",
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedParen": lambda number: f"({number})",
    "decimalEnclosedFullstop": lambda number: f"{number}.",
    "numberInDash": lambda number: f"- {number} -",
    "chicago": _symbols,
    "hex": lambda number: f"{number:X}",
    "none": lambda number: "",
}


def format_number(number: int, number_format: str) -> str:
    """Return a number in a format of WordprocessingML."""
    return FORMATS.get(number_format, str)(number)


@dataclass(frozen=True, slots=True)
class ListLevel:
    """One level of a list. `restart` is the number of the level that restarts it, if not all."""

    start: int
    number_format: str
    custom_format: str
    text: str
    gap: str
    is_legal: bool
    restart: int | None
    style: str
    indentation: etree._Element | None

    @property
    def is_bullet(self) -> bool:
        """Whether its items are not numbered."""
        return self.number_format == "bullet" or (
            self.number_format == "none" and not self.text.strip()
        )

    @property
    def is_blank(self) -> bool:
        """Whether its bullet is a space: the paragraph continues an item."""
        return self.number_format == "bullet" and self.text.isspace()

    def restarts_after(self, level: int) -> bool:
        """Return whether a paragraph of a higher level restarts this one."""
        return self.restart is None or level < self.restart

    def format(self, number: int) -> str:
        """Return a number in the format of the level."""
        if self.custom_format:
            return str(number).zfill(len(self.custom_format.split(",")[0].strip()))
        return format_number(number, self.number_format)


class NumberLabel(NamedTuple):
    """The number of a paragraph as displayed, and the gap between it and the text."""

    text: str
    gap: str


@dataclass(frozen=True, slots=True)
class ListDefinition:
    """A list: its abstract definition, its levels and the levels that it restarts."""

    abstract_id: str
    levels: dict[int, ListLevel]
    start_overrides: dict[int, int]

    def level_of_style(self, style_id: str) -> int | None:
        """Return the level that belongs to a paragraph style, or None."""
        return next(
            (
                number
                for number, level in self.levels.items()
                if style_id and level.style == style_id
            ),
            None,
        )


def read_numbering(tree: etree._Element | None, styles: StyleSheet) -> dict[str, ListDefinition]:
    """Return the lists of a document by id."""
    if tree is None:
        return {}
    abstract = {
        get_attribute(element, "abstractNumId"): element
        for element in iter_children(tree, "abstractNum")
    }
    nums = {get_attribute(element, "numId"): element for element in iter_children(tree, "num")}
    definitions: dict[str, ListDefinition] = {}
    for num_id, num in nums.items():
        abstract_id = child_value(num, "abstractNumId")
        source = abstract.get(abstract_id)
        link = child_value(source, "numStyleLink")
        if link:  # the definition is that of a numbering style
            linked = nums.get(styles.numbering(link).num_id)
            source = abstract.get(child_value(linked, "abstractNumId"))
        levels = _read_levels(source)
        start_overrides: dict[int, int] = {}
        for override in iter_children(num, "lvlOverride"):
            number = number_value(get_attribute(override, "ilvl"), 0)
            levels.update(_read_levels(override))
            start = child_value(override, "startOverride")
            if start:
                start_overrides[number] = number_value(start, 1)
        definitions[num_id] = ListDefinition(abstract_id, levels, start_overrides)
    return definitions


def _read_levels(parent: etree._Element | None) -> dict[int, ListLevel]:
    if parent is None:
        return {}
    return {
        number_value(get_attribute(level, "ilvl"), 0): _read_level(level)
        for level in iter_children(parent, "lvl")
    }


def _read_level(level: etree._Element) -> ListLevel:
    # A format of a newer version is an alternative of an element of older versions.
    number_format = next(level.iter(f"{W}numFmt"), None)
    kind = get_attribute(number_format, "val") if number_format is not None else "decimal"
    restart = child_value(level, "lvlRestart")
    properties = find_child(level, "rPr")
    text = child_value(level, "lvlText")
    fonts = run_properties(properties)
    text = decode_letters(text, fonts.get("ascii", ""), fonts.get("hAnsi", "")).text
    is_hidden = run_properties(properties).get("vanish") == "1"
    return ListLevel(
        start=number_value(child_value(level, "start"), 0 if kind == "bullet" else 1),
        number_format="none" if is_hidden else kind,
        custom_format=get_attribute(number_format, "format") if kind == "custom" else "",
        text="" if is_hidden else text,
        gap=GAPS.get(child_value(level, "suff"), " "),
        is_legal=is_enabled(find_child(level, "isLgl")),
        restart=number_value(restart, 0) if restart else None,
        style=child_value(level, "pStyle"),
        indentation=find_child(level, "pPr", "ind"),
    )


class NumberCounters:
    """The counters of the lists in one text: the body, the footnotes or a text box."""

    def __init__(self, definitions: dict[str, ListDefinition]) -> None:
        self._definitions = definitions
        self._numbers: dict[tuple[str, int], int] = {}
        self._unused: set[tuple[str, int]] = set()  # restarted and not used since
        self._restarted: set[tuple[str, int]] = set()  # levels with another start

    def count(self, num_id: str, level: int) -> NumberLabel:
        """Count a paragraph, and return its number."""
        definition = self._definitions[num_id]
        abstract_id = definition.abstract_id
        for number in range(level):
            if (abstract_id, number) not in self._numbers:
                self._start(num_id, number)
        key = (abstract_id, level)
        overridden = level in definition.start_overrides and (num_id, level) not in self._restarted
        if overridden or key not in self._numbers:
            self._start(num_id, level)
        elif key not in self._unused:
            self._numbers[key] += 1
        self._unused.discard(key)
        for number in range(level + 1, LEVELS):
            lower = definition.levels.get(number)
            if lower and (abstract_id, number) in self._numbers and lower.restarts_after(level):
                self._numbers[abstract_id, number] = lower.start
                self._unused.add((abstract_id, number))
        return self._label(definition, level)

    def _start(self, num_id: str, level: int) -> None:
        definition = self._definitions[num_id]
        start = definition.levels[level].start if level in definition.levels else 1
        if level in definition.start_overrides and (num_id, level) not in self._restarted:
            self._restarted.add((num_id, level))
            start = definition.start_overrides[level]
        self._numbers[definition.abstract_id, level] = start

    def _label(self, definition: ListDefinition, level: int) -> NumberLabel:
        own = definition.levels[level]
        if own.is_bullet:
            bullet = own.text.strip()
            return NumberLabel(bullet if bullet in MEANINGFUL_BULLETS else "", " ")

        def number_text(match: re.Match[str]) -> str:
            position = int(match.group(1)) - 1
            shown = definition.levels.get(position)
            number = self._numbers.get((definition.abstract_id, position), 1)
            if shown is None or position > level:
                return ""
            if own.is_legal and (position < level or shown.number_format != "decimalZero"):
                return str(number)
            return shown.format(number)

        text = PLACEHOLDER.sub(number_text, own.text)
        return NumberLabel(text.strip(), " " if text[-1:].isspace() else own.gap)
