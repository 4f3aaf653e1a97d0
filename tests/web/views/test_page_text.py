"""Every word of the public pages, as snapshots: `pytest --snapshot-update` accepts new wording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from syrupy.assertion import SnapshotAssertion
from werkzeug.test import TestResponse

from index.engines import open_engine
from index.indexer import Indexer
from index.search.results import MatchExplanation, QueryEcho
from index.search.service import SearchService
from kb.editorial.workflow import ReviewWorkflow
from kb.errors import IndexMissingError, StoreError
from kb.model.article import paragraph
from kb.model.passage import Passage
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.schema import articles, change_feed_table
from tests.web.builders import (
    NOW,
    TODAY,
    WARFARIN,
    WARFARIN_PASSAGES,
    CannedSearch,
    a_full_answer,
    a_hit,
    an_answer,
    passage,
    save,
    simple,
)
from tests.web.page_text import visible_text
from web import program_version
from web.app import create_app

HERE = {"Sec-Fetch-Site": "same-origin"}
PAGES = {
    "home": "/",
    "no result": "/search?q=zebra+stripes&tag=safety",
    "no result, literal": "/search?q=zebra&literal=1",
    "article": "/articles/warfarin?q=bleeding",
    "article without a match": "/articles/asthma?q=zebra",
    "retired, replaced": "/articles/heparin",
    "retired": "/articles/aspirin",
    "topics": "/topics",
    "topic": "/topics/Medicines",
    "topic, one tag": "/topics/Medicines?tag=safety&due=overdue",
    "topic without such a tag": "/topics/Lungs?tag=mechanism",
    "topic without an overdue review": "/topics/Lungs?due=overdue",
    "tag": "/tags/safety",
    "tag without passages": "/tags/prognosis",
    "a-z": "/a-z",
    "new": "/new",
    "ask": "/ask?q=zebra",
    "thanks": "/ask/thanks",
    "not found": "/nothing",
    "parameter": "/search?q=x&offset=many",
    "query": "/search?q=x&tag=nothing",
    "embed": "/embed",
    "embed, no result": "/embed?q=zebra",
    "embed docs": "/embed/docs",
    "api": "/api",
    "infobutton": "/infobutton?knowledgeResponseType=text/html&mainSearchCriteria.v.dn=warfarin",
    "infobutton, no result": "/infobutton?knowledgeResponseType=text/html"
    "&mainSearchCriteria.v.dn=zebra",
}
FEEDS = ("/feeds/new.atom", "/feeds/review.atom", "/opensearch.xml")
WHY = MatchExplanation(
    fields=(("heading", ("clots",)), ("tags", ("safety",))), missing=("leg",), overdue=True
)
HIT = a_hit(why=WHY, pinned=True, more_in_article=1, more=(a_hit().passage,))
ANSWERS = {
    "results": an_answer(HIT),
    "everything at once": replace(a_full_answer(), hits=a_full_answer().hits[:1], topic_facet=()),
    "some of the words": an_answer(HIT, query=QueryEcho(q="", parsed="", relaxed="any")),
    "corrected": an_answer(HIT, query=QueryEcho(q="", parsed="", corrected="warfarin")),
    "cut off": an_answer(HIT, total=5_000),
}


MakeClient = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def make_client(
    tmp_path_factory: pytest.TempPathFactory, taxonomy: Taxonomy
) -> Iterator[MakeClient]:
    """Return a function that makes a client of a site with fixed articles, dates and times."""
    settings = Settings(home=tmp_path_factory.mktemp("texts"), contact="content@hospital.example")
    store = ArticleStore.create(settings.database_url)
    save(store, WARFARIN, WARFARIN_PASSAGES)
    save(store, *simple("Asthma", "Breathe out.", topics=("Lungs",), reviewed=TODAY))
    for title in ("Heparin", "Aspirin"):
        save(store, *simple(title, "It bleeds."))
    ReviewWorkflow(store.database).retire(
        "heparin", reason="Out of date.", replaced_by="warfarin", actor=Actor("test")
    )
    ReviewWorkflow(store.database).retire("aspirin", reason="", replaced_by="", actor=Actor("test"))
    with store.database.writing() as connection:
        connection.execute(update(articles).values(published_at=NOW, updated_at=NOW))
        connection.execute(update(change_feed_table).values(at=NOW))
    engine = open_engine(settings.engine_url, taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    search = SearchService(store, engine, taxonomy, today=lambda: TODAY)

    def make(searching: SearchService = search) -> FlaskClient:
        return create_app(settings, store, searching, taxonomy, today=lambda: TODAY).test_client()

    yield make
    store.close()


def text(page: TestResponse) -> str:
    """Return what a snapshot keeps: all text, but for what every release changes."""
    return visible_text(page).replace(program_version(), "VERSION")


@pytest.mark.parametrize("name", PAGES)
def test_page(make_client: MakeClient, snapshot: SnapshotAssertion, name: str) -> None:
    assert text(make_client().get(PAGES[name])) == snapshot


@pytest.mark.parametrize("name", ANSWERS)
def test_page_of_results(make_client: MakeClient, snapshot: SnapshotAssertion, name: str) -> None:
    client = make_client(CannedSearch(ANSWERS[name]))
    assert text(client.get("/search?q=bleeding&tag=safety")) == snapshot


@pytest.mark.parametrize("relaxed", ["any", "fuzzy"])
def test_frame(make_client: MakeClient, snapshot: SnapshotAssertion, relaxed: str) -> None:
    query = QueryEcho(q="", parsed="", relaxed=relaxed, did_you_mean=("blood",))
    client = make_client(CannedSearch(an_answer(HIT, query=query, total=20)))
    assert text(client.get("/embed?q=bleeding")) == snapshot


@pytest.mark.parametrize(
    "error",
    [IndexMissingError("/kb/index"), StoreError("The database does not answer."), RuntimeError()],
    ids=["index", "store", "unexpected"],
)
def test_problem(make_client: MakeClient, snapshot: SnapshotAssertion, error: Exception) -> None:
    assert text(make_client(CannedSearch(error=error)).get("/search?q=x")) == snapshot


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, HERE),
        ({"query": "a" * 201, "sentence": "Date of birth 12/03/1980"}, HERE),
        ({"query": "gout"}, {}),
    ],
    ids=["empty", "wrong", "from elsewhere"],
)
def test_form_that_was_not_taken(
    make_client: MakeClient,
    snapshot: SnapshotAssertion,
    form: dict[str, str],
    headers: dict[str, str],
) -> None:
    page = make_client().post("/ask", data=form, headers=headers)
    assert text(page) == snapshot


@pytest.mark.parametrize("change", ["changed", "moved", "gone"])
def test_note_on_an_old_link(
    client_with: MakeClient, empty_store: ArticleStore, snapshot: SnapshotAssertion, change: str
) -> None:
    first = save(empty_store, WARFARIN, WARFARIN_PASSAGES)
    both = [paragraph("It blocks vitamin K."), paragraph("Warfarin thins the blood.")]
    later = {
        "changed": (WARFARIN_PASSAGES[0], a_passage("It blocks vitamin K in the liver.")),
        "moved": (passage(("How it works",), *both),),
        "gone": (passage(("Other",), paragraph("Wholly new words here.")),),
    }[change]
    save(empty_store, WARFARIN, later)
    fate = {"changed": (False, True), "moved": (True, True), "gone": (True, False)}[change]
    places = {old.id: empty_store.locate(old.id, 1) for old in first.passages}
    id_ = next(
        id_
        for id_, place in places.items()
        if (place.moved, place.passage_id is not None) == fate
        and (place.changed or change != "changed")
    )
    page = client_with(CannedSearch(), empty_store).get(f"/articles/warfarin/{id_}?v=1")
    assert visible_text(page, "[data-arrival]") == snapshot


def a_passage(words: str) -> Passage:
    return passage(("How it works",), paragraph(words))


def test_empty_base(
    client_with: MakeClient, empty_store: ArticleStore, snapshot: SnapshotAssertion
) -> None:
    client = client_with(CannedSearch(), empty_store)
    for path in ("/", "/topics", "/a-z", "/new"):
        assert visible_text(client.get(path), "main") == snapshot(name=path)


@pytest.mark.parametrize("path", FEEDS)
def test_texts_of_a_feed(make_client: MakeClient, snapshot: SnapshotAssertion, path: str) -> None:
    root = ElementTree.fromstring(make_client().get(path).data)
    human = {"title", "summary", "ShortName", "LongName", "Description"}
    assert [one.text for one in root.iter() if one.tag.rpartition("}")[2] in human] == snapshot
