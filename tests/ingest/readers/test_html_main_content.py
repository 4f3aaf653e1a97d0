"""Main-content extraction and metadata of web pages."""

from datetime import date

import pytest

from ingest.readers.html.boilerplate_rules import (
    CONTENTS,
    COOKIES,
    FEEDBACK,
    NAVIGATION,
    RELATED,
    SHARING,
)
from ingest.readers.html.main_content import TEMPLATE
from ingest.readers.html.metadata import INVALID_JSON_LD
from ingest.readers.html.reader import READ_FROM_JSON_LD, read_html

TEXT = "<p>Take one tablet in the evening with a full glass of water.</p>"


def page(body, head=""):
    return read_html(f"<html><head>{head}</head><body>{body}</body></html>", "page.html")


@pytest.mark.parametrize(
    "kept",
    [
        "<div class='section-header'><h2>Loading dose</h2></div>",
        "<p>Loading dose 15 mg/kg</p>",
        "<h2>Follow up</h2><p>See the nurse after a week.</p>",
        "<h2>Is this medicine safe in pregnancy?</h2><p>Yes.</p>",
        "<div class='helpful-tips'>Drink water.</div>",
        "<div class='social-history'>Lives alone.</div>",
        "<figure><figcaption>Image © the ward, 2020</figcaption></figure>",
        "<aside>A tip: shake the bottle.</aside>",
        "<p>See <a href='x'>the burns page</a> for blisters.</p>",
        "<ol class='references'><li><a href='x'>Tarrow. Iron. 2019</a></li></ol>",
        "<div role='tabpanel' hidden>Second tab.</div>",
        "<h3><button aria-expanded='false'>Side effects</button></h3><p>Rash.</p>",
    ],
)
def test_clinical_text_is_kept(kept):
    result = page(f"<main><h1>A</h1>{TEXT}{kept}</main>")
    assert not result.omitted


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [
        ("<div class='cookie-banner'>We like cookies.</div>", COOKIES),
        ("<div class='share-bar'>Share</div>", SHARING),
        ("<h2>Related</h2><ul><li><a href='x'>Gout</a></li></ul>", RELATED),
        ("<p>Was this page helpful?</p>", FEEDBACK),
        ("<div><a href='#a'>One</a> <a href='#b'>Two</a></div>", CONTENTS),
        ("<p><a href='x'>Other page</a></p>", NAVIGATION),
    ],
)
def test_boilerplate_is_omitted_with_reason(left_out, reason):
    result = page(f"<main><h1>A</h1>{TEXT}{left_out}</main>")
    assert {piece.reason for piece in result.omitted} == {reason}


def test_review_line_in_footer_is_restored():
    result = page(f"<main>{TEXT}</main><footer><p>Last reviewed: 3 March 2025</p>Ads</footer>")
    assert "Last reviewed: 3 March 2025" in result.article.plain
    assert result.article.metadata.reviewed == date(2025, 3, 3)


def test_json_ld_fills_fields_missing_in_head():
    data = (
        '{"@graph":[{"@type":"MedicalWebPage","lastReviewed":"2024-08-09","author":{"name":"B"}}]}'
    )
    head = f'<meta name="author" content="A"><script type="application/ld+json">{data}</script>'
    metadata = page(TEXT, head).article.metadata
    assert (metadata.owner, metadata.reviewed) == ("A", date(2024, 8, 9))


@pytest.mark.parametrize("data", ['{"@type": "Article",}', "[" * 100_000])
def test_invalid_json_ld_is_a_warning(data):
    result = page(TEXT, f'<script type="application/ld+json">{data}</script>')
    assert INVALID_JSON_LD in result.warnings


def test_visible_dates_are_read():
    metadata = page(f"{TEXT}<p>Page last reviewed: 3 March 2025. Next review due: 3 March 2028</p>")
    assert metadata.article.metadata.reviewed == date(2025, 3, 3)
    assert metadata.article.metadata.review_due == date(2028, 3, 3)


def test_text_only_in_json_ld_is_read_with_a_warning():
    data = '{"@type":"Article","articleBody":"Take one tablet in the evening with some water."}'
    result = page("<div>Menu</div>", f'<script type="application/ld+json">{data}</script>')
    assert "Take one tablet in the evening" in result.article.plain
    assert "Take one tablet in the evening" in result.visible_text
    assert READ_FROM_JSON_LD in result.warnings


def test_script_template_is_reported_as_omitted():
    result = page(f"<main>{TEXT}<template><p>Call us.</p></template></main>")
    assert [(each.reason, each.text) for each in result.omitted] == [(TEMPLATE, "Call us.")]


def test_teaser_boxes_are_removed_with_their_heading():
    teaser = (
        "<div><h3><a href='x'>Gout in the knee</a></h3><p>What helps, and what to ask.</p></div>"
    )
    result = page(f"<main><h1>A</h1>{TEXT}<h2>Related stories</h2>{teaser}{teaser}</main>")
    assert "Gout" not in result.article.plain
    assert {each.reason for each in result.omitted} == {RELATED}


def test_sentences_with_links_below_related_heading_are_kept():
    sentence = "<p>People with <a href='x'>gout</a> often have stones of the kidney as well.</p>"
    result = page(f"<main><h1>A</h1>{TEXT}<h2>Related conditions</h2>{sentence}</main>")
    assert "stones of the kidney" in result.article.plain
