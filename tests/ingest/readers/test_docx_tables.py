"""DOCX reader: merged cells, header rows, lines, lists and tables in cells."""

from __future__ import annotations

from ingest.coverage import measure_coverage
from ingest.readers.common.result import ReaderResult
from ingest.readers.docx.omissions import DELETED
from ingest.readers.docx.reader import read_docx
from ingest.readers.docx.tables import CELL_MERGED
from ingest.readers.media_type import MediaType
from kb.model.article import Block, BlockKind
from tests.ingest.documents.docx import abstract_list, docx, list_of, para, run, style, table


def read(*body: str, styles: str = "", **others: str) -> ReaderResult:
    data = docx(para("Text") + "".join(body), styles=styles, **others)
    result = read_docx(data, "/kb/warfarin.docx")
    assert measure_coverage(result, MediaType.DOCX).share == 1.0
    return result


def blocks(*body: str, styles: str = "", **others: str) -> tuple[Block, ...]:
    return read(*body, styles=styles, **others).article.sections[0].blocks[1:]


def cell(*lines: str, properties: str = "") -> str:
    inside = "".join(line if line.startswith("<") else para(line) for line in lines)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inside}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def grid(*rows: str, properties: str = "") -> str:
    return f"<w:tbl><w:tblPr>{properties}</w:tblPr>{''.join(rows)}</w:tbl>"


def span(columns: int) -> str:
    return f'<w:gridSpan w:val="{columns}"/>'


START = '<w:vMerge w:val="restart"/>'
CONTINUED = "<w:vMerge/>"


def test_spans_keep_cells_in_their_columns() -> None:
    (block,) = blocks(
        grid(
            row(cell("Drug", properties=START), cell("Dose", properties=span(2))),
            row(cell("", properties=CONTINUED), cell("Adults"), cell("Children")),
            row(cell("A", properties=START), cell("10 mg"), cell("5 mg")),
            row(cell("", properties=CONTINUED), cell("20 mg"), cell("2 mg")),
            row(cell("B"), cell("Not used", properties=span(2))),
        )
    )
    assert block.row_texts == (
        ("Drug", "Dose", ""),
        ("", "Adults", "Children"),
        ("A", "10 mg", "5 mg"),
        ("", "20 mg", "2 mg"),
        ("B", "Not used", ""),
    )
    spans = [[(each.columns, each.rows) for each in cells if each.text] for cells in block.rows]
    assert spans[0] == [(1, 2), (2, 1)]
    assert spans[2][0] == (1, 2)
    assert spans[4] == [(1, 1), (2, 1)]


def test_skipped_columns_are_empty_cells() -> None:
    (block,) = blocks(
        grid(
            row(cell("Drug"), cell("Adults"), cell("Children")),
            row(cell("5 mg"), cell("2 mg"), properties='<w:gridBefore w:val="1"/>'),
            row(cell("A"), properties='<w:gridAfter w:val="2"/>'),
            row(cell("B"), cell("1 mg")),
        )
    )
    assert block.row_texts == (
        ("Drug", "Adults", "Children"),
        ("", "5 mg", "2 mg"),
        ("A", "", ""),
        ("B", "1 mg", ""),
    )


def test_merge_at_different_columns_is_not_joined() -> None:
    (block,) = blocks(
        grid(
            row(cell("a", properties=START), cell("b")),
            row(cell("c"), cell("d", properties=CONTINUED)),
        )
    )
    assert block.row_texts == (("a", "b"), ("c", "d"))


def test_text_of_a_covered_cell_is_reported() -> None:
    result = read(
        grid(
            row(cell("a", properties=START), cell("b")),
            row(cell("lost", properties=CONTINUED), cell("d")),
        )
    )
    assert [(piece.reason, piece.text) for piece in result.omitted] == [(CELL_MERGED, "lost")]


def test_horizontal_merge_of_older_files() -> None:
    (block,) = blocks(
        grid(
            row(
                cell("Dose", properties='<w:hMerge w:val="restart"/>'),
                cell("", properties="<w:hMerge/>"),
                cell("Note"),
            ),
            row(cell("5 mg"), cell("2 mg"), cell("x")),
        )
    )
    assert block.row_texts == (("Dose", "", "Note"), ("5 mg", "2 mg", "x"))


def test_deleted_row_is_left_out() -> None:
    result = read(
        grid(
            row(cell("A"), cell("5 mg")),
            row(cell("B"), cell("50 mg"), properties='<w:del w:id="1"/>'),
            row(cell("C"), cell("1 mg"), properties='<w:ins w:id="2"/>'),
        )
    )
    assert result.article.sections[0].blocks[1].row_texts == (("A", "5 mg"), ("C", "1 mg"))
    assert [(piece.reason, piece.text) for piece in result.omitted] == [(DELETED, "B | 50 mg")]


def test_lines_of_parallel_cells_are_separated() -> None:
    (block,) = blocks(
        grid(row(cell("adult", "child"), cell("500 mg", "250 mg")), row(cell("x"), cell("y")))
    )
    assert block.row_texts[0] == ("adult; child", "500 mg; 250 mg")


def test_breaks_in_a_cell_are_lines() -> None:
    lines = "<w:r><w:t>500 mg</w:t><w:br/><w:t>250 mg</w:t></w:r>"
    (block,) = blocks(
        grid(row(cell("Dose"), cell(f"<w:p>{lines}</w:p>")), row(cell("x"), cell("y")))
    )
    assert block.row_texts[0] == ("Dose", "500 mg; 250 mg")


def test_list_in_a_cell_keeps_its_items_apart() -> None:
    lists = (
        abstract_list(1, ("bullet", "o"))
        + abstract_list(2, ("decimal", "%1."))
        + list_of(1, 1)
        + list_of(2, 2)
    )
    (block,) = blocks(
        grid(
            row(cell("Avoid"), cell(para("alcohol", item=(1, 0)), para("aspirin", item=(1, 0)))),
            row(cell("Steps"), cell(para("weigh", item=(2, 0)), para("dose", item=(2, 0)))),
        ),
        lists=lists,
    )
    assert block.row_texts == (
        ("Avoid", "alcohol; aspirin"),
        ("Steps", "1. weigh; 2. dose"),
    )


def test_nested_table_belongs_to_its_row() -> None:
    inner = table(("Day", "Dose"), ("1", "5 mg"))
    (block,) = blocks(
        grid(
            row(cell("*Drug"), cell("Scheme")),
            row(cell("A"), cell("Loading", inner, para(""))),
            row(cell("B"), cell("None")),
        )
    )
    assert block.row_texts[1] == ("A", "Loading; Day | Dose; 1 | 5 mg")


def test_layout_table_with_headings_is_content() -> None:
    heading = para("Dosing", "heading 1")
    result = read(
        para("Start", "heading 1"),
        grid(row(cell(heading, "Give 5 mg."), cell("Beside"))),
    )
    assert [path for path, _ in result.article.walk()] == [(), ("Dosing",)]
    assert result.article.sections[-1].blocks[0].text == "Give 5 mg."


def test_heading_style_in_a_header_cell_keeps_the_table() -> None:
    (block,) = blocks(
        grid(
            row(cell(para("Drug", "heading 3")), cell(para("Dose", "heading 3"))),
            row(cell("A"), cell("5 mg")),
        )
    )
    assert (block.kind, block.header_rows) == (BlockKind.TABLE, 1)


def test_table_style_makes_the_first_row_a_header() -> None:
    styles = style(
        "GridTable4",
        "Grid Table 4",
        '<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr></w:tblStylePr>',
        kind="table",
    )
    rows = (row(cell("Drug"), cell("Dose")), row(cell("A"), cell("5 mg")))
    looks = (
        '<w:tblLook w:val="04A0"/>',
        '<w:tblLook w:val="0480"/>',
        '<w:tblLook w:firstRow="1"/>',
    )
    found = [
        blocks(grid(*rows, properties=f'<w:tblStyle w:val="GridTable4"/>{look}'), styles=styles)
        for look in looks
    ]
    assert [block.header_rows for (block,) in found] == [1, 0, 1]


def test_repeated_header_rows() -> None:
    header = "<w:tblHeader/>"
    (block,) = blocks(
        grid(
            row(cell("Dose", properties=span(2)), properties=header),
            row(cell("Adults"), cell("Children"), properties=header),
            row(cell("5 mg"), cell("2 mg")),
        )
    )
    assert block.header_rows == 2


def test_empty_cells_keep_their_place() -> None:
    hidden = para(run("secret", properties="<w:vanish/>"))
    (block,) = blocks(
        grid(
            row(cell("A"), cell(hidden), cell("x")),
            row(cell("B"), cell(""), cell("y")),
            row(cell("C"), "<w:tc/>", cell("z")),
        )
    )
    assert block.row_texts == (("A", "", "x"), ("B", "", "y"), ("C", "", "z"))


def test_box_with_a_list_is_a_callout() -> None:
    (block,) = blocks(grid(row(cell("*Stop", para("if bleeding", item=(1, 0)), "Call."))))
    assert (block.kind, block.text) == (BlockKind.CALLOUT, "*Stop\n- if bleeding\nCall.")


def test_title_in_a_table_is_the_title() -> None:
    result = read(grid(row(cell("Logo"), cell(para("Warfarin in adults", "Title")))))
    assert result.article.title == "Warfarin in adults"
    assert "Warfarin" not in result.article.plain


def tabbed(*fields: str, bold: bool = False) -> str:
    return para("<w:r><w:tab/></w:r>".join(run(each, bold=bold) if each else "" for each in fields))


def test_columns_typed_with_tabs_are_a_table() -> None:
    (block,) = blocks(
        tabbed("Drug", "Adults", "Children", bold=True),
        tabbed("A", "10 mg", "5 mg"),
        tabbed("B", "", "2 mg"),
    )
    assert block.header_rows == 1
    assert block.row_texts == (
        ("Drug", "Adults", "Children"),
        ("A", "10 mg", "5 mg"),
        ("B", "", "2 mg"),
    )


def test_columns_aligned_with_several_tabs_are_joined() -> None:
    (block,) = blocks(tabbed("A", "", "5 mg", "daily"), tabbed("B", "", "2 mg", "weekly"))
    assert block.row_texts == (("A", "5 mg", "daily"), ("B", "2 mg", "weekly"))


def test_lines_with_other_tabs_are_text() -> None:
    texts = [block.text for block in blocks(tabbed("Adults", "10 mg"), tabbed("Children", "5 mg"))]
    assert texts == ["Adults 10 mg", "Children 5 mg"]


def test_marks_are_kept_in_cells() -> None:
    (block,) = blocks(
        grid(
            row(cell("a"), cell(para(run("Do not", bold=True) + run(" give")))),
            row(cell("b"), cell("c")),
        )
    )
    text = block.rows[0][1]
    assert [(text.text[mark.start : mark.end], str(mark.kind)) for mark in text.marks] == [
        ("Do not", "strong")
    ]
