"""An article as a reader finds it: a tree of sections with headings and blocks.

These are values: frozen, compared by content, and free of any library's types. A reader
(``ingest``) makes an `Article`; chunking cuts it into `kb.model.passage.Passage`s; the store keeps both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class BlockKind(StrEnum):
    """What a block is; also the kind of the passage that it rules."""

    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CALLOUT = "callout"
    CAPTION = "caption"


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item of a list; `depth` is 0 at the outermost level."""

    text: str
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One unit of text that is shown as a whole.

    A paragraph, callout or caption has `text`; a list has `items`; a table has `rows`, of which
    the first `header_rows` are headers. `page` is the page of a paged source, counted from 1.
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
        """The block as plain text: what is searched, counted and quoted."""
        if self.kind is BlockKind.LIST:
            return "\n".join("  " * item.depth + "- " + item.text for item in self.items)
        if self.kind is BlockKind.TABLE:
            return "\n".join(" | ".join(row) for row in self.rows)
        return self.text


def paragraph(text: str, *, page: int | None = None) -> Block:
    """Return a paragraph of `text`."""
    return Block(kind=BlockKind.PARAGRAPH, text=text, page=page)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (empty for the lead of an article), its blocks, and the sections under it.

    `codes` are what the source itself says the section is about, such as the LOINC codes of a drug
    label.
    """

    heading: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    codes: tuple[str, ...] = ()

    def walk(self, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Section]]:
        """Yield (heading path, section) for this section and all below it, in reading order."""
        path = (*above, self.heading) if self.heading else above
        yield path, self
        for section in self.sections:
            yield from section.walk(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is known about an article besides its text. Empty means "the source does not say"."""

    id: str = ""  # the source's own name for the article, where it has one
    source: str = ""  # who published it: an organisation or a collection
    url: str = ""  # where it was published
    licence: str = ""
    language: str = ""  # BCP 47
    owner: str = ""  # who answers for it
    published: date | None = None
    reviewed: date | None = None
    review_due: date | None = None
    topics: tuple[str, ...] = ()
    also_called: tuple[str, ...] = ()
    codes: tuple[
        str, ...
    ] = ()  # ``system:code``, as `kb.model.medical_codes.MedicalCode` is written
    audience: str = ""  # "patients" or "professionals"; empty is both


@dataclass(frozen=True, slots=True)
class Article:
    """A source article: title, sections in reading order, and what is known about it."""

    title: str
    sections: tuple[Section, ...]
    metadata: Metadata = field(default_factory=Metadata)

    def walk(self) -> Iterator[tuple[tuple[str, ...], Section]]:
        """Yield (heading path, section) for every section, in reading order."""
        for section in self.sections:
            yield from section.walk()

    @property
    def plain(self) -> str:
        """All headings and blocks as plain text, a blank line between them."""
        parts: list[str] = []
        for _, section in self.walk():
            if section.heading:
                parts.append(section.heading)
            parts.extend(block.plain for block in section.blocks)
        return "\n\n".join(parts)
