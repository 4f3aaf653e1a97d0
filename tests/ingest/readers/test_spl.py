from __future__ import annotations

from datetime import date

import pytest

from ingest.readers.common.result import AS_METADATA, ReaderResult
from ingest.readers.spl.metadata import DEFAULT_SECTION_NAME
from ingest.readers.spl.reader import CODED_DATA, HIGHLIGHTS, IMAGE, REPEATED_HIGHLIGHTS, read_spl
from kb.errors import SourceError, SourceProblem
from kb.model.article import (
    BlockKind,
    ListItem,
    Mark,
    MarkKind,
    Metadata,
    Section,
    paragraph,
    table,
)
from tests.ingest.block_shapes import assert_all_is_kept_or_reported, block, listed

LONG_TITLE = (
    "These highlights do not include all the information needed to use ZYLOX safely and "
    "effectively.<br/>ZYLOX® (zylolol) tablets<br/>Initial U.S. Approval: 1999"
)
PRODUCT = """<component><section>
  <code code="48780-1" codeSystem="2.16.840.1.113883.6.1" displayName="SPL product data"/>
  <subject><manufacturedProduct><manufacturedProduct>
    <code code="0071-0155" codeSystem="2.16.840.1.113883.6.69"/><name>ZYLOX</name>
    <asEntityWithGeneric><genericMedicine><name>Zylolol</name></genericMedicine>
    </asEntityWithGeneric></manufacturedProduct></manufacturedProduct></subject>
  </section></component>"""


def label(*parts: str, title: str = "Zylox") -> ReaderResult:
    return read_spl(
        f"""<document xmlns="urn:hl7-org:v3"><code code="34391-3"/><title>{title}</title>
        <effectiveTime value="20240131"/><setId root="ABC-1"/>
        <author><assignedEntity><representedOrganization><name>Zylo Inc.</name>
        </representedOrganization></assignedEntity></author>
        <component><structuredBody>{"".join(parts)}</structuredBody></component>
        </document>""".encode(),
        "a.xml",
    )


def part(code: str, title: str, text: str, *inner: str, name: str = "", more: str = "") -> str:
    heading = f"<title>{title}</title>" if title else ""
    return (
        f'<component><section><code code="{code}" codeSystem="2.16.840.1.113883.6.1" '
        f'displayName="{name}"/>{heading}<text>{text}</text>{more}{"".join(inner)}'
        "</section></component>"
    )


def plain(text: str) -> str:
    return f"<paragraph>{text}</paragraph>"


def highlight(text: str) -> str:
    return f"<excerpt><highlight><text>{text}</text></highlight></excerpt>"


def test_long_title_is_replaced_by_drug_name_and_kept_as_text() -> None:
    result = label(PRODUCT, part("34067-9", "1 USES", plain("For pain.")), title=LONG_TITLE)
    assert result.article.title == "ZYLOX (zylolol)"
    assert result.article.metadata == Metadata(
        id="spl:abc-1", source="Zylo Inc.", published=date(2024, 1, 31), codes=("ndc:000710155",)
    )
    lead, uses = result.article.sections
    assert lead.blocks[0].text.split("\n")[1:] == [
        "ZYLOX® (zylolol) tablets",
        "Initial U.S. Approval: 1999",
    ]
    assert uses == Section("1 USES", (paragraph("For pain."),), codes=("34067-9",))
    assert [(piece.reason, piece.text) for piece in result.omitted] == [
        (CODED_DATA, "ZYLOX Zylolol"),
        (AS_METADATA, "Zylo Inc."),
    ]
    assert_all_is_kept_or_reported(result)


def test_short_title_is_kept_without_trademark_signs() -> None:
    result = label(PRODUCT, part("34067-9", "Uses", plain("For pain.")), title="Kit<br/>ZYLOX®")
    assert result.article.title == "Kit ZYLOX"
    assert result.article.metadata.also_called == ("Zylolol",)


def test_sections_nest_with_their_codes() -> None:
    result = label(
        part(
            "43685-7",
            "5 WARNINGS",
            "",
            part("42229-5", "5.1 Bleeding", plain("It bleeds.")),
            part("42228-7", "", plain("Not in pregnancy."), name="PREGNANCY SECTION"),
        )
    ).article.sections
    assert result == (
        Section(
            "5 WARNINGS",
            codes=("43685-7",),
            sections=(
                Section("5.1 Bleeding", (paragraph("It bleeds."),)),
                Section("Pregnancy", (paragraph("Not in pregnancy."),), codes=("42228-7",)),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("code", "name", "heading"),
    [
        ("34067-9", "INDICATIONS &amp; USAGE SECTION", "Indications and usage"),
        ("50569-3", "OTC - ASK DOCTOR SECTION", "Ask doctor"),
        ("88828-9", "RENAL IMPAIRMENT SUBSECTION", "Renal impairment"),
        ("42231-1", "SPL MEDGUIDE SECTION", "Medication guide"),
        ("99999-9", "", DEFAULT_SECTION_NAME),
    ],
)
def test_untitled_section_is_named_by_its_code(code: str, name: str, heading: str) -> None:
    result = label(part(code, "", plain("Text here."), name=name)).article.sections
    assert result == (Section(heading, (paragraph("Text here."),), codes=(code,)),)


@pytest.mark.parametrize(
    ("text", "heading", "words"),
    [
        (plain("<content styleCode='underline'>Risk Summary</content>") + plain("High."),
         "Risk Summary", "High."),
        (plain("Beta-Blockers") + plain("Avoid."), "Beta-Blockers", "Avoid."),
        (plain("Only a sentence that ends.") + plain("And more."), DEFAULT_SECTION_NAME,
         "Only a sentence that ends.\n\nAnd more."),
        (plain("Alone"), DEFAULT_SECTION_NAME, "Alone"),
    ],
)  # fmt: skip
def test_unclassified_section_gets_first_line_as_heading(
    text: str, heading: str, words: str
) -> None:
    first = part("34067-9", "Uses", plain("For pain."))
    section = label(first, part("42229-5", "", text)).article.sections[1]
    assert section == Section(heading, tuple(paragraph(each) for each in words.split("\n\n")))


def test_unclassified_section_joins_its_parent() -> None:
    inner = part("42229-5", "", plain("And fever."))
    result = label(part("34067-9", "Uses", plain("For pain."), inner)).article.sections
    assert result[0].blocks == (paragraph("For pain."), paragraph("And fever."))


def test_highlights_are_kept_once_with_section_codes() -> None:
    result = label(
        part("34067-9", "1 USES", plain("For all pain."), more=highlight(plain("For pain. (1)"))),
        part("34070-3", "4 NOT", plain("None."), more=highlight(plain("None."))),
        part("43683-2", "", "", name="RECENT MAJOR CHANGES", more=highlight(plain("Uses 1/2024"))),
        title=LONG_TITLE,
    )
    highlights, *others = result.article.sections
    assert highlights.heading == HIGHLIGHTS
    assert highlights.blocks[0].text.startswith("These highlights do not include")
    assert highlights.sections == (
        Section("1 USES", (paragraph("For pain. (1)"),), codes=("34067-9",)),
        Section("Recent major changes", (paragraph("Uses 1/2024"),), codes=("43683-2",)),
    )
    assert [section.heading for section in others] == ["1 USES", "4 NOT"]
    assert (REPEATED_HIGHLIGHTS, "None.") in [
        (piece.reason, piece.text) for piece in result.omitted
    ]
    assert_all_is_kept_or_reported(result)


def test_boxed_warning_becomes_one_callout() -> None:
    result = label(
        part(
            "34066-1",
            "WARNING: BLEEDING",
            plain("It can <content styleCode='bold'>kill</content>.")
            + "<list><item>Watch</item><item>Stop</item></list>",
            part("42229-5", "More", plain("Call.")),
        )
    ).article.sections
    assert result == (
        Section(
            "WARNING: BLEEDING",
            (block(BlockKind.CALLOUT, "It can kill.\n- Watch\n- Stop"),),
            (Section("More", (block(BlockKind.CALLOUT, "Call."),)),),
            codes=("34066-1",),
        ),
    )


def test_paragraphs_lists_breaks_and_loose_text_are_read() -> None:
    text = (
        "Loose <content>text</content><br/>goes on"
        + plain("One<br/>two <linkHtml href='#x'>(2.1)</linkHtml> 10<sup>9</sup>")
        + "<list listType='ordered'><caption>Steps</caption><item><caption>o</caption>A"
        + "<list><item><caption>a.</caption>• B</item></list></item></list>"
    )
    result = label(part("34068-7", "Dose", text)).article.sections
    assert result[0].blocks == (
        paragraph("Loose text\ngoes on"),
        paragraph("One\ntwo (2.1) 10^9", marks=(Mark(MarkKind.SUPERSCRIPT, 16, 18),)),
        paragraph("Steps"),
        listed(ListItem("A"), ListItem("B", 1, "a."), ordered=True),
    )


def test_table_keeps_caption_header_rows_notes_and_footer() -> None:
    text = (
        "<table><caption>Table 1</caption><tfoot><tr><td colspan='2'>py = years</td></tr></tfoot>"
        "<tbody><tr><td><content styleCode='bold'>Drug</content></td>"
        "<td styleCode='Rrule'><content styleCode='bold'>N<footnote ID='n'>Counted.</footnote>"
        "</content></td></tr><tr><td>A<footnoteRef IDREF='n'/></td><td>1<br/></td></tr>"
        "<tr><td>B<br/>C</td><td>2<br/>3</td></tr></tbody></table>"
    )
    result = label(part("34092-7", "Trials", text))
    caption, table, foot, note = result.article.sections[0].blocks
    assert caption == block(BlockKind.CAPTION, "Table 1")
    assert table.row_texts == (("Drug", "N[1]"), ("A[1]", "1"), ("B; C", "2; 3"))
    assert table.header_rows == 1
    assert foot == block(BlockKind.CAPTION, "py = years")
    assert note == block(BlockKind.CAPTION, "[1] Counted.")
    assert_all_is_kept_or_reported(result)


def test_layout_table_is_read_as_text_with_question_headings() -> None:
    text = (
        "<table><tbody><tr><td>"
        + plain("<content styleCode='bold'>What is Zylox?</content>")
        + plain("A tablet.")
        + "<list><item>white</item></list></td></tr>"
        + "<tr><td/><td><content styleCode='bold'>Keep it dry.</content></td></tr>"
        + "<tr><td>Phone</td><td>123</td></tr></tbody></table>"
    )
    result = label(part("42231-1", "Guide", text)).article.sections
    question = result[0].sections[0]
    assert question.heading == "What is Zylox?"
    assert question.blocks == (
        paragraph("A tablet."),
        listed("white"),
        paragraph("Keep it dry.", marks=(Mark(MarkKind.STRONG, 0, 12),)),
        table((("Phone", "123"),)),
    )


def test_nested_table_is_read_once_with_its_notes() -> None:
    inner = "<table><tbody><tr><td>A<footnote>Note.</footnote></td><td>1</td></tr></tbody></table>"
    text = f"<table><tbody><tr><td>{plain('Doses')}{inner}</td></tr></tbody></table>"
    result = label(part("34068-7", "Dose", text)).article.sections
    assert result[0].blocks == (
        paragraph("Doses"),
        table((("A[1]", "1"),)),
        block(BlockKind.CAPTION, "[1] Note."),
    )


def test_numeric_table_with_lists_remains_a_table() -> None:
    text = (
        "<table><tbody><tr><td>Total</td></tr><tr><td>Nausea<list><item>mild</item></list></td>"
        "<td>5 of 10</td></tr></tbody></table>"
    )
    result = label(part("34084-4", "Reactions", text)).article.sections
    assert result[0].blocks[0].row_texts == (("Total",), ("Nausea mild", "5 of 10"))


def test_images_are_reported_and_captions_kept_once() -> None:
    def media(name: str, text: str) -> str:
        return (
            f'<component><observationMedia ID="{name}"><text>{text}</text><value>'
            f'<reference value="{name}.jpg"/></value></observationMedia></component>'
        )

    text = plain("See<renderMultiMedia referencedObject='one'/>") + plain("After.")
    result = label(
        part("34089-3", "Look", text, media("one", "Figure 1. A chart"), media("two", "two.jpg"))
        + part("51945-4", "Panel", "", media("three", ""))
    )
    look, panel = result.article.sections
    assert look.blocks == (
        paragraph("See"),
        block(BlockKind.CAPTION, "Figure 1. A chart"),
        paragraph("After."),
    )
    assert panel.blocks == ()
    images = [piece.text for piece in result.omitted if piece.reason == IMAGE]
    assert images == ["one.jpg", "two.jpg", "three.jpg"]
    assert_all_is_kept_or_reported(result)


@pytest.mark.parametrize(
    ("data", "code", "place", "named"),
    [
        (b"", SourceProblem.EMPTY, "", ""),
        (b"<document><component>", SourceProblem.MALFORMED, "line 1", ""),
        (b"<article/>", SourceProblem.FORMAT, "", "<article>"),
        (b"<document xmlns='urn:hl7-org:v3'/>", SourceProblem.NO_TEXT, "", ""),
    ],
)
def test_other_documents_are_rejected(data: bytes, code: str, place: str, named: str) -> None:
    with pytest.raises(SourceError) as refusal:
        read_spl(data, "a.xml")
    error = refusal.value
    assert (error.source, error.code, error.location) == ("a.xml", code, place)
    assert named in error.problem


@pytest.mark.parametrize(
    "tags",
    ["component section", "content", "list item", "table tbody tr td", "paragraph", "x", "excerpt"],
)
def test_deepest_allowed_nesting_is_read_without_loss(tags: str) -> None:
    names = tags.split() * (190 // len(tags.split()))
    deep = "".join(f"<{name}>" for name in names) + "<text>end</text>"
    deep += "".join(f"</{name}>" for name in reversed(names))
    if tags == "component section":
        result = label(f"<component><section><title>Top</title>{deep}</section></component>")
    else:
        result = label(part("34067-9", "Top", deep))
    assert "end" in result.article.plain


def test_title_is_the_product_and_not_a_part_of_its_kit() -> None:
    kit = (
        "<subject><manufacturedProduct><manufacturedProduct><name>Zylox Kit</name>"
        "<part><partProduct><name>isopropyl alcohol</name><asEntityWithGeneric><genericMedicine>"
        "<name>isopropyl alcohol</name></genericMedicine></asEntityWithGeneric></partProduct>"
        "</part></manufacturedProduct></manufacturedProduct></subject>"
    )
    product = part("48780-1", "", "", more=kit)
    result = label(product, part("34068-7", "Dose", plain("One.")), title="Drug Facts")
    assert result.article.title == "Zylox Kit"
    assert "isopropyl alcohol" not in result.article.metadata.also_called
