"""The pages in a real browser, with the sample articles: flows, layouts, accessibility."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from index.engine import open_engine
from index.indexer import Indexer
from index.search import Search
from ingest.pipeline import ingest
from kb.settings import Settings
from kb.store import Store
from tests import services
from tests.web.library import TODAY, save, simple
from web.app import create_app

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LONG_WORD = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 5
PAGES = {
    "home": "/",
    "results": "/search?q=bleeding",
    "filtered": "/search?q=bleeding&tag=safety",
    "article": "/articles/gentamicin?q=kidney",
    "topics": "/topics",
    "nothing": "/search?q=zebra+stripes",
    "long": "/articles/long?q=hip",
    "long result": "/search?q=hip+problems",
    "missing": "/articles/nothing",
}


@pytest.fixture(scope="session")
def address(tmp_path_factory, taxonomy) -> Iterator[str]:
    settings = Settings(home=tmp_path_factory.mktemp("site"), contact="content@hospital.example")
    store = Store.create(settings.database_url)
    samples = str(files("kb") / "samples")
    for outcome in ingest(
        [samples], store, taxonomy, publish=True, topics=(), jobs=1, actor="test"
    ):
        assert outcome.error is None
    save(store, *simple(f"{LONG_WORD} and other hip problems", f"Hip {LONG_WORD}", id="long"))
    engine = open_engine(settings.engine_url, taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    search = Search(store, engine, taxonomy, today=lambda: TODAY)
    app = create_app(settings, store, search, taxonomy, today=lambda: TODAY)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    store.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=services.chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Return a function that opens a page; at the end no page may have complained or strayed."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if _is_fault(line) else None)
        page.on(
            "request",
            lambda request: None if request.url.startswith(address) else faults.append(request.url),
        )

    def make(path: str, width: int = 1280, height: int = 800, **options: object) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            base_url=address,
            **options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        watch(page)
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()
    assert faults == []


def _is_fault(line: object) -> bool:
    text = line.text  # type: ignore[attr-defined]
    # The browser notes a 404 that a test asks for; that is no fault of the page.
    return line.type in ("error", "warning") and "status of 404" not in text  # type: ignore[attr-defined]


def overflow(page: Page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


# Flows


def test_from_a_word_to_the_marked_passage(open_page: Open):
    page = open_page("/")
    page.get_by_label("Search the articles").fill("dislocation clot")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("article")
    first = page.locator(".hit h2 a").first
    anchor = first.get_attribute("href").partition("#")[2]
    first.click()
    passage = page.locator(f"#{anchor}")
    expect(passage).to_have_class(re.compile("arrived"))
    expect(passage).to_be_in_viewport()
    assert passage.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    expect(passage.locator("mark").first).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("dislocation clot")


def test_stepping_through_the_matches(open_page: Open):
    page = open_page("/articles/gentamicin?q=kidney")
    bar = page.get_by_role("region", name="Matches")
    total = page.locator(".passages mark").count()
    expect(bar).to_contain_text(f"{total} matches for kidney")
    bar.get_by_role("button", name="Next").click()
    bar.get_by_role("button", name="Next").click()
    expect(bar).to_contain_text(f"2 of {total} matches")
    expect(page.locator("mark.current")).to_be_in_viewport()
    bar.get_by_role("button", name="Previous").click()
    bar.get_by_role("button", name="Previous").click()
    expect(bar).to_contain_text(f"{total} of {total} matches")
    bar.get_by_role("link", name="Remove marks").click()
    expect(page.locator("mark")).to_have_count(0)


def test_filters_go_on_and_off(open_page: Open):
    page = open_page("/search?q=bleeding")
    before = page.get_by_role("heading", level=1).inner_text()
    filters = page.get_by_role("navigation", name="Filters")
    filters.get_by_role("link", name=re.compile("Who should not have it")).click()
    assert "tag=contraindications" in page.url
    assert page.get_by_role("heading", level=1).inner_text() != before
    page.get_by_role("link", name=re.compile("Remove the filter")).click()
    # The time in the line differs, so only the number of articles is compared.
    assert page.get_by_role("heading", level=1).inner_text().split(",")[0] == before.split(",")[0]


def test_more_passages_unfold(open_page: Open):
    page = open_page("/search?q=bleeding")
    more = page.locator(".more").first
    expect(more.locator("li").first).to_be_hidden()
    more.locator("summary").click()
    more.locator("li a").first.click()
    expect(page.locator(".arrived")).to_be_in_viewport()


def test_with_the_keyboard_only(open_page: Open):
    page = open_page("/articles/gentamicin")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("/")
    box = page.get_by_role("searchbox")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    page.keyboard.type("warfarin a/b")
    expect(box).to_have_value("warfarin a/b")
    page.keyboard.press("Control+a")
    page.keyboard.type("warfarin")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=warfarin")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("searchbox")).to_be_focused()
    first = page.locator(".hit h2 a").first
    for _ in range(60):
        page.keyboard.press("Tab")
        if first.evaluate("element => element === document.activeElement"):
            break
    expect(first).to_be_focused()
    assert first.evaluate("element => getComputedStyle(element).outlineWidth") == "3px"
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/**")


def test_copy_with_citation(open_page: Open):
    page = open_page("/articles/gentamicin", permissions=["clipboard-read", "clipboard-write"])
    passage = page.locator(".passage", has_text="oxygen-dependent process")
    passage.hover()
    passage.get_by_role("button", name=re.compile("Copy with citation")).click()
    expect(passage.get_by_role("status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "oxygen-dependent process" in copied
    assert "Gentamicin, How gentamicin kills bacteria. Sample articles. Version 1" in copied
    assert re.search(r"http://127\S+/articles/gentamicin/\w+\?v=1#p-\w+", copied)


def test_the_contents_mark_where_one_is(open_page: Open):
    page = open_page("/articles/gentamicin")
    link = page.locator(".contents a").nth(4)
    link.click()
    expect(link).to_have_attribute("aria-current", "location")


def test_a_table_scrolls_by_itself_and_takes_the_focus(open_page: Open):
    page = open_page("/articles/gentamicin", width=360)
    table = page.locator(".table").first
    table.focus()
    expect(table).to_be_focused()
    assert overflow(page) == 0


# Without scripts, in other sizes and schemes, on paper


def test_without_scripts(open_page: Open):
    page = open_page("/", java_script_enabled=False)
    page.get_by_role("searchbox").fill("kidney damage")
    page.get_by_role("button", name="Search").click()
    page.locator(".hit h2 a").first.click()
    expect(page.locator(".arrived mark").first).to_be_visible()
    expect(page.locator(".arrived")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Next")).to_have_count(0)
    expect(page.get_by_role("button", name="Copy with citation")).to_have_count(0)
    page.get_by_role("link", name="Results").click()
    expect(page.locator(".hit").first).to_be_visible()


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_screen(open_page: Open, name: str, width: int):
    assert overflow(open_page(PAGES[name], width=width)) == 0


def test_filters_fold_on_a_narrow_screen_and_stand_open_on_a_wide_one(open_page: Open):
    path = "/search?q=bleeding"
    narrow = open_page(path, width=360)
    choice = narrow.locator(".choices a").first
    expect(choice).to_be_hidden()
    narrow.get_by_text("Filter these results").click()
    expect(choice).to_be_visible()
    expect(open_page(path).locator(".choices a").first).to_be_visible()


def test_ten_hits_fit_in_two_screens_of_a_laptop(open_page: Open):
    page = open_page("/search?q=treatment", width=1440, height=900)
    assert page.locator(".hit").count() == 10
    end = page.locator(".hits").bounding_box()
    assert end and end["y"] + end["height"] <= 2 * 900


def test_dark_is_dark(open_page: Open):
    page = open_page("/search?q=bleeding", color_scheme="dark")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(20, 25, 29)"


def test_on_paper_there_is_no_navigation(open_page: Open):
    page = open_page("/articles/gentamicin?q=kidney", color_scheme="dark")
    page.emulate_media(media="print")
    for name in (".site", ".contents", ".matches", ".site-foot", ".passage-tools >> nth=0"):
        expect(page.locator(name)).to_be_hidden()
    expect(page.locator(".print-line")).to_contain_text("Gentamicin. Version 1, reviewed")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(open_page: Open, name: str, scheme: str, tmp_path: Path):
    page = open_page(PAGES[name], color_scheme=scheme, reduced_motion="reduce")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize("name", ["results", "article", "home", "topics"])
def test_targets_are_large_enough(open_page: Open, name: str):
    """24 by 24 px, but for links within a sentence or a line of text (WCAG 2.2, 2.5.8)."""
    page = open_page(PAGES[name], width=360, has_touch=True, is_mobile=True)
    small = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden])")]
            .filter((element) => element.checkVisibility())
            .filter((element) => !element.closest(".skip, p:not(.hit-place, .passage-tools), dd"))
            .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
            .filter(([, box]) => box.height < 24 || box.width < 24)
            .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""
    )
    assert small == []
