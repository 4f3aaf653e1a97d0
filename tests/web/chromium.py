"""A site of the sample articles and a browser to look at it with, one of each for all tests.

Two modules cannot each start a Playwright of their own in one process, so `tests/web/conftest.py`
takes the fixtures from here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright
from werkzeug.serving import make_server

from index.engine import IndexState
from index.engines import open_engine
from index.indexer import Indexer
from index.search.results import SearchRequest, SearchResponse, Snippet
from index.search.service import SearchService
from ingest.pipeline import ingest
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests import services
from tests.web.builders import TODAY, a_full_answer, save, simple
from tests.web.formatted_article import formatted_article
from web.app import create_app

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
ALL_AT_ONCE = "everything+an+answer+can+say"


@dataclass(frozen=True)
class Staged:
    """The real search, but for one query whose answer says everything at once."""

    search_itself: SearchService

    def search(self, request: SearchRequest) -> SearchResponse:
        if request.q == ALL_AT_ONCE.replace("+", " "):
            full = a_full_answer()
            return replace(full, query=replace(full.query, q=request.q), offset=request.offset)
        return self.search_itself.search(request)

    def highlighter(self, q: str) -> Callable[[str], Snippet]:
        return self.search_itself.highlighter(q)

    def find_synonyms(self, name: str) -> tuple[str, ...]:
        return self.search_itself.find_synonyms(name)

    def state(self) -> IndexState:
        return self.search_itself.state()


@pytest.fixture(scope="session")
def sample_app(tmp_path_factory, taxonomy) -> Iterator[Flask]:
    """The site over the sample articles, without a limit on how often tests may ask."""
    settings = Settings(
        home=tmp_path_factory.mktemp("site"),
        contact="content@hospital.example",
        api_requests_per_minute=0,
    )
    store = ArticleStore.create(settings.database_url)
    samples = str(files("kb") / "samples")
    for outcome in ingest(
        [samples], store, taxonomy, publish=True, topics=(), jobs=1, actor=Actor("test")
    ):
        assert outcome.error is None
    save(store, *simple(f"{LONG_WORD} and other hip problems", f"Hip {LONG_WORD}", id="long"))
    save(store, *formatted_article())
    engine = open_engine(settings.engine_url, taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    search = SearchService(store, engine, taxonomy, today=lambda: TODAY)
    yield create_app(settings, store, Staged(search), taxonomy, today=lambda: TODAY)
    store.close()


@pytest.fixture(scope="session")
def address(sample_app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, sample_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=services.chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture(scope="session")
def shared_context(browser: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that returns the browser context with these options, one for all tests.

    In a new context Chromium starts a process and requests every style sheet and script again.
    """
    contexts: dict[str, BrowserContext] = {}

    def find(**options: object) -> BrowserContext:
        key = repr(sorted(options.items()))
        if key not in contexts:
            contexts[key] = browser.new_context(base_url=address, **options)  # type: ignore[arg-type]
        return contexts[key]

    yield find
    for context in contexts.values():
        context.close()


@pytest.fixture
def open_page(
    browser: Browser, address: str, shared_context: Callable[..., BrowserContext]
) -> Iterator[Open]:
    """Return a function that opens a page; at the end no page may have complained or strayed.

    A page with a script to run first has a context of its own, with an empty cache.
    """
    opened: list[Page | BrowserContext] = []
    faults: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if _is_fault(line) else None)
        page.on(
            "request",
            lambda request: None if request.url.startswith(address) else faults.append(request.url),
        )

    def make(
        path: str, width: int = 1280, height: int = 800, script: str = "", **options: object
    ) -> Page:
        options["viewport"] = {"width": width, "height": height}
        if script:
            context = browser.new_context(base_url=address, **options)  # type: ignore[arg-type]
            context.add_init_script(script)
            opened.append(context)
        else:
            context = shared_context(**options)
        page = context.new_page()
        opened.append(page)
        watch(page)
        page.goto(path)
        return page

    yield make
    for one in reversed(opened):
        one.close()
    assert faults == []


def _is_fault(line: object) -> bool:
    text = line.text  # type: ignore[attr-defined]
    # The browser notes a 404 that a test asks for; that is no fault of the page.
    return line.type in ("error", "warning") and "status of 404" not in text  # type: ignore[attr-defined]


def held(page: Page, address: str) -> list[Route]:
    """Return a list of the requests that wait until the test lets them go on."""
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    page.route(address, hold)
    return late


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Return the rules that axe finds violated in light and in dark, and by which elements."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def grave(page: Page) -> list[str]:
    """Return what axe finds serious or critical."""
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


def overflow(page: Page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
