"""Structure and formatting of HTML that carries meaning."""

import pytest

from ingest.readers.html.reader import read_html
from kb.model.article import BlockKind, CalloutLevel, Cell, ListItem, Mark, MarkKind


def read(body, head=""):
    start = f"<html><head><title>Doses of a drug</title>{head}</head><body><main>"
    page = f"{start}<h1>Doses of a drug</h1>{body}</main></body></html>"
    return read_html(page, "page.html")


def sections(body):
    return {path[-1] if path else "": section for path, section in read(body).article.walk()}


def plain(body):
    return read(body).article.plain


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>Give <b>250</b><sup>1</sup> mg.</p>", "Give 250 1 mg."),
        ("<p>Give 250<sup><a href='#n1'>1</a></sup> mg.</p>", "Give 250 1 mg."),
        ("<p>Give 250<a href='#n1'><sup>1</sup></a> mg.</p>", "Give 250 1 mg."),
        ("<p>Under <b>10</b><span><sup>9</sup></span>/L.</p>", "Under 10^9/L."),
        ("<p>Under 10<span style='vertical-align: super'>9</span>/L.</p>", "Under 10^9/L."),
        ("<p>Under 10<span style='vertical-align:6px'>9</span>/L.</p>", "Under 10^9/L."),
        ("<p>Under 10<span class='superscript'>9</span>/L.</p>", "Under 10^9/L."),
        ("<p>CO<span style='vertical-align:sub'>2</span></p>", "CO2"),
        ("<p>Under 10<b class='text-super'>9</b>/L.</p>", "Under 10^9/L."),
        ("<p>10<span style='position:relative;top:-3pt'>9</span>/L</p>", "10^9/L"),
        ("<p>4<sup>×10<sup>9</sup>/L</sup></p>", "4×10^9/L"),
        (
            "<p>5.10<sup>9</sup>/L or 5·10<sup>9</sup> or 4,5.10<sup>6</sup></p>",
            "5.10^9/L or 5·10^9 or 4,5.10^6",
        ),
        ("<p>Give 5.10<sup>1</sup> mg or 2.10<sup>9</sup> mg</p>", "Give 5.10 1 mg or 2.10 9 mg"),
        ("<p>Give 250<sup>1</sup>mg; 10<sup>1</sup> mg.</p>", "Give 250 1 mg; 10 1 mg."),
        ("<p>e<sup>-0.5</sup> and 3 × 10<sup>3</sup> mL</p>", "e^-0.5 and 3 × 10^3 mL"),
        (
            "<p>1<span class='sfrac'><span>1</span><span>2</span></span> tablets</p>",
            "1 1/2 tablets",
        ),
        ("<p>INR <u>&lt;</u> 5 <u>+</u> 2, K <u>&gt;</u> 6</p>", "INR ≤ 5 ± 2, K ≥ 6"),
        ("<p>Give <span class='strikethrough'>10</span> 5 mg</p>", "Give 5 mg"),
        (
            "<p>If x<y or K <3.5, age <eighteen years> no</p>",
            "If x<y or K <3.5, age <eighteen years> no",
        ),
        ("<p>One<br</p><p>Two</p>", "One\n\nTwo"),
        ("<p>Give <![CDATA[5 mg if <3]]> now</p>", "Give 5 mg if <3 now"),
        ("<p>Take <sup>1</sup>/<sub>2</sub> tablet.</p>", "Take 1/2 tablet."),
        ("<p>2<del>0</del> mg</p>", "2 mg"),
        ("<p>Give <span style='text-decoration: line-through'>10</span> 5 mg</p>", "Give 5 mg"),
        ("<p>50 <font face='Symbol'>m</font>g</p>", "50 µg"),
        ("<p>INR <span style='font-family: Symbol'>³</span> 5</p>", "INR ≥ 5"),
        ("<p>K is <img alt='≥' src='a.png'> 6</p>", "K is ≥ 6"),
        ("<p>It must <img alt='not' src='a.png'> be given.</p>", "It must not be given."),
        ("<p><math><mn>2</mn><mfrac><mn>1</mn><mn>2</mn></mfrac></math></p>", "2 1/2"),
        (
            "<p><mml:math><mml:msup><mml:mn>10</mml:mn><mml:mn>9</mml:mn></mml:msup></mml:math></p>",
            "10^9",
        ),
        ("<p>x<math><msup><mn>10</mn><mn>9</mn></msup></math></p>", "x10^9"),
        (
            "<p><span class='katex'><span class='katex-mathml'><math><semantics><mrow><msup>"
            "<mn>10</mn><mn>9</mn></msup></mrow><annotation>10^9</annotation></semantics></math>"
            "</span><span class='katex-html' aria-hidden='true'>109</span></span> cells</p>",
            "10^9 cells",
        ),
        ("<ul><li><input type='checkbox' checked> Weight</li></ul>", "- ☒ Weight"),
        ("<p>&#xFDD0;Stop&#64977;</p>", "Stop"),
    ],
)
def test_text_keeps_its_meaning(body, text):
    assert plain(body) == text


def test_deleted_text_is_reported():
    result = read("<p>Give <s>10 mg</s> 5 mg daily.</p>")
    assert [omission.text for omission in result.omitted] == ["10 mg"]


STYLE = (
    "<style>.old{text-decoration:line-through} .up, b.up{vertical-align:super}"
    ".gone{display:none} .tip{display:none} .tip.on{display:block} .sy{font-family:Symbol}</style>"
)


def test_a_style_sheet_of_the_page_counts():
    body = (
        "<p>Give <i class=old>10</i> 5 <b class=sy>m</b>g, 10<b class=up>9</b>/L."
        "<i class=gone>Secret</i> <i class=tip>Tip</i></p>"
    )
    result = read(body, STYLE)
    assert result.article.plain == "Give 5 µg, 10^9/L. Tip"
    assert {omission.text for omission in result.omitted} == {"10", "Secret"}


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ("<div class='watermark'>WITHDRAWN</div>", ""),
        ("<div style='position:fixed; transform:rotate(-45deg)'>WITHDRAWN</div>", ""),
        ("", "<style>body::before{content:'WITHDRAWN';position:fixed}</style>"),
    ],
)
def test_a_watermark_causes_a_warning(body, head):
    result = read(f"{body}<p>Give 5 mg.</p>", head)
    assert result.article.plain == "Give 5 mg."
    assert [warning for warning in result.warnings if "WITHDRAWN" in warning]


@pytest.mark.parametrize(
    "attribute", ["hidden", "style='display:none'", "style='visibility:hidden'"]
)
def test_a_hidden_cell_keeps_its_place(attribute):
    body = (
        "<table><tr><th>A</th><th>B</th><th>C</th></tr>"
        f"<tr><td>1</td><td {attribute}>2</td><td>3</td></tr></table>"
    )
    result = read(body)
    assert result.article.sections[0].blocks[0].row_texts[1] == ("1", "", "3")
    assert [omission.text for omission in result.omitted] == ["2"]


def test_emphasis_and_links_are_kept():
    body = (
        "<p>Do <strong>not</strong> give <a href='https://x.example/a'>this</a> <em>ever</em>.</p>"
    )
    (block,) = read(body).article.sections[0].blocks
    assert block.text == "Do not give this ever."
    assert block.marks == (
        Mark(MarkKind.STRONG, 3, 6),
        Mark(MarkKind.LINK, 12, 16, "https://x.example/a"),
        Mark(MarkKind.EMPHASIS, 17, 21),
    )


def test_an_unsafe_link_is_text():
    (block,) = read("<p>See <a href='javascript:x()'>this</a>.</p>").article.sections[0].blocks
    assert (block.text, block.marks) == ("See this.", ())


@pytest.mark.parametrize(
    ("body", "labels"),
    [
        ("<ol start=3><li>a</li><li>b</li></ol>", ["3.", "4."]),
        ("<ol type=A><li>a</li><li>b</li></ol>", ["A.", "B."]),
        ("<ol style='list-style-type: lower-roman'><li>a</li><li>b</li></ol>", ["i.", "ii."]),
        ("<ol><li>a</li><li value=7>b</li><li>c</li></ol>", ["1.", "7.", "8."]),
        ("<ol reversed><li>a</li><li>b</li></ol>", ["2.", "1."]),
        ("<ul><li>a</li></ul>", [""]),
        ("<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>", ["1.", "", "2."]),
        ("<ul><li>a<ol type=a><li>b</li></ol></li></ul>", ["", "a."]),
        ("<ol reversed start=5><li>a</li><li value=2>b</li><li>c</li></ol>", ["5.", "2.", "1."]),
        ("<ol start='-1'><li>a</li><li>b</li></ol>", ["-1.", "0."]),
        ("<ol style='list-style: inside upper-alpha'><li>a</li></ol>", ["A."]),
        ("<ol style='list-style: none'><li>a</li></ol>", [""]),
        ("<ol type=disc><li>a</li></ol>", [""]),
        (
            "<ol><li type=a>a</li><li style='list-style: none'>b</li><li>c</li></ol>",
            ["a.", "", "3."],
        ),
        ("<ol class='list-lower-alpha'><li>a</li></ol>", ["a."]),
        ("<ol class='upperroman simple'><li>a</li><li>b</li></ol>", ["I.", "II."]),
        ("<ol style='list-style-type: decimal-leading-zero'><li>a</li></ol>", ["01."]),
        ("<ol style='list-style-type: lower-greek'><li>a</li><li>b</li></ol>", ["α.", "β."]),
        ("<ul style='list-style-type: decimal'><li>a</li><li>b</li></ul>", ["1.", "2."]),
        ("<ul style='list-style: url(decimal.png)'><li>a</li></ul>", [""]),
        (
            "<ol><li>a</li><li>b<ul><li>c</li></ul>after</li><li>d</li></ol>",
            ["1.", "2.", "", "", "3."],
        ),
    ],
)
def test_list_items_keep_their_numbers(body, labels):
    (block,) = read(body).article.sections[0].blocks
    assert [item.label for item in block.items] == labels


def test_a_nested_item_keeps_its_depth():
    (block,) = read("<ol><li>a<ul><li>b</li></ul></li></ol>").article.sections[0].blocks
    assert block.items == (ListItem("a", 0, "1."), ListItem("b", 1))


def test_each_definition_stays_with_its_term():
    section = sections(
        "<dl><dt>Fits</dt><dt>Seizures</dt><dd>Give it.</dd>"
        "<dt>Adults</dt><dd>5 mg</dd><dd>10 mg if severe</dd>"
        "<dt><b>Children:</b></dt><dd>2 mg</dd><dt>Others</dt></dl>"
    )[""]
    (block,) = section.blocks
    assert [(item.depth, item.text) for item in block.items] == [
        (0, "Fits / Seizures: Give it."),
        (0, "Adults:"),
        (1, "5 mg"),
        (1, "10 mg if severe"),
        (0, "Children: 2 mg"),
        (0, "Others"),
    ]


def test_a_list_with_tables_keeps_its_numbers():
    table = "<table><tr><th>Age</th><th>Dose</th></tr><tr><td>1</td><td>5 mg</td></tr></table>"
    body = (
        f"<ol start=3><li>a</li><li><div><p>b</p>{table}</div>c</li><li>{table}</li><li>d</li></ol>"
    )
    blocks = read(body).article.sections[0].blocks
    assert [block.plain for block in blocks] == [
        "3. a\n4. b",
        "Age | Dose\n1 | 5 mg",
        "c",
        "5.",
        "Age | Dose\n1 | 5 mg",
        "6. d",
    ]


def test_a_list_with_headings_keeps_its_numbers():
    found = sections(
        "<ol><li><h3>Assess</h3><p>Do x.</p></li><li><details><summary>Treat</summary>"
        "<p>Do y.</p></details></li></ol>"
    )
    assert [name for name in found if name] == ["1. Assess", "2. Treat"]


def test_text_after_a_block_inside_an_item_is_separate():
    assert plain("<ul><li><div>Adults</div>500 mg</li></ul>") == "- Adults 500 mg"
    assert plain("<dl><dt>Oral</dt><dd><p>Adults</p>500 mg</dd></dl>") == "- Oral: Adults 500 mg"
    assert plain("<aside><div>Adults</div>500 mg</aside>") == "Adults\n500 mg"


def test_a_numbered_list_in_a_callout_or_cell_keeps_its_numbers():
    steps = "<ol start=2><li>Stop</li><li>Call</li></ol>"
    assert plain(f"<aside>{steps}</aside>") == "2. Stop\n3. Call"
    body = f"<table><tr><th>A</th><th>B</th></tr><tr><td>x</td><td>{steps}</td></tr></table>"
    assert plain(body) == "A | B\nx | 2. Stop; 3. Call"


INNER = "<table><tr><td>Day</td><td>Dose</td></tr><tr><td><p>1</p></td><td></td></tr></table>"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (INNER, "Day | Dose; 1 |"),
        (f"Loading{INNER}then 5 mg", "Loading; Day | Dose; 1 |; then 5 mg"),
        ("<h4>Adults</h4><p>500 mg</p><h4>Child</h4>250 mg", "Adults: 500 mg; Child: 250 mg"),
        ("<h4>Adults</h4>", "Adults"),
        (
            "<dl><dt>Adults</dt><dd>500 mg</dd><dt>Child</dt><dd>1 g</dd></dl>",
            "Adults: 500 mg; Child: 1 g",
        ),
        ("<details><summary>Max</summary>5 mg</details>", "Max: 5 mg"),
        ("Give:<ul><li>a</li><li>b</li></ul>", "Give: a; b"),
        ("<ul><li>a,</li><li>b<ul><li>c</li></ul></li></ul>", "a; b; c"),
        ("<div>a</div>b", "a b"),
    ],
)
def test_a_cell_with_blocks_keeps_its_table(cell, text):
    body = (
        "<table><tr><th>Drug</th><th>Dose</th><th>Max</th></tr>"
        f"<tr><td>A</td><td>{cell}</td><td>4 g</td></tr></table>"
    )
    (block,) = read(body).article.sections[0].blocks
    assert block.row_texts[1] == ("A", text, "4 g")


def test_lists_of_the_same_row_correspond():
    cells = "<td><ul><li>a</li><li>b</li></ul></td><td><ul><li>1 g</li><li>2 g</li></ul></td>"
    body = f"<table><tr><th>Drug</th><th>Dose</th></tr><tr>{cells}</tr></table>"
    assert plain(body) == "Drug | Dose\na; b | 1 g; 2 g"


@pytest.mark.parametrize(
    "table",
    [
        "<table><tr><td><h2>Adults</h2><p>Give 500 mg.</p></td><td>Menu</td></tr></table>",
        "<table><tr><td><h2>Adults</h2><p>Give 500 mg.</p></td></tr></table>",
        "<table role=presentation><tr><th>Adults</th><td>Give 500 mg.</td></tr></table>",
        f"<table><tr><td>Adults</td></tr><tr><td>{INNER}</td></tr></table>",
        "<table><tr><td>Menu</td><td><h2>A</h2>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
    ],
)
def test_a_layout_table_is_transparent(table):
    assert not plain(table).startswith(("Adults | ", "Menu | "))
    assert " | Menu" not in plain(table)


ROLE_TABLE = (
    "<div role='table'><div role='rowgroup'><div role='row'><span role='columnheader'>Age</span>"
    "<span role='columnheader' aria-colspan='2'>Dose</span></div></div><div role='rowgroup'>"
    "<div role='row'><div><span role='rowheader'>Adult</span></div><span role='cell'>5 mg</span>"
    "<span role='cell'>9 mg</span></div></div></div>"
)


def test_elements_with_the_roles_of_a_table_are_a_table():
    (block,) = read(ROLE_TABLE).article.sections[0].blocks
    assert block.rows[0] == (Cell("Age"), Cell("Dose", columns=2), Cell())
    assert block.row_texts[1] == ("Adult", "5 mg", "9 mg")
    assert block.header_rows == 1


def test_cells_keep_spans_and_lines():
    body = (
        "<table><tr><th>Age</th><th colspan=2>Dose</th></tr>"
        "<tr><td rowspan=2>Adult<br>Child</td><td>500 mg<br>250 mg</td><td>x</td></tr>"
        "<tr><td>1 g</td><td>y</td></tr></table>"
    )
    (block,) = read(body).article.sections[0].blocks
    assert block.rows[0] == (Cell("Age"), Cell("Dose", columns=2), Cell())
    assert block.rows[1] == (Cell("Adult; Child", rows=2), Cell("500 mg; 250 mg"), Cell("x"))
    assert block.rows[2] == (Cell(), Cell("1 g"), Cell("y"))


def test_an_icon_is_its_name_and_a_nameless_one_causes_a_warning():
    body = (
        "<table><tr><th>Fluid</th><th>A</th></tr>"
        "<tr><td>Glucose</td><td><i class='fa fa-times' title='Do not mix'></i></td></tr>"
        "<tr><td>Saline</td><td><svg role='img' aria-label='Mix'><path/></svg></td></tr>{}</table>"
    )
    result = read(body.format(""))
    assert result.article.sections[0].blocks[0].row_texts[1:] == (
        ("Glucose", "Do not mix"),
        ("Saline", "Mix"),
    )
    unnamed = "<tr><td>Water</td><td><i class='fa fa-leaf'></i></td></tr>"
    assert len(read(body.format(unnamed)).warnings) == len(result.warnings) + 1


TABS = (
    "<p>The doses differ by age.</p><ul role='tablist'><li><a role='tab' href='#t1'>Adults</a>"
    "</li><li><a role='tab' href='#t2'>Children</a></li></ul><div>"
    "<div role='tabpanel' id='t1'><p>Give 500 mg twice a day.</p></div>"
    "<div role='tabpanel' id='t2' hidden>{}<p>Give 100 mg twice a day.</p></div></div>"
)


def test_the_label_of_a_tab_is_the_heading_of_its_panel():
    found = sections(TABS.format(""))
    assert found["Adults"].blocks[0].text == "Give 500 mg twice a day."
    assert found["Children"].blocks[0].text == "Give 100 mg twice a day."


def test_a_box_of_tabs_that_is_named_like_their_list_keeps_its_panels():
    body = (
        "<div class='tabs'><ul class='nav nav-tabs'><li><a data-toggle='tab' href='#a'>Adults</a>"
        "</li><li><a data-toggle='tab' href='#c'>Children</a></li></ul><div class='tab-content'>"
        "<div id='a' class='tab-pane'><p>Give 500 mg.</p></div>"
        "<div id='c' class='tab-pane'><p>Give 100 mg.</p></div></div></div>"
    )
    found = sections(body)
    assert found["Adults"].blocks[0].text == "Give 500 mg."
    assert found["Children"].blocks[0].text == "Give 100 mg."


def test_headings_of_a_panel_are_below_its_label():
    paths = [path for path, _ in read(TABS.format("<h2>Oral dose</h2>")).article.walk()]
    assert ("Children", "Oral dose") in paths


def test_a_button_that_expands_a_panel_is_its_heading():
    body = (
        "<p>The doses differ by age and weight.</p>"
        "<div><button aria-expanded='false' aria-controls='p1'>Children</button>"
        "<div id='p1' hidden><p>Give 100 mg twice a day.</p></div></div>"
    )
    assert sections(body)["Children"].blocks[0].text == "Give 100 mg twice a day."


@pytest.mark.parametrize(
    ("attributes", "level"),
    [
        ("class='nhsuk-care-card nhsuk-care-card--immediate'", CalloutLevel.EMERGENCY),
        ("class='care-card care-card--non-urgent'", CalloutLevel.NON_URGENT),
        ("class='alert alert-warning'", CalloutLevel.IMPORTANT),
    ],
)
def test_a_callout_has_the_level_of_its_class(attributes, level):
    body = f"<div {attributes}><p>The arm is cold.</p></div><p>More text.</p>"
    assert read(body).article.sections[0].blocks[0].level is level


@pytest.mark.parametrize(
    ("box", "level"),
    [
        ("<div role=note><p>Do not crush the tablets.</p></div>", CalloutLevel.IMPORTANT),
        ("<p class=notice>Call 999 if you faint.</p>", CalloutLevel.EMERGENCY),
        ("<div role=alert><p>The tablets were recalled.</p></div>", CalloutLevel.IMPORTANT),
        ("<div class=notice><h4>Urgent advice</h4><p>Ring us.</p></div>", CalloutLevel.URGENT),
        ("<aside class=warning><h4>Rash</h4><p>Stop.</p></aside>", CalloutLevel.IMPORTANT),
        (
            "<details class=warning><summary>Rash</summary><p>Stop.</p></details>",
            CalloutLevel.IMPORTANT,
        ),
    ],
)
def test_a_box_with_a_title_or_clinical_wording_is_a_callout(box, level):
    (section,) = read(f"<p>More text.</p>{box}<p>More text.</p>").article.sections
    assert [(block.kind, block.level) for block in section.blocks[1:2]] == [
        (BlockKind.CALLOUT, level)
    ]


@pytest.mark.parametrize(
    "box",
    [
        "<p class=notice>The office is open from 9 to 5.</p>",
        "<div role=note><p>The tablets are white.</p></div>",
    ],
)
def test_a_note_without_title_or_clinical_wording_is_a_paragraph(box):
    (section,) = read(f"<p>More text.</p>{box}<p>More text.</p>").article.sections
    assert {block.kind for block in section.blocks} == {BlockKind.PARAGRAPH}


@pytest.mark.parametrize(
    "names",
    [
        "id='how-to-respond'",
        "id='multi-modal-analgesia'",
        "id='social-sharing-of-needles'",
        "class='related-conditions-section'",
    ],
)
def test_a_name_that_is_the_subject_of_a_section_is_no_furniture(names):
    words = names.split("'")[1].replace("-", " ")
    body = f"<section {names}><h2>{words}</h2><p>Give adrenaline 500 micrograms.</p></section>"
    assert "500 micrograms" in plain(f"<p>First paragraph of the article.</p>{body}")


def test_an_alternative_text_that_repeats_the_caption_appears_once():
    body = (
        "<p>Text.</p><figure><img alt='Safe triangle' src='a.png'>"
        "<figcaption>Safe triangle</figcaption></figure>"
    )
    assert plain(body).count("Safe triangle") == 1


def test_a_cell_that_is_a_link_is_kept_at_the_end_of_a_page():
    body = (
        "<p>Urate crystals form in a joint when the blood holds too much uric acid.</p>"
        "<table><tr><th>Dose</th><th>Source</th></tr>"
        "<tr><td>500 micrograms</td><td><a href='/f'>Formulary</a></td></tr></table>"
    )
    assert "500 micrograms | Formulary" in plain(body)


def test_a_group_row_below_the_headers_is_no_header():
    body = (
        "<table><thead><tr><th>Age</th><th>Dose</th></tr></thead><tbody>"
        "<tr><th colspan=2>Children</th></tr><tr><td>1</td><td>5 mg</td></tr>"
        "<tr><th colspan=2>Adults</th></tr><tr><td>20</td><td>9 mg</td></tr></tbody></table>"
    )
    (block,) = read(body).article.sections[0].blocks
    assert (block.header_rows, block.group_rows) == (1, {1, 3})


MATHML = "<math><msup><mn>10</mn><mn>9</mn></msup></math>"
LETTERS = "<nobr aria-hidden='true'><span class='math'><span>10</span><span>9</span></span></nobr>"


@pytest.mark.parametrize(
    "formula",
    [
        f"<span class='MathJax'>{LETTERS}<span class='MJX_Assistive_MathML'>{MATHML}</span></span>"
        "<script type='math/tex'>10^9</script>",
        f"<span class='MathJax_Preview'>[x]</span><span class='MathJax'>{LETTERS}</span>"
        "<script type='math/tex; mode=display'>10^{9}</script>",
        f"<span class='MathJax' data-mathml='{MATHML}'>{LETTERS}</span>",
        "<script type='math/tex'>10^9</script>",
        f"<script type='math/mml'>{MATHML}</script>",
        "<mjx-container jax='CHTML'><mjx-math aria-hidden='true'><mjx-c></mjx-c></mjx-math>"
        f"<mjx-assistive-mml>{MATHML}</mjx-assistive-mml></mjx-container>",
        "<mjx-container jax='SVG' aria-label='10^9'><svg><path/></svg></mjx-container>",
        "<span class='math inline'>\\(10^9\\)</span>",
        "<span class='math-tex'>\\(10^{9}\\)</span>",
        "$10^{9}$",
        "$$10^{9}$$",
        "<img class='latex' alt='10^{9}' src='a.png'>",
        "<span class='mwe-math-element'><img class='mwe-math-fallback-image-inline' src='a.svg'"
        " alt='{\\displaystyle 10^{9}}'></span>",
    ],
)
def test_a_formula_is_read_once(formula):
    body = f"<p>Under {formula}/L. Use {MATHML} later.</p>"
    assert plain(body) == "Under 10^9/L. Use 10^9 later."


@pytest.mark.parametrize(
    "formula",
    [
        f"<span class='MathJax'>{LETTERS}</span>",
        "<span class='katex'><span class='katex-html' aria-hidden='true'>109</span></span>",
        "<mjx-container jax='CHTML'><mjx-math><mjx-c></mjx-c></mjx-math></mjx-container>",
    ],
)
def test_a_formula_without_text_is_reported_with_its_place(formula):
    plain_result = read("<p>Under it.</p>")
    result = read(f"<p>Cells under {formula}/L.</p>")
    assert result.article.plain == "Cells under [formula]/L."
    assert len(result.omitted) == 1
    assert len(result.warnings) == len(plain_result.warnings) + 1
    assert any("Cells under" in warning for warning in result.warnings)


@pytest.mark.parametrize("text", ["It costs $5 and $10.", "A $a$ b", "C:\\dose (x) \\n"])
def test_dollars_and_backslashes_are_text(text):
    assert plain(f"<p>{text}</p>") == text


@pytest.mark.parametrize(
    ("icon", "text"),
    [
        ("<i class='fa fa-times'></i>", "✗ Crush"),
        ("<i class='fa-solid fa-xmark fa-2x' aria-hidden='true'></i>", "✗ Crush"),
        ("<span class='glyphicon glyphicon-remove'></span>", "✗ Crush"),
        ("<i class='bi bi-x-circle-fill'></i>", "✗ Crush"),
        ("<svg class='nhsuk-icon nhsuk-icon__cross' aria-hidden='true'><path/></svg>", "✗ Crush"),
        ("<svg aria-hidden='true'><use href='/icons.svg#cross'></use></svg>", "✗ Crush"),
        ("<img src='/img/cross.png'>", "✗ Crush"),
        ("<img src='/img/tick-24.png' alt=''>", "✓ Crush"),
        ("<i class='fas fa-check-circle'></i>", "✓ Crush"),
        ("<span class='tick'></span>", "✓ Crush"),
        ("<i class='material-icons'>check</i>", "✓ Crush"),
        ("<i class='fa fa-exclamation-triangle'></i>", "⚠ Crush"),
        ("<i class='fa fa-calendar-check'></i>", "Crush"),
        ("<i class='fa fa-phone fa-2x'></i>", "Crush"),
        ("<i class='fa fa-times' title='Do not'></i>", "Do not Crush"),
        ("<i class='fa fa-times'></i><span class='sr-only'>Never</span>", "Never Crush"),
        ("<button><i class='fa fa-times'></i></button>", "Crush"),
    ],
)
def test_an_icon_without_a_name_has_the_sign_of_its_class(icon, text):
    assert plain(f"<ul><li>{icon} Crush</li></ul>") == f"- {text}"
    assert plain(f"<p>{icon} Crush</p>") == text


def test_different_icons_without_a_meaning_in_a_list_cause_a_warning():
    leaf, bolt = "<i class='fa fa-leaf'></i>", "<i class='fa fa-bolt'></i>"
    same = read(f"<ul><li>{leaf} a</li><li>{leaf} b</li></ul>")
    different = read(f"<ul><li>{leaf} a</li><li>{bolt} b</li></ul>")
    assert len(different.warnings) == len(same.warnings) + 1


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p><input type=checkbox id=a checked><label for=a>Check INR</label></p>", "☒ Check INR"),
        ("<div><label><input type=checkbox> Weigh</label></div>", "☐ Weigh"),
        ("<form><label><input type=checkbox> Weigh</label></form>", "☐ Weigh"),
        ("<ul><li><input type=checkbox id=a><label for=a>Weigh</label></li></ul>", "- ☐ Weigh"),
        ("<ul><li><label><input type=radio> Mild</label></li></ul>", "- ○ Mild"),
        ("<p><label>Dose:</label> 5 mg</p>", "Dose: 5 mg"),
        (
            "<p><input type=checkbox id=a><label for=a>A</label><input type=checkbox id=b>"
            "<label for=b>B</label></p>",
            "☐ A ☐ B",
        ),
    ],
)
def test_a_checklist_is_text(body, text):
    assert plain(f"{body}") == text


def test_check_boxes_of_a_form_are_controls():
    box = "<label><input type=checkbox> Remember me</label>"
    assert plain(f"<p>Text.</p><form>{box}<input type=password></form>") == "Text."
