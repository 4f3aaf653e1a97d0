"""Marks that are taken out of a Markdown text before it is parsed.

Template tags and attribute lists say nothing to a reader: they are reported. What abbreviations
stand for and the texts of footnotes are content that stands apart from where it is read: it is kept
for sections at the end. Line breaks stay, so that places can be named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.readers.base import OmittedText

TEMPLATE_TAG = "a template tag"
# What is left out: (reason, pattern). Bounded, so that an unclosed mark is cheap.
_ATTRIBUTE = r"""(?:[.#][\w-]+|[A-Za-z][\w-]*=(?:"[^"\n]{0,100}"|'[^'\n]{0,100}'|[\w-]+))"""
OMITTED_MARKS = (
    (TEMPLATE_TAG, re.compile(r"\{\{.{0,500}?\}\}|\{%.{0,500}?%\}|\{#.{0,500}?#\}", re.S)),
    (
        "an attribute list",
        # Begun at the first blank only, or a long run of blanks is tried from each of them.
        re.compile(
            rf"(?<![ \t])[ \t]*\{{:?[ \t]*{_ATTRIBUTE}(?:[ \t]+{_ATTRIBUTE}){{0,20}}[ \t]*\}}"
        ),
    ),
)
ABBREVIATION = re.compile(r"^ {0,3}\*\[([^\]\n]{1,80})\]:[ \t]*(.*)$")
FOOTNOTE = re.compile(r"^ {0,3}\[\^([^\]\s]{1,40})\]:[ \t]*(.*)$")
FOOTNOTE_MARK = re.compile(r"\[\^([^\]\s]{1,40})\]")
INDENT = re.compile(r" {4}| {0,3}\t")
# What ends a paragraph without a blank line before it.
BLOCK_START = re.compile(r" {0,3}(?:#{1,6}\s|>|[-*+]\s|\d{1,9}[.)]\s|\||<)")
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class ExtractedMarks:
    """What is kept: pairs of an abbreviation and its meaning, and of a number and its note."""

    abbreviations: list[tuple[str, str]]
    footnotes: list[tuple[str, str]]


def extract_marks(text: str, omitted: list[OmittedText]) -> tuple[str, ExtractedMarks]:
    """Return a text without its marks, and those whose text is kept."""
    for reason, pattern in OMITTED_MARKS:
        for found in pattern.finditer(text):
            omitted.append(OmittedText(reason, found.group().strip()))
        text = pattern.sub(lambda found: "\n" * found.group().count("\n"), text)
    taken = _MarkCollector()
    text = "\n".join("" if taken.collect(line) else line for line in text.split("\n"))
    notes = [(number, "\n".join(lines)) for number, lines in taken.footnotes]
    return text, ExtractedMarks(taken.abbreviations, notes)


class _MarkCollector:
    """Goes through the lines of a text and takes those that are read at its end."""

    def __init__(self) -> None:
        self.abbreviations: list[tuple[str, str]] = []
        self.footnotes: list[tuple[str, list[str]]] = []
        self._fence = ""  # of the block of code that is open
        self._note: list[str] = []  # the lines of the footnote that is open

    def collect(self, line: str) -> bool:
        """Whether a line is taken out."""
        fence = FENCE.match(line)
        if self._fence or fence:
            if fence and not self._fence:
                self._fence = fence.group(1)
            elif fence and line.strip().startswith(self._fence):
                self._fence = ""
            self._note = []
            return False
        if abbreviation := ABBREVIATION.match(line):
            self.abbreviations.append((abbreviation.group(1), abbreviation.group(2)))
            self._note = []
            return True
        if footnote := FOOTNOTE.match(line):
            self._note = [footnote.group(2)]
            self.footnotes.append((footnote.group(1), self._note))
            return True
        if self._note and self._goes_on(line):
            self._note.append(INDENT.sub("", line, count=1))
            return True
        self._note = []
        return False

    def _goes_on(self, line: str) -> bool:
        """Whether a line belongs to the footnote above it: indented, or right below its text."""
        if not line.strip() or INDENT.match(line):
            return True
        return bool(self._note[-1].strip()) and not BLOCK_START.match(line)
