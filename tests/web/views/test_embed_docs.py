"""The page for webmasters: what is chosen comes back as text to copy, and live."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from kb.settings import Settings
from tests.web.builders import TODAY
from tests.web.chromium import Open, grave, overflow
from tests.web.page_text import texts, values
from web.app import create_app
from web.views.embed_docs import EXAMPLE

INTRANET = "https://intranet.hospital.example"
BREAKING = '"><script>alert(1)</script>'
CHOSEN = (
    "/embed/docs?mode=modal&tag=safety&topic=Cardiology&limit=9&lang=de&shortcut=/&target=_blank"
)


@pytest.fixture
def known(settings, store, search, taxonomy) -> FlaskClient:
    """A client of a site that knows its address and lists one host, for the element alone."""
    told = Settings(
        home=settings.home, public_url="https://kb.example/c", allowed_origins=(INTRANET,)
    )
    return create_app(told, store, search, taxonomy, today=lambda: TODAY).test_client()


def copied(client: FlaskClient, address: str) -> dict[str, str]:
    """Return the texts that a page offers to copy, by their names."""
    page = client.get(address)
    assert page.status_code == 200
    found = re.findall(
        r'<pre class="copy" id="copy-([a-z_-]+)"[^>]*><code>(.*?)</code>', page.text, re.S
    )
    return {name: html.unescape(text) for name, text in found}


def test_copied_code_contains_the_chosen_options(known):
    texts = copied(known, CHOSEN)
    assert texts["element"] == (
        '<script type="module" src="https://kb.example/c/embed/v1/kb-search.js"></script>\n'
        '<kb-search base="https://kb.example/c" mode="modal" tag="safety" topic="Cardiology"'
        ' limit="9" lang="de" shortcut="/" target="_blank">\n'
        '  <form action="https://kb.example/c/search"><input name="q" aria-label="Search">'
        '<input type="hidden" name="tag" value="safety">'
        '<input type="hidden" name="topic" value="Cardiology"><button>Search</button></form>\n'
        "</kb-search>"
    )
    frame = (
        "https://kb.example/c/embed?tag=safety&amp;topic=Cardiology&amp;limit=9&amp;target=_blank"
    )
    assert f'src="{frame}"' in texts["frame"]
    kb = "https://kb.example"
    assert texts["policy"] == f"script-src {kb}; connect-src {kb}; form-action {kb}"
    assert texts["frame-policy"] == f"frame-src {kb}"
    assert kb in texts["listener"]


def test_default_options_are_omitted_from_the_code(known):
    texts = copied(known, "/embed/docs")
    assert '<kb-search base="https://kb.example/c">' in texts["element"]
    assert 'src="https://kb.example/c/embed"' in texts["frame"]
    assert ' shortcut=""' in copied(known, "/embed/docs?shortcut=none")["element"]


def test_only_missing_origins_are_listed_as_settings(known):
    listed = copied(known, f"/embed/docs?origin={INTRANET}")
    assert "allowed_origins" not in listed
    assert listed["frame_ancestors"] == f'frame_ancestors = ["{INTRANET}"]'
    other = copied(known, "/embed/docs?origin=https://portal.example:8443")
    assert other["allowed_origins"] == 'allowed_origins = ["https://portal.example:8443"]'


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"origin": "https://portal.example/start"}, EXAMPLE),
        ({"origin": f'https://a.example"]{BREAKING}'}, EXAMPLE),
        ({"limit": "51"}, "50"),
        ({"placeholder": "x" * 81}, "80"),
        ({"mode": "popup"}, "'popup'"),
        ({"lang": "la"}, "'la'"),
        ({"topic": "Zebras"}, "'Zebras'"),
    ],
)
def test_unknown_option_is_rejected_by_name(known, query, said):
    page = known.get("/embed/docs", query_string=query)
    assert page.status_code == 400
    assert values(page, "data-problem") == ["parameter"]
    detail = texts(page, "h1 + p")[0]
    assert said in detail
    assert f"'{next(iter(query))}'" in detail
    assert "<script>alert" not in page.text


def test_words_in_the_box_break_out_of_nothing(known):
    response = known.get("/embed/docs", query_string={"placeholder": BREAKING})
    assert "<script>alert" not in response.text
    assert f'placeholder="{html.escape(BREAKING)}"' in html.unescape(response.text)


@pytest.mark.browser
def test_a_webmaster_chooses_looks_and_copies(open_page: Open):
    page = open_page("/embed/docs", width=360)
    assert overflow(page) == 0
    page.locator("#mode").select_option("results")
    page.locator("#placeholder").fill("Ask the pharmacy")
    page.locator(".options button").click()
    element = page.locator("kb-search")
    box = element.get_by_role("combobox")
    expect(box).to_have_attribute("placeholder", "Ask the pharmacy")
    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    box.fill("gout")
    expect(element.get_by_role("option").first).to_contain_text("Gout")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator('button[aria-describedby="copy-element"]').click()
    said = page.locator("#copy-element + .copy-line").get_by_role("status")
    expect(said).to_have_attribute("data-copied", "yes")
    expect(said).not_to_be_empty()
    held = page.evaluate("navigator.clipboard.readText()")
    assert held == page.locator("#copy-element").text_content()
    assert 'mode="results" placeholder="Ask the pharmacy"' in held
    assert grave(page) == []


@pytest.mark.browser
def test_the_page_works_without_scripts(open_page: Open):
    page = open_page("/embed/docs", java_script_enabled=False)
    page.locator("#topic").select_option(index=1)
    page.locator(".options button").click()
    assert ' topic="' in (page.locator("#copy-element").text_content() or "")
    expect(page.locator("kb-search > form")).to_be_visible()
