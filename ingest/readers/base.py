"""What every reader hands back, and the outline on which it builds the tree of sections.

A reader calls `SectionBuilder.heading` and `SectionBuilder.add` in reading order and never builds a section
itself, so nesting, cleaning and the lead section are the same whatever the format.

The title of an article whose source names none: from its first heading or its file's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import PurePath

from ingest.language.word_lists import load_word_list
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem
from kb.model.article import Article, Block, BlockKind, ListItem, Metadata, Section

AS_METADATA = "read as metadata"  # the reason of a piece that is not lost but kept elsewhere


@dataclass(frozen=True, slots=True)
class OmittedText:
    """A piece of the source that is not in the article, and why."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderResult:
    """An article as read, with all that a person should know about how it was read.

    `visible` is the text that a reader of the source itself would see: what coverage is
    measured against.
    """

    article: Article
    visible_text: str
    omitted: tuple[OmittedText, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Heading:
    level: int
    text: str
    blocks: list[Block] = field(default_factory=list)
    codes: tuple[str, ...] = ()


class SectionBuilder:
    """Headings with levels and blocks in reading order, on their way to a tree."""

    def __init__(self, cleaner: TextNormalizer) -> None:
        self._cleaner = cleaner
        self._headings = [_Heading(0, "")]  # the lead stands under no heading

    def add_heading(self, level: int, text: str, codes: tuple[str, ...] = ()) -> None:
        """Begin a section; an empty heading begins none. `codes` say what it is about."""
        text = self._line(text)
        if text:
            self._headings.append(_Heading(level, text, codes=codes))

    def add_untitled_section(self) -> None:
        """Begin a section without a heading, for a source that parts its text so."""
        if len(self._headings) > 1 or self._headings[0].blocks:
            self._headings.append(_Heading(1, ""))

    def add_block(self, block: Block) -> None:
        """Add a block to the current section, cleaned; an empty block is left out."""
        rows = [tuple(map(self._line, row)) for row in block.rows]
        block = replace(
            block,
            text=self._lines(block.text),
            items=tuple(
                ListItem(text, item.depth)
                for item in block.items
                if (text := self._lines(item.text))
            ),
            rows=tuple(row for row in rows if any(row)),
            header_rows=sum(1 for row in rows[: block.header_rows] if any(row)),
        )
        if block.text or block.items or block.rows:
            self._headings[-1].blocks.append(block)

    def add_text(self, kind: BlockKind, text: str) -> None:
        """Add a block that is nothing but text."""
        self.add_block(Block(kind=kind, text=text))

    @property
    def headings(self) -> tuple[tuple[int, str], ...]:
        """(level, text) of the headings so far."""
        return tuple((each.level, each.text) for each in self._headings[1:] if each.text)

    def merge_title_heading(self, title: str) -> None:
        """Take out the first heading that says no more than the title; its text joins the lead.

        Only what stands before every other heading can do so, or text would change its place.
        """
        if len(self._headings) > 1 and _same(self._headings[1].text, self._line(title)):
            self._headings[0].blocks.extend(self._headings.pop(1).blocks)

    def build_sections(self) -> tuple[Section, ...]:
        """The tree: a heading stands under the nearest one before it of a lower level."""
        lead, *headings = self._headings
        open_sections: list[tuple[_Heading, list[Section]]] = [(_Heading(-1, ""), [])]
        for heading in headings:
            _close(open_sections, heading.level)
            open_sections.append((heading, []))
        _close(open_sections, 0)
        sections = open_sections[0][1]
        if lead.blocks:
            sections.insert(0, Section("", tuple(lead.blocks)))
        return tuple(sections)

    def build_article(self, source: str, place: str, title: str, metadata: Metadata) -> Article:
        """Return the finished article. Raises `SourceError` when it holds no text at all."""
        if not any(heading.blocks for heading in self._headings):
            raise SourceError(
                source,
                "holds no text to read.",
                "Check that it is the right file.",
                place,
                code=SourceProblem.NO_TEXT,
            )
        return Article(self._line(title), self.build_sections(), metadata)

    def _line(self, text: str) -> str:
        return " ".join(self._cleaner.clean(text).split())

    def _lines(self, text: str) -> str:
        lines = (" ".join(line.split()) for line in self._cleaner.clean(text).split("\n"))
        return "\n".join(line for line in lines if line)


def _close(open_sections: list[tuple[_Heading, list[Section]]], level: int) -> None:
    """Finish the open sections that a heading of `level` does not stand under."""
    while open_sections[-1][0].level >= level:
        done, below = open_sections.pop()
        open_sections[-1][1].append(
            Section(done.text, tuple(done.blocks), tuple(below), done.codes)
        )


def _same(heading: str, title: str) -> bool:
    return heading.casefold() == title.casefold()


_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*[.)]?|[IVX]{1,5}\.)\s+")


@cache
def _generic_headings() -> frozenset[str]:
    return frozenset(load_word_list("generic-headings"))


def is_generic_heading(heading: str) -> bool:
    """Whether a heading could stand in any article."""
    return _NUMBER.sub("", heading).strip(" :.").casefold() in _generic_headings()


def derive_title(headings: Sequence[str], source: str) -> str:
    """Return the first heading unless it is generic, else the name of the file made readable."""
    if headings and not is_generic_heading(headings[0]):
        return headings[0]
    return title_from_file_name(source)


def title_from_file_name(source: str) -> str:
    """Return a file's name as words: ``/kb/type-2_diabetes.txt`` is "Type 2 diabetes"."""
    stem = PurePath(source).stem
    words = " ".join(re.split(r"[\s_-]+", stem)).strip()
    return words[:1].upper() + words[1:] if words else source
