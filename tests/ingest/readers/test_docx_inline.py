"""DOCX reader: raised text, emphasis, links, symbols, notes, and text that is left out."""

from __future__ import annotations

import io
import zipfile

import pytest

from ingest.coverage import measure_coverage
from ingest.readers.common.result import ReaderResult
from ingest.readers.docx.inline import UNREADABLE_SYMBOL
from ingest.readers.docx.omissions import DELETED, HIDDEN, MOVED, STRUCK
from ingest.readers.docx.preprocess import FIELD_WITHOUT_RESULT
from ingest.readers.docx.reader import FOOTNOTES_HEADING, UNREFERENCED_NOTE, read_docx
from ingest.readers.media_type import MediaType
from kb.model.article import Mark, MarkKind
from tests.ingest.documents.docx import docx, para, run, style, table, zipped

CHARACTER_STYLES = "".join(
    style(name, name, f"<w:rPr>{properties}</w:rPr>", kind="character")
    for name, properties in (
        ("Power", '<w:vertAlign w:val="superscript"/>'),
        ("Base", '<w:vertAlign w:val="subscript"/>'),
        ("Greek", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>'),
        ("Out", "<w:strike/>"),
        ("Gone", "<w:vanish/>"),
        ("Strong", "<w:b/>"),
        ("Emphasis", "<w:i/>"),
        ("Tall", '<w:position w:val="8"/><w:sz w:val="12"/>'),
    )
) + style("Power2", "Power 2", '<w:basedOn w:val="Power"/>', kind="character")


def read(
    *body: str,
    styles: str = "",
    parts: dict[str, str] | None = None,
    links: dict[str, str] | None = None,
) -> ReaderResult:
    data = docx("".join(body), parts, styles=CHARACTER_STYLES + styles, links=links)
    result = read_docx(data, "/kb/warfarin.docx")
    assert measure_coverage(result, MediaType.DOCX).share == 1.0
    return result


def plain(inside: str, **others: str) -> str:
    return read(f"<w:p>{inside}</w:p>", **others).article.plain


def styled(name: str, text: str) -> str:
    return run(text, properties=f'<w:rStyle w:val="{name}"/>')


def raised(text: str, more: str = "") -> str:
    return run(text, properties=f'{more}<w:vertAlign w:val="superscript"/>')


def lowered(text: str) -> str:
    return run(text, properties='<w:vertAlign w:val="subscript"/>')


def in_font(font: str, text: str) -> str:
    return run(text, properties=f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}"/>')


def deleted(text: str) -> str:
    return f'<w:del w:id="1" w:author="A"><w:r><w:delText>{text}</w:delText></w:r></w:del>'


def field(code: str, result: str | None = None) -> str:
    middle = "" if result is None else f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{result}'
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve">{code}</w:instrText></w:r>{middle}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


RAISED = {
    "direct": (run("10") + raised("9") + run("/L"), "10^9/L"),
    "bold base": (run("10", bold=True) + raised("9") + run("/L"), "10^9/L"),
    "bold power": (run("10") + raised("9", "<w:b/>") + run("/L"), "10^9/L"),
    "split power": (run("10") + raised("1") + raised("2") + run("/L"), "10^12/L"),
    "split power with a sign": (run("10") + raised("-") + raised("3") + run(" m"), "10^-3 m"),
    "split base": (run("4 x 1") + run("0") + raised("9"), "4 x 10^9"),
    "by style": (run("10") + styled("Power", "9") + run("/L"), "10^9/L"),
    "by inherited style": (run("10") + styled("Power2", "9") + run("/L"), "10^9/L"),
    "style undone": (
        run("10") + run("9", properties='<w:rStyle w:val="Power"/><w:vertAlign w:val="baseline"/>'),
        "109",
    ),
    "by position and size": (
        run("10") + run("9", properties='<w:position w:val="6"/><w:sz w:val="14"/>') + run("/L"),
        "10^9/L",
    ),
    "by position alone": (run("10") + run("9", properties='<w:position w:val="6"/>'), "10^9"),
    "by position in a style": (run("10") + styled("Tall", "9"), "10^9"),
    "a word moved up": (run("a ") + run("word", properties='<w:position w:val="6"/>'), "a word"),
    "kerned": (run("10") + run("9", properties='<w:position w:val="1"/>'), "109"),
    "in an insertion": (
        run("10") + f'<w:ins w:id="1" w:author="A">{raised("9")}</w:ins>' + run("/L"),
        "10^9/L",
    ),
    "in a smart tag": (run("10") + f"<w:smartTag>{raised('9')}</w:smartTag>", "10^9"),
    "after a bookmark": (
        run("10") + '<w:bookmarkStart w:id="0" w:name="x"/>' + raised("9") + run("/L"),
        "10^9/L",
    ),
    "after proofing marks": (
        run("10") + '<w:proofErr w:type="spellStart"/>' + raised("9"),
        "10^9",
    ),
    "note number": (run("250") + raised("1") + run(" mg"), "250 1 mg"),
    "bold dose with note": (run("250", bold=True) + raised("1") + run(" mg"), "250 1 mg"),
    "two notes": (run("250") + raised("1") + raised(",") + raised("2") + run(" mg"), "250 1,2 mg"),
    "linked note": (
        run("250") + f'<w:hyperlink w:anchor="n1">{raised("1")}</w:hyperlink>' + run(" mg"),
        "250 1 mg",
    ),
    "subscript": (run("CO") + lowered("2"), "CO2"),
    "number with subscript": (run("10") + lowered("2"), "10 2"),
    "subscript by style": (run("SpO") + styled("Base", "2"), "SpO2"),
    "lowered": (run("H") + run("2", properties='<w:position w:val="-6"/>') + run("O"), "H2O"),
    "ordinal": (run("1") + raised("st"), "1st"),
    "degree": (run("37 ") + raised("o") + run("C"), "37 °C"),
    "fraction": (
        run("1") + raised("1") + run("/") + lowered("2") + run(" tablets"),
        "1 1/2 tablets",
    ),
    "square metres": (run("mg/m") + raised("2"), "mg/m2"),
}


@pytest.mark.parametrize("case", RAISED)
def test_raised_text_does_not_join_with_its_neighbours(case: str) -> None:
    inside, expected = RAISED[case]
    assert plain(inside) == expected


def test_raised_text_in_cells_and_items_is_separated() -> None:
    power = f"<w:r><w:t>10</w:t></w:r>{raised('9')}"
    result = read(para(power, item=(1, 0)), table((power, "a"), ("b", power)))
    assert result.article.plain == "- 10^9\n\n10^9 | a\nb | 10^9"


def test_default_paragraph_style_and_document_defaults_apply() -> None:
    normal = (
        '<w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="28"/></w:rPr></w:rPrDefault>'
        '</w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal">'
        '<w:name w:val="Normal"/></w:style>'
    )
    small = run("plus", properties='<w:position w:val="5"/><w:sz w:val="20"/>')
    result = read(f"<w:p>{run('Na')}{small}</w:p>", styles=normal)
    (block,) = result.article.sections[0].blocks
    assert [mark.kind for mark in block.marks] == [MarkKind.SUPERSCRIPT]


def test_emphasis_and_links_are_marks() -> None:
    result = read(
        "<w:p>"
        + run("Do not", bold=True)
        + run(" give ")
        + run("S. aureus", properties="<w:i/>")
        + run(" ")
        + f'<w:hyperlink r:id="r9">{run("the protocol", bold=True)}</w:hyperlink>'
        + run(" or ")
        + field(' HYPERLINK "https://example.org/a?b=1&amp;c" ', run("this page"))
        + run(" now")
        + styled("Strong", " please")
        + "</w:p>",
        links={"r9": "https://example.org/protocol"},
    )
    (block,) = result.article.sections[0].blocks
    text = block.text
    assert text == "Do not give S. aureus the protocol or this page now please"

    def mark(kind: MarkKind, marked: str, href: str = "") -> Mark:
        return Mark(kind, text.index(marked), text.index(marked) + len(marked), href)

    assert set(block.marks) == {
        mark(MarkKind.STRONG, "Do not"),
        mark(MarkKind.EMPHASIS, "S. aureus"),
        mark(MarkKind.LINK, "the protocol", "https://example.org/protocol"),
        mark(MarkKind.STRONG, "the protocol"),
        mark(MarkKind.LINK, "this page", "https://example.org/a?b=1&c"),
        mark(MarkKind.STRONG, "please"),
    }


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x"]
)
def test_unsafe_link_is_text(address: str) -> None:
    link = f'<w:hyperlink r:id="r9">{run("the protocol")}</w:hyperlink>'
    (block,) = read(f"<w:p>{link}</w:p>", links={"r9": address}).article.sections[0].blocks
    assert (block.text, block.marks) == ("the protocol", ())


def test_simple_field_and_link_with_anchor() -> None:
    simple = (
        f'<w:fldSimple w:instr=" HYPERLINK &quot;https://a.org&quot; ">{run("A")}</w:fldSimple>'
    )
    link = f'<w:hyperlink r:id="r9" w:anchor="dose">{run("B")}</w:hyperlink>'
    (block,) = (
        read(f"<w:p>{simple}{link}</w:p>", links={"r9": "https://b.org/x"})
        .article.sections[0]
        .blocks
    )
    assert [mark.href for mark in block.marks] == ["https://a.org", "https://b.org/x#dose"]


def test_bold_style_of_a_paragraph_is_no_emphasis() -> None:
    bold = style("Lead", "Lead", "<w:rPr><w:b/></w:rPr>")
    result = read(para("Take with food.", "Lead"), para("Text"), styles=bold)
    assert result.article.sections[0].blocks[0].marks == ()


def test_bold_style_makes_headings_without_heading_styles() -> None:
    bold = style("Lead", "Lead", "<w:rPr><w:b/></w:rPr>")
    title = para("Warfarin", "Title")
    result = read(title, para("Text"), para("Dosing", "Lead"), para("Take 5 mg."), styles=bold)
    assert [path for path, _ in result.article.walk()] == [(), ("Dosing",)]


OMITTED = {
    "deletion inside a number": (
        run("2") + deleted("0") + run(" mg"),
        "2 mg",
        [(DELETED, "0")],
    ),
    "replacement": (
        run("Give ") + deleted("50") + f'<w:ins w:id="2">{run("5")}</w:ins>' + run(" mg"),
        "Give 5 mg",
        [(DELETED, "50")],
    ),
    "move": (
        f'<w:moveFrom w:id="1">{run("early")}</w:moveFrom>'
        + run("Give ")
        + f'<w:moveTo w:id="2">{run("late")}</w:moveTo>',
        "Give late",
        [(MOVED, "early")],
    ),
    "strike": (
        run("10 mg", properties="<w:strike/>") + run(" 5 mg daily"),
        "5 mg daily",
        [(STRUCK, "10 mg")],
    ),
    "strike over several runs": (
        run("10", properties="<w:strike/>")
        + run(" mg", properties="<w:b/><w:strike/>")
        + run(" 5 mg"),
        "5 mg",
        [(STRUCK, "10 mg")],
    ),
    "double strike": (
        run("10 mg ", properties="<w:dstrike/>") + run("5 mg"),
        "5 mg",
        [(STRUCK, "10 mg")],
    ),
    "strike by style": (styled("Out", "10 mg ") + run("5 mg"), "5 mg", [(STRUCK, "10 mg")]),
    "strike off": (run("10 mg", properties='<w:strike w:val="false"/>'), "10 mg", []),
    "strike off over a style": (
        run("10 mg", properties='<w:rStyle w:val="Out"/><w:strike w:val="0"/>'),
        "10 mg",
        [],
    ),
    "hidden": (run("Ask Jo", properties="<w:vanish/>") + run("5 mg"), "5 mg", [(HIDDEN, "Ask Jo")]),
    "hidden by style": (styled("Gone", "Ask Jo") + run("5 mg"), "5 mg", [(HIDDEN, "Ask Jo")]),
    "deleted text in a link": (
        f'<w:hyperlink r:id="r1">{deleted("old")}{run("new")}</w:hyperlink>',
        "new",
        [(DELETED, "old")],
    ),
    "former format": (
        run(
            "5 mg",
            properties='<w:rPrChange w:id="1"><w:rPr><w:strike/><w:vanish/></w:rPr></w:rPrChange>',
        ),
        "5 mg",
        [],
    ),
}


@pytest.mark.parametrize("case", OMITTED)
def test_deleted_and_hidden_text_is_left_out_and_reported(case: str) -> None:
    inside, expected, omitted = OMITTED[case]
    result = read(f"<w:p>{inside}</w:p>")
    assert result.article.plain == expected
    assert [(piece.reason, piece.text) for piece in result.omitted] == omitted


def test_deleted_paragraph_mark_joins_paragraphs() -> None:
    first = f'<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>{run("Give 5")}</w:p>'
    assert read(first, para(" mg daily.")).article.plain == "Give 5 mg daily."


def test_drop_cap_is_the_first_letter() -> None:
    letter = f'<w:p><w:pPr><w:framePr w:dropCap="drop"/></w:pPr>{run("T")}</w:p>'
    assert read(letter, para("ake 5 mg.")).article.plain == "Take 5 mg."


def test_text_hidden_by_the_style_of_its_paragraph_is_left_out() -> None:
    hidden = style("Note", "Note", "<w:rPr><w:vanish/></w:rPr>")
    result = read(para("Ask Jo", "Note"), para("5 mg"), styles=hidden)
    assert result.article.plain == "5 mg"
    assert [piece.reason for piece in result.omitted] == [HIDDEN]


SYMBOLS = {
    "plain letter": (run("50 ") + in_font("Symbol", "m") + run("g"), "50 µg"),
    "comparison": (run("INR ") + in_font("Symbol", "\u00b3") + run(" 5"), "INR ≥ 5"),
    "private character": (run("INR ") + in_font("Symbol", "\uf0a3") + run(" 5"), "INR ≤ 5"),
    "by style": (run("50 ") + styled("Greek", "m") + run("g"), "50 µg"),
    "by paragraph default": (run("a") + in_font("Symbol", "b"), "aβ"),
    "first font for ASCII only": (
        run("5 ") + run("m\u00b3", properties='<w:rFonts w:ascii="Symbol" w:hAnsi="Arial"/>'),
        "5 µ³",
    ),
    "font of the theme wins": (
        run(
            "m",
            properties='<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol" w:asciiTheme="minorHAnsi" '
            'w:hAnsiTheme="minorHAnsi"/>',
        ),
        "m",
    ),
    "other spelling": (in_font("SymbolMT", "m") + run("g"), "µg"),
    "greek word": (in_font("Symbol", "abg"), "αβγ"),
    "tick": (in_font("Wingdings", "\u00fc") + run(" allowed"), "✓ allowed"),
    "cross": (in_font("Wingdings", "\uf0fb") + run(" forbidden"), "✗ forbidden"),
    "arrow": (run("dose ") + in_font("Wingdings", "\u00e1"), "dose ↑"),
    "tick of Wingdings 2": (in_font("Wingdings 2", "P") + run(" yes"), "✓ yes"),
    "arrow of Wingdings 3": (in_font("Wingdings 3", "#") + run(" INR"), "↑ INR"),
    "Webdings": (in_font("Webdings", "a") + run(" yes"), "✔ yes"),
    "element": ('<w:r><w:sym w:font="Symbol" w:char="F06D"/></w:r>' + run("g"), "µg"),
    "element without private code": ('<w:r><w:sym w:font="Symbol" w:char="6D"/></w:r>', "µ"),
    "element of a text font": ('<w:r><w:sym w:font="Arial" w:char="2265"/></w:r>', "≥"),
    "real character in a symbol font": (in_font("Symbol", "≥ 5"), "≥ 5"),
    "field": (run("50 ") + field(' SYMBOL 109 \\f "Symbol" \\s 11 ') + run("g"), "50 µg"),
    "field with result": (
        run("50 ") + field(' SYMBOL 109 \\f "Symbol" ', in_font("Symbol", "m")) + run("g"),
        "50 µg",
    ),
    "superscript symbol": (
        run("37")
        + run("\u00b0", properties='<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>')
        + run("C"),
        "37°C",
    ),
}


@pytest.mark.parametrize("case", SYMBOLS)
def test_symbol_fonts_are_read_as_displayed(case: str) -> None:
    inside, expected = SYMBOLS[case]
    assert plain(inside) == expected


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        ('<w:r><w:sym w:font="Hospital" w:char="F021"/></w:r>', "char F021 in font Hospital"),
        (in_font("ZapfDingbats", "4"), "char 0034 in font ZapfDingbats"),
        (run("\uf0b3"), "char F0B3 in font "),
        ('<w:r><w:sym w:font="Symbol" w:char="zz"/></w:r>', "char zz in font Symbol"),
    ],
)
def test_unknown_symbol_is_reported_at_its_place(inside: str, name: str) -> None:
    result = read(f"<w:p>{run('a ')}{inside}{run(' b')}</w:p>")
    assert result.article.plain == "a \ufffd b"
    assert [(piece.reason, piece.text) for piece in result.omitted] == [(UNREADABLE_SYMBOL, name)]


FIELDS = {
    "nested": (
        field(f" IF {field('MERGEFIELD x', run('hidden'))} = 1 ", run("5 mg")),
        "5 mg",
    ),
    "without result": (run("See ") + field(' TC "x" '), "See"),
    "check box": (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="0"/>'
        "<w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>"
        "<w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r>"
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>' + run("done"),
        "☒ done",
    ),
    "list box": (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/>'
        '<w:listEntry w:val="5 mg"/><w:listEntry w:val="10 mg"/></w:ddList></w:ffData></w:fldChar>'
        "</w:r><w:r><w:instrText>FORMDROPDOWN</w:instrText></w:r>"
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
        "10 mg",
    ),
    "fraction": (run("x = ") + field(r" EQ \f(140 - age;72) "), "x = (140 - age)/72"),
    "root": (run("x = ") + field(r" EQ \r(3;RR) "), "x = 3√(RR)"),
    "raised": (run("10") + field(r" EQ \s\up8(9) "), "10^9"),
    "unclosed": ('<w:r><w:fldChar w:fldCharType="begin"/></w:r>' + run("5 mg"), "5 mg"),
    "unopened": ('<w:r><w:fldChar w:fldCharType="end"/></w:r>' + run("5 mg"), "5 mg"),
}


@pytest.mark.parametrize("case", FIELDS)
def test_fields_are_read_as_displayed(case: str) -> None:
    inside, expected = FIELDS[case]
    assert plain(inside) == expected


def test_field_over_paragraphs_keeps_its_result() -> None:
    begin = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>QUOTE</w:instrText></w:r>'
    )
    result = read(
        f'<w:p>{begin}<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("One")}</w:p>',
        f'<w:p>{run("Two")}<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>',
    )
    assert result.article.plain == "One\n\nTwo"


def test_numbering_field_without_result_is_reported() -> None:
    result = read(f"<w:p>{field(' AUTONUM ')}{run('Text')}</w:p>")
    assert [(piece.reason, piece.text) for piece in result.omitted] == [
        (FIELD_WITHOUT_RESULT, "AUTONUM")
    ]


CHARACTERS = {
    "tab": ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t></w:r>", "a b"),
    "break": ("<w:r><w:t>a</w:t><w:br/><w:t>b</w:t></w:r>", "a\nb"),
    "carriage return": ("<w:r><w:t>a</w:t><w:cr/><w:t>b</w:t></w:r>", "a\nb"),
    "page break": ('<w:r><w:t>a</w:t><w:br w:type="page"/><w:t>b</w:t></w:r>', "a b"),
    "no-break hyphen": ("<w:r><w:t>5</w:t><w:noBreakHyphen/><w:t>10 mg</w:t></w:r>", "5-10 mg"),
    "soft hyphen": ("<w:r><w:t>war</w:t><w:softHyphen/><w:t>farin</w:t></w:r>", "warfarin"),
    "no-break space": ("<w:r><w:t>5\u00a0mg</w:t></w:r>", "5 mg"),
    "line end in text": ("<w:r><w:t>a\nb</w:t></w:r>", "a b"),
    "emoji": (
        '<w:r><mc:AlternateContent><mc:Choice Requires="w16se"/><mc:Fallback><w:t>☺</w:t>'
        "</mc:Fallback></mc:AlternateContent></w:r>",
        "☺",
    ),
}


@pytest.mark.parametrize("case", CHARACTERS)
def test_special_characters(case: str) -> None:
    inside, expected = CHARACTERS[case]
    assert plain(inside) == expected


def reference(kind: str, number: int, more: str = "") -> str:
    return f'<w:r><w:{kind}Reference w:id="{number}"{more}/></w:r>'


def test_notes_are_numbered_as_in_word() -> None:
    def note(kind: str, number: int, text: str, more: str = "") -> str:
        return f'<w:{kind} w:id="{number}"{more}>{para(text)}</w:{kind}>'

    custom = ' w:customMarkFollows="1"'
    result = read(
        para("Dosing", "heading 1"),
        f"<w:p>{run('250')}{reference('footnote', 3)}{run(' mg')}{reference('endnote', 2)}"
        f"{run('5')}{reference('footnote', 1)}{run(' mg')}{reference('footnote', 4, custom)}"
        f"{raised('*')}</w:p>",
        parts={
            "footnotes": note("footnote", -1, "line", ' w:type="separator"')
            + note("footnote", 1, "Second")
            + note("footnote", 3, "First")
            + note("footnote", 4, "* Starred")
            + note("footnote", 9, "Orphan"),
            "endnotes": note("endnote", 2, "At the end"),
        },
    )
    text, notes = result.article.sections
    assert text.blocks[0].text == "250 [1] mg [i]5 [2] mg *"
    assert notes.heading == FOOTNOTES_HEADING
    assert notes.blocks[0].plain == "[1] First\n[i] At the end\n[2] Second\n- * Starred"
    assert [(piece.reason, piece.text) for piece in result.omitted] == [
        (UNREFERENCED_NOTE, "Orphan")
    ]
    assert MarkKind.SUPERSCRIPT in {mark.kind for mark in text.blocks[0].marks}


def test_strict_document_is_read() -> None:
    data = docx(para("Dosing", "heading 1") + para("5 mg"))

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    strict = {
        name: text.replace(
            "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
            "http://purl.oclc.org/ooxml/wordprocessingml/main",
        ).replace(
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            "http://purl.oclc.org/ooxml/officeDocument/relationships",
        )
        for name, text in files.items()
    }

    article = read_docx(zipped(strict), "a.docx").article
    assert (article.title, article.plain) == ("Dosing", "5 mg")
