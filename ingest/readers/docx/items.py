"""Paragraphs and tables between reading the XML and emitting blocks.

Headings without styles and consecutive list items can only be recognised in the whole document, so
the content is first read into these items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from ingest.readers.common.inline_text import strip_marks
from kb.model.article import Block


class ParagraphRole(Enum):
    """What a paragraph is, by its style and numbering."""

    TITLE = auto()
    HEADING = auto()
    CAPTION = auto()
    LIST_ITEM = auto()
    TEXT = auto()


@dataclass(slots=True)
class Paragraph:
    """A paragraph with its formatted text and automatic number.

    `level` is the level of a heading, from 1, or of a list item, from 0. `list_id` is equal for
    items of the same list; `indentation` is in twentieths of a point.
    """

    text: str
    role: ParagraphRole = ParagraphRole.TEXT
    level: int = 0
    label: str = ""
    gap: str = " "
    list_id: str = ""
    is_numbered: bool = False
    indentation: int = 0
    is_bold: bool = False
    in_table: bool = False

    @property
    def plain(self) -> str:
        """The text without formatting."""
        return strip_marks(self.text).strip()

    @property
    def labelled_text(self) -> str:
        """The text after its number."""
        return (
            f"{self.label}{self.gap}{self.text}" if self.label and self.text.strip() else self.text
        )


@dataclass(slots=True)
class TableCell:
    """A cell with its content, and the number of columns and rows that it spans."""

    items: list[Item] = field(default_factory=list)
    columns: int = 1
    rows: int = 1

    @property
    def has_text(self) -> bool:
        """Whether the cell is not blank."""
        return any(strip_marks(line).strip() for line in item_lines(self.items))

    @property
    def is_bold(self) -> bool:
        """Whether all of its text is bold or a heading."""
        paragraphs = [item for item in self.items if not isinstance(item, Paragraph) or item.plain]
        return bool(paragraphs) and all(
            isinstance(item, Paragraph) and (item.is_bold or item.role is ParagraphRole.HEADING)
            for item in paragraphs
        )


@dataclass(slots=True)
class Table:
    """A table. Covered cells are not part of `rows`; `header_rows` are marked as headers."""

    rows: list[list[TableCell]]
    header_rows: int = 0
    has_bold_first_row: bool = False

    @property
    def cells(self) -> list[TableCell]:
        """All cells in reading order."""
        return [cell for row in self.rows for cell in row]


Item = Paragraph | Table | Block


def item_lines(items: Iterable[Item], bullet: str = "") -> Iterator[str]:
    """Yield the formatted text of items as lines, a table with one line per row."""
    for item in items:
        if isinstance(item, Table):
            for row in item.rows:
                cells = (" ".join(item_lines(cell.items)) for cell in row)
                yield " | ".join(filter(str.strip, cells))
        elif isinstance(item, Block):
            yield from item.plain.split("\n")
        elif item.plain:
            prefix = bullet if item.role is ParagraphRole.LIST_ITEM and not item.label else ""
            yield from f"{prefix}{item.labelled_text}".split("\n")


def iter_paragraphs(items: list[Item]) -> Iterator[tuple[Paragraph, list[Item]]]:
    """Yield all paragraphs, also those in tables, with the list that contains each."""
    for item in list(items):
        if isinstance(item, Paragraph):
            yield item, items
        elif isinstance(item, Table):
            for cell in item.cells:
                yield from iter_paragraphs(cell.items)
