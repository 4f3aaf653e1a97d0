"""Article tree: sections with headings and blocks.

The classes are frozen and compare by content. A reader in `ingest` builds an `Article`, chunking
splits it into passages (`kb.model.passage`), and the database stores both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class BlockKind(StrEnum):
    """Kind of a block. A passage has the kind of its dominant block."""

    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CALLOUT = "callout"
    CAPTION = "caption"


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item of a list. `depth` is 0 at the outermost level."""

    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Smallest unit of text that is displayed as a whole.

    A paragraph, callout or caption has `text`; a list has `items`; a table has `rows`, of which
    the first `header_rows` are headers. `page` is the page number in the source, starting at 1.
    """

    kind: BlockKind
    text: str = ""
    items: tuple[ListItem, ...] = ()
    ordered: bool = False
    rows: tuple[tuple[str, ...], ...] = ()
    header_rows: int = 0
    page: int | None = None

    @property
    def plain(self) -> str:
        """The plain text, used for search, counts and quotations."""
        if self.kind is BlockKind.LIST:
            return "\n".join("  " * item.depth + "- " + item.text for item in self.items)
        if self.kind is BlockKind.TABLE:
            return "\n".join(" | ".join(row) for row in self.rows)
        return self.text


def paragraph(text: str, *, page: int | None = None) -> Block:
    """Return a paragraph with this text."""
    return Block(kind=BlockKind.PARAGRAPH, text=text, page=page)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its blocks and subsections. The introduction has an empty heading.

    `codes` are the subject codes that the source assigns, such as the LOINC codes in a drug label.
    """

    heading: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    codes: tuple[str, ...] = ()

    def walk(self, ancestors: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Section]]:
        """Yield (heading path, section) for this section and its descendants, in reading order."""
        path = (*ancestors, self.heading) if self.heading else ancestors
        yield path, self
        for section in self.sections:
            yield from section.walk(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Metadata of an article. An empty field means that the source does not provide it."""

    id: str = ""  # identifier assigned by the source
    source: str = ""  # publisher: an organisation or a collection
    url: str = ""  # address of the original publication
    licence: str = ""
    language: str = ""  # BCP 47
    owner: str = ""  # person or team responsible for the content
    published: date | None = None
    reviewed: date | None = None
    review_due: date | None = None
    topics: tuple[str, ...] = ()
    also_called: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()  # ``system:code``, see `kb.model.medical_codes`
    audience: str = ""  # "patients" or "professionals"; empty for both


@dataclass(frozen=True, slots=True)
class Article:
    """An article: title, sections in reading order, and metadata."""

    title: str
    sections: tuple[Section, ...]
    metadata: Metadata = field(default_factory=Metadata)

    def walk(self) -> Iterator[tuple[tuple[str, ...], Section]]:
        """Yield (heading path, section) for every section, in reading order."""
        for section in self.sections:
            yield from section.walk()

    @property
    def plain(self) -> str:
        """All headings and blocks as plain text, separated by blank lines."""
        parts: list[str] = []
        for _, section in self.walk():
            if section.heading:
                parts.append(section.heading)
            parts.extend(block.plain for block in section.blocks)
        return "\n\n".join(parts)
