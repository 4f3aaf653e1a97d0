"""The board, pins and synonyms in the browser, over the real search."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from index.engines import open_engine
from index.indexer import Indexer
from index.search.service import SearchService
from kb.editorial.workflow import ReviewWorkflow
from kb.model.permissions import Role
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import save
from tests.web.builders import TODAY
from tests.web.page_text import HasText, parse, text_of
from tests.web.sign_in import SENT_FROM_HERE, post, sign_in
from tests.web.views.editorial.desk_page import error_of, queues_of
from web.app import create_app
from web.context import Services, services_of


@pytest.fixture
def app(settings: Settings, empty_store: ArticleStore, taxonomy: Taxonomy, tmp_path: Path) -> Flask:
    save(empty_store, "Gout", ("Use", "Allopurinol lowers urate."), ("Flare", "Rest the joint."))
    save(empty_store, "Joints", ("Pain", "A joint may hurt after a fall, a joint may swell."))
    engine = open_engine(f"whoosh:{tmp_path / 'index'}", taxonomy)
    Indexer(empty_store, engine, taxonomy).rebuild()
    search = SearchService(empty_store, engine, taxonomy, today=lambda: TODAY)
    own = settings.model_copy(update={"home": tmp_path})
    return create_app(own, empty_store, search, taxonomy, today=lambda: TODAY)


@pytest.fixture
def site(app: Flask) -> Services:
    return services_of(app)


@pytest.fixture
def ann(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, Role.AUTHOR, "ann")
    return client


def section(page: HasText, name: str) -> str:
    """Return the text of a section of the board, nothing where there is none."""
    found = parse(page).select_one(f"#{name}")
    return found.get_text() if found else ""


def moves(page: HasText) -> list[tuple[str, str, str]]:
    """Return what a trial shows to move: the first words, the rank before and after."""
    return [
        (" ".join(str(line.contents[0]).split()), str(line["data-before"]), str(line["data-after"]))
        for line in parse(page).select("#trial [data-after]")
    ]


def is_pinned(client: FlaskClient, q: str) -> bool:
    """Whether the page of results shows its first hit as pinned."""
    (first, *_) = parse(client.get(f"/search?q={q}")).select(".hit")
    return first.has_attr("data-pinned")


def first_hits(client: FlaskClient, q: str) -> list[tuple[str, bool]]:
    answer = client.get("/api/v1/search", query_string={"q": q}).json
    assert answer is not None
    return [(hit["article"]["id"], hit["pinned"]) for hit in answer["hits"]]


def passage(store: ArticleStore, article: str, number: int) -> str:
    return store.article(article).passages[number].id


def test_a_pin_is_tried_saved_shown_and_taken_off(
    ann: FlaskClient, empty_store: ArticleStore
) -> None:
    flare = passage(empty_store, "gout", 1)
    assert first_hits(ann, "joint")[0] == ("joints", False)
    offered = parse(ann.get("/desk/pins?q=joint")).select('form[action="/desk/pins/try"]')
    assert offered
    tried = post(ann, "/desk/pins/try", q="joint", passage=flare)
    assert ("Gout › Flare", "2", "1") in moves(tried)
    assert first_hits(ann, "joint")[0] == ("joints", False), "nothing is saved by a trial"

    assert post(ann, "/desk/pins", q="Joint", passage=flare, note="Ours.").status_code == 303
    assert first_hits(ann, "joints") == [("gout", True), ("joints", False)]
    assert first_hits(ann, "joint swelling")[0][1] is False, "it is for the whole query"
    assert is_pinned(ann, "joint")
    answer = ann.get("/api/v1/search?q=joint&tag=safety").json
    assert not [hit for hit in answer["hits"] if hit["pinned"]]
    empty_store.set_tag(flare, "safety", present=True, actor=Actor("x"))
    answer = ann.get("/api/v1/search?q=joint&tag=safety").json
    assert [hit["id"] for hit in answer["hits"] if hit["pinned"]] == [flare]
    answer = ann.get("/api/v1/search?q=joint&tag=safety&topic=Other").json
    assert answer["hits"] == [], "the filters do not leave it"

    ReviewWorkflow(empty_store.database).retire("gout", reason="", replaced_by="", actor=Actor("x"))
    assert first_hits(ann, "joint") == [("joints", False)]
    assert flare in section(ann.get("/desk/search-report"), "broken-pins")
    number = re.search(r"/desk/pins/(\d+)/remove", ann.get("/desk/pins").text)
    assert number
    assert post(ann, number[0]).status_code == 303
    assert not section(ann.get("/desk/search-report"), "broken-pins")
    unknown = post(ann, "/desk/pins/try", q="joint", passage="no-such")
    assert (unknown.status_code, error_of(unknown)) == (422, "passage-unknown")
    assert post(ann, "/desk/pins", q="", passage=flare).status_code == 422


def test_a_pin_leads_where_nothing_else_is_found(
    ann: FlaskClient, empty_store: ArticleStore
) -> None:
    assert first_hits(ann, "zzqx") == []
    post(ann, "/desk/pins", q="zzqx", passage=passage(empty_store, "gout", 0))
    assert first_hits(ann, "zzqx") == [("gout", True)]
    assert is_pinned(ann, "zzqx")


def test_a_synonym_is_tried_saved_and_taken_out(ann: FlaskClient) -> None:
    assert first_hits(ann, "qwoxtan") == []
    line = "qwoxtan = allopurinol"
    tried = post(ann, "/desk/synonyms/try", line=line)
    assert [(before, after) for _, before, after in moves(tried)] == [("", "1")]
    assert first_hits(ann, "qwoxtan") == []
    assert post(ann, "/desk/synonyms", line=line).status_code == 303
    assert first_hits(ann, "qwoxtan") == [("gout", False)]
    page = ann.get("/desk/synonyms").text
    number = re.search(r"/desk/synonyms/(\d+)/remove", page)
    assert number
    assert post(ann, number[0]).status_code == 303
    assert first_hits(ann, "qwoxtan") == []
    for wrong in ("allopurinol", "a = b = c", " = x"):
        assert post(ann, "/desk/synonyms/try", line=wrong).status_code == 422
        assert post(ann, "/desk/synonyms", line=wrong).status_code == 422
    assert ">qwoxtan</" not in ann.get("/desk/synonyms?from=qwoxtan").text
    assert 'value="qwoxtan = "' in ann.get("/desk/synonyms?from=qwoxtan").text


def test_other_processes_follow(ann: FlaskClient, site: Services) -> None:
    site.analytics.curation_store.add_synonym("qwoxtan = allopurinol", actor=Actor("elsewhere"))
    assert first_hits(ann, "qwoxtan") == []
    site.analytics.curation_sync.sync()
    assert first_hits(ann, "qwoxtan") == [("gout", False)]


def test_search_report_lists_queries_with_actions(
    ann: FlaskClient, app: Flask, site: Services, empty_store: ArticleStore
) -> None:
    reader = app.test_client()
    for _ in range(3):
        reader.get("/search?q=urate")
    reader.get("/search?q=flare")
    reader.get(f"/articles/gout/{passage(empty_store, 'gout', 1)}?q=flare")
    reader.get("/search?q=hypertension")  # a name that the vocabulary knows
    reader.get("/search?q=Oluwaseun+Mwangi")
    vote = {"q": "urate", "helped": "no", "back": "/search?q=urate"}
    assert reader.post("/helpful", data=vote).status_code == 403
    sent = reader.post("/helpful", data=vote, headers=SENT_FROM_HERE)
    assert sent.location == "/ask?q=urate"
    yes = reader.post(
        "/helpful", data=vote | {"helped": "yes", "q": "flare"}, headers=SENT_FROM_HERE
    )
    assert yes.location == "/search?q=urate"
    site.analytics.query_log.write(everything=True)
    page = ann.get("/desk/search-report")
    assert "hypertension" in section(page, "not-found")
    assert "urate" in section(page, "not-opened")
    assert "flare" not in section(page, "not-opened")
    assert "urate" in section(page, "not-helpful")
    assert "Mwangi" not in page.text
    assert parse(page).select('[data-withheld="1"]')
    (field,) = parse(page).select('#not-found form[action$="/assign"] [name="key"]')
    key = str(field["value"])
    assert post(ann, "/desk/search-report/assign", key=key, name="ann").status_code == 303
    (row,) = parse(ann.get("/desk/search-report")).select('[data-assigned-to="ann"]')
    assert "Ann" in text_of(str(row))
    assert queues_of(ann.get("/desk"))["assigned-queries"] == ["hypertension"]
    assert post(ann, "/desk/search-report/assign", key=key, name="zoe").status_code == 404
    assert post(ann, "/desk/search-report/dismiss", key=key, note="Not ours.").status_code == 303
    assert "hypertension" not in ann.get("/desk/search-report").text


def test_questions_of_readers_are_seen_to(ann: FlaskClient, empty_store: ArticleStore) -> None:
    empty_store.add_content_request("tophi", "How long?", "")
    page = ann.get("/desk/search-report")
    done = re.search(r"/desk/search-report/requests/\d+/done", page.text)
    assert done
    assert "How long?" in section(page, "requests")
    assert post(ann, done[0]).status_code == 303
    assert not parse(ann.get("/desk/search-report")).select("#requests li")
    assert empty_store.list_content_requests() == []
