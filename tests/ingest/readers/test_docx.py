"""DOCX reader: section trees, omitted text and rejected files."""

from __future__ import annotations

import re
from datetime import date

import pytest

from ingest.coverage import measure_coverage
from ingest.readers.common.result import DATE_FROM_FILE, ReaderResult
from ingest.readers.docx import package as docx_package
from ingest.readers.docx.drawings import UNDESCRIBED_IMAGE
from ingest.readers.docx.omissions import DELETED, HIDDEN, STRUCK
from ingest.readers.docx.other_parts import COMMENT, FOOTER, HEADER
from ingest.readers.docx.reader import (
    CONTENTS,
    FOOTNOTES_HEADING,
    read_docx,
)
from ingest.readers.media_type import MediaType
from kb.errors import SourceError, SourceProblem
from kb.model.article import Section
from tests.ingest.documents.docx import docx, para, run, table, zipped


def tree(sections: tuple[Section, ...]) -> list[object]:
    """Return the sections as nested lists: heading, blocks as (kind, text), subsections."""
    return [
        [
            section.heading,
            *((str(block.kind), block.plain) for block in section.blocks),
            *tree(section.sections),
        ]
        for section in sections
    ]


def read(*body: str, parts: dict[str, str] | None = None, core: str = "") -> ReaderResult:
    result = read_docx(docx("".join(body), parts, core=core), "/kb/warfarin-in-adults.docx")
    assert measure_coverage(result, MediaType.HTML).share == 1.0
    return result


def test_headings_lists_and_tables_are_read() -> None:
    result = read(
        para("Warfarin in adults", "Title"),
        para("Follow the INR."),
        para("Dosing", "heading 1"),
        para("Loading", "heading 2"),
        para("5 mg", item=(1, 0)),
        para("less in the elderly", item=(1, 1)),
        para("and in the frail", "List Bullet 2"),
        para("Step one", item=(2, 0)),
        para("Targets", "caption"),
        table(("Indication", "INR"), ("AF", "2.5"), header=True),
        table(("*Drug", "*Dose"), ("A", "5 mg")),
    )
    assert result.article.title == "Warfarin in adults"
    assert tree(result.article.sections) == [
        ["", ("paragraph", "Follow the INR.")],
        [
            "Dosing",
            [
                "Loading",
                ("list", "- 5 mg\n  - less in the elderly\n  - and in the frail"),
                ("list", "- Step one"),
                ("caption", "Targets"),
                ("table", "Indication | INR\nAF | 2.5"),
                ("table", "Drug | Dose\nA | 5 mg"),
            ],
        ],
    ]
    lists_and_tables = result.article.sections[1].sections[0].blocks
    assert [block.ordered for block in lists_and_tables[:2]] == [False, True]
    assert [block.header_rows for block in lists_and_tables[3:]] == [1, 1]


def test_bold_lines_are_headings_without_heading_styles() -> None:
    result = read(
        para("WARFARIN", bold=True),
        para("Follow the INR."),
        para("Loading dose", bold=True),
        para("Stop at once if the patient bleeds, and call the consultant.", bold=True),
        para(run("Note: ", bold=True) + run("less in the elderly")),
    )
    assert result.article.title == "WARFARIN"
    assert tree(result.article.sections) == [
        ["", ("paragraph", "Follow the INR.")],
        [
            "Loading dose",
            ("paragraph", "Stop at once if the patient bleeds, and call the consultant."),
            ("paragraph", "Note: less in the elderly"),
        ],
    ]


def test_bold_lines_are_text_with_heading_styles() -> None:
    result = read(para("Dosing", "heading 1"), para("Loading", bold=True), para("5 mg"))
    assert tree(result.article.sections) == [["", ("paragraph", "Loading"), ("paragraph", "5 mg")]]


def test_single_cell_table_becomes_callout() -> None:
    (section,) = read(
        para("Warfarin", "Title"), table(("Never with miconazole.",))
    ).article.sections
    assert tree((section,)) == [["", ("callout", "Never with miconazole.")]]


@pytest.mark.parametrize(
    ("body", "core", "title"),
    [
        (para("By style", "Title") + para("Dosing", "heading 1"), "By property", "By style"),
        (para("Dosing", "heading 1"), "By property", "By property"),
        (para("Dosing of warfarin", "heading 1"), "Microsoft Word - x.doc", "Dosing of warfarin"),
        (para("Dosing of warfarin", "heading 1"), "Document1", "Dosing of warfarin"),
        (para("Introduction", "heading 1"), "", "Warfarin in adults"),
        (para("Dosing of warfarin", "heading 2"), "", "Dosing of warfarin"),
        ("", "", "Warfarin in adults"),
    ],
)
def test_title(body: str, core: str, title: str) -> None:
    stated = f"<dc:title>{core}</dc:title>"
    assert read(body, para("Follow the INR."), core=stated).article.title == title


def test_properties() -> None:
    result = read(
        para("Text"),
        core="<dc:title>Warfarin</dc:title><dc:creator>Haematology</dc:creator>"
        "<dc:language>en-GB</dc:language><dcterms:modified>2024-02-29T10:00:00Z</dcterms:modified>",
    )
    metadata = result.article.metadata
    assert (metadata.owner, metadata.language) == ("Haematology", "en-GB")
    assert metadata.published == date(2024, 2, 29)
    assert DATE_FROM_FILE in result.warnings


def test_tracked_deletion_is_omitted() -> None:
    result = read(
        para(
            run("Give ")
            + '<w:del w:id="1"><w:r><w:delText>50 mg</w:delText></w:r></w:del>'
            + f'<w:ins w:id="2">{run("5 mg")}</w:ins>'
        ),
    )
    assert result.article.plain == "Give 5 mg"
    assert [(piece.reason, piece.text) for piece in result.omitted] == [(DELETED, "50 mg")]


def test_hidden_and_struck_through_text_is_omitted() -> None:
    result = read(
        para(run("Give 5 mg", properties="<w:strike/>") + run(" 10 mg")),
        para(
            run("Ask Jo", properties="<w:vanish/>")
            + run("daily", properties='<w:vanish w:val="0"/>')
        ),
    )
    assert result.article.plain == "10 mg\n\ndaily"
    assert [(piece.reason, piece.text) for piece in result.omitted] == [
        (STRUCK, "Give 5 mg"),
        (HIDDEN, "Ask Jo"),
    ]


def test_page_headers_and_comments_are_reported() -> None:
    result = read(
        para(run("Text") + '<w:r><w:commentReference w:id="1"/></w:r>'),
        parts={
            "header1": para("Trust guideline 17"),
            "footer1": para("Page 3"),
            "comments": f'<w:comment w:id="1">{para("Check this dose")}</w:comment>',
        },
    )
    assert [(piece.reason, piece.text.strip()) for piece in result.omitted] == [
        (HEADER, "Trust guideline 17"),
        (FOOTER, "Page 3"),
        (COMMENT, "Check this dose"),
    ]
    assert result.article.plain == "Text"


def test_notes_become_a_section_at_the_end() -> None:
    note = para(run("BNF 2024"), "footnote text")
    result = read(
        para("Warfarin", "Title"),
        para("Dosing", "heading 1"),
        para(run("5 mg") + '<w:r><w:footnoteReference w:id="1"/></w:r>'),
        parts={"footnotes": f'<w:footnote w:id="1">{note}</w:footnote>'},
    )
    assert tree(result.article.sections) == [
        ["Dosing", ("paragraph", "5 mg [1]")],
        [FOOTNOTES_HEADING, ("list", "[1] BNF 2024")],
    ]


def test_table_of_contents_is_reported() -> None:
    result = read(
        para("Dosing\t3", "toc 1"), para("Dosing", "heading 1"), para("Give 5 mg."), para("Daily.")
    )
    assert result.article.plain == "Give 5 mg.\n\nDaily."
    assert result.omitted[0].reason == CONTENTS


@pytest.mark.parametrize(
    "older", ["", "<mc:Fallback/>", "<mc:Fallback><w:pict>{}</w:pict></mc:Fallback>"]
)
def test_text_boxes_are_read_once(older: str) -> None:
    box = f"<w:txbxContent>{para('Call the registrar.')}</w:txbxContent>"
    result = read(
        para(
            run("Text")
            + f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>{box}</w:drawing>'
            f"</mc:Choice>{older.format(box)}</mc:AlternateContent></w:r>"
        )
    )
    assert result.article.plain.count("Call the registrar.") == 1


def test_formulas_are_read_on_one_line() -> None:
    def part(name: str, text: str) -> str:
        return f"<m:{name}><m:r><m:t>{text}</m:t></m:r></m:{name}>"

    fraction = f"<m:f>{part('num', '140 − age')}{part('den', '72')}</m:f>"
    power = f"<m:sSup>{part('e', 'x')}{part('sup', '2')}</m:sSup>"
    display_formula = f"<m:oMathPara><m:oMath>{power}</m:oMath></m:oMathPara>"
    result = read(para(run("CrCl =") + f"<m:oMath>{fraction}</m:oMath>"), para(display_formula))
    assert result.article.plain == "CrCl = (140 − age)/72\n\nx^2"


def test_image_becomes_its_description_or_is_reported() -> None:
    def image(description: str) -> str:
        return (
            f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" descr="{description}"/>'
            '<a:graphic><a:graphicData><pic:pic><pic:blipFill><a:blip r:embed="header1"/>'
            "</pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        )

    parts = {"header1": ""}  # any part works, because images are never opened
    result = read_docx(
        docx(para("Text") + para(image("A flow chart")) + para(image("")), parts), "a.docx"
    )
    kinds = [(str(block.kind), block.text) for block in result.article.sections[0].blocks]
    assert kinds == [("paragraph", "Text"), ("caption", "A flow chart")]
    assert [piece.reason for piece in result.omitted] == [UNDESCRIBED_IMAGE]


def test_invisible_characters_are_removed_without_loss_of_coverage() -> None:
    result = read(para("war\u00adfa\u200brin"))
    assert result.article.plain == "warfarin"
    assert re.search(r"\b2\b", result.warnings[0])
    assert "U+00AD" in result.warnings[0]
    assert "U+200B" in result.warnings[0]


def test_links_are_text() -> None:
    link = f'<w:hyperlink w:anchor="javascript:alert(1)">{run("the protocol")}</w:hyperlink>'
    result = read(para(run("See ") + link))
    assert result.article.plain == "See the protocol"


def test_bookmark_named_like_navigation_keeps_its_text() -> None:
    link = (
        '<w:bookmarkStart w:id="1" w:name="nav-share"/><w:hyperlink w:anchor="x">%s</w:hyperlink>'
    )
    assert read(para("One"), para(link % run("Two"))).article.plain == "One\n\nTwo"


NO_WORD = {"_rels/.rels": "<none/>", "other.xml": "<none/>"}
DOCTYPE = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">]>'


@pytest.mark.parametrize(
    ("data", "code", "named"),
    [
        (b"", SourceProblem.DAMAGED, ""),
        (b"PK\x03\x04 nonsense", SourceProblem.DAMAGED, ""),
        (docx(para("Text"))[:700], SourceProblem.DAMAGED, ""),
        (b"\xd0\xcf\x11\xe0" + bytes(600), SourceProblem.ENCRYPTED, "DOC"),
        (zipped(NO_WORD), SourceProblem.FORMAT, "ZIP"),
        (zipped({**NO_WORD, "xl/workbook.xml": "<none/>"}), SourceProblem.FORMAT, "Excel"),
        (zipped({**NO_WORD, "content.xml": "<none/>"}), SourceProblem.FORMAT, "OpenDocument"),
        (zipped({"word/document.xml": "<broken"}), SourceProblem.DAMAGED, ""),
        (zipped({"word/document.xml": DOCTYPE + "<w/>"}), SourceProblem.DOCUMENT_TYPE, ""),
        (
            zipped({"word/document.xml": "<w:p xmlns:w='w'>" * 400 + "</w:p>" * 400}),
            SourceProblem.DAMAGED,
            "",
        ),
        (zipped({"word/document.xml": "<none/>"}), SourceProblem.DAMAGED, ""),
        (docx(para("")), SourceProblem.NO_TEXT, ""),
        (
            docx("<w:tbl><w:tr><w:tc>" * 80 + para("x") + "</w:tc></w:tr></w:tbl>" * 80),
            SourceProblem.TOO_DEEP,
            "",
        ),
    ],
)
def test_invalid_file_is_rejected(data: bytes, code: str, named: str) -> None:
    with pytest.raises(SourceError) as refusal:
        read_docx(data, "a.docx")
    assert refusal.value.code == code
    assert named in refusal.value.problem
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ("MAX_BYTES", SourceProblem.TOO_LARGE),
        ("MAX_ENTRIES", SourceProblem.TOO_MANY_FILES),
        ("MAX_UNPACKED_BYTES", SourceProblem.UNPACKED_TOO_LARGE),
        ("MAX_TAGS", SourceProblem.TOO_MANY_TAGS),
        ("MAX_DEPTH", SourceProblem.TOO_DEEP),
    ],
)
def test_file_beyond_limit_is_rejected(
    monkeypatch: pytest.MonkeyPatch, limit: str, code: str
) -> None:
    monkeypatch.setattr(docx_package, limit, 2)
    with pytest.raises(SourceError) as refusal:
        read(para("Text"))
    assert refusal.value.code == code


def test_unpacked_size_is_measured_rather_than_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = zipped({"word/media/image1.png": "0" * 5_000_000, "word/document.xml": "<none/>"})
    lying = data.replace((5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    monkeypatch.setattr(docx_package, "MAX_UNPACKED_BYTES", 1_000_000)
    codes = []
    for attempt in (data, lying):
        with pytest.raises(SourceError) as refusal:
            read_docx(attempt, "a.docx")
        codes.append(refusal.value.code)
    assert codes[0] == SourceProblem.UNPACKED_TOO_LARGE


def test_encrypted_entry_is_rejected() -> None:
    data = bytearray(docx(para("Text")))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(SourceError) as refusal:
        read_docx(bytes(data), "a.docx")
    assert refusal.value.code == SourceProblem.ENCRYPTED


def test_truncated_file_is_read_or_rejected() -> None:
    data = docx(para("Warfarin", "Title") + para("Text"))
    for end in range(0, len(data), 37):
        for attempt in (data[:end], data[:end] + b"\xff" * 20 + data[end + 20 :]):
            try:
                read_docx(attempt, "a.docx")
            except SourceError as refusal:
                assert refusal.problem
