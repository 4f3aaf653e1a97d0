"""Every page of the desk in a real browser, as an administrator with content sees it.

Narrow, in light and in dark: what axe finds, what is wider than the screen, what the browser
complains of. A page that is added to the desk is added here, or the first test fails.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from kb.model.corrections import Correction, CorrectionKind
from kb.model.permissions import Role
from kb.settings import Settings
from kb.storage.audit_log import Actor
from tests.kb.builders import save
from tests.web.chromium import overflow
from tests.web.sign_in import PASSWORD, SENT_FROM_HERE, post, sign_in
from web.bootstrap import create_base
from web.context import services_of
from web.server.gunicorn_app import create_from_settings

pytestmark = pytest.mark.browser

GOUT = "/desk/articles/gout"
TEXT = "# Febuxostat\n\nIt lowers urate.\n\n## Dose\n\nTake 80 mg.\n\n- with food\n- in the morning"
PAGES = {
    "editorial.home": "/desk",
    "editorial.articles": "/desk/articles",
    "editorial.article": GOUT,
    "editorial.version": f"{GOUT}/versions/1",
    "editorial.diff": f"{GOUT}/diff",
    "editorial.due": "/desk/reviews-due",
    "imports.show_form": "/desk/import",
    "imports.show_job": "/desk/imports/1",
    "draft_editor.show": "/desk/drafts/2",
    "search_insights.show": "/desk/search-report",
    "curation.pins": "/desk/pins?q=colchicine",
    "curation.synonyms": "/desk/synonyms",
    "admin.list_users": "/desk/users",
    "admin.show_audit_log": "/desk/audit-log",
    "account.show": "/account",
    "login.sign_in": "/sign-in",
}
NO_PAGES = {
    "admin.export_audit_log",
    "imports.job_status",
    "legacy_urls.moved",
    "oidc.begin",
    "oidc.callback",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    """A desk at which something stands on every page, and its address."""
    settings = Settings(
        home=tmp_path_factory.mktemp("desk"), index_sync_seconds=0.2, api_requests_per_minute=0
    )
    base = create_base(settings)
    save(base.store, "Gout", ("Use", "Colchicine calms a flare."), publish=True)
    base.store.correct(
        "gout", 1, [Correction(CorrectionKind.OWNER, new="Ann Lee")], actor=Actor("ben")
    )
    save(
        base.store,
        "Gout",
        ("Use", "Colchicine or rest."),
        ("Safety", "Call."),
        publish=False,
        actor=Actor("ben"),
    )
    base.indexer.rebuild()
    base.store.close()
    app, beside = create_from_settings(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    for thread in (*beside, serving := threading.Thread(target=server.serve_forever)):
        thread.start()
    client = app.test_client()
    sign_in(client, Role.ADMINISTRATOR, "anna")
    passage = services_of(app).store.article("gout").passages[0].id
    forms: dict[str, dict[str, object]] = {
        f"{GOUT}/submit": {"version": 3, "note": "The dose is new."},
        f"{GOUT}/comments": {"version": 3, "passage": passage, "note": "With food?"},
        "/desk/import/paste": {"text": TEXT},
        "/desk/synonyms": {"line": "crystal arthritis = gout"},
        "/desk/pins": {"q": "colchicine", "passage": passage},
        "/account/tokens": {"label": "Nightly load", "scope": "search"},
    }
    for path, fields in forms.items():
        assert post(client, path, **fields).status_code in (200, 303), path
    question = {"query": "tophi", "sentence": "How long until they go?"}
    assert app.test_client().post("/ask", data=question, headers=SENT_FROM_HERE).status_code == 303
    while client.get("/desk/imports/1/state").json["open"]:  # type: ignore[index]
        threading.Event().wait(0.1)
    yield app, f"http://127.0.0.1:{server.server_port}"
    for thread in beside:
        thread.stop()  # type: ignore[attr-defined]
        thread.join()
    server.shutdown()
    serving.join()


@pytest.fixture(scope="module")
def anna(browser: Browser, desk: tuple[Flask, str]) -> Iterator[Page]:
    """A narrow browser in which an administrator is signed in."""
    context = browser.new_context(
        base_url=desk[1], viewport={"width": 360, "height": 740}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto("/sign-in")
    page.locator("#name").fill("anna")
    page.locator("#password").fill(PASSWORD)
    page.locator('main form[action="/sign-in"] button').click()
    page.wait_for_url("**/desk")
    yield page
    context.close()


def test_no_page_is_forgotten(desk: tuple[Flask, str]) -> None:
    there = {
        rule.endpoint
        for rule in desk[0].url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.rule.startswith(("/desk", "/account", "/sign-in"))
    }
    assert there - NO_PAGES == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_in_order(anna: Page, name: str) -> None:
    faults: list[str] = []
    anna.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    anna.on("pageerror", lambda error: faults.append(str(error)))
    cookies = anna.context.cookies()
    if name == "login.sign_in":
        anna.context.clear_cookies()
    answer = anna.goto(PAGES[name])
    assert answer and answer.ok
    assert overflow(anna) == 0
    for scheme in ("light", "dark"):
        anna.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        faults += [
            f"{scheme}: {one['id']}: {one['nodes'][0]['html']}"
            for one in Axe().run(anna).response["violations"]
            if one["impact"] in ("serious", "critical")
        ]
    anna.context.add_cookies(cookies)  # type: ignore[arg-type]
    assert faults == []
