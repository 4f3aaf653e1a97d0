"""DOCX reader: elements of real documents that simple readers lose."""

from __future__ import annotations

import pytest

from ingest.coverage import measure_coverage
from ingest.readers.common.result import ReaderResult
from ingest.readers.docx.content import MAX_STYLED_HEADING_WORDS
from ingest.readers.docx.inline import UNREADABLE_SYMBOL
from ingest.readers.docx.omissions import EMBEDDED_FILE
from ingest.readers.docx.reader import read_docx
from ingest.readers.media_type import MediaType
from tests.ingest.documents.docx import docx, para, run, table


def read(*body: str, styles: str = "") -> ReaderResult:
    result = read_docx(docx("".join(body), styles=styles), "/kb/warfarin-in-adults.docx")
    assert measure_coverage(result, MediaType.DOCX).share == 1.0
    return result


def raised(text: str) -> str:
    return run(text, properties='<w:vertAlign w:val="superscript"/>')


def symbol(font: str, code: str) -> str:
    return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'


def in_font(font: str, text: str) -> str:
    return run(text, properties=f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}"/>')


SHAPES = {
    "a field": (f'<w:fldSimple w:instr="REF x">{run("Table 2")}</w:fldSimple>', "Table 2"),
    "a field of parts": (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> REF x </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("Table 1")}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
        "Table 1",
    ),
    "a content control": (f"<w:sdt><w:sdtContent>{run('5 mg')}</w:sdtContent></w:sdt>", "5 mg"),
    "text from right to left": (
        f'<w:bdo w:val="rtl">{run("one")}</w:bdo><w:dir w:val="rtl">{run(" two")}</w:dir>',
        "one two",
    ),
    "a gloss": (
        f"<w:r><w:ruby><w:rt>{run('over')}</w:rt><w:rubyBase>{run('word')}</w:rubyBase></w:ruby>"
        "</w:r>",
        "word (over)",
    ),
    "a box in a drawing": (
        f"<w:r><w:drawing><wp:inline><w:txbxContent>{para('In a box')}</w:txbxContent></wp:inline>"
        "</w:drawing></w:r>",
        "In a box",
    ),
    "moved text": (f"<w:moveTo>{run('Moved')}</w:moveTo>", "Moved"),
    "a symbol": (run("INR ") + symbol("Symbol", "F0B3") + run(" 2"), "INR ≥ 2"),
    "a letter in a font of symbols": (
        run("INR ") + in_font("Symbol", "\uf0b3 2\uf0b1 1"),
        "INR ≥ 2± 1",
    ),
    "a power": (run("5 x 10") + raised("9") + run("/l"), "5 x 10^9/l"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_inline_elements_of_a_paragraph_are_kept(shape: str) -> None:
    written, text = SHAPES[shape]
    assert read(f"<w:p>{written}</w:p>").article.plain == text


def test_content_controls_and_merged_cells_are_read() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{para(text)}</w:tc>"

    def control(inside: str) -> str:
        return f"<w:sdt><w:sdtContent>{inside}</w:sdtContent></w:sdt>"

    rows = (
        "<w:tr>"
        + cell("Dose", '<w:gridSpan w:val="2"/>')
        + cell("Every day", '<w:vMerge w:val="restart"/>')
        + "</w:tr>"
        + control(f"<w:tr>{cell('5 mg')}{control(cell('10 mg'))}{cell('', '<w:vMerge/>')}</w:tr>")
    )
    (section,) = read(para("Warfarin"), f"<w:tbl>{rows}</w:tbl>").article.sections
    assert section.blocks[1].row_texts == (("Dose", "", "Every day"), ("5 mg", "10 mg", ""))


def test_unreadable_content_is_reported() -> None:
    result = read(
        f"<w:p>{run('Text')}{symbol('Hospital Icons', 'F0FC')}</w:p>", '<w:altChunk r:id="x"/>'
    )
    assert [(piece.reason, piece.text) for piece in result.omitted] == [
        (UNREADABLE_SYMBOL, "char F0FC in font Hospital Icons"),
        (EMBEDDED_FILE, ""),
    ]
    assert result.article.plain == "Text\ufffd"


def style(identity: str, name: str, inside: str) -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{identity}"><w:name w:val="{name}"/>{inside}'
        "</w:style>"
    )


def level(number: int) -> str:
    return f'<w:pPr><w:outlineLvl w:val="{number}"/></w:pPr>'


TEMPLATE = (
    style("Trust1", "Trust section", '<w:basedOn w:val="heading1"/>')
    + style("Trust2", "Trust part", f'<w:basedOn w:val="Trust1"/>{level(1)}')
    + style("berschrift3", "Überschrift 3", level(2))
    + style("Lead", "Trust lead", f'<w:basedOn w:val="heading1"/>{level(9)}')
    + style("Contents", "TOC Heading", '<w:basedOn w:val="heading1"/>')
)


def test_headings_are_detected_by_outline_level() -> None:
    own = f"<w:p>{level(0)}{run('Bleeding')}</w:p>"
    result = read(
        para("Warfarin", "Title"),
        para("Contents", "Contents"),
        para("Lead text.", "Lead"),
        para("Dosing", "Trust1"),
        para("Loading", "Trust2"),
        para("Elderly", "berschrift3"),
        para("5 mg"),
        own,
        para("Stop it."),
        styles=TEMPLATE,
    )
    assert [path for path, _ in result.article.walk()] == [
        (),
        ("Dosing",),
        ("Dosing", "Loading"),
        ("Dosing", "Loading", "Elderly"),
        ("Bleeding",),
    ]


def test_clause_with_outline_level_is_text() -> None:
    clause = "The dose is checked. " * (MAX_STYLED_HEADING_WORDS // 4 + 1)
    result = read(
        para("Dosing", "heading 1"), para("5 mg"), para(clause, "Trust2"), styles=TEMPLATE
    )
    assert clause.strip() in result.article.plain
    assert len(result.article.sections) == 1


def test_nested_table_is_read() -> None:
    inner = table(("Day", "Dose"), ("1", "5 mg"))
    cells = f"<w:tc>{para('Outer')}{inner}{para('')}</w:tc><w:tc>{para('Beside')}</w:tc>"
    plain = read(para("Text"), f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>").article.plain
    assert [word in plain for word in ("Outer", "1 | 5 mg", "Beside")] == [True] * 3
