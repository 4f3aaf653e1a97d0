"""Section builder shared by all readers.

A reader calls `SectionBuilder.add_heading` and `SectionBuilder.add_block` in reading order and
never creates sections itself, so nesting, text normalisation and the introduction are the same for
every format.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ingest.text_encoding import TextNormalizer
from kb.errors import SourceError, SourceProblem
from kb.model.article import Article, Block, BlockKind, ListItem, Metadata, Section


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

    def add_untitled_section(self) -> None:
        """Start a section without a heading, unless nothing has been added yet."""
        if len(self._headings) > 1 or self._headings[0].blocks:
            self._headings.append(_Heading(1, ""))

    def add_block(self, block: Block) -> None:
        """Normalise a block and add it to the current section. Empty blocks are ignored."""
        rows = [tuple(map(self._normalize_line, row)) for row in block.rows]
        block = replace(
            block,
            text=self._normalize_lines(block.text),
            items=tuple(
                ListItem(text, item.depth)
                for item in block.items
                if (text := self._normalize_lines(item.text))
            ),
            rows=tuple(row for row in rows if any(row)),
            header_rows=sum(1 for row in rows[: block.header_rows] if any(row)),
        )
        if block.text or block.items or block.rows:
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

    def _normalize_line(self, text: str) -> str:
        return " ".join(self._normalizer.normalize(text).split())

    def _normalize_lines(self, text: str) -> str:
        lines = (" ".join(line.split()) for line in self._normalizer.normalize(text).split("\n"))
        return "\n".join(line for line in lines if line)


def _close_sections(open_sections: list[tuple[_Heading, list[Section]]], level: int) -> None:
    """Close the open sections at `level` and below."""
    while open_sections[-1][0].level >= level:
        closed, subsections = open_sections.pop()
        open_sections[-1][1].append(
            Section(closed.text, tuple(closed.blocks), tuple(subsections), closed.codes)
        )


def _is_same_text(heading: str, title: str) -> bool:
    return heading.casefold() == title.casefold()
