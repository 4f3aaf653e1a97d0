"""Section builder shared by all readers.

A reader calls `SectionBuilder.add_heading` and `SectionBuilder.add_block` in reading order and
never creates sections itself, so nesting, text normalisation and the introduction are the same for
every format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ingest.readers.common.callout_level import level_from_text
from ingest.readers.common.inline_text import parse_inline
from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem
from kb.model.article import (
    Article,
    Block,
    BlockKind,
    Cell,
    ListItem,
    Marks,
    Metadata,
    Row,
    Section,
)


@dataclass(slots=True)
class _Heading:
    level: int
    text: str
    blocks: list[Block] = field(default_factory=list)
    codes: tuple[str, ...] = ()


class SectionBuilder:
    """Build the section tree from headings and blocks in reading order."""

    def __init__(self, normalizer: TextNormalizer) -> None:
        self._normalizer = normalizer
        self._headings = [_Heading(0, "")]  # the introduction has no heading

    def add_heading(self, level: int, text: str, codes: tuple[str, ...] = ()) -> None:
        """Start a section. An empty heading is ignored.

        `codes` are the medical codes of the section's subject.
        """
        text = self._normalize_line(text)
        if text:
            self._headings.append(_Heading(level, text, codes=codes))

    def add_untitled_section(self, level: int = 1) -> None:
        """Start a section without a heading, unless nothing has been added yet."""
        if len(self._headings) > 1 or self._headings[0].blocks:
            self._headings.append(_Heading(level, ""))

    def add_block(self, block: Block) -> None:
        """Normalise a block and add it to the current section. Empty blocks are ignored.

        Its texts may be formatted (`ingest.readers.common.inline_text`).
        """
        text, marks = self._parse(block.text, keep_lines=True)
        rows, header_rows = _remove_empty_rows(
            [tuple(map(self._normalize_cell, row)) for row in block.rows], block.header_rows
        )
        block = replace(
            block,
            text=text,
            marks=marks,
            items=tuple(filter(_has_text, map(self._normalize_item, block.items))),
            rows=rows,
            header_rows=_count_header_rows(rows, header_rows),
        )
        if block.kind is BlockKind.CALLOUT and block.level is None:
            block = replace(block, level=level_from_text(block.text))
        if block.text or block.items or block.rows or block.figure:
            self._headings[-1].blocks.append(block)

    def add_text(self, kind: BlockKind, text: str) -> None:
        """Add a block that consists of text only."""
        self.add_block(Block(kind=kind, text=text))

    @property
    def headings(self) -> tuple[tuple[int, str], ...]:
        """Level and text of each heading so far."""
        return tuple(
            (heading.level, heading.text) for heading in self._headings[1:] if heading.text
        )

    def merge_title_heading(self, title: str) -> None:
        """Remove the first heading if it repeats the title. Its blocks move to the introduction."""
        if len(self._headings) > 1 and _is_same_text(
            self._headings[1].text, self._normalize_line(title)
        ):
            self._headings[0].blocks.extend(self._headings.pop(1).blocks)

    def build_sections(self) -> tuple[Section, ...]:
        """Return the section tree.

        A heading belongs to the nearest preceding heading of a higher rank.
        """
        lead, *headings = self._headings
        open_sections: list[tuple[_Heading, list[Section]]] = [(_Heading(-1, ""), [])]
        for heading in headings:
            _close_sections(open_sections, heading.level)
            open_sections.append((heading, []))
        _close_sections(open_sections, 0)
        sections = open_sections[0][1]
        if lead.blocks:
            sections.insert(0, Section("", tuple(lead.blocks)))
        return tuple(sections)

    def build_article(self, source: str, location: str, title: str, metadata: Metadata) -> Article:
        """Return the finished article.

        Raises `SourceError` if there is no text. `location` is the position in the source for the
        error message.
        """
        if not any(heading.blocks for heading in self._headings):
            raise SourceError(
                source,
                "contains no text.",
                "Check that you chose the right file.",
                location,
                code=SourceProblem.NO_TEXT,
            )
        return Article(self._normalize_line(title), self.build_sections(), metadata)

    def _parse(self, text: str, *, keep_lines: bool = False) -> tuple[str, Marks]:
        return parse_inline(text, self._normalizer.normalize, keep_lines=keep_lines)

    def _normalize_line(self, text: str) -> str:
        return self._parse(text)[0]

    def _normalize_item(self, item: ListItem) -> ListItem:
        text, marks = self._parse(item.text, keep_lines=True)
        return ListItem(text, item.depth, self._normalize_line(item.label), marks)

    def _normalize_cell(self, cell: Cell) -> Cell:
        text, marks = self._parse(cell.text)
        return Cell(text, cell.columns, cell.rows, marks)


def _has_text(item: ListItem) -> bool:
    return bool(item.text)


def _count_header_rows(rows: Sequence[Row], header_rows: int) -> int:
    """Return the number of header rows without group rows ("Children") below the headers.

    A group row applies to the rows down to the next group row, the headers to the whole table.
    """
    while 1 < header_rows < len(rows):
        first, *others = rows[header_rows - 1]
        if not others or first.columns <= len(others) or any(cell.text for cell in others):
            break
        header_rows -= 1
    return header_rows


def _remove_empty_rows(rows: Sequence[Row], header_rows: int) -> tuple[tuple[Row, ...], int]:
    """Return the rows with text, with the spans over removed rows shortened, and the headers."""
    kept = [number for number, row in enumerate(rows) if any(cell.text for cell in row)]
    if len(kept) == len(rows):
        return tuple(rows), header_rows
    shortened = tuple(
        tuple(
            replace(cell, rows=sum(1 for other in kept if number <= other < number + cell.rows))
            if cell.rows > 1
            else cell
            for cell in rows[number]
        )
        for number in kept
    )
    return shortened, sum(1 for number in kept if number < header_rows)


def _close_sections(open_sections: list[tuple[_Heading, list[Section]]], level: int) -> None:
    """Close the open sections at `level` and below."""
    while open_sections[-1][0].level >= level:
        closed, subsections = open_sections.pop()
        open_sections[-1][1].append(
            Section(closed.text, tuple(closed.blocks), tuple(subsections), closed.codes)
        )


def _is_same_text(heading: str, title: str) -> bool:
    return heading.casefold() == title.casefold()
