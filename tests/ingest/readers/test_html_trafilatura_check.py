"""Cross-check of the main content with trafilatura."""

import signal

import pytest

from ingest.readers.html import trafilatura_check
from ingest.readers.html.boilerplate_rules import NOT_ARTICLE
from ingest.readers.html.reader import LONG_TEXT_OMITTED, TRAFILATURA_FAILED, read_html

LEAD = "<p>Take one tablet in the evening with a full glass of water and some food.</p>"
BODY = "<p>Call the ward if the rash spreads, if you cannot swallow, or if a fever begins.</p>"
END = "<p>Most people need the tablets for two weeks, and some of them for a month or more.</p>"
NOTE = (
    "<div class='a1'><p>Ina Farr has written about wards for ten years and lives at sea.</p></div>"
)
AGREED = " ".join([LEAD, BODY, END])


@pytest.fixture
def page(monkeypatch):
    """Return a function that reads a page of which trafilatura keeps `kept`."""

    def reading(inside, after="", kept=AGREED):
        monkeypatch.setattr(
            trafilatura_check.trafilatura, "extract", lambda *_, **__: kept.replace("<p>", "")
        )
        start = "<main><input type='hidden'><h1>Tablets</h1>"
        body = f"{start}{LEAD}{BODY}{inside}{END}{after}</main>"
        # The control shows that the page has more than an article.
        return read_html(f"<html><body>{body}</body></html>", "page.html")

    return reading


def reasons(result):
    return {piece.reason for piece in result.omitted}


def test_disputed_box_after_article_is_removed(page):
    assert reasons(page("", NOTE)) == {NOT_ARTICLE}


def test_link_box_within_article_is_removed(page):
    cards = "<div><h3><a href='x'>Gout in a knee</a></h3><p><a href='y'>Foot</a> new</p></div>"
    assert reasons(page(cards)) == {NOT_ARTICLE}
    assert not page("<div><p>Keep the box dry and out of the light at all times.</p></div>").omitted


@pytest.mark.parametrize(
    "shape",
    [
        "<figure><figcaption>The rash on the back of a hand.</figcaption></figure>",
        "<div class='callout'>Never take two tablets at once.</div>",
        "<div><p>* Not for children under two.</p></div>",
        "<div><h2>Sources</h2><p>Tarrow. Iron. 2019.</p></div>",
        "<table><tr><th>Age</th><th>Dose</th></tr><tr><td>12</td><td>5 mg</td></tr></table>",
        "<details><summary>How to store it</summary><p>In the fridge.</p></details>",
        "<div><div>Last reviewed: 3 March 2025</div></div>",
        "<div><div>Published 3 March 2025</div></div>",
        "<p>Ring the pharmacy when fewer than five tablets are left in the box.</p>",
    ],
)
def test_clinical_content_after_article_is_kept(page, shape):
    assert not page("", shape).omitted


def test_heading_is_removed_with_the_box_below(page):
    assert "Our writers" not in page("", f"<h2>Our writers</h2>{NOTE}").article.plain


def test_trafilatura_text_that_is_too_short_is_ignored(page):
    assert not page("", NOTE, kept="Take one tablet in the evening with a full glass.").omitted


def test_second_column_of_same_shape_is_kept(page):
    column = f"<div class='column'>{BODY}</div>"
    other = "<div class='column'><p>Drink a glass of water every two hours of the day.</p></div>"
    assert not page(column, other).omitted


@pytest.mark.parametrize("fault", [ValueError, AttributeError, RecursionError])
def test_trafilatura_failure_is_a_warning_without_loss(monkeypatch, fault):
    def fail(*_, **__):
        raise fault

    monkeypatch.setattr(trafilatura_check.trafilatura, "extract", fail)
    result = read_html(f"<main><h1>A</h1>{LEAD}{NOTE}</main>", "page.html")
    assert "Ina Farr" in result.article.plain
    assert TRAFILATURA_FAILED in result.warnings


def test_trafilatura_is_stopped_at_time_limit(monkeypatch):
    def endless(*_, **__):
        while True:
            pass

    monkeypatch.setattr(trafilatura_check.trafilatura, "extract", endless)
    monkeypatch.setattr(trafilatura_check, "MAX_SECONDS", 0.01)
    assert trafilatura_check.extract_with_trafilatura("<p>A</p>") is None
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_long_omitted_text_is_a_separate_warning(page):
    long = f"<div>{NOTE * 4}</div>"
    (warning,) = [each for each in page("", long).warnings if each.startswith(LONG_TEXT_OMITTED)]
    assert "Ina Farr has written" in warning


def test_extract_with_trafilatura_returns_article_text():
    opinion = trafilatura_check.extract_with_trafilatura(
        f"<html><body><main>{AGREED * 3}</main></body></html>"
    )
    assert opinion is not None
    assert opinion.contains("Call the ward if the rash spreads, if you cannot swallow")
    assert not opinion.contains("Ina Farr has written about wards for ten years")
