"""Tables of a page: rows, cells, spans, and content of cells that is more than text.

Elements with the ARIA roles of a table are tables. A table inside a cell becomes a part of the
cell's text, with one line per row, so that the outer table keeps its columns.
"""

from __future__ import annotations

from bs4 import BeautifulSoup
from bs4.element import Tag

from ingest.readers.common.inline_text import strip_marks
from ingest.readers.common.result import MAX_CALLOUT_WORDS
from ingest.readers.common.table_rows import expand_row, join_cell_lines, parse_span
from ingest.readers.html.dom import (
    BLOCKS,
    CELLS,
    contains_element,
    find_ancestor,
    find_tags,
    is_text,
    visible_line,
    walk,
)
from ingest.readers.html.elements import HEADINGS, collapse_whitespace
from ingest.readers.html.lists import LISTS, item_labels
from kb.model.article import Block, BlockKind, Cell, Row

LAYOUT_ROLES = frozenset({"presentation", "none"})
# Parts of a page, which only a table that is used for layout contains.
_PAGE_PARTS = frozenset({"h1", "main", "article", "nav", "form", "header", "footer"})
_NOT_IN_CELLS = frozenset({"table", *HEADINGS})
_ROLE_TAGS = {
    "row": "tr",
    "rowgroup": "tbody",
    "cell": "td",
    "gridcell": "td",
    "columnheader": "th",
    "rowheader": "th",
    "caption": "caption",
}
_TITLES = frozenset({*HEADINGS, "dt", "summary"})
_PARTS = frozenset({"table", "dl", "details", *LISTS})
_PART_STARTS = frozenset({"li", "tr", *_TITLES})
_TABLE_ROLES = frozenset({"table", "grid", "treegrid"})


def convert_roles(soup: BeautifulSoup) -> None:
    """Convert elements with the roles of tables, and inline ones with that of a list item."""
    for item in soup.find_all("span", role="listitem"):
        item.name = "div"
    with_role = [tag for tag in soup.find_all(True) if tag.get("role") in _TABLE_ROLES]
    for table in [tag for tag in with_role if tag.name != "table"]:
        if table.find(role="row") is None:
            continue
        table.name = "table"
        for tag in table.find_all(role=lambda value: value in _ROLE_TAGS):
            tag.name = _ROLE_TAGS[str(tag["role"])]
            for name in ("colspan", "rowspan"):
                if tag.has_attr(f"aria-{name}"):
                    tag.attrs.setdefault(name, tag[f"aria-{name}"])


def is_layout_table(table: Tag) -> bool:
    """Return whether a table arranges parts of a page instead of presenting data.

    A table without headers is used for layout if a cell contains a heading above other text, or a
    table and a long text.
    """
    if table.get("role") in LAYOUT_ROLES or contains_element(table, _PAGE_PARTS):
        return True
    rows = [cells for row in _rows_in_order(table) if (cells := _cells(row))]
    if sum(map(len, rows)) < 2:
        return True
    complex_cells = [
        cell for cells in rows for cell in cells if contains_element(cell, _NOT_IN_CELLS)
    ]
    if not complex_cells:
        return False
    if len(rows) < 2 or max(map(len, rows)) < 2:
        return True
    return not _has_headers(rows) and any(map(_is_layout_cell, complex_cells))


def _has_headers(rows: list[list[Tag]]) -> bool:
    """Return whether the first row or the first column consists of several header cells."""
    first_row = all(cell.name == "th" for cell in rows[0]) and len(rows[0]) > 1
    return first_row or all(cells[0].name == "th" for cells in rows[1:])


def _is_layout_cell(cell: Tag) -> bool:
    words = len(visible_line(cell).split())
    heading = cell.find(list(HEADINGS))
    has_other_text = isinstance(heading, Tag) and words > len(visible_line(heading).split())
    return has_other_text or words > MAX_CALLOUT_WORDS


def build_table(table: Tag) -> Block:
    """Return a table block; a cell that spans columns fills the first of them."""
    rows: list[Row] = []
    header_rows = 0
    covered_rows: dict[int, int] = {}
    sources = _rows_in_order(table)
    for number, row in enumerate(sources):
        cells = _cells(row)
        is_header = header_rows == len(rows) and _is_header(row, cells)
        header_rows += is_header
        texts = _cell_texts(cells, is_header=is_header)
        rows_left = len(sources) - number
        spanned = (
            _spanned_cell(cell, text, rows_left) for cell, text in zip(cells, texts, strict=True)
        )
        rows.append(expand_row(spanned, covered_rows))
    return Block(
        kind=BlockKind.TABLE,
        rows=tuple(rows),
        header_rows=min(header_rows, max(0, len(rows) - 1)),
    )


def _rows_in_order(table: Tag) -> list[Tag]:
    """Return the rows of a table as displayed: the head first, the foot last."""
    rows = [row for row in find_tags(table, ("tr",)) if find_ancestor(row, ("table",)) is table]
    parts = {"thead": 0, "tfoot": 2}
    return sorted(rows, key=lambda row: parts.get(row.parent.name if row.parent else "", 1))


def _cells(row: Tag) -> list[Tag]:
    """Return the cells of a row, also those inside other elements of the row."""
    return [cell for cell in find_tags(row, CELLS) if find_ancestor(cell, ("tr",)) is row]


def _cell_texts(cells: list[Tag], *, is_header: bool) -> list[str]:
    """Return the text of each cell of a row; items and rows of inner tables are separated."""
    parts = [_cell_parts(cell) for cell in cells]
    lines = [[line for part in each for line in part] for each in parts]
    if not is_header and sum(1 for each in lines if len(each) > 1) <= 1:
        lines = [[_join_parts(each)] for each in parts]
    return join_cell_lines(lines, is_header=is_header)


def _join_parts(parts: list[list[str]]) -> str:
    texts = join_cell_lines(parts[:1]) + [join_cell_lines([part])[0] for part in parts[1:]]
    joined = ""
    for text in texts:
        gap = " " if strip_marks(joined).endswith(":") else "; "
        joined = joined.rstrip(" ;,") + gap + text if joined else text
    return joined


def _cell_parts(cell: Tag) -> list[list[str]]:
    """Return the lines of a cell, grouped into the items, rows and titled parts that it contains.

    Line breaks and blocks start a line. A heading, a term and a summary introduce what follows:
    "Adults: 500 mg".
    """
    parts = [[""]]
    labels = item_labels(cell)
    inner_cells = 0  # open cells of inner tables
    title = ""  # the last line if nothing follows its title yet
    for element, is_end in walk(cell):
        if not isinstance(element, Tag):
            text = collapse_whitespace(element) if is_text(element) else ""
            if title and text.strip():
                parts[-1][-1], title = _introduce(title), ""
            parts[-1][-1] += text
        elif element.name in CELLS:
            inner_cells += -1 if is_end else 1
            if not is_end and inner_cells == 1 and element.find_previous_sibling(list(CELLS)):
                parts[-1][-1] += " | "
        elif inner_cells:
            parts[-1][-1] += " " if element.name in BLOCKS or element.name == "br" else ""
        elif element.name in _TITLES and is_end:
            title = parts[-1][-1]
        elif element.name == "img" and not is_end:
            parts[-1][-1] += str(element.get("alt", ""))
        elif element.name in _PART_STARTS and not is_end:
            label = labels.get(id(element), "")
            parts.append([f"{label} " if label else ""])
            title = ""
        elif element.name in _PARTS and is_end:
            parts.append([""])
        elif (element.name in BLOCKS or (element.name == "br" and not is_end)) and not title:
            parts[-1].append("")
    shown = [[line for line in part if line.strip(" |")] for part in parts]
    return [part for part in shown if part] or [[""]]


def _introduce(title: str) -> str:
    """Return a title in front of the text that it introduces."""
    plain = strip_marks(title).rstrip()
    return f"{title.rstrip()}: " if plain[-1:].isalnum() or plain.endswith(")") else f"{title} "


def _is_header(row: Tag, cells: list[Tag]) -> bool:
    in_head = row.parent is not None and row.parent.name == "thead"
    return in_head or (bool(cells) and all(cell.name == "th" for cell in cells))


def _spanned_cell(cell: Tag, text: str, rows_left: int) -> Cell:
    rows = str(cell.get("rowspan", "1")).strip()
    return Cell(
        text,
        parse_span(str(cell.get("colspan", "1"))),
        rows_left if rows == "0" else min(parse_span(rows), rows_left),
    )
