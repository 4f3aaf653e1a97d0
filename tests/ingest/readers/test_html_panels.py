"""Labels of tabs and accordions, in the markup of common libraries."""

import pytest

from tests.ingest.readers.test_html_structure import plain, read, sections

CASES = {
    "jquery-tabs": (
        "<div id='tabs'><ul><li><a href='#tabs-1'>Adults</a></li><li><a href='#tabs-2'>"
        "Children</a></li></ul><div id='tabs-1'><p>Give 500 mg.</p></div><div id='tabs-2'><p>"
        "Give 100 mg.</p></div></div>"
    ),
    "jquery-accordion": (
        "<div id='accordion'><h3>Adults</h3><div><p>Give 500 mg.</p></div><h3>Children</h3>"
        "<div style='display:none' aria-hidden='true'><p>Give 100 mg.</p></div></div>"
    ),
    "jquery-accordion-live": (
        "<div id='accordion' class='ui-accordion ' role='tablist'>"
        "<h3 class='ui-accordion-header' role='tab' id='ui-id-1' aria-controls='ui-id-2'"
        " aria-selected='true'>"
        "<span class='ui-icon'></span>Adults</h3>"
        "<div class='ui-accordion-content' id='ui-id-2' role='tabpanel'"
        " aria-labelledby='ui-id-1' style='display: block;'>"
        "<p>Give 500 mg.</p></div><h3 role='tab' id='ui-id-3' aria-controls='ui-id-4'>"
        "Children</h3>"
        "<div id='ui-id-4' role='tabpanel' style='display: none;' aria-hidden='true'><p>"
        "Give 100 mg.</p></div></div>"
    ),
    "headings-and-blocks": (
        "<h3>Adults</h3><div><p>Give 500 mg.</p></div><h3>Children</h3>"
        "<div style='display:none'><p>Give 100 mg.</p></div>"
    ),
    "heading-buttons": (
        "<h3><button aria-expanded='false'>Adults</button></h3><div hidden>Give 500 mg.</div>"
        "<h3><button aria-expanded='false'>Children</button></h3><div hidden>Give 100 mg."
        "</div>"
    ),
    "bootstrap-3": (
        "<div class='panel-group' id='accordion' role='tablist' aria-multiselectable='true'>"
        "<div class='panel panel-default'><div class='panel-heading' role='tab' id='h1'>"
        "<h4 class='panel-title'>"
        "<a role='button' data-toggle='collapse' data-parent='#accordion' href='#c1'"
        " aria-expanded='true' aria-controls='c1'>"
        "Adults</a></h4></div>"
        "<div id='c1' class='panel-collapse collapse in' role='tabpanel' aria-labelledby='h1'>"
        "<div class='panel-body'>Give 500 mg.</div></div></div>"
        "<div class='panel panel-default'><div class='panel-heading' role='tab' id='h2'>"
        "<h4 class='panel-title'>"
        "<a class='collapsed' role='button' data-toggle='collapse' href='#c2' aria-controls='c2'>"
        "Children</a></h4></div><div id='c2' class='panel-collapse collapse' role='tabpanel'>"
        "<div class='panel-body'>Give 100 mg.</div></div></div></div>"
    ),
    "bootstrap-4-cards": (
        "<div class='card'><div class='card-header' id='h1'>"
        "<button class='btn btn-link' data-toggle='collapse' data-target='#k1'>Adults"
        "</button></div><div id='k1' class='collapse'><div class='card-body'>Give 500 mg."
        "</div></div></div><div class='card'><div class='card-header'>"
        "<button class='btn btn-link' data-toggle='collapse' data-target='#k2'>Children"
        "</button></div><div id='k2' class='collapse'><div class='card-body'>Give 100 mg."
        "</div></div></div>"
    ),
    "bootstrap-5": (
        "<div class='accordion' id='ex'><div class='accordion-item'>"
        "<h2 class='accordion-header'>"
        "<button class='accordion-button' data-bs-toggle='collapse' data-bs-target='#one'>"
        "Adults</button></h2><div id='one' class='accordion-collapse collapse show'>"
        "<div class='accordion-body'>Give 500 mg.</div></div></div>"
        "<div class='accordion-item'><h2 class='accordion-header'>"
        "<button class='accordion-button collapsed' data-bs-toggle='collapse'"
        " data-bs-target='#two'>"
        "Children</button></h2><div id='two' class='accordion-collapse collapse'>"
        "<div class='accordion-body'>Give 100 mg.</div></div></div></div>"
    ),
    "elementor-tabs": (
        "<div class='elementor-tabs'><div class='elementor-tabs-wrapper' role='tablist'>"
        "<div id='et1' class='elementor-tab-title' data-tab='1' role='tab' aria-controls='ec1'>"
        "Adults</div>"
        "<div id='et2' class='elementor-tab-title' data-tab='2' role='tab' aria-controls='ec2'>"
        "Children</div></div><div class='elementor-tabs-content-wrapper'>"
        "<div class='elementor-tab-title' data-tab='1' role='tab'>Adults</div>"
        "<div id='ec1' class='elementor-tab-content' role='tabpanel' aria-labelledby='et1'>"
        "<p>Give 500 mg.</p></div><div class='elementor-tab-title' data-tab='2' role='tab'>"
        "Children</div>"
        "<div id='ec2' class='elementor-tab-content' role='tabpanel' aria-labelledby='et2'"
        " hidden='hidden'>"
        "<p>Give 100 mg.</p></div></div></div>"
    ),
    "elementor-accordion": (
        "<div class='elementor-accordion'><div class='elementor-accordion-item'>"
        "<div id='t1' class='elementor-tab-title' role='button' aria-controls='x1'"
        " aria-expanded='false'>"
        "<span class='elementor-accordion-icon' aria-hidden='true'></span>"
        "<a class='elementor-accordion-title' tabindex='0'>Adults</a></div>"
        "<div id='x1' class='elementor-tab-content' role='region' aria-labelledby='t1'><p>"
        "Give 500 mg.</p></div></div><div class='elementor-accordion-item'>"
        "<div id='t2' class='elementor-tab-title' role='button' aria-controls='x2'>"
        "<a class='elementor-accordion-title'>Children</a></div>"
        "<div id='x2' class='elementor-tab-content' role='region'><p>Give 100 mg.</p></div>"
        "</div></div>"
    ),
    "elementor-toggle": (
        "<div class='elementor-toggle' role='tablist'><div class='elementor-toggle-item'>"
        "<div class='elementor-tab-title' data-tab='1' role='tab' aria-controls='et1'>"
        "<span class='elementor-toggle-icon'></span><a href='#'>Adults</a></div>"
        "<div id='et1' class='elementor-tab-content' role='tabpanel'><p>Give 500 mg.</p>"
        "</div></div><div class='elementor-toggle-item'>"
        "<div class='elementor-tab-title' role='tab' aria-controls='et2'><a href='#'>Children"
        "</a></div><div id='et2' class='elementor-tab-content' role='tabpanel'><p>"
        "Give 100 mg.</p></div></div></div>"
    ),
    "divi-tabs": (
        "<div class='et_pb_module et_pb_tabs'><ul class='et_pb_tabs_controls clearfix'>"
        "<li class='et_pb_tab_0 et_pb_tab_active'><a href='#'>Adults</a></li>"
        "<li class='et_pb_tab_1'><a href='#'>Children</a></li></ul>"
        "<div class='et_pb_all_tabs'><div class='et_pb_tab et_pb_tab_0 et_pb_active_content'>"
        "<div class='et_pb_tab_content'><p>Give 500 mg.</p></div></div>"
        "<div class='et_pb_tab et_pb_tab_1'><div class='et_pb_tab_content'><p>Give 100 mg."
        "</p></div></div></div></div>"
    ),
    "tabber-sections": (
        "<div class='tabber'><section class='tabber__section'>"
        "<article class='tabber__panel' data-title='Adults' id='tp1' title='Adults'><p>"
        "Give 500 mg.</p></article>"
        "<article class='tabber__panel' data-title='Children' title='Children'><p>"
        "Give 100 mg.</p></article></section></div>"
    ),
    "tabber": (
        "<div class='tabber'><div class='tabbertab' title='Adults'><p>Give 500 mg.</p></div>"
        "<div class='tabbertab' title='Children'><p>Give 100 mg.</p></div></div>"
    ),
    "w3schools-tabs": (
        "<div class='wp-block-tabs'><button class='tablinks' onclick='openTab(event,\"A\")'>"
        "Adults</button><button class='tablinks' onclick='openTab(event,\"C\")'>Children"
        "</button></div><div id='A' class='tabcontent'><p>Give 500 mg.</p></div>"
        "<div id='C' class='tabcontent' style='display:none'><p>Give 100 mg.</p></div>"
    ),
    "w3schools-accordion": (
        "<button class='accordion'>Adults</button><div class='panel'><p>Give 500 mg.</p>"
        "</div><button class='accordion'>Children</button>"
        "<div class='panel' style='display:none'><p>Give 100 mg.</p></div>"
    ),
    "w3css-accordion": (
        "<button onclick='myFunction(\"Demo1\")' class='w3-button w3-block'>Adults</button>"
        "<div id='Demo1' class='w3-container w3-hide'><p>Give 500 mg.</p></div>"
        "<button onclick='myFunction(\"Demo2\")' class='w3-button'>Children</button>"
        "<div id='Demo2' class='w3-hide'><p>Give 100 mg.</p></div>"
    ),
    "radio-tabs": (
        "<input type='radio' name='t' id='tab1' checked><label for='tab1'>Adults</label>"
        "<input type='radio' name='t' id='tab2'><label for='tab2'>Children</label>"
        "<div class='tab-content'><div id='content1'><p>Give 500 mg.</p></div>"
        "<div id='content2'><p>Give 100 mg.</p></div></div>"
    ),
    "mkdocs-material": (
        "<div class='tabbed-set'><input id='__tabbed_1_1' name='__tabbed_1' type='radio'>"
        "<input id='__tabbed_1_2' name='__tabbed_1' type='radio'><div class='tabbed-labels'>"
        "<label for='__tabbed_1_1'>Adults</label><label for='__tabbed_1_2'>Children</label>"
        "</div><div class='tabbed-content'><div class='tabbed-block'><p>Give 500 mg.</p>"
        "</div><div class='tabbed-block'><p>Give 100 mg.</p></div></div></div>"
    ),
    "mkdocs-superfences": (
        "<div class='superfences-tabs'><input type='radio' name='t' id='tb1'>"
        "<label for='tb1'>Adults</label><div class='superfences-content'><p>Give 500 mg.</p>"
        "</div><input type='radio' name='t' id='tb2'><label for='tb2'>Children</label>"
        "<div class='superfences-content'><p>Give 100 mg.</p></div></div>"
    ),
    "check-box-accordion": (
        "<div class='tabs'><div class='tab'><input type='checkbox' id='chck1'>"
        "<label class='tab-label' for='chck1'>Adults</label><div class='tab-content'>"
        "Give 500 mg.</div></div><div class='tab'><input type='checkbox' id='chck2'>"
        "<label class='tab-label' for='chck2'>Children</label><div class='tab-content'>"
        "Give 100 mg.</div></div></div>"
    ),
    "foundation-accordion": (
        "<ul class='accordion' data-accordion>"
        "<li class='accordion-item is-active' data-accordion-item>"
        "<a href='#' class='accordion-title'>Adults</a>"
        "<div class='accordion-content' data-tab-content><p>Give 500 mg.</p></div></li>"
        "<li class='accordion-item' data-accordion-item><a href='#' class='accordion-title'>"
        "Children</a><div class='accordion-content' data-tab-content style='display:none'><p>"
        "Give 100 mg.</p></div></li></ul>"
    ),
    "data-tab": (
        "<ul class='tabs'><li class='tab-link current' data-tab='tab-1'>Adults</li>"
        "<li class='tab-link' data-tab='tab-2'>Children</li></ul>"
        "<div id='tab-1' class='tab-content current'><p>Give 500 mg.</p></div>"
        "<div id='tab-2' class='tab-content'><p>Give 100 mg.</p></div>"
    ),
    "webflow": (
        "<div class='w-tabs'><div class='w-tab-menu'>"
        "<a data-w-tab='Tab 1' class='w-tab-link'><div>Adults</div></a>"
        "<a data-w-tab='Tab 2' class='w-tab-link'><div>Children</div></a></div>"
        "<div class='w-tab-content'><div data-w-tab='Tab 1' class='w-tab-pane'><p>"
        "Give 500 mg.</p></div><div data-w-tab='Tab 2' class='w-tab-pane'><p>Give 100 mg.</p>"
        "</div></div></div>"
    ),
    "headers": (
        "<section class='acc'><header><button aria-expanded='false' aria-controls='q1'>Adults"
        "</button></header><div id='q1' hidden><p>Give 500 mg.</p></div></section>"
        "<section class='acc'><header><button aria-expanded='false' aria-controls='q2'>"
        "Children</button></header><div id='q2' hidden><p>Give 100 mg.</p></div></section>"
    ),
    "details": (
        "<details><summary>Adults</summary><p>Give 500 mg.</p></details><details><summary>"
        "Children</summary><p>Give 100 mg.</p></details>"
    ),
}


@pytest.mark.parametrize("body", CASES.values(), ids=CASES)
def test_the_label_of_a_panel_is_its_heading(body):
    result = read(f"<p>The doses differ by age.</p>{body}<p>Do not exceed 4 g.</p>")
    found = {
        path: [block.plain for block in section.blocks] for path, section in result.article.walk()
    }
    assert found[("Adults",)][0] == "Give 500 mg."
    assert found[("Children",)][0] == "Give 100 mg."
    assert not any(sign in result.article.plain for sign in "☐☒○◉")
    assert result.article.plain.count("Adults") == result.article.plain.count("Children") == 1
    assert not result.warnings


def test_text_after_a_panel_is_not_part_of_it():
    body = f"<h2>Doses</h2>{CASES['w3schools-tabs']}<p>Do not exceed 4 g.</p>"
    paths = [
        (path, [b.text for b in section.blocks]) for path, section in read(body).article.walk()
    ]
    assert paths[-1] == (("Doses",), ["Do not exceed 4 g."])


def test_panels_inside_a_panel_are_below_its_label():
    body = (
        "<ul class='nav-tabs'><li><a href='#a'>Adults</a></li><li><a href='#c'>Children</a></li>"
        "</ul><div><div id='a'><ul class='nav-tabs'><li><a href='#o'>Oral</a></li></ul>"
        "<div id='o'>Give 500 mg.</div></div><div id='c'>Give 100 mg.</div></div>"
    )
    paths = [path for path, _ in read(body).article.walk() if path]
    assert paths == [("Adults",), ("Adults", "Oral"), ("Children",)]


def test_a_collapsed_block_of_a_details_element_is_content():
    found = sections("<details><summary>Adults</summary><div hidden>Give 500 mg.</div></details>")
    assert found["Adults"].blocks[0].text == "Give 500 mg."


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<h2>Dose</h2><div style='display:none'>Old dose.</div><p>Give 5 mg.</p>", "Old dose."),
        (
            "<button aria-expanded=false aria-controls=m>Menu</button><div id=m hidden>"
            "<a href='/a'>Home page</a></div><p>Give 5 mg.</p>",
            "Home page",
        ),
        (
            "<ul><li><a href='#a'>Oral</a></li><li><a href='#b'>Rectal</a></li></ul>"
            "<section id=a><h2>Oral</h2>5 mg</section><section id=b><h2>Rectal</h2>1 mg</section>",
            "Oral Rectal",
        ),
    ],
)
def test_what_is_no_panel_is_left_out(body, text):
    assert text in [omission.text for omission in read(body).omitted]


def test_links_of_a_tab_list_to_other_pages_are_no_labels():
    body = (
        "<ul class='tabs'><li><a href='/1'>View</a></li><li><a href='/2'>Edit</a></li></ul>"
        "<div>Give 5 mg.</div><div>Or give 3 mg.</div>"
    )
    assert "View" not in sections(body)


def test_a_label_that_names_nothing_is_no_heading():
    body = (
        "<p>Give 5 mg.</p><button data-toggle='collapse' data-target='#m'>Show more</button>"
        "<div id='m' class='collapse'>Not in children.</div>"
    )
    assert plain(body) == "Give 5 mg.\n\nNot in children."


def test_headers_next_to_each_other_have_the_same_level():
    headers = "".join(
        f"<button aria-expanded='false' aria-controls='p{number}'>Age {number}</button>"
        f"<div id='p{number}'><h4>Dose</h4>Give {number} mg.</div>"
        for number in range(40)
    )
    article = read(f"<h2>Doses</h2>{headers}").article
    paths = [path for path, section in article.walk() if section.heading.startswith("Age")]
    assert paths == [("Doses", f"Age {number}") for number in range(40)]
