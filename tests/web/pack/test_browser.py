"""The pack in a real browser, opened from a folder: no server, no network."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from index.answer import SearchRequest
from tests.web.chromium import overflow
from web.site import Site

pytestmark = pytest.mark.browser

JUDGED = Path(__file__).parents[2] / "index" / "judged.csv"
LEAST_ALIKE = 0.95  # of the judged queries lead to the same first passage; 125 of 126 did

AXE = {"preload": False}  # it would fetch the style sheets, which the pack's policy forbids

# Asks one query after the other and says where each leads first.
ASK_ALL = """async (queries) => {
  const status = () => document.querySelector("[data-status]").textContent;
  const first = [];
  for (const query of queries) {
    location.hash = "#q=" + encodeURIComponent(query);
    while (!status().includes(`“${query}”`)) await new Promise((done) => setTimeout(done, 2));
    first.push(document.querySelector("[data-hits] h2 a")?.getAttribute("href") ?? "");
  }
  return first;
}"""


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without a network, in which no page may complain or ask for anything else."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    faults: list[str] = []
    context.on("request", lambda one: faults.append(one.url) if _strays(one.url) else None)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("console", lambda line: faults.append(line.text))
    yield context
    context.close()
    assert faults == []


def _strays(url: str) -> bool:
    return not url.startswith("file://")


@pytest.fixture(scope="module")
def page(context: BrowserContext, sample_pack: Path) -> Page:
    page = context.new_page()
    page.goto((sample_pack / "index.html").as_uri())
    return page


def search(page: Page, words: str) -> None:
    """Search as a person without a mouse does."""
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(f"“{words}”")


def told(page: Page) -> str:
    return page.locator("[data-told]").inner_text()


def test_the_search_finds_what_the_site_finds(page: Page, sample_site: Site) -> None:
    with JUDGED.open(encoding="utf-8") as file:
        queries = [row["query"] for row in csv.DictReader(file)]
    there = []
    for query in queries:
        hits = sample_site.search.search(SearchRequest(q=query)).hits
        there.append(f"articles/{hits[0].article.id}.html#{hits[0].passage.anchor}" if hits else "")
    here = page.evaluate(ASK_ALL, queries)
    alike = [one == other for one, other in zip(here, there, strict=True)]
    assert sum(alike) / len(queries) >= LEAST_ALIKE
    articles = [
        one.partition("#")[0] == other.partition("#")[0]
        for one, other in zip(here, there, strict=True)
    ]
    assert sum(articles) / len(queries) >= LEAST_ALIKE


def test_words_names_and_misspellings_are_forgiven_and_said(page: Page) -> None:
    search(page, "haemorrage")
    assert "No passage has “haemorrage”. These have words spelt nearly so: haemorrhage." in told(
        page
    )
    search(page, "MI statin")
    assert "Also searched for “MI”: heart attack" in told(page)
    assert page.locator(".hit h2 a").first.get_attribute("href").startswith("articles/statins")
    search(page, "warfrin")
    expect(page.get_by_role("status")).to_have_text("Nothing on “warfrin” in this copy")
    page.get_by_role("link", name="warfarin").click()
    expect(page.get_by_role("status")).to_contain_text("for “warfarin”")
    with_it = page.locator(".hit").count()
    search(page, "bleeding -warfarin")
    assert "articles/warfarin.html" not in page.locator("[data-hits]").inner_html()
    search(page, "gentamicin zebra")
    assert "No passage has all of these words." in told(page)
    assert with_it > 0


def test_from_the_keyboard_to_the_passage_and_back(page: Page) -> None:
    search(page, "grapefruit juice")
    expect(page.locator(".hit mark").first).to_be_visible()
    for _ in ("the button", "the article", "its passage"):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('h2') !== null")
    page.keyboard.press("Enter")
    passage = page.locator(":target")
    expect(passage).to_be_in_viewport()
    assert passage.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("/")
    page.keyboard.type("podagra")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("for “podagra”")
    expect(page.locator(".copy")).to_contain_text("days ago")


def test_more_are_shown_when_asked_for(context: BrowserContext, sample_pack: Path) -> None:
    page = context.new_page()
    page.goto((sample_pack / "index.html").as_uri() + "#q=treatment")
    expect(page.get_by_role("status")).to_contain_text("articles for “treatment”")
    articles = int(page.get_by_role("status").inner_text().split()[0])
    assert articles > 20
    assert page.locator(".hit").count() == 20
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".hit")).to_have_count(articles)
    assert page.evaluate("document.activeElement.closest('h2') !== null")
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    page.close()


def test_axe_finds_nothing_and_nothing_overflows(page: Page, sample_pack: Path) -> None:
    search(page, "bleeding")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page, options=AXE)
        assert found.violations_count == 0, found.generate_report()
    page.goto((sample_pack / "articles" / "gentamicin.html").as_uri())
    found = Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 360, "height": 800})
    assert overflow(page) <= 0
    page.goto((sample_pack / "index.html").as_uri() + "#q=hip%20problems")
    expect(page.locator(".hit").first).to_be_visible()
    assert overflow(page) <= 0
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_pack_with_a_missing_file_says_so(browser: Browser, sample_pack: Path) -> None:
    page = browser.new_page()
    data = sample_pack / "data" / "texts-0.js"
    kept = data.rename(data.with_suffix(".kept"))
    try:
        page.goto((sample_pack / "index.html").as_uri() + "?q=gout")
        expect(page.get_by_role("status")).to_contain_text("data/texts-0.js cannot be read")
        expect(page.get_by_role("link", name="All articles from A to Z")).to_be_visible()
    finally:
        kept.rename(data)
        page.close()


def test_without_scripts_a_to_z_and_topics_lead_on(browser: Browser, sample_pack: Path) -> None:
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((sample_pack / "index.html").as_uri())
    assert "runs no scripts" in page.content()
    page.get_by_role("navigation").get_by_role("link", name="A to Z").click()
    page.get_by_role("link", name="Gout", exact=True).first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Gout"
    context.close()
