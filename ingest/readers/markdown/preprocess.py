"""Removal of template tags, attribute lists, abbreviations and footnotes before parsing.

Template tags and attribute lists are not content and are reported. Abbreviation definitions and
footnote texts are returned separately for sections at the end. Line breaks are preserved, so that
line numbers in error messages stay correct.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.readers.common.result import OmittedText
from ingest.readers.markdown.code_blocks import find_code_lines

TEMPLATE_TAG = "a template tag"
# Removed markup: (reason, pattern). Lengths are bounded so that an unclosed tag is cheap.
_ATTRIBUTE = r"""(?:[.#][\w-]+|[A-Za-z][\w-]*=(?:"[^"\n]{0,100}"|'[^'\n]{0,100}'|[\w-]+))"""
OMITTED_MARKS = (
    (TEMPLATE_TAG, re.compile(r"\{\{.{0,500}?\}\}|\{%.{0,500}?%\}|\{#.{0,500}?#\}", re.S)),
    (
        "an attribute list",
        # Anchored at the first blank; otherwise every blank of a long run would be tried.
        re.compile(
            rf"(?<![ \t])[ \t]*\{{:?[ \t]*{_ATTRIBUTE}(?:[ \t]+{_ATTRIBUTE}){{0,20}}[ \t]*\}}"
        ),
    ),
)
ABBREVIATION = re.compile(r"^ {0,3}\*\[([^\]\n]{1,80})\]:[ \t]*(.*)$")
FOOTNOTE = re.compile(r"^ {0,3}\[\^([^\]\s]{1,40})\]:[ \t]*(.*)$")
FOOTNOTE_MARK = re.compile(r"\[\^([^\]\s]{1,40})\]")
INDENT = re.compile(r" {4}| {0,3}\t")
# Line starts that end a paragraph without a blank line.
BLOCK_START = re.compile(r" {0,3}(?:#{1,6}\s|>|[-*+]\s|\d{1,9}[.)]\s|\||<)")


@dataclass(frozen=True, slots=True)
class ExtractedMarks:
    """Definitions removed from the text: (abbreviation, meaning) and (number, footnote text)."""

    abbreviations: list[tuple[str, str]]
    footnotes: list[tuple[str, str]]


def extract_marks(text: str, omitted: list[OmittedText]) -> tuple[str, ExtractedMarks]:
    """Return the text without removed markup, and the definitions.

    Markup that is not content is added to `omitted`.
    """
    for reason, pattern in OMITTED_MARKS if "{" in text else ():
        for match in pattern.finditer(text):
            omitted.append(OmittedText(reason, match.group().strip()))
        text = pattern.sub(lambda match: "\n" * match.group().count("\n"), text)
    collector = _MarkCollector()
    lines = text.split("\n")
    text = "\n".join(
        "" if collector.collect(line, is_code=is_code) else line
        for line, is_code in zip(lines, find_code_lines(lines), strict=True)
    )
    notes = [(number, "\n".join(lines)) for number, lines in collector.footnotes]
    return text, ExtractedMarks(collector.abbreviations, notes)


class _MarkCollector:
    """Line-by-line collector of abbreviation and footnote definitions."""

    def __init__(self) -> None:
        self.abbreviations: list[tuple[str, str]] = []
        self.footnotes: list[tuple[str, list[str]]] = []
        self._note: list[str] = []  # lines of the open footnote

    def collect(self, line: str, *, is_code: bool) -> bool:
        """Return whether a line belongs to a definition, and store it."""
        if is_code:
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
        if self._note and self._continues_note(line):
            self._note.append(INDENT.sub("", line, count=1))
            return True
        self._note = []
        return False

    def _continues_note(self, line: str) -> bool:
        """Return whether a line continues the open footnote.

        It is indented, or directly below the footnote's text.
        """
        if not line.strip() or INDENT.match(line):
            return True
        return bool(self._note[-1].strip()) and not BLOCK_START.match(line)
