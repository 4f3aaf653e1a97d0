"""DOCX reader: images, text boxes, WordArt, watermarks, charts, SmartArt and formulas."""

from __future__ import annotations

import pytest

from ingest.readers.common.result import ReaderResult
from ingest.readers.docx import drawings
from ingest.readers.docx.drawings import (
    EMBEDDED_OBJECT,
    FORMULA_IMAGE,
    LARGE_CHART,
    UNDESCRIBED_IMAGE,
    UNREADABLE_CHART,
)
from ingest.readers.docx.omissions import DELETED, STRUCK
from ingest.readers.docx.other_parts import HEADER, WATERMARK
from ingest.readers.docx.reader import read_docx
from kb.model.article import BlockKind
from tests.ingest.documents.docx import NAMESPACES, docx, para, run, table


def read(
    *body: str, parts: dict[str, str] | None = None, graphics: dict[str, str] | None = None
) -> ReaderResult:
    return read_docx(docx("".join(body), parts, graphics=graphics), "/kb/warfarin.docx")


def omitted(result: ReaderResult) -> list[tuple[str, str]]:
    return [(piece.reason, piece.text.strip()) for piece in result.omitted]


def drawing(inside: str = "", *, alt: str = "", place: str = "inline") -> str:
    described = f' descr="{alt}"' if alt else ""
    return (
        f'<w:r><w:drawing><wp:{place}><wp:docPr id="1" name="Picture"{described}/><a:graphic>'
        f"<a:graphicData>{inside}</a:graphicData></a:graphic></wp:{place}></w:drawing></w:r>"
    )


def image(alt: str = "", place: str = "inline") -> str:
    return drawing(
        '<pic:pic><pic:blipFill><a:blip r:embed="x"/></pic:blipFill></pic:pic>',
        alt=alt,
        place=place,
    )


INLINE_IMAGES = {
    "between words": (run("Stop if K is ") + image("≥") + run(" 6"), "Stop if K is ≥ 6"),
    "first word": (image("≥") + run("6 mmol/L"), "≥ 6 mmol/L"),
    "long description between words": (
        run("This ") + image("must not under any circumstances") + run(" be given"),
        "This must not under any circumstances be given",
    ),
    "long description after words": (
        run("See the chart.") + image("A flow chart of the dose"),
        "See the chart.\n\nA flow chart of the dose",
    ),
    "floating": (run("One ") + image("A cat", "anchor") + run("two"), "One two\n\nA cat"),
    "alone": (image("A flow chart"), "A flow chart"),
    "without description between words": (run("K is ") + image() + run(" 6"), "K is [image] 6"),
    "without description at the end": (run("K is 6 ") + image(), "K is 6"),
    "older format": (
        run("K is ")
        + '<w:r><w:pict><v:shape style="width:9pt" alt="≥"><v:imagedata r:id="x"/></v:shape>'
        "</w:pict></w:r>" + run(" 6"),
        "K is ≥ 6",
    ),
}


@pytest.mark.parametrize("case", INLINE_IMAGES)
def test_image_between_words_is_a_word(case: str) -> None:
    inside, expected = INLINE_IMAGES[case]
    result = read(para("Text"), f"<w:p>{inside}</w:p>")
    assert result.article.plain == f"Text\n\n{expected}"
    assert (UNDESCRIBED_IMAGE in dict(omitted(result))) == ("without" in case)


def test_image_in_a_text_box_is_reported_once() -> None:
    box = f"<w:txbxContent>{para(run('In a box'))}{para(image())}</w:txbxContent>"
    result = read(para("Text"), para(drawing(box)))
    assert result.article.plain == "Text\n\nIn a box"
    assert omitted(result) == [(UNDESCRIBED_IMAGE, "")]


def test_image_next_to_a_text_box_is_reported() -> None:
    box = f"<pic:pic/><w:txbxContent>{para('In a box')}</w:txbxContent>"
    assert omitted(read(para("Text"), para(drawing(box)))) == [(UNDESCRIBED_IMAGE, "")]


def test_image_in_a_cell_is_read_in_place() -> None:
    result = read(table((image("≥") + run("6"), "Stop"), ("5", "Go on")))
    assert result.article.sections[0].blocks[0].row_texts[0] == ("≥ 6", "Stop")


def test_decorative_image_is_not_reported() -> None:
    decorative = (
        '<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x"><a:extLst><a:ext uri="x">'
        '<adec:decorative xmlns:adec="urn:x" val="1"/></a:ext></a:extLst></wp:docPr>'
        "<a:graphic><a:graphicData><pic:pic/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )
    assert omitted(read(para("Text"), para(decorative))) == []


@pytest.mark.parametrize(
    ("program", "reason", "text"),
    [
        ("Equation.3", FORMULA_IMAGE, "x = [formula] mg"),
        ("Equation.DSMT4", FORMULA_IMAGE, "x = [formula] mg"),
        ("Excel.Sheet.12", EMBEDDED_OBJECT, "x = mg"),
    ],
)
def test_embedded_object_is_reported(program: str, reason: str, text: str) -> None:
    embedded = (
        '<w:r><w:object><v:shape style="width:9pt"><v:imagedata r:id="x" o:title=""/></v:shape>'
        f'<o:OLEObject Type="Embed" ProgID="{program}"/></w:object></w:r>'
    )
    result = read(f"<w:p>{run('x = ')}{embedded}{run(' mg')}</w:p>")
    assert result.article.plain == text
    assert omitted(result) == [(reason, program)]


WATERMARK_SHAPE = (
    '<w:r><w:pict><v:shape id="PowerPlusWaterMarkObject1" type="#_x0000_t136">'
    '<v:textpath string="{}"/></v:shape></w:pict></w:r>'
)


def test_watermark_is_reported_once_with_a_warning() -> None:
    header = para(WATERMARK_SHAPE.format("SUPERSEDED"))
    result = read(para("Text"), parts={"header1": header, "header2": header})
    assert omitted(result) == [(WATERMARK, "SUPERSEDED")]
    assert len([warning for warning in result.warnings if "SUPERSEDED" in warning]) == 1


@pytest.mark.parametrize("text", ["DRAFT", "Withdrawn March 2024", "Out of date", "do not use"])
def test_status_in_a_page_header_is_a_warning(text: str) -> None:
    result = read(para("Text"), parts={"header1": para(text)})
    assert omitted(result) == [(HEADER, text)]
    assert [text in warning for warning in result.warnings] == [True]


def test_other_page_header_is_no_warning() -> None:
    assert read(para("Text"), parts={"header1": para("Trust guideline 17")}).warnings == ()


def test_drawn_watermark_of_newer_files() -> None:
    box = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor><a:graphic>'
        f"<a:graphicData><w:txbxContent>{para('WITHDRAWN')}</w:txbxContent></a:graphicData>"
        "</a:graphic></wp:anchor></w:drawing></mc:Choice></mc:AlternateContent></w:r>"
    )
    result = read(para("Text"), parts={"header1": para(box)})
    assert [warning for warning in result.warnings if "WITHDRAWN" in warning]


def test_word_art_in_the_text_is_text() -> None:
    result = read(para("Text"), para(WATERMARK_SHAPE.format("WITHDRAWN")))
    assert result.article.plain == "Text\n\nWITHDRAWN"
    assert [warning for warning in result.warnings if "WITHDRAWN" in warning]


def test_image_of_a_stamp_in_a_page_header_is_a_watermark() -> None:
    header = para(image("Withdrawn stamp", "anchor")) + para(image("Logo of the trust"))
    assert omitted(read(para("Text"), parts={"header1": header})) == [
        (WATERMARK, "Withdrawn stamp")
    ]


CHART = (
    f"<c:chartSpace {NAMESPACES}><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Dose by age</a:t>"
    "</a:r></a:p></c:rich></c:tx></c:title><c:plotArea><c:barChart>"
    "<c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>Adults</c:v></c:pt></c:strCache>"
    "</c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>Day 1</c:v></c:pt>"
    "<c:pt idx='1'><c:v>Day 2</c:v></c:pt></c:strCache></c:strRef></c:cat>"
    "<c:val><c:numRef><c:numCache><c:formatCode>General</c:formatCode>"
    "<c:pt idx='0'><c:v>10</c:v></c:pt><c:pt idx='1'><c:v>5.5</c:v></c:pt>"
    "</c:numCache></c:numRef></c:val></c:ser>"
    "<c:ser><c:tx><c:v>Cured</c:v></c:tx><c:val><c:numLit><c:formatCode>0%</c:formatCode>"
    "<c:pt idx='1'><c:v>0.25</c:v></c:pt></c:numLit></c:val></c:ser></c:barChart>"
    "<c:valAx><c:title><c:tx><c:rich><a:p><a:r><a:t>Dose (mg)</a:t></a:r></a:p></c:rich></c:tx>"
    "</c:title></c:valAx></c:plotArea></c:chart></c:chartSpace>"
)


def test_chart_is_a_table() -> None:
    result = read(para("Text"), para(drawing('<c:chart r:id="chart"/>')), graphics={"chart": CHART})
    caption, values, *others = result.article.sections[0].blocks[1:]
    assert (caption.kind, caption.text) == (BlockKind.CAPTION, "Dose by age")
    assert values.row_texts == (
        ("Dose (mg)", "Adults", "Cured"),
        ("Day 1", "10", ""),
        ("Day 2", "5.5", "25%"),
    )
    assert values.header_rows == 1
    assert others == []


def test_scatter_plot_has_a_table_per_series() -> None:
    def points(name: str, values: tuple[str, ...]) -> str:
        written = "".join(
            f'<c:pt idx="{at}"><c:v>{value}</c:v></c:pt>' for at, value in enumerate(values)
        )
        return f"<c:{name}><c:numLit>{written}</c:numLit></c:{name}>"

    series = (("Men", ("1", "2"), ("5", "6")), ("Women", ("1.5", "2"), ("7", "8")))
    chart = "".join(
        f"<c:ser><c:tx><c:v>{name}</c:v></c:tx>{points('xVal', x)}{points('yVal', y)}</c:ser>"
        for name, x, y in series
    )
    chart = f"<c:chartSpace {NAMESPACES}><c:plotArea>{chart}</c:plotArea></c:chartSpace>"
    result = read(para("Text"), para(drawing('<c:chart r:id="chart"/>')), graphics={"chart": chart})
    assert [block.row_texts for block in result.article.sections[0].blocks[1:]] == [
        (("", "Men"), ("1", "5"), ("2", "6")),
        (("", "Women"), ("1.5", "7"), ("2", "8")),
    ]


def test_chart_with_many_values_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawings, "MAX_CHART_VALUES", 3)
    result = read(para("Text"), para(drawing('<c:chart r:id="chart"/>')), graphics={"chart": CHART})
    assert omitted(result) == [(LARGE_CHART, "Dose by age")]


def test_missing_chart_is_reported_by_name() -> None:
    uri = "http://schemas.openxmlformats.org/drawingml/2006/chart"
    chart = (
        '<w:r><w:drawing><wp:inline><wp:docPr id="1" name="Chart 4"/><a:graphic>'
        f'<a:graphicData uri="{uri}"><c:chart r:id="gone"/></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r>"
    )
    assert omitted(read(para("Text"), para(chart))) == [(UNREADABLE_CHART, "Chart 4")]


def test_smart_art_is_a_nested_list() -> None:
    def point(identity: str, text: str) -> str:
        body = f"<dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t>" if text else ""
        return f'<dgm:pt modelId="{identity}">{body}</dgm:pt>'

    def connect(source: str, target: str, order: int, kind: str = "") -> str:
        return (
            f'<dgm:cxn srcId="{source}" destId="{target}" srcOrd="{order}"'
            + (f' type="{kind}"' if kind else "")
            + "/>"
        )

    data = (
        f"<dgm:dataModel {NAMESPACES}><dgm:ptLst>{point('2', 'Treat')}{point('0', '')}"
        f"{point('1', 'Assess')}{point('3', 'Weigh')}{point('9', '')}</dgm:ptLst><dgm:cxnLst>"
        f"{connect('0', '2', 1)}{connect('0', '1', 0)}{connect('1', '3', 0)}"
        f"{connect('9', '1', 0, 'presOf')}</dgm:cxnLst></dgm:dataModel>"
    )
    result = read(
        para("Text"),
        para(drawing('<dgm:relIds r:dm="diagramData"/>')),
        graphics={"diagramData": data},
    )
    assert result.article.plain == "Text\n\n- Assess\n  - Weigh\n- Treat"


def part(name: str, *inside: str) -> str:
    return f"<m:{name}>{''.join(map(math, inside))}</m:{name}>"


def math(text: str) -> str:
    return text if text.startswith("<") else f"<m:r><m:t>{text}</m:t></m:r>"


def with_property(name: str, value: str) -> str:
    return f'<m:xPr><m:{name} m:val="{value}"/></m:xPr>'


FORMULAS = {
    "cube root": (f"<m:rad>{part('deg', '3')}{part('e', 'RR')}</m:rad>", "3√(RR)"),
    "square root": (
        f"<m:rad>{with_property('degHide', '1')}<m:deg/>{part('e', 'RR')}</m:rad>",
        "√(RR)",
    ),
    "fraction of sums": (
        f"<m:f>{part('num', 'a+b')}{part('den', '72')}</m:f>",
        "(a+b)/72",
    ),
    "power of ten": (f"<m:sSup>{part('e', '10')}{part('sup', '9')}</m:sSup>", "10^9"),
    "negative power": (f"<m:sSup>{part('e', 'e')}{part('sup', '-kt')}</m:sSup>", "e^-kt"),
    "power of a sum": (f"<m:sSup>{part('e', 'a+b')}{part('sup', '2')}</m:sSup>", "(a+b)^2"),
    "subscript": (f"<m:sSub>{part('e', 'C')}{part('sub', 'max')}</m:sSub>", "Cmax"),
    "both": (
        f"<m:sSubSup>{part('e', 'x')}{part('sub', '1')}{part('sup', '2')}</m:sSubSup>",
        "x1^2",
    ),
    "parentheses": (f"<m:d>{part('e', 'a')}</m:d>", "(a)"),
    "brackets": (
        f"<m:d>{with_property('begChr', '[')}{part('e', 'a')}</m:d>".replace(
            "</m:xPr>", '<m:endChr m:val="]"/></m:xPr>'
        ),
        "[a]",
    ),
    "absolute value": (
        '<m:d><m:dPr><m:begChr m:val="|"/><m:endChr m:val="|"/></m:dPr>'
        + part("e", "x")
        + "</m:d>",
        "|x|",
    ),
    "sum": (
        f"<m:nary>{with_property('chr', '∑')}{part('sub', 'i=1')}{part('sup', 'n')}{part('e', 'x')}"
        "</m:nary>",
        "∑_(i=1)^n x",
    ),
    "integral without limits": (
        '<m:nary><m:naryPr><m:subHide m:val="1"/><m:supHide m:val="1"/></m:naryPr><m:sub/><m:sup/>'
        f"{part('e', 'x')}</m:nary>",
        "∫ x",
    ),
    "limit": (
        "<m:func><m:fName><m:limLow>"
        f"{part('e', 'lim')}{part('lim', 'x→0')}</m:limLow></m:fName>{part('e', 'f')}</m:func>",
        "lim_(x→0) f",
    ),
    "logarithm": (f"<m:func>{part('fName', 'ln')}{part('e', 'x')}</m:func>", "ln x"),
    "mean": (f"<m:acc>{with_property('chr', chr(0x304))}{part('e', 'x')}</m:acc>", "x\u0304"),
    "matrix": (
        f"<m:m><m:mr>{part('e', 'a')}{part('e', 'b')}</m:mr><m:mr>{part('e', 'c')}{part('e', 'd')}"
        "</m:mr></m:m>",
        "a, b; c, d",
    ),
    "equations": (f"<m:eqArr>{part('e', 'x=1')}{part('e', 'y=2')}</m:eqArr>", "x=1; y=2"),
    "power of brackets": (
        "<m:sSup><m:e><m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr>"
        f"{part('e', 'a+b')}</m:d></m:e>{part('sup', '2')}</m:sSup>",
        "[a+b]^2",
    ),
    "isotope": (
        f"<m:sSubSup><m:e/>{part('sub', '6')}{part('sup', '14')}</m:sSubSup>{math('C')}",
        "_6^14C",
    ),
    "brace below": (f"<m:limLow>{part('e', 'a+b')}{part('lim', '⏟')}</m:limLow>", "a+b"),
    "invisible": (
        f"<m:phant>{with_property('show', '0')}{part('e', 'x')}</m:phant>{math('y')}",
        "y",
    ),
    "root in a fraction": (
        f"<m:f>{part('num', 'QT')}"
        f"{part('den', '<m:rad>' + part('deg', '3') + part('e', 'RR') + '</m:rad>')}</m:f>",
        "QT/(3√(RR))",
    ),
}


@pytest.mark.parametrize("case", FORMULAS)
def test_formula_is_read_on_one_line(case: str) -> None:
    inside, expected = FORMULAS[case]
    result = read(f"<w:p>{run('f =')}<m:oMath>{inside}</m:oMath>{run('mg')}</w:p>")
    assert result.article.plain == f"f = {expected} mg"


def test_struck_and_deleted_parts_of_a_formula_are_left_out() -> None:
    struck = "<m:r><w:rPr><w:strike/></w:rPr><m:t>10</m:t></m:r>"
    deleted = f'<w:del w:id="1">{math("20")}</w:del>'
    result = read(f"<w:p>{run('x = ')}<m:oMath>{struck}{deleted}{math('5')}</m:oMath></w:p>")
    assert result.article.plain == "x = 5"
    assert omitted(result) == [(STRUCK, "10"), (DELETED, "20")]


def test_formulas_of_a_paragraph_are_lines() -> None:
    formulas = "".join(f"<m:oMath>{math(text)}</m:oMath>" for text in ("x=1", "y=2"))
    assert read(f"<w:p><m:oMathPara>{formulas}</m:oMathPara></w:p>").article.plain == "x=1\ny=2"
