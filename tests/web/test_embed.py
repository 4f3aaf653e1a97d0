"""The search inside other pages: pages of another origin, with a strict policy, in a browser."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from kb.settings import Settings
from web.app import create_app
from web.site import KEY, Site

expect.set_options(timeout=15_000)  # the first search of a busy machine may take seconds

FORM = (
    '<form action="{kb}/search"><input name="q" aria-label="Search"><button>Search</button></form>'
)
PAGES = {
    "/": '<kb-search base="{kb}">' + FORM + "</kb-search>",
    "/modal": '<kb-search base="{kb}" mode="modal" lang="de">'
    + FORM
    + "</kb-search><input id=other>",
    "/two": '<kb-search base="{kb}" mode="results" tag="safety" limit="2"></kb-search>'
    '<kb-search base="{kb}" shortcut="/"></kb-search><textarea id=notes></textarea>',
    "/frame": '<iframe src="{kb}/embed?q=gout" title="kb" width="400" height="300"></iframe>',
    "/home": '<iframe src="{kb}/" title="kb"></iframe>',
}


@dataclass(frozen=True)
class Hosts:
    """The knowledge base, a host that it lists, and one that it does not."""

    kb: str
    listed: str
    other: str


@pytest.fixture(scope="module")
def hosts(sample_app: Flask) -> Iterator[Hosts]:
    servers: list[BaseWSGIServer] = []

    def serve(app: Callable[..., object]) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)  # type: ignore[arg-type]
        servers.append(server)
        threading.Thread(target=server.serve_forever).start()
        return str(server.server_port)

    place = {"kb": ""}

    @Request.application
    def host(request: Request) -> Response:
        kb = place["kb"]
        names = ("script-src", "connect-src", "form-action", "frame-src")
        policy = "; ".join(("default-src 'none'", *(f"{name} {kb}" for name in names)))
        body = PAGES.get(request.path, "").format(kb=kb)
        script = f'<script type="module" src="{kb}/embed/v1/kb-search.js"></script>'
        head = '<!doctype html><html lang="en"><title>Intranet</title>'
        page = f"{head}<main><h1>Intranet</h1>{body}</main>{script}"
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": policy})

    listed, other = (f"http://localhost:{serve(host)}" for _ in range(2))
    site: Site = sample_app.extensions[KEY]
    settings = Settings(
        home=site.settings.home, allowed_origins=(listed,), frame_hosts=(listed,),
        api_requests_per_minute=0,
    )  # fmt: skip
    app = create_app(settings, site.store, site.search, site.taxonomy, today=site.today)
    place["kb"] = f"http://127.0.0.1:{serve(app)}"
    yield Hosts(place["kb"], listed, other)
    for server in servers:
        server.shutdown()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page; no page may break the policy of its host."""
    contexts, faults = [], []

    def make(url: str, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: faults.append(line.text) if "Policy" in line.text else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(url)
        return page

    yield make
    for context in contexts:
        context.close()
    assert faults == []


@pytest.mark.browser
def test_type_arrow_enter_and_back(hosts: Hosts, visit: Callable[..., Page]) -> None:
    page = visit(hosts.listed)
    box, options = page.get_by_role("combobox"), page.get_by_role("option")
    box.press_sequentially("warfarin", delay=20)
    expect(options.first).to_contain_text("Warfarin")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status")).to_contain_text("result")
    box.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    expect(page.locator("[aria-selected=true]")).to_have_count(0)
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    findings = Axe().run(page).response["violations"]
    assert [one["id"] for one in findings if one["impact"] in ("serious", "critical")] == []
    box.press("Escape")
    expect(options.first).to_be_hidden()
    box.press("ArrowDown")
    expect(options.first).to_be_visible()
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url(f"{hosts.kb}/articles/**")
    assert "#p-" in page.url
    page.go_back()
    expect(page.get_by_role("combobox")).to_be_visible()
    page.get_by_role("combobox").fill("gout flare")
    page.get_by_role("combobox").press("Enter")
    page.wait_for_url(f"{hosts.kb}/search?q=gout+flare")


@pytest.mark.browser
def test_a_dialog_takes_the_focus_and_gives_it_back(
    hosts: Hosts, visit: Callable[..., Page]
) -> None:
    page = visit(f"{hosts.listed}/modal", color_scheme="dark")
    page.locator("#other").focus()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    box.fill("zzzz qqqq")
    expect(page.get_by_text("Hierzu gibt es nichts.").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#other")).to_be_focused()  # where the reader was
    page.get_by_role("button", name="Suchen").click()
    expect(box).to_be_focused()
    page.get_by_role("button", name="Schließen").click()
    expect(page.get_by_role("button", name="Suchen")).to_be_focused()
    page.evaluate("document.documentElement.style.colorScheme = 'dark'")
    root = "document.querySelector('kb-search').shadowRoot"
    ink = f"getComputedStyle({root}.querySelector('input')).color"
    assert page.evaluate(ink) == "rgb(228, 233, 237)"


@pytest.mark.browser
def test_two_elements_do_not_meet(hosts: Hosts, visit: Callable[..., Page]) -> None:
    page = visit(f"{hosts.listed}/two")
    page.evaluate(
        """() => { window.told = [];
        for (const name of ["kb:search", "kb:results", "kb:select"])
          document.addEventListener(name, (event) => {
            window.told.push(name); if (name === "kb:select") event.preventDefault(); }); }"""
    )
    first, second = page.locator("kb-search").nth(0), page.locator("kb-search").nth(1)
    page.locator("#notes").press_sequentially("/")
    assert page.locator("#notes").input_value() == "/"  # a letter that is being typed
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(second.get_by_role("combobox")).to_be_focused()
    first.get_by_role("combobox").fill("bleeding")
    first.get_by_role("combobox").press("Enter")
    expect(first.get_by_role("option")).to_have_count(2)
    expect(second.get_by_role("option")).to_have_count(0)
    assert page.url == f"{hosts.listed}/two"
    first.get_by_role("option").first.click()
    assert page.evaluate("window.told.slice(-1)") == ["kb:select"]
    assert {"kb:search", "kb:results"} <= set(page.evaluate("window.told"))
    assert page.url == f"{hosts.listed}/two"  # the host has cancelled it
    second.get_by_role("combobox").fill("gout")
    expect(second.get_by_role("option").first).to_be_visible()
    second.evaluate("(element) => element.setAttribute('limit', '1')")
    expect(second.get_by_role("combobox")).to_have_value("gout")


@pytest.mark.browser
def test_slow_failing_and_hostile_answers(hosts: Hosts, visit: Callable[..., Page]) -> None:
    page = visit(hosts.listed)
    held: list[Route] = []
    answers = "**/api/v1/search?q=**"

    def hold(route: Route) -> None:
        held.append(route)

    page.route(answers, hold)
    box = page.get_by_role("combobox")
    box.fill("slow")
    page.wait_for_function("() => true")
    expect(page.get_by_role("status")).to_have_text("Searching")
    box.fill("hostile")
    page.wait_for_timeout(400)
    assert len(held) == 2
    hostile = "<img src=x onerror=\"document.title='broken'\">"
    hit = {
        "id": "x", "url": "javascript:document.title='broken'", "snippet": [[hostile, True]],
        "article": {"title": hostile, "review_state": "overdue", "review_due": "2020-01-01"},
        "passage": {"heading_path": [hostile]},
    }  # fmt: skip
    found = {"query": {"relaxed": None, "did_you_mean": []}, "total": 1, "hits": [hit]}
    head = {"Access-Control-Allow-Origin": "*"}
    held[1].fulfill(json=found, headers=head)
    option = page.get_by_role("option")
    expect(option).to_contain_text("<img src=x")
    expect(option).to_contain_text("Review overdue since January 2020")
    assert page.locator("kb-search a[href^=javascript]").count() == 0
    assert page.title() == "Intranet"

    page.unroute(answers)
    page.route(answers, lambda route: route.abort())
    box.fill("gout")
    expect(page.get_by_role("alert")).to_contain_text("The search cannot be reached.")
    page.unroute(answers)
    page.get_by_role("button", name="Try again").click()
    expect(option.first).to_contain_text("Gout")
    expect(box).to_be_focused()
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.browser
def test_without_scripts_the_form_inside_searches(hosts: Hosts, visit: Callable[..., Page]) -> None:
    page = visit(hosts.listed, java_script_enabled=False)
    page.locator("input[name=q]").fill("gout")
    page.get_by_role("button", name="Search").click()
    assert page.url == f"{hosts.kb}/search?q=gout"


@pytest.mark.browser
def test_a_frame_stands_only_in_pages_of_a_listed_host(
    hosts: Hosts, visit: Callable[..., Page]
) -> None:
    page = visit(f"{hosts.listed}/frame")
    page.evaluate(
        """() => window.addEventListener("message", ({ origin, data }) => {
          window.told = [origin, data.type, data.height > 50]; })"""
    )
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("link").first).to_have_attribute("target", "_top")
    inside.get_by_role("searchbox").fill("warfarin")
    inside.get_by_role("button").click()
    expect(inside.get_by_role("link").first).to_contain_text("arfarin")
    page.wait_for_function("() => window.told")
    assert page.evaluate("window.told") == [hosts.kb, "kb:height", True]
    inside.get_by_role("link").first.click()
    page.wait_for_url(f"{hosts.kb}/articles/**")


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/frame", "/home"])
def test_other_frames_are_refused(hosts: Hosts, browser: Browser, path: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.goto(f"{hosts.other if path == '/frame' else hosts.listed}{path}")
    page.wait_for_timeout(300)
    assert any("frame-ancestors" in line for line in said)
    assert page.frames[1].url.startswith("chrome-error:")
    context.close()


def test_what_is_served_to_whom(hosts: Hosts, client) -> None:
    response = client.get("/embed")
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    script = client.get("/embed/v1/kb-search.js", headers={"Origin": "https://evil.example"})
    assert script.headers["Access-Control-Allow-Origin"] == "*"
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(gzip.compress(script.data)) < 15_000  # what a host page is told that it costs
    again = client.get("/embed/v1/kb-search.js", headers={"If-None-Match": script.headers["ETag"]})
    assert again.status_code == 304
    page = client.get(
        "/embed/docs?mode=modal&placeholder=%22%3E%3Cscript%3E&origin=https://x.example"
    )
    assert "mode=&#34;modal&#34;" in page.text
    assert '"><script>' not in page.text
    assert "https://x.example" in page.text
