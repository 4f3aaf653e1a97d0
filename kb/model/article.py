"""Article tree: sections with headings and blocks.

The classes are frozen and compare by content. A reader in `ingest` builds an `Article`, chunking
splits it into passages (`kb.model.passage`), and the database stores both.

Texts are plain: search, checks and quotations need no markup. Formatting is stored next to a text
as marks, which refer to character positions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

# The only schemes of links; a browser runs the code in a ``javascript:`` or ``data:`` URL.
SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s\x00-\x1f\"<>]+", re.I)


class BlockKind(StrEnum):
    """Kind of a block. A passage has the kind of its dominant block."""

    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CALLOUT = "callout"
    CAPTION = "caption"
    FIGURE = "figure"


class CalloutLevel(StrEnum):
    """Urgency of a callout, as in the care cards of the NHS design system."""

    EMERGENCY = "emergency"  # call an ambulance now
    URGENT = "urgent"  # get help today
    NON_URGENT = "non-urgent"  # see a GP or a pharmacist
    IMPORTANT = "important"


class MarkKind(StrEnum):
    """Formatting of a part of a text."""

    STRONG = "strong"
    EMPHASIS = "emphasis"
    LINK = "link"
    SUPERSCRIPT = "superscript"
    SUBSCRIPT = "subscript"


@dataclass(frozen=True, slots=True)
class Mark:
    """Formatting of the characters `start` to `end` (exclusive) of a text.

    The plain text of an exponent begins with "^", so that 10^9 cannot be read as 109. The "^" is
    part of the superscript and is not displayed. `href` is the address of a link.
    """

    kind: MarkKind
    start: int
    end: int
    href: str = ""


Marks = tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item of a list. `depth` is 0 at the outermost level.

    `label` is the number as displayed in the source ("3.", "b)", "1.2.1"); empty for a bullet.
    """

    text: str
    depth: int = 0
    label: str = ""
    marks: Marks = ()

    @property
    def plain(self) -> str:
        """The indented text with its label, or a hyphen for a bullet."""
        return f"{'  ' * self.depth}{self.label or '-'} {self.text}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table, with the number of columns and rows that it spans.

    Every row has a cell for each column: the cells covered by a spanning cell are empty.
    """

    text: str = ""
    columns: int = 1
    rows: int = 1
    marks: Marks = ()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Store a cell without spans and marks as its text, as former versions did."""
        from pydantic_core import core_schema  # noqa: PLC0415 - only the database needs it

        cell = handler(source)
        return core_schema.union_schema(
            [
                cell,
                core_schema.no_info_after_validator_function(cls, core_schema.str_schema()),
            ],
            mode="left_to_right",
            serialization=core_schema.wrap_serializer_function_ser_schema(
                lambda value, dump: value.text if value == cls(value.text) else dump(value),
                schema=cell,
            ),
        )


Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """An image. `sha256` identifies the stored image; width and height are in pixels."""

    sha256: str
    width: int
    height: int
    alt: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Smallest unit of text that is displayed as a whole.

    A paragraph, callout or caption has `text`; a list has `items`; a table has `rows`, of which
    the first `header_rows` are headers; a figure has `figure`, with its caption in `text`. `level`
    is the urgency of a callout, if known. `page` is the page number in the source, starting at 1;
    `ocr` means that the text was recognised in an image of the page.
    A `repeated` block introduces the list or table of a passage that continues the passage before.
    """

    kind: BlockKind
    text: str = ""
    marks: Marks = ()
    items: tuple[ListItem, ...] = ()
    ordered: bool = False
    rows: tuple[Row, ...] = ()
    header_rows: int = 0
    level: CalloutLevel | None = None
    figure: Figure | None = None
    page: int | None = None
    ocr: bool = False
    repeated: bool = False

    @property
    def plain(self) -> str:
        """The plain text, used for search, counts and quotations."""
        if self.kind is BlockKind.LIST:
            return "\n".join(item.plain for item in self.items)
        if self.kind is BlockKind.TABLE:
            return "\n".join(" | ".join(row) for row in self.row_texts)
        if self.figure:
            return "\n".join(filter(None, (self.figure.alt, self.text)))
        return self.text

    @property
    def formatted_texts(self) -> Iterator[tuple[str, Marks]]:
        """The texts with their marks: of the block, its items and its cells."""
        yield self.text, self.marks
        yield from ((item.text, item.marks) for item in self.items)
        yield from ((cell.text, cell.marks) for row in self.rows for cell in row)

    @property
    def links(self) -> Iterator[str]:
        """The addresses behind the texts, in reading order."""
        for _, marks in self.formatted_texts:
            yield from (mark.href for mark in marks if mark.kind is MarkKind.LINK)

    @property
    def row_texts(self) -> tuple[tuple[str, ...], ...]:
        """The texts of the cells of a table."""
        return tuple(tuple(cell.text for cell in row) for row in self.rows)

    @property
    def group_rows(self) -> frozenset[int]:
        """Indexes of the rows of a table that are headings for the rows below ("Children").

        Only the first cell of such a row has text, and a row with several texts follows.
        """
        groups: list[int] = []
        heads_rows = False
        for number in range(len(self.rows) - 1, self.header_rows - 1, -1):
            first, *others = self.rows[number]
            if any(cell.text for cell in others):
                heads_rows = True
            elif heads_rows and others and first.text and first.rows == 1:
                groups.append(number)
        return frozenset(groups)


def paragraph(text: str, *, marks: Marks = (), page: int | None = None) -> Block:
    """Return a paragraph with this text."""
    return Block(kind=BlockKind.PARAGRAPH, text=text, marks=marks, page=page)


def table(
    rows: Iterable[Iterable[str | Cell]], header_rows: int = 0, *, page: int | None = None
) -> Block:
    """Return a table with these cells; a cell without spans and marks may be given as its text."""
    return Block(
        kind=BlockKind.TABLE,
        rows=tuple(
            tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows
        ),
        header_rows=header_rows,
        page=page,
    )


def shift_marks(marks: Iterable[Mark], start: int, end: int) -> Marks:
    """Return the marks of the characters `start` to `end` of a text, relative to `start`."""
    return tuple(
        Mark(mark.kind, max(mark.start, start) - start, min(mark.end, end) - start, mark.href)
        for mark in marks
        if mark.start < end and mark.end > start
    )


def is_safe_link(href: str) -> bool:
    """Return whether an address is a web page, an email address or a telephone number."""
    return SAFE_LINK.fullmatch(href) is not None


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
