"""DOCX reader: automatic numbers of lists and headings."""

from __future__ import annotations

import pytest

from ingest.readers.docx.numbering import format_number
from ingest.readers.docx.reader import read_docx
from kb.model.article import Article, BlockKind
from tests.ingest.documents.docx import (
    abstract_list,
    docx,
    list_of,
    para,
    style,
    table,
)

OUTLINE = abstract_list(
    1,
    ("decimal", "%1", {"pStyle": "heading1"}),
    ("decimal", "%1.%2", {"pStyle": "heading2"}),
    ("decimal", "%1.%2.%3", {"pStyle": "heading3"}),
)
STEPS = abstract_list(
    2, ("decimal", "%1."), ("lowerLetter", "%2)"), ("lowerRoman", "(%3)"), ("decimal", "%1.%2.%4")
)
BULLETS = abstract_list(3, ("bullet", "\uf0b7", {"font": "Symbol"}), ("bullet", "o"))


def read(*body: str, lists: tuple[str, ...], styles: str = "") -> Article:
    data = docx("".join(body), styles=styles, lists="".join(lists))
    return read_docx(data, "/kb/warfarin.docx").article


def items(article: Article) -> list[list[str]]:
    return [
        [f"{'  ' * item.depth}{item.label or '-'} {item.text}" for item in block.items]
        for _, section in article.walk()
        for block in section.blocks
        if block.kind is BlockKind.LIST
    ]


def item(text: str, num: int, level: int = 0) -> str:
    return para(text, item=(num, level))


def test_levels_of_a_list_have_their_own_format_and_restart() -> None:
    article = read(
        item("One", 5),
        item("Letter", 5, 1),
        item("Roman", 5, 2),
        item("Roman again", 5, 2),
        item("Next letter", 5, 1),
        item("Two", 5),
        item("Letter anew", 5, 1),
        lists=(STEPS, list_of(5, 2)),
    )
    assert items(article) == [
        [
            "1. One",
            "  a) Letter",
            "    (i) Roman",
            "    (ii) Roman again",
            "  b) Next letter",
            "2. Two",
            "  a) Letter anew",
        ]
    ]
    assert article.sections[0].blocks[0].ordered


def test_list_continues_after_paragraphs_and_tables() -> None:
    article = read(
        item("Stop warfarin", 5),
        item("Check INR", 5, 1),
        para("If bleeding, call."),
        item("Give vitamin K", 5, 1),
        table(("a", "b"), ("c", "d")),
        item("Repeat", 5),
        lists=(STEPS, list_of(5, 2)),
    )
    assert items(article) == [
        ["1. Stop warfarin", "  a) Check INR"],
        ["b) Give vitamin K"],
        ["2. Repeat"],
    ]


def test_lists_of_one_definition_share_their_counter_until_restarted() -> None:
    article = read(
        item("One", 5),
        para("Text"),
        item("Two", 6),
        para("Text"),
        item("Restarted", 7),
        item("Next", 7),
        para("Text"),
        item("At four", 8),
        lists=(STEPS, list_of(5, 2), list_of(6, 2), list_of(7, 2, start=1), list_of(8, 2, start=4)),
    )
    assert [block[0] for block in items(article)] == [
        "1. One",
        "2. Two",
        "1. Restarted",
        "4. At four",
    ]
    assert items(article)[2][1] == "2. Next"


def test_restarted_list_is_a_new_block() -> None:
    article = read(
        item("One", 5),
        item("Two", 5),
        item("First", 6),
        item("Second", 6),
        lists=(STEPS, list_of(5, 2), list_of(6, 2, start=1)),
    )
    assert items(article) == [["1. One", "2. Two"], ["1. First", "2. Second"]]


def test_headings_are_numbered_by_their_styles() -> None:
    linked = "".join(
        style(f"heading{level}", f"heading {level}", number=(1, level - 1)) for level in (1, 2, 3)
    )
    article = read(
        para("Warfarin", "heading1"),
        para("Dosing", "heading2"),
        para("Text"),
        para("Loading", "heading3"),
        para("Text"),
        para("Monitoring", "heading2"),
        para("Text"),
        para("Heparin", "heading1"),
        para("Dosing", "heading2"),
        para("Text"),
        lists=(OUTLINE, list_of(1, 1)),
        styles=linked,
    )
    assert [path[-1] for path, _ in article.walk() if path] == [
        "1.1 Dosing",
        "1.1.1 Loading",
        "1.2 Monitoring",
        "2 Heparin",
        "2.1 Dosing",
    ]
    assert article.title == "Warfarin"


LEGAL = abstract_list(
    4,
    ("upperRoman", "Article %1."),
    ("decimalZero", "Section %1.%2", {"isLgl": "1"}),
    ("decimal", "%1.%2.%3", {"isLgl": "1"}),
)


def test_legal_numbering_shows_outer_levels_in_decimal() -> None:
    article = read(
        item("Terms", 5),
        item("Scope", 5, 1),
        item("Detail", 5, 2),
        lists=(LEGAL, list_of(5, 4)),
    )
    assert items(article) == [
        ["Article I. Terms", "  Section 1.01 Scope", "    1.1.1 Detail"],
    ]


def test_unused_outer_level_counts_as_its_first_number() -> None:
    article = read(
        para("Text"),
        item("Deep", 5, 2),
        item("Top", 5),
        item("Deep", 5, 2),
        lists=(OUTLINE, list_of(5, 1)),
    )
    assert items(article) == [["1.1.1 Deep", "2 Top", "  2.1.1 Deep"]]


@pytest.mark.parametrize(
    ("restart", "labels"),
    [({}, ["1.", "1)", "2)", "2.", "1)"]), ({"lvlRestart": "0"}, ["1.", "1)", "2)", "2.", "3)"])],
)
def test_level_restarts_unless_excluded(restart: dict[str, str], labels: list[str]) -> None:
    steps = abstract_list(2, ("decimal", "%1."), ("decimal", "%2)", restart))
    article = read(
        item("a", 5), item("b", 5, 1), item("c", 5, 1), item("d", 5), item("e", 5, 1),
        lists=(steps, list_of(5, 2)),
    )  # fmt: skip
    assert [each.label for each in article.sections[0].blocks[0].items] == labels


def test_bullets_between_numbered_items_are_nested_by_indentation() -> None:
    article = read(
        item("Stop", 5),
        item("apixaban", 6),
        item("warfarin", 6),
        item("Restart", 5),
        item("Level two bullet", 6, 1),
        lists=(
            abstract_list(2, ("decimal", "%1.", {"left": "360"})),
            BULLETS,
            list_of(5, 2),
            list_of(6, 3),
        ),
    )
    assert items(article) == [
        ["1. Stop", "  - apixaban", "  - warfarin", "2. Restart", "  - Level two bullet"]
    ]


def test_tick_and_cross_bullets_are_labels() -> None:
    marks = abstract_list(2, ("bullet", "\uf0fc", {"font": "Wingdings"}))
    crosses = abstract_list(3, ("bullet", "\uf0fb", {"font": "Wingdings"}))
    article = read(
        item("Take with food", 5),
        item("Take with milk", 6),
        lists=(marks, crosses, list_of(5, 2), list_of(6, 3)),
    )
    assert items(article) == [["✓ Take with food", "✗ Take with milk"]]


def test_blank_bullet_continues_an_item() -> None:
    blank = abstract_list(3, ("bullet", " "))
    article = read(
        item("One", 5),
        item("More", 6),
        item("Two", 5),
        lists=(STEPS, blank, list_of(5, 2), list_of(6, 3)),
    )
    assert [block.plain for block in article.sections[0].blocks] == ["1. One", "More", "2. Two"]


def test_numbering_style_links_to_its_definition() -> None:
    link = '<w:abstractNum w:abstractNumId="7"><w:numStyleLink w:val="Steps"/></w:abstractNum>'
    article = read(
        item("One", 5),
        item("Two", 5),
        lists=(STEPS, link, list_of(4, 2), list_of(5, 7)),
        styles=style("Steps", "Steps", kind="numbering", number=(4, 0)),
    )
    assert items(article) == [["1. One", "2. Two"]]


def test_numbering_of_a_style_is_inherited_and_can_be_removed() -> None:
    base = style("Numbered", "Numbered text", number=(5, 0))
    derived = style("Derived", "Derived text", '<w:basedOn w:val="Numbered"/>')
    removed = (
        '<w:p><w:pPr><w:pStyle w:val="Derived"/><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>'
    )
    article = read(
        para("One", "Numbered"),
        para("Two", "Derived"),
        removed + "<w:r><w:t>Plain</w:t></w:r></w:p>",
        para("Three", "Derived"),
        lists=(STEPS, list_of(5, 2)),
        styles=base + derived,
    )
    assert items(article) == [["1. One", "2. Two"], ["3. Three"]]


def test_level_belongs_to_the_paragraph_style() -> None:
    linked = abstract_list(2, ("decimal", "%1."), ("lowerLetter", "(%2)", {"pStyle": "SubStep"}))
    num = '<w:pPr><w:numPr><w:numId w:val="5"/></w:numPr></w:pPr>'
    article = read(
        para("One", "Step"),
        para("Sub", "SubStep"),
        lists=(linked, list_of(5, 2)),
        styles=style("Step", "Step", num) + style("SubStep", "Sub step", num),
    )
    assert items(article) == [["1. One", "  (a) Sub"]]


def test_override_of_a_level_replaces_its_definition() -> None:
    num = (
        '<w:num w:numId="5"><w:abstractNumId w:val="2"/><w:lvlOverride w:ilvl="0">'
        '<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="upperLetter"/>'
        '<w:lvlText w:val="Grade %1:"/></w:lvl></w:lvlOverride></w:num>'
    )
    article = read(item("Weak", 5), item("Weaker", 5), lists=(STEPS, num))
    assert items(article) == [["Grade C: Weak", "Grade D: Weaker"]]


def test_numbers_in_cells_captions_and_callouts_are_kept() -> None:
    cell = "<w:tc>{}</w:tc>"
    rows = "".join(
        f"<w:tr>{cell.format(item(step, 5))}{cell.format(para('5 mg'))}</w:tr>"
        for step in ("First", "Second")
    )
    box = f"<w:tbl><w:tr><w:tc>{item('Call', 5)}{item('help', 6)}</w:tc></w:tr></w:tbl>"
    caption = style("Caption1", "caption", number=(7, 0))
    tables = abstract_list(4, ("decimal", "Table %1:"))
    article = read(
        f"<w:tbl>{rows}</w:tbl>",
        box,
        para("Doses", "Caption1"),
        lists=(STEPS, BULLETS, tables, list_of(5, 2), list_of(6, 3), list_of(7, 4)),
        styles=caption,
    )
    assert [block.plain for block in article.sections[0].blocks] == [
        "1. First | 5 mg\n2. Second | 5 mg",
        "3. Call\n- help",
        "Table 1: Doses",
    ]


def test_empty_numbered_paragraph_counts_and_hidden_one_does_not() -> None:
    hidden = (
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="5"/></w:numPr>'
        "<w:rPr><w:vanish/></w:rPr></w:pPr></w:p>"
    )
    article = read(
        item("One", 5), hidden, item("Two", 5), para("", item=(5, 0)), item("Four", 5),
        lists=(STEPS, list_of(5, 2)),
    )  # fmt: skip
    assert items(article) == [["1. One", "2. Two", "4. Four"]]


def test_text_box_has_its_own_numbers() -> None:
    box = f"<w:txbxContent>{item('In the box', 5)}</w:txbxContent>"
    drawing = f"<w:r><w:pict><v:shape><v:textbox>{box}</v:textbox></v:shape></w:pict></w:r>"
    article = read(
        item("One", 5),
        para(f"<w:r><w:t>Text</w:t></w:r>{drawing}"),
        item("Two", 5),
        lists=(STEPS, list_of(5, 2)),
    )
    assert items(article) == [["1. One"], ["1. In the box", "2. Two"]]


def test_suffix_separates_the_number_of_a_heading() -> None:
    chapters = abstract_list(
        2,
        ("decimal", "Section %1: ", {"suff": "nothing"}),
        ("upperLetter", "%2.", {"suff": "space"}),
    )
    article = read(
        para("Dosing", "heading1"),
        para("Text"),
        para("Loading", "heading2"),
        para("Text"),
        para("Next", "heading1"),
        para("Text"),
        lists=(chapters, list_of(5, 2)),
        styles=style("heading1", "heading 1", number=(5, 0))
        + style("heading2", "heading 2", number=(5, 1)),
    )
    assert [path[-1] for path, _ in article.walk() if path] == ["A. Loading", "Section 2: Next"]


@pytest.mark.parametrize(
    ("number", "number_format", "text"),
    [
        (3, "decimal", "3"),
        (7, "decimalZero", "07"),
        (27, "lowerLetter", "aa"),
        (54, "upperLetter", "BBB"),
        (9, "lowerRoman", "ix"),
        (14, "upperRoman", "XIV"),
        (1, "ordinal", "1st"),
        (12, "ordinal", "12th"),
        (23, "ordinal", "23rd"),
        (1, "ordinalText", "First"),
        (42, "ordinalText", "Forty-second"),
        (20, "ordinalText", "Twentieth"),
        (21, "cardinalText", "Twenty-one"),
        (4, "decimalEnclosedCircle", "④"),
        (6, "chicago", "††"),
        (4, "none", ""),
        (0, "lowerLetter", "0"),
        (4, "aiueo", "4"),
    ],
)
def test_number_formats(number: int, number_format: str, text: str) -> None:
    assert format_number(number, number_format) == text


def test_custom_number_format_is_padded() -> None:
    level = (
        '<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
        '<mc:AlternateContent><mc:Choice Requires="w14">'
        '<w:numFmt w:val="custom" w:format="001, 002, 003, ..."/></mc:Choice>'
        '<mc:Fallback><w:numFmt w:val="decimal"/></mc:Fallback></mc:AlternateContent>'
        '<w:lvlText w:val="%1"/></w:lvl></w:abstractNum>'
    )
    assert items(read(item("One", 5), lists=(level, list_of(5, 2)))) == [["001 One"]]


def test_single_bold_items_are_headings_without_heading_styles() -> None:
    article = read(
        para("Dosing", item=(5, 0), bold=True),
        para("Give 5 mg."),
        para("Loading", item=(5, 1), bold=True),
        para("Give 10 mg."),
        para("Steps"),
        para("Weigh", item=(6, 0), bold=True),
        para("Measure", item=(6, 0), bold=True),
        para("Text"),
        lists=(OUTLINE, STEPS, list_of(5, 1), list_of(6, 2)),
    )
    assert [path for path, _ in article.walk()] == [(), ("1.1 Loading",)]
    assert article.title == "Dosing"
    assert items(article) == [["1. Weigh", "2. Measure"]]
