"""Clinical text that looks like boilerplate: names, lists of links, check boxes, plain pages."""

import pytest

from ingest.readers.html.boilerplate_rules import (
    COMMENTS,
    COOKIES,
    FORM_CONTROL,
    PROMOTION,
)
from ingest.readers.html.reader import read_html
from kb.model.article import BlockKind

ARTICLE = (
    "<p>Amoxicillin is used for infections of the chest and the ear in adults and children.</p>"
    "<p>Give 500 mg by mouth every eight hours, and take the blood for cultures before that.</p>"
    "<p>Ask the patients to come back if the fever lasts or if a rash appears on the limbs.</p>"
)
MENU = "<nav><a href='/'>Home</a></nav>"
STATEMENT = "Do not give more than 4 g of it in one day."


def read(inside, after="", before=MENU):
    return read_html(
        f"<html><body>{before}<h1>Amoxicillin</h1>{ARTICLE}{inside}<p>The effect starts slowly and "
        f"lasts for the whole of the day.</p>{after}</body></html>",
        "page.html",
    )


NAMES = """
content-advert-reactions sidebar-dose promo-note footer-note related-symptoms shareholder
    header-dose comment comments clinical-comments banner--warning ad-hoc multi-modal cta respond
    donate consent-box author-box popup interstitial-nephritis breadcrumb newsletter share ads
"""


@pytest.mark.parametrize("name", NAMES.split())
@pytest.mark.parametrize("attribute", ["class", "id"])
def test_name_of_boilerplate_does_not_remove_dose(attribute, name):
    box = f"<div {attribute}='{name}'><p>{STATEMENT}</p></div>"
    assert STATEMENT in read(box).article.plain
    assert STATEMENT in read("", box).article.plain


@pytest.mark.parametrize(
    "kept",
    [
        "<div class='banner banner--warning'><p>Not for newborns</p></div>",
        "<div role='banner' class='alert'><p>Do not use in newborns</p></div>",
        "<dialog open><p>Stop the infusion if the pulse is below 40.</p></dialog>",
        "<div class='footer'><p>Do not use after 3 months.</p></div>",
        "<div class='comments'><h3>Our view</h3><p>We avoid it in liver failure.</p></div>",
        "<h2>Loading</h2><p>15 mg/kg over one hour</p>",
        "<h2>Rate this pain</h2><p>0 is none, 10 is worst.</p>",
        "<h2>Recent surgery</h2><ul><li><a href='x'>Do not give for 10 days</a></li></ul>",
        "<h2>Related</h2><p>Give 400 mg of metronidazole as well.</p>",
        "<p>Give 5 mg a day (table © 2020, adapted).</p>",
        "<p>Return to the top dose of 40 mg after a week.</p>",
        "<p>Do not take it with:</p><ul><li><a href='w'>warfarin</a></li><li>"
        "<a href='m'>methotrexate</a></li></ul>",
        "<h2>Contraindications</h2><ul class='links'><li><a href='w'>Porphyria</a></li></ul>",
        "<p><a class='button' href='tel:999'>Call 999 now</a></p>",
    ],
)
def test_statement_in_boilerplate_position_is_kept(kept):
    result = read(kept)
    assert {piece.text for piece in result.omitted} == {"Home"}
    assert {piece.text for piece in read("", kept).omitted} == {"Home"}


def test_comment_column_of_table_is_kept():
    table = (
        "<table class='comments'><tr><th>Drug</th><th class='comments'>Comments</th></tr>"
        "<tr><td>Amoxicillin</td><td class='comments'>With food</td></tr></table>"
    )
    assert {piece.text for piece in read(table).omitted} == {"Home"}


def test_dose_in_reader_comment_is_removed():
    comments = (
        "<div class='comments-area'><ol class='comment-list'><li><p>Pat says:</p>"
        "<p>I took 4 g of it and do not feel ill.</p><a href='#r'>Reply</a></li></ol></div>"
    )
    result = read("", comments)
    assert "I took 4 g" not in result.article.plain
    assert COMMENTS in {piece.reason for piece in result.omitted}


def test_negation_in_cookie_notice_is_removed():
    notice = "<div id='cookie-banner'><p>We do not use cookies without consent.</p></div>"
    assert COOKIES in {piece.reason for piece in read(notice).omitted}


@pytest.mark.parametrize(
    "checklist",
    [
        "<div><label><input type='checkbox'> No urine</label><label><input type='checkbox'> Pale"
        "</label></div>",
        "<form class='checklist'><fieldset><legend>Sepsis</legend><div><input type='checkbox' "
        "id='a'><label for='a'>No urine</label></div><div><input type='checkbox' id='b'>"
        "<label for='b'>Pale</label></div></fieldset></form>",
        "<ul><li><label><span><input type='checkbox'></span><span>No urine</span></label></li>"
        "<li><label><input type='checkbox'> Pale</label></li></ul>",
        "<div role='checkbox' aria-checked='false'>No urine</div>"
        "<div role='checkbox' aria-checked='false'>Pale</div>",
    ],
)
def test_check_boxes_are_content(checklist):
    for result in (read(checklist), read("", checklist)):
        assert "☐ No urine" in result.article.plain
        assert "☐ Pale" in result.article.plain


def test_radio_buttons_of_score_are_content():
    score = "<fieldset><label><input type='radio' checked> Mild</label></fieldset>"
    assert "◉ Mild" in read(score).article.plain


@pytest.mark.parametrize(
    "form",
    [
        "<form class='newsletter'><label>E-mail <input type='email'></label><label>"
        "<input type='checkbox'> I agree</label></form>",
        "<form id='login'><label><input type='checkbox'> I agree</label></form>",
        "<form action='/search'><label><input type='checkbox'> I agree</label></form>",
    ],
)
def test_choices_of_site_form_are_removed(form):
    result = read(form)
    assert "I agree" not in result.article.plain
    assert {FORM_CONTROL, PROMOTION} & {piece.reason for piece in result.omitted}


def test_label_without_control_is_content():
    assert "Maximum dose" in read("<div><label>Maximum dose</label> 4 g</div>").article.plain


SENTENCES = (
    "This medicine helps to prevent clots in the legs and the lungs.",
    "For adults.",
    "Tell the ward if a rash appears.",
    "Keep the box dry and out of the light.",
    "Bleeding is the most common harm.",
    "Store it in the fridge.",
)


@pytest.mark.parametrize("before", ["", MENU, "<div>Ask the <a href='x'>pharmacy</a>.</div>"])
@pytest.mark.parametrize(
    "shape",
    [
        "<div>{}</div>",
        "<p>{}</p>",
        "<div><div>{}</div></div>",
        "<div class='row'><div class='col-6'>{}</div></div>",
        "<section><div>{}</div></section>",
    ],
)
def test_short_page_without_boilerplate_keeps_all_text(before, shape):
    body = "".join(shape.format(sentence) for sentence in SENTENCES)
    result = read_html(f"<body>{before}<h1>Clots</h1>{body}</body>", "page.html")
    assert all(sentence in result.article.plain for sentence in SENTENCES)


def test_paragraphs_in_different_elements_are_kept():
    body = "".join(f"<p>{each}</p>" for each in SENTENCES[:3])
    body += "".join(f"<div>{each}</div>" for each in SENTENCES[3:])
    result = read_html(f"<body>{MENU}<h1>Clots</h1>{body}</body>", "page.html")
    assert all(sentence in result.article.plain for sentence in SENTENCES)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Give <![CDATA[<5 mg]]> only.</p>", "Give <5 mg only."),
        ("<p>Give <![cdata[7 mg]]> daily.</p>", "Give 7 mg daily."),
        ("<p>Give <![CDATA[3 mg daily.</p>", "Give 3 mg daily."),
    ],
)
def test_cdata_is_text(markup, text):
    assert text in read("", markup).article.plain


@pytest.mark.parametrize(
    "box",
    [
        "<aside class='warning'><p>Do not give to newborns.</p></aside>",
        "<div class='alert alert-danger'>Do not give to newborns.</div>",
        "<div role='alert'>Do not give to newborns.</div>",
        "<div class='column'><aside><h2>Caution</h2><p>Do not give to newborns.</p></aside></div>",
    ],
)
@pytest.mark.parametrize("order", ["{box}{main}", "{main}{box}"])
def test_warning_outside_main_is_kept(order, box):
    main = f"<main><h1>Amoxicillin</h1>{ARTICLE}</main>"
    result = read_html(f"<body>{order.format(box=box, main=main)}</body>", "page.html")
    assert result.article.plain.count("Do not give to newborns.") == 1


@pytest.mark.parametrize(
    "names",
    [
        "admonition note",
        "theme-admonition alert alert--danger",
        "markdown-alert markdown-alert-warning",
        "confluence-information-macro confluence-information-macro-note",
        "custom-block danger",
        "usa-alert usa-alert--warning",
    ],
)
def test_admonition_is_a_callout(names):
    result = read(f"<div class='{names}'><p>Do not crush the tablets.</p></div>")
    blocks = [block for _, section in result.article.walk() for block in section.blocks]
    assert [block.plain for block in blocks if block.kind is BlockKind.CALLOUT] == [
        "Do not crush the tablets."
    ]
