from __future__ import annotations

from datetime import date

import pytest

from ingest.readers.common.result import AS_METADATA, ReaderResult
from ingest.readers.jats.front_matter import (
    ABSTRACT_TITLES,
    ALTERNATIVE_TITLE,
    AUTHORS,
    JOURNAL_DETAILS,
)
from ingest.readers.jats.inline import FORMULA_IMAGE, FORMULA_PLACEHOLDER
from ingest.readers.jats.reader import AUTHOR_NOTES, MAIN_TEXT, NOTICES, UNTITLED_SECTION, read_jats
from kb.errors import SourceError, SourceProblem
from kb.model.article import BlockKind, ListItem, Mark, MarkKind, Metadata, Section, paragraph
from tests.ingest.block_shapes import assert_all_is_kept_or_reported, block, listed

HEAD = (
    '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) v1.2//EN" "JATS-archivearticle1.dtd">'
    '<article xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:mml="http://www.w3.org/1998/Math/MathML" article-type="{kind}" xml:lang="EN">'
)
FRONT = """<front>
  <journal-meta><journal-id>jt</journal-id><journal-title>Journal of Tests</journal-title>
  </journal-meta>
  <article-meta>
    <article-id pub-id-type="pmid">123</article-id>
    <article-id pub-id-type="doi">10.1000/j.1</article-id>
    <title-group><article-title>Warfarin at <italic>home</italic></article-title>
      <subtitle>a trial</subtitle><alt-title>Home warfarin</alt-title></title-group>
    <contrib-group><contrib><name><surname>Doe</surname><given-names>Jo</given-names></name>
      </contrib></contrib-group>
    <author-notes><corresp>jo@example.org</corresp><fn><p>None declared.</p></fn></author-notes>
    <pub-date pub-type="ppub"><month>5</month><year>2020</year></pub-date>
    <pub-date pub-type="epub"><day>7</day><month>4</month><year>2020</year></pub-date>
    <permissions><license xlink:href="https://creativecommons.org/licenses/by-nc/4.0/">
      <license-p>Free to copy.</license-p></license></permissions>
    <abstract><sec><title>Background</title><p>Why.</p></sec>
      <sec><title>Findings</title><p>What.</p></sec></abstract>
    <abstract abstract-type="toc"><p>In a word.</p></abstract>
    <kwd-group><kwd>warfarin</kwd><kwd>INR</kwd></kwd-group>
    <funding-group><funding-statement>Nobody paid.</funding-statement></funding-group>
  </article-meta></front>"""


def article(
    body: str, *, front: str = "", back: str = "", kind: str = "research-article"
) -> ReaderResult:
    return read_jats(
        f"{HEAD.format(kind=kind)}{front}<body>{body}</body>{back}</article>".encode(), "a.xml"
    )


def sections(body: str, back: str = "") -> tuple[Section, ...]:
    return article(body, back=back).article.sections


def test_front_matter_becomes_title_metadata_and_abstract() -> None:
    result = article("<sec><title>Methods</title><p>How.</p></sec>", front=FRONT)
    assert result.article.title == "Warfarin at home: a trial"
    assert result.article.metadata == Metadata(
        id="doi:10.1000/j.1",
        source="Journal of Tests",
        url="https://doi.org/10.1000/j.1",
        licence="CC BY-NC 4.0",
        language="en",
        published=date(2020, 4, 7),
    )
    assert result.article.sections == (
        Section(
            "Abstract",
            sections=(
                Section("Background", (paragraph("Why."),)),
                Section("Findings", (paragraph("What."),)),
            ),
        ),
        Section(ABSTRACT_TITLES["toc"], (paragraph("In a word."),)),
        Section("Keywords", (listed("warfarin", "INR"),)),
        Section("Methods", (paragraph("How."),)),
        Section(AUTHOR_NOTES, (paragraph("None declared."),)),
        Section("Funding", (paragraph("Nobody paid."),)),
    )
    reasons = {piece.text: piece.reason for piece in result.omitted}
    assert reasons == {
        "jt Journal of Tests": JOURNAL_DETAILS,
        "123": AS_METADATA,
        "10.1000/j.1": AS_METADATA,
        "Home warfarin": ALTERNATIVE_TITLE,
        "Doe Jo": AUTHORS,
        "jo@example.org": AUTHORS,
        "5 2020": AS_METADATA,
        "7 4 2020": AS_METADATA,
        "Free to copy.": AS_METADATA,
    }
    assert_all_is_kept_or_reported(result)


def test_sections_nest_with_their_labels_and_keep_inline_text_in_order() -> None:
    result = sections(
        "<sec><label>1.</label><title>Dose</title>"
        "<p>Give <bold>5&ndash;10</bold> mg <xref>[3]</xref>\n  of H<sub>2</sub>O.</p>"
        "<sec><label>1.1</label><title>Children</title><p>Less.</p></sec></sec>"
    )
    assert result == (
        Section(
            "1. Dose",
            (
                paragraph(
                    "Give 5–10 mg [3] of H2O.",
                    marks=(Mark(MarkKind.STRONG, 5, 9), Mark(MarkKind.SUBSCRIPT, 21, 22)),
                ),
            ),
            (Section("1.1 Children", (paragraph("Less."),)),),
        ),
    )


def test_untitled_part_does_not_join_previous_part() -> None:
    result = sections(
        "<sec><p>Lead.</p></sec><sec><title>One</title><p>1</p></sec><sec><p>2</p></sec>"
    )
    assert result == (
        Section("", (paragraph("Lead."),)),
        Section("One", (paragraph("1"),)),
        Section(UNTITLED_SECTION, (paragraph("2"),)),
    )


def test_body_without_sections_does_not_join_abstract() -> None:
    front = "<front><article-meta><abstract><p>Short.</p></abstract></article-meta></front>"
    result = article("<p>Long.</p>", front=front).article
    assert [section.heading for section in result.sections] == ["Abstract", MAIN_TEXT]


def test_floats_in_a_paragraph_are_read_after_it() -> None:
    result = sections(
        "<p>Before <fig><label>Figure 1</label><caption><title>A heart.</title><p>From below.</p>"
        '</caption><graphic xlink:href="heart.tif"/></fig>after.<fn><p>A note.</p></fn></p>'
    )
    assert result[0].blocks == (
        paragraph("Before after."),
        block(BlockKind.CAPTION, "Figure 1. A heart.\nFrom below."),
        paragraph("A note."),
    )


def test_table_keeps_caption_rows_and_notes() -> None:
    result = article(
        "<table-wrap><label>Table 1.</label><caption><p>Doses</p></caption><alternatives>"
        '<graphic xlink:href="t.tif"/><table><thead><tr><th>Drug</th><th>mg</th></tr></thead>'
        "<tbody><tr><td>A</td><td>5<xref><sup>a</sup></xref></td></tr></tbody></table>"
        "</alternatives><table-wrap-foot><fn><label>a</label><p>Daily.</p></fn><p>End.</p>"
        "</table-wrap-foot></table-wrap>"
    )
    caption, table, foot = result.article.sections[0].blocks
    assert caption == block(BlockKind.CAPTION, "Table 1.\nDoses")
    assert table.row_texts == (("Drug", "mg"), ("A", "5 a"))
    assert table.header_rows == 1
    assert foot == block(BlockKind.CAPTION, "a Daily.\nEnd.")
    assert result.omitted == ()
    assert_all_is_kept_or_reported(result)


def test_lists_definitions_and_quotes_are_read() -> None:
    result = sections(
        '<p>Steps:<list list-type="order"><list-item><label>1.</label><p>Wash.</p><list>'
        "<list-item><p>Soap</p></list-item></list></list-item></list>then</p>"
        "<def-list><def-item><term>INR</term><def><p>a ratio</p></def></def-item><def-item>"
        "<term>PT</term><def><p>a time</p></def><def><p>a test</p></def></def-item></def-list>"
        "<disp-quote><p>So they said.</p></disp-quote>"
    )
    assert result[0].blocks == (
        paragraph("Steps:"),
        listed(ListItem("Wash.", 0, "1."), ListItem("Soap", 1), ordered=True),
        paragraph("then"),
        listed("INR: a ratio", "PT:", ListItem("a time", 1), ListItem("a test", 1)),
        block(BlockKind.CALLOUT, "So they said."),
    )


def test_small_box_becomes_callout_and_large_box_a_section() -> None:
    small = (
        "<boxed-text><label>Box 1</label><caption><title>Key</title></caption><p>Do it.</p><list>"
        "<list-item><p>now</p></list-item></list><sec><title>Then</title>"
        "<boxed-text><p>stop</p></boxed-text></sec></boxed-text>"
    )
    large = f"<boxed-text><sec><title>Long</title><p>{'word ' * 300}</p></sec></boxed-text>"
    result = sections(f"<sec><title>One</title>{large}<p>Text.</p>{small}</sec>")
    assert result[0].blocks == (
        paragraph("Text."),
        block(BlockKind.CALLOUT, "Box 1 Key\nDo it.\n- now\nThen\nstop"),
    )
    assert [section.heading for section in result[0].sections] == ["Long"]


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<mml:math><mml:mi>P</mml:mi><mml:mo>&lt;</mml:mo><mml:mn>0.05</mml:mn></mml:math>",
         "P < 0.05"),
        ("<mml:math><mml:mfrac><mml:mi>kg</mml:mi><mml:msup><mml:mi>m</mml:mi><mml:mn>2</mml:mn>"
         "</mml:msup></mml:mfrac></mml:math>", "kg/(m^2)"),
        ("<mml:math><mml:semantics><mml:msqrt><mml:mi>x</mml:mi></mml:msqrt><mml:annotation>no"
         "</mml:annotation></mml:semantics></mml:math>", "√x"),
        ("<tex-math>\\documentclass{x}\\begin{document}$$a=b$$\\end{document}</tex-math>", "a=b"),
        ("<italic>n</italic> = 4", "n = 4"),
        ('<inline-graphic xlink:href="f.gif"/>', FORMULA_PLACEHOLDER),
    ],
)  # fmt: skip
def test_formulas_become_text_on_one_line(formula: str, text: str) -> None:
    result = article(f"<p>So <inline-formula>{formula}</inline-formula>.</p>")
    assert result.article.sections[0].blocks == (paragraph(f"So {text}."),)
    reported = [(FORMULA_IMAGE, "f.gif")] if text == FORMULA_PLACEHOLDER else []
    assert [(piece.reason, piece.text) for piece in result.omitted] == reported
    assert_all_is_kept_or_reported(result)


def test_reference_becomes_one_item_in_both_markup_styles() -> None:
    result = sections(
        "<p>Text.</p>",
        "<back><ack><p>Thanks.</p></ack><ref-list><title>References</title><ref><label>1</label>"
        "<element-citation><person-group><name><surname>Doe</surname><given-names>J</given-names>"
        "</name><name><surname>Roe</surname><given-names>R</given-names></name><etal/>"
        "</person-group><article-title>On INR.</article-title><source>BMJ</source><year>2001"
        "</year><volume>3</volume><issue>2</issue><fpage>7</fpage><lpage>9</lpage>"
        "</element-citation></ref><ref><label>2</label><mixed-citation><name><surname>Poe</surname>"
        "<given-names>E</given-names></name>, <source>Book</source> (<year>1999</year>)."
        "</mixed-citation></ref></ref-list></back>",
    )
    assert result[1:] == (
        Section("Acknowledgements", (paragraph("Thanks."),)),
        Section(
            "References",
            (
                listed(
                    "1 Doe J, Roe R, et al. On INR. BMJ. 2001 3(2): 7–9",
                    "2 Poe E, Book (1999).",
                    ordered=True,
                ),
            ),
        ),
    )


def test_sub_article_becomes_a_section() -> None:
    back = (
        "<sub-article><front-stub><title-group><article-title>Reply</article-title></title-group>"
        "</front-stub><body><p>We agree.</p></body></sub-article>"
    )
    assert sections("<p>Text.</p>", back)[1] == Section("Reply", (paragraph("We agree."),))


def test_retraction_is_a_warning() -> None:
    result = article("<p>Withdrawn.</p>", kind="retraction")
    (warning,) = result.warnings
    assert NOTICES["retraction"] in warning


@pytest.mark.parametrize(
    ("dates", "published", "named"),
    [
        ("<pub-date><month>5</month><year>2020</year></pub-date>", date(2020, 5, 1), []),
        ("<pub-date><year>2020</year></pub-date>", None, ["2020"]),
        ("<pub-date><year>soon</year></pub-date>", None, ["soon"]),
    ],
)
def test_partial_date_is_read(dates: str, published: date | None, named: list[str]) -> None:
    front = f"<front><article-meta>{dates}</article-meta></front>"
    result = article("<p>Text.</p>", front=front)
    assert result.article.metadata.published == published
    assert len(result.warnings) == len(named)
    assert not [value for value in named if value not in result.warnings[0]]


@pytest.mark.parametrize(
    ("data", "code", "place", "named"),
    [
        (b"", SourceProblem.EMPTY, "", ""),
        (b"<article><body><p>Cut", SourceProblem.MALFORMED, "line 1", ""),
        (b"<book/>", SourceProblem.FORMAT, "", "<book>"),
        (b"<article><front/></article>", SourceProblem.NO_TEXT, "", ""),
    ],
)
def test_other_documents_are_rejected(data: bytes, code: str, place: str, named: str) -> None:
    with pytest.raises(SourceError) as refusal:
        read_jats(data, "a.xml")
    error = refusal.value
    assert (error.source, error.code, error.location) == ("a.xml", code, place)
    assert named in error.problem


@pytest.mark.parametrize(
    "tags", ["sec", "boxed-text", "p", "list list-item", "fig", "disp-quote", "table tr td", "x",
             "mml:mrow", "sub-article", "back", "fig caption", "italic", "def-list def-item def"]
)  # fmt: skip
def test_deepest_allowed_nesting_is_read_without_loss(tags: str) -> None:
    names = tags.split() * (196 // len(tags.split()))
    deep = "".join(f"<{name}>" for name in names) + "end"
    deep += "".join(f"</{name}>" for name in reversed(names))
    result = article(f"<p>Start</p>{deep}")
    assert "end" in result.article.plain
