"""Tables that are typed with tabs: consecutive paragraphs with the same number of columns.

Without the columns, an empty one disappears, and a dose for children reads as one for adults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from ingest.readers.common.inline_text import strip_marks
from ingest.readers.docx.items import Paragraph, ParagraphRole
from kb.model.article import Block, Cell, table

MIN_COLUMNS = 3  # two columns read the same without the tab
MIN_ROWS = 2


def convert_tab_tables(content: Sequence[Block | Paragraph]) -> list[Block | Paragraph]:
    """Return the content with tables in place of paragraphs that are typed as one."""
    converted: list[Block | Paragraph] = []
    for columns, group in groupby(content, _count_columns):
        items = list(group)
        rows = [item for item in items if isinstance(item, Paragraph)]
        if columns >= MIN_COLUMNS and sum(map(_has_columns, rows)) >= MIN_ROWS:
            converted.append(_build_table(rows))
        else:
            converted.extend(items)
    return converted


def _count_columns(item: Block | Paragraph) -> int:
    """Return the number of columns of a paragraph of one line, or 0."""
    if (
        not isinstance(item, Paragraph)
        or item.role is not ParagraphRole.TEXT
        or "\n" in item.text.strip()
    ):
        return 0
    return item.text.count("\t") + 1


def _has_columns(row: Paragraph) -> bool:
    """Return whether a row has text in several columns."""
    return sum(1 for text in row.text.split("\t") if strip_marks(text).strip()) > 1


def _build_table(rows: Sequence[Paragraph]) -> Block:
    cells = list(_used_columns([row.text.split("\t") for row in rows]))
    has_header = rows[0].is_bold and not all(row.is_bold for row in rows)
    return table([[Cell(text) for text in row] for row in cells], header_rows=int(has_header))


def _used_columns(rows: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """Yield the rows without the columns that are empty in all of them."""
    used = [
        number
        for number in range(len(rows[0]))
        if any(strip_marks(row[number]).strip() for row in rows)
    ]
    for row in rows:
        yield [row[number] for number in used]
