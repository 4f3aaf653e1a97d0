"""The whole way of two articles in a real browser: from a DOCX and a PDF to what an old link says.

Three people, each in a browser of their own; the site runs with the threads that a serving process
has. Once by pointing and once with the keyboard alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from werkzeug.serving import make_server

from kb.model.permissions import Role
from kb.settings import Settings
from tests.ingest.documents.docx import docx, para
from tests.ingest.documents.pdf import Page as Sheet
from tests.ingest.documents.pdf import pdf
from tests.web.chromium import grave, held
from tests.web.sign_in import PASSWORD, make_person
from web.bootstrap import create_base
from web.server.gunicorn_app import create_from_settings

pytestmark = pytest.mark.browser

ADD = '.desk-nav a[href="/desk/import"]'
NO_OWNER = '.findings [data-rule="owner"]'
WORD = "zorvaxilin"  # in no list of names, so that only this article is found by it


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a site over an empty base, with what works beside it."""
    settings = Settings(home=tmp_path, index_sync_seconds=0.2, api_requests_per_minute=0)
    base = create_base(settings)
    base.indexer.rebuild()
    base.store.close()
    app, beside = create_from_settings(settings)
    for name, role in (("ann", Role.AUTHOR), ("ben", Role.REVIEWER), ("dora", Role.PUBLISHER)):
        make_person(app, role, name)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    for thread in beside:
        thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    for thread in beside:
        thread.stop()  # type: ignore[attr-defined]
        thread.join()
    server.shutdown()
    serving.join()


@pytest.fixture
def person(browser: Browser, site: str) -> Iterator[Callable[[str], Page]]:
    """Return a function that opens the browser of somebody and signs them in."""
    contexts = []
    faults: list[str] = []

    def sign_in(name: str) -> Page:
        context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto("/sign-in")
        page.locator("#name").fill(name)
        page.locator("#password").fill(PASSWORD)
        button(page, "/sign-in").click()
        page.wait_for_url("**/desk")
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert faults == []


def button(page: Page | Locator, action: str) -> Locator:
    """Return the button of the form that leads to an address with this end."""
    return page.locator(f'form[action$="{action}"] [type="submit"]')


def correction(passage: Locator, kind: str) -> Locator:
    """Return the forms of a passage that make a correction of this kind."""
    return passage.locator(f'form:has(input[name="what"][value="{kind}"])')


def shows(page: Page, status: str, version: int, published: int | None = None) -> None:
    """Expect the page of an article to show its workflow status and versions."""
    line = page.locator(f'#status[data-version="{version}"]')
    expect(line).to_have_attribute("data-published-version", str(published or ""))
    expect(line.locator("[data-status]")).to_have_attribute("data-status", status)
    expect(line).to_be_visible()


def article() -> bytes:
    return docx(
        para("Zorvaxilin", "Title")
        + para("How it works", "heading 1")
        + para("Zorvaxilin blocks a made-up enzyme, so that less of it is made.")
        + para("Dose", "heading 1")
        + para("Take 5 mg once a day. Swallow it whole.")
    )


def sheet() -> bytes:
    page = Sheet().text(60, 60, "Zorvaxilin in kidney disease", size=18, font="b")
    return pdf(page.text(60, 100, "Halve the dose of zorvaxilin when the kidneys are weak."))


def uploaded(ann: Page, folder: Path) -> None:
    """Upload both files and wait until they are read."""
    (folder / "zorvaxilin.docx").write_bytes(article())
    (folder / "kidney.pdf").write_bytes(sheet())
    ann.locator(ADD).click()
    assert grave(ann) == []
    files = [str(folder / name) for name in ("zorvaxilin.docx", "kidney.pdf")]
    ann.locator("#files").set_input_files(files)
    button(ann, "/import/files").click()
    expect(ann.locator('[role="status"][data-ready="2"]')).to_be_visible(timeout=30_000)
    assert grave(ann) == []


def is_found(page: Page) -> None:
    """Expect the search to find the article soon after it was published."""
    page.goto(f"/search?q={WORD}")
    for _ in range(20):
        if page.locator(".hit").count():
            break
        page.wait_for_timeout(100)
        page.reload()
    expect(page.locator(".hit").first).to_contain_text("Zorvaxilin")


def test_two_files_from_upload_to_retirement(
    person: Callable[[str], Page], tmp_path: Path, site: str
) -> None:
    ann, ben, dora = (person(name) for name in ("ann", "ben", "dora"))
    uploaded(ann, tmp_path)

    # Looked at beside its passages, with what the checks say; a tag and a fact corrected.
    ann.locator("main a", has_text="Zorvaxilin").first.click()
    expect(ann.locator(NO_OWNER)).to_be_visible()
    dose = ann.locator("section.piece", has_text="Take 5 mg")
    dose.hover()
    expect(ann.locator(".source .linked").last).to_contain_text("Take 5 mg")
    dose.locator("summary").click()
    tag = correction(dose, "tag")
    tag.locator("select").select_option("interactions")
    tag.locator("button").click()
    expect(ann.locator('[data-correction="tag"]')).to_be_visible()
    expect(ann.locator('[data-correction="tag"]')).to_contain_text("interactions")
    ann.locator(".facts-form summary").click()
    ann.locator("#f-owner").fill("ann")
    button(ann, "/facts").click()
    expect(ann.locator('[data-correction="owner"]')).to_be_visible()
    expect(ann.locator(NO_OWNER)).to_have_count(0)
    assert grave(ann) == []
    button(ann, "/save").click()

    # Submitted; refused as one's own; approved by another; published by a third.
    button(ann, "/submit").click()
    shows(ann, "in-review", 1)
    address = ann.url
    dora.goto(address)
    button(dora, "/approve").click()
    shows(dora, "approved", 1)
    button(dora, "/withdraw").click()
    button(dora, "/submit").click()
    expect(dora.locator("#why-approve")).to_be_visible()
    button(dora, "/approve").click()
    expect(dora.get_by_role("alert")).to_have_attribute("data-error", "four-eyes")
    ben.goto(address)
    dose = ben.locator("section.passage", has_text="Take 5 mg")
    dose.locator("summary").click()
    dose.locator('[name="note"]').fill("With food?")
    button(ben.locator("details[open]"), "/comments").click()
    expect(ben.locator("[data-comment]").get_by_text("With food?", exact=True)).to_be_visible()
    button(ben, "/approve").click()
    dora.goto(address)
    button(dora, "/publish").click()
    shows(dora, "published", 1, 1)
    is_found(ann)
    ann.locator(".hit h2 a").first.click()
    old_link = ann.url

    # Edited, compared, restored.
    ann.goto(address)
    button(ann, "/edit").click()
    dose = ann.locator("section.piece", has_text="Take 5 mg")
    dose.locator("summary").click()
    text = correction(dose, "text").first
    text.locator('[name="new"]').fill("Take 10 mg once a day. Swallow it whole.")
    text.locator("button").click()
    button(ann, "/save").click()
    ann.locator('.desk-links a[href$="/diff"]').click()
    expect(ann.locator("del")).to_have_text("5")
    expect(ann.locator("ins")).to_have_text("10")
    assert grave(ann) == []
    button(ann, "/versions/1/restore").click()
    shows(ann, "draft", 3, 1)

    # Retired; the old link explains and points on.
    dora.goto("/desk/articles")
    dora.goto(address)
    dora.locator("details", has=dora.locator("#reason")).locator("summary").click()
    dora.locator("#reason").fill("Withdrawn by its maker.")
    button(dora, "/retire").click()
    shows(dora, "retired", 3)
    ann.goto(old_link)
    expect(ann.locator("[data-retired]")).to_be_visible()
    expect(ann.get_by_text("Withdrawn by its maker.")).to_be_visible()


def test_the_same_with_the_keyboard_alone(person: Callable[[str], Page], tmp_path: Path) -> None:
    ann = person("ann")
    uploaded(ann, tmp_path)

    def press(page: Page, target: Locator) -> None:
        """Go to a control by the tab key, as often as it takes, and press it."""
        page.locator("main").evaluate("element => element.focus()")
        for _ in range(200):
            page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                break
        expect(target).to_be_focused()
        page.keyboard.press("Enter")

    press(ann, ann.get_by_role("link", name="Zorvaxilin", exact=True))
    linked = ann.locator(".source .linked")
    link = ann.locator(".source").get_by_role("link", name="Dose", exact=True)
    link.focus()
    expect(linked.first).to_be_visible()
    ann.keyboard.press("Enter")
    press(ann, button(ann, "/save"))
    press(ann, button(ann, "/submit"))
    address = ann.url
    ben = person("ben")
    ben.goto(address)
    press(ben, button(ben, "/approve"))
    dora = person("dora")
    dora.goto(address)
    press(dora, button(dora, "/publish"))
    shows(dora, "published", 1, 1)
    is_found(dora)


def test_a_passage_reached_before_the_page_is_ready_is_pointed_at_all_the_same(
    person: Callable[[str], Page], tmp_path: Path
) -> None:
    ann = person("ann")
    uploaded(ann, tmp_path)
    late = held(ann, "**/imports.js")
    ann.get_by_role("link", name="Zorvaxilin", exact=True).click(no_wait_after=True)
    ann.locator(".source").get_by_role("link", name="Dose", exact=True).focus()
    expect(ann.locator(".source .linked")).to_have_count(0)
    late[0].continue_()
    expect(ann.locator(".source .linked").last).to_contain_text("Take 5 mg")


def test_text_typed_before_the_script_loads_keeps_its_lines(
    person: Callable[[str], Page],
) -> None:
    ann = person("ann")
    late = held(ann, "**/imports.js")
    ann.locator(ADD).click(no_wait_after=True)
    ann.locator("textarea").press_sequentially("# Dose\n\nTake 5 mg")
    late[0].continue_()
    expect(ann.locator("[contenteditable]")).to_be_focused()
    ann.keyboard.type(" with food.\n\n# Safety\n\nCall for help.")
    ann.unroute("**/imports.js")
    button(ann, "/import/paste").click()
    ann.get_by_role("link", name="Dose", exact=True).click(timeout=30_000)
    expect(ann.locator("section.piece h3")).to_have_text(["Dose", "Safety"])
    expect(ann.locator("section.piece").first).to_contain_text("Take 5 mg with food.")


def test_job_finished_before_the_first_poll_is_shown(
    person: Callable[[str], Page], tmp_path: Path
) -> None:
    ann = person("ann")
    ann.goto("/desk/import")
    (tmp_path / "zorvaxilin.docx").write_bytes(article())
    ann.locator("#files").set_input_files(str(tmp_path / "zorvaxilin.docx"))
    late = held(ann, "**/imports.js")
    button(ann, "/import/files").click(no_wait_after=True)
    ann.wait_for_url("**/desk/imports/*", wait_until="commit")
    for _ in range(300):
        if not ann.request.get(f"{ann.url}/state").json()["open"]:
            break
        ann.wait_for_timeout(100)
    late[0].continue_()
    expect(ann.locator('[role="status"][data-ready="1"]')).to_be_visible()
