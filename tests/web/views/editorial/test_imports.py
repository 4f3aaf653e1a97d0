"""From what somebody sends to a draft: read in the background, looked at, corrected, saved."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from index.search.service import SearchService
from kb.editorial.import_jobs import ItemState
from kb.model.permissions import Role
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from tests.web.builders import TODAY
from tests.web.page_text import parse, text_of
from tests.web.sign_in import csrf, post, sign_in
from tests.web.views.editorial.desk_page import error_of, problem_of
from web.app import create_app
from web.context import services_of
from web.server.import_worker import FILE_MISSING, ImportWorker

TEXT = """# Gout

## Use

Take it once a day.

Swallow it whole.

## Side effects

It may cause a rash.
"""


@pytest.fixture
def desk(
    settings: Settings,
    empty_store: ArticleStore,
    search: SearchService,
    taxonomy: Taxonomy,
    tmp_path: Path,
) -> Flask:
    own = settings.model_copy(update={"home": tmp_path})
    return create_app(own, empty_store, search, taxonomy, today=lambda: TODAY)


@pytest.fixture
def ann(desk: Flask) -> FlaskClient:
    client = desk.test_client()
    sign_in(client, Role.AUTHOR, "ann")
    return client


@pytest.fixture
def clerk(desk: Flask) -> ImportWorker:
    site = services_of(desk)
    return ImportWorker(site.editorial.jobs, site.editorial.draft_reader, site.settings.home)


def read(clerk: ImportWorker) -> None:
    while clerk.process_next():
        pass


def send(client: FlaskClient, *files: tuple[str, bytes]) -> TestResponse:
    sent = [(io.BytesIO(content), name) for name, content in files]
    return client.post(
        "/desk/import/files", data={"files": sent}, headers=csrf(client),
        content_type="multipart/form-data",
    )  # fmt: skip


def item_of(client: FlaskClient, job: str) -> str:
    """Return the address of the first article that is ready."""
    found = re.search(r'href="(/desk/drafts/\d+)"', client.get(job).text)
    assert found, client.get(job).text
    return found[1]


def counts_of(client: FlaskClient, job: str) -> tuple[int, int, int]:
    """Return how many items of a job are ready, waiting and stopped, as its page shows them."""
    (line,) = parse(client.get(job)).select('[role="status"][data-ready]')
    ready, waiting, stopped = (
        int(str(line[f"data-{state}"])) for state in ("ready", "waiting", "stopped")
    )
    return ready, waiting, stopped


def states_of(client: FlaskClient, job: str) -> list[str]:
    """Return the state of each item that the page of a job lists."""
    return [str(item["data-state"]) for item in parse(client.get(job)).select(".cards > li")]


def corrections_of(client: FlaskClient, item: str) -> list[tuple[str, str]]:
    """Return the corrections that the page of an item lists: the kind and the line."""
    lines = parse(client.get(item)).select("[data-correction]")
    return [(str(line["data-correction"]), line.get_text()) for line in lines]


def pasted(client: FlaskClient, clerk: ImportWorker, **form: str) -> str:
    answer = post(client, "/desk/import/paste", **form)
    assert answer.status_code == 303, answer.text
    read(clerk)
    return item_of(client, answer.location)


def test_paste_look_correct_save(
    ann: FlaskClient, clerk: ImportWorker, empty_store: ArticleStore, desk: Flask
) -> None:
    item = pasted(ann, clerk, text=TEXT, title="Gout")
    shown = ann.get(item)
    page = shown.text
    assert "Take it once a day." in page
    assert parse(shown).select('.lead[data-state="ready"][data-coverage="100"]')
    assert empty_store.summaries() == [], "nothing is saved yet"

    first_text = "Take it once a day."
    place = "Gout\nUse" if "Gout › Use" in page else "Use"
    form = {"what": "tag", "place": place, "old": first_text, "new": "interactions"}
    assert post(ann, f"{item}/correct", **form).status_code == 303
    form = {"what": "text", "place": place, "old": first_text, "new": "Take it twice a day."}
    assert post(ann, f"{item}/correct", **form).status_code == 303
    form = {"what": "split", "place": place, "old": "Swallow it whole."}
    assert post(ann, f"{item}/correct", **form).status_code == 303
    form = {"what": "heading", "place": place, "new": "How to take it"}
    assert post(ann, f"{item}/correct", **form).status_code == 303
    facts = {"title": "Gout pills", "topics": "Joints\n", "codes": "icd-10-cm:M10", "owner": "ann"}
    assert post(ann, f"{item}/facts", **facts).status_code == 303

    saved = post(ann, f"{item}/save")
    assert saved.status_code == 303, saved.text
    record = empty_store.article(saved.location.rsplit("/", 1)[1])
    texts = [(p.heading_path[-1:], p.text) for p in record.passages]
    assert (("How to take it",), "Take it twice a day.") in texts
    assert (("How to take it",), "Swallow it whole.") in texts
    (tagged,) = [p for p in record.passages if p.text == "Take it twice a day."]
    assert "interactions" in {tag.tag for tag in tagged.tags}
    assert record.article.title == "Gout pills"
    assert record.article.metadata.topics == ("Joints",)
    assert record.published_version is None
    assert post(ann, f"{item}/save").status_code == 409
    originals = list((services_of(desk).settings.home / "sources").glob("??/*"))
    assert len(originals) == 1


def test_rejected_correction_keeps_the_entered_text(ann: FlaskClient, clerk: ImportWorker) -> None:
    item = pasted(ann, clerk, text=TEXT)
    wrong = {"what": "text", "place": "Use", "old": "Not there.", "new": "Take nothing."}
    answer = post(ann, f"{item}/correct", **wrong)
    assert (answer.status_code, error_of(answer)) == (422, "place-gone")
    wrong_code = post(ann, f"{item}/facts", title="Gout", codes="M10")
    assert (wrong_code.status_code, error_of(wrong_code)) == (422, "medical-code")
    unknown = post(ann, f"{item}/correct", what="boast")
    assert (unknown.status_code, error_of(unknown)) == (422, "correction-unknown")
    assert corrections_of(ann, item) == []
    fine = {"what": "heading", "place": "Use", "new": "Taking it"}
    page = ann.get(item).text
    if "Gout › Use" in page:
        fine["place"] = "Gout\nUse"
    post(ann, f"{item}/correct", **fine)
    ((kind, line),) = corrections_of(ann, item)
    assert (kind, "Taking it" in line) == ("heading", True)
    assert post(ann, f"{item}/undo/0").status_code == 303
    assert corrections_of(ann, item) == []
    assert "Taking it" not in text_of(ann.get(item))


def test_files_of_any_kind_each_with_its_fate(
    ann: FlaskClient, clerk: ImportWorker, empty_store: ArticleStore
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.md", "# Asthma\n\nBreathe out.")
        made.writestr("b.md", "# Sepsis\n\nCall for help.")
    job = send(
        ann,
        ("../../etc/gout.md", b"# Gout\n\nTake it."),
        ("empty.txt", b""),
        ("two.zip", archive.getvalue()),
        ("broken.pdf", b"%PDF-1.4 nothing more"),
    ).location
    assert counts_of(ann, job) == (0, 4, 0)
    read(clerk)
    page = ann.get(job).text
    assert counts_of(ann, job) == (3, 0, 0)
    assert states_of(ann, job).count("failed") == 2
    assert "etc/" not in page
    retried = re.search(r"/desk/drafts/\d+/retry", page)
    assert retried
    assert post(ann, retried[0]).status_code == 303
    read(clerk)
    assert states_of(ann, job).count("failed") == 2
    assert post(ann, f"{job}/save").status_code == 303
    assert sorted(s.title for s in empty_store.summaries()) == ["Asthma", "Gout", "Sepsis"]
    assert ann.get(f"{job}/state").json == {
        "open": False,
        "states": [
            item.state.value
            for item in services_of(ann.application).editorial.jobs.get_job(1).items
        ],
    }


def test_a_job_is_stopped_and_goes_on(ann: FlaskClient, clerk: ImportWorker) -> None:
    job = send(ann, *((f"{n}.md", f"# A{n}\n\nText {n}.".encode()) for n in range(4))).location
    clerk.process_next()
    assert post(ann, f"{job}/stop").status_code == 303
    read(clerk)
    assert counts_of(ann, job) == (1, 0, 3)
    post(ann, f"{job}/start")
    read(clerk)
    assert counts_of(ann, job) == (4, 0, 0)


def test_the_same_file_again_is_a_new_version_or_an_article_of_its_own(
    ann: FlaskClient, clerk: ImportWorker, empty_store: ArticleStore
) -> None:
    for text, how in ((b"Take it.", ""), (b"Take it twice.", "version"), (b"Other.", "own")):
        job = send(ann, ("gout.md", b"# Gout\n\n" + text)).location
        read(clerk)
        item = item_of(ann, job)
        choices = parse(ann.get(item)).select('input[type="radio"][name="as"]')
        assert [choice["value"] for choice in choices] == (["version", "own"] if how else [])
        assert post(ann, f"{item}/save", **{"as": how}).status_code == 303
    assert [(s.id, s.version) for s in empty_store.summaries()] == [("gout", 2), ("gout-2", 1)]


def test_near_duplicates_are_listed_with_a_link(
    ann: FlaskClient, clerk: ImportWorker, empty_store: ArticleStore
) -> None:
    text = (
        "Take the tablet once a day in the morning with a full glass of water after breakfast. "
        "Do not lie down for half an hour. If you have forgotten it, take it at noon, and never "
        "two on the same day. Call the clinic when you have vomited within an hour of taking it, "
        "or when a rash comes with fever, since both need another medicine."
    )
    first = pasted(ann, clerk, text=f"# Use\n\n{text}", title="Gout")
    post(ann, f"{first}/save")
    (passage,) = empty_store.article("gout", 1).passages
    page = ann.get(pasted(ann, clerk, text=f"# Dose\n\n{text}", title="Asthma"))
    links = parse(page).select(".findings li a")
    assert f"/passages/{passage.id}" in [link["href"] for link in links]


def test_two_people_correct_the_same_version(
    ann: FlaskClient, desk: Flask, clerk: ImportWorker, empty_store: ArticleStore
) -> None:
    item = pasted(ann, clerk, text=TEXT, title="Gout")
    article = post(ann, f"{item}/save").location
    ben = desk.test_client()
    sign_in(ben, Role.AUTHOR, "ben")
    hers = post(ann, f"{article}/edit").location
    his = post(ben, f"{article}/edit").location
    nothing = post(ann, f"{hers}/save")
    assert (nothing.status_code, error_of(nothing)) == (422, "nothing-corrected")
    post(ann, f"{hers}/facts", title="Gout, hers")
    post(ben, f"{his}/facts", title="Gout", owner="Ben")
    assert post(ann, f"{hers}/save").status_code == 303
    both = post(ben, f"{his}/save")
    assert both.status_code == 409
    (theirs,) = parse(both).select('.both [data-saved-by="ann"][data-version="2"]')
    (mine,) = parse(both).select('.both [data-saved-by=""]')
    assert "Gout, hers" in theirs.get_text()
    assert "Ben" in mine.get_text()
    assert post(ben, f"{his}/rebase").status_code == 303
    assert post(ben, f"{his}/save").status_code == 303
    record = empty_store.article(article.rsplit("/", 1)[1], 3)
    assert record.article.metadata.owner == "Ben"


def test_corrections_that_are_given_up_lead_back_to_the_article(
    ann: FlaskClient, clerk: ImportWorker
) -> None:
    article = post(ann, f"{pasted(ann, clerk, text=TEXT, title='Gout')}/save").location
    item = post(ann, f"{article}/edit").location
    assert post(ann, f"{item}/discard").location == article


def test_items_of_other_users_return_not_found(
    ann: FlaskClient, desk: Flask, clerk: ImportWorker
) -> None:
    item = pasted(ann, clerk, text=TEXT)
    ben = desk.test_client()
    sign_in(ben, Role.PUBLISHER, "ben")
    for path in (
        "/desk/imports/1",
        item,
        "/desk/imports/1/state",
        "/desk/imports/99",
        "/desk/drafts/99",
    ):
        assert ben.get(path).status_code == 404, path
    assert post(ben, f"{item}/save").status_code == 404
    boss = desk.test_client()
    sign_in(boss, Role.ADMINISTRATOR, "boss")
    assert boss.get(item).status_code == 200


def test_nothing_that_is_pasted_acts(ann: FlaskClient, clerk: ImportWorker) -> None:
    html = (
        "<h1>Gout</h1><script>alert(1)</script><p onclick='alert(2)'>Take it."
        "<img src=x onerror=alert(3)></p><a href='javascript:alert(4)'>more</a>"
        "<iframe src='https://evil.example'></iframe><form action='/desk'><input></form>"
    )
    item = pasted(ann, clerk, html=html)
    page = ann.get(item).text
    assert "Take it." in page
    assert not re.search(r"alert\(|evil\.example|onerror|javascript:", page)


@pytest.mark.parametrize(
    ("path", "form", "code"),
    [
        ("paste", {"text": " "}, "no-text"),
        ("paste", {"html": "<div>" * 300 + "x"}, "too-deep"),
        ("files", {}, "files-missing"),
        ("address", {"address": "file:///etc/passwd"}, "address-invalid"),
        ("address", {"address": ""}, "address-invalid"),
    ],
)
def test_rejected_import_reports_the_reason(
    ann: FlaskClient, path: str, form: dict, code: str
) -> None:
    answer = post(ann, f"/desk/import/{path}", **form)
    assert (answer.status_code, error_of(answer)) == (422, code)
    assert form.get("address", "") in text_of(answer)


def test_an_address_inside_the_house_is_refused(ann: FlaskClient, clerk: ImportWorker) -> None:
    job = post(ann, "/desk/import/address", address="http://127.0.0.1:9/page").location
    read(clerk)
    assert states_of(ann, job) == ["failed"]


def test_limit_of_the_settings_applies_to_imports(
    settings: Settings,
    empty_store: ArticleStore,
    search: SearchService,
    taxonomy: Taxonomy,
    tmp_path: Path,
) -> None:
    own = settings.model_copy(update={"home": tmp_path, "article_max_characters": 20})
    limited = create_app(own, empty_store, search, taxonomy, today=lambda: TODAY)
    ann = limited.test_client()
    sign_in(ann, Role.AUTHOR, "ann")
    site = services_of(limited)
    send(ann, ("long.md", TEXT.encode()), ("short.md", b"# Gout\n\nTake it."))
    read(ImportWorker(site.editorial.jobs, site.editorial.draft_reader, tmp_path))
    items = site.editorial.jobs.get_job(1).items
    assert [item.source for item in items if item.state is ItemState.READY] == ["short.md"]
    (reason,) = (item.reason for item in items if item.state is ItemState.FAILED)
    assert "long.md" in reason
    assert "article_max_characters" in reason


def test_files_that_are_gone_say_so(ann: FlaskClient, clerk: ImportWorker, desk: Flask) -> None:
    site = services_of(desk)
    job = send(ann, ("gout.md", b"# Gout\n\nTake it."), ("b.md", b"# B\n\nText.")).location
    read(clerk)
    for file in (site.settings.home / "incoming").glob("*/*"):
        file.unlink()
    answer = post(ann, f"{job}/save")
    assert (answer.status_code, error_of(answer)) == (409, "original-missing")
    (alert,) = parse(answer).select('[role="alert"]')
    assert "gout.md" in alert.get_text()
    assert "b.md" in alert.get_text()
    send(ann, ("c.md", b"# C\n\nText."))
    for file in (site.settings.home / "incoming" / "2").glob("*"):
        file.unlink()
    read(clerk)
    (item,) = site.editorial.jobs.get_job(2).items
    assert (item.state, item.reason) == (ItemState.FAILED, FILE_MISSING)
    for deed in ("correct", "facts"):
        answer = post(ann, f"/desk/drafts/{item.number}/{deed}", what="title", new="Gout")
        assert (answer.status_code, problem_of(answer)) == (409, "state")
