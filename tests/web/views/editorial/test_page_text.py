"""The wording of every page of the desk, in each state that differs much.

A change of wording fails here and nowhere else; `pytest --snapshot-update` accepts it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from syrupy.assertion import SnapshotAssertion

from index.engines import open_engine
from index.indexer import Indexer
from index.search.service import SearchService
from kb.model.corrections import Correction, CorrectionKind
from kb.model.permissions import Role
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import save
from tests.web.builders import TODAY
from tests.web.page_text import HasText, visible_text
from tests.web.sign_in import SENT_FROM_HERE, post, sign_in
from web.app import create_app
from web.context import services_of
from web.server.import_worker import ImportWorker

GOUT = "/desk/articles/gout"
TEXT = "# Febuxostat\n\n## Dose\n\nTake 80 mg.\n\nSwallow it whole."
VARYING = (  # values that differ between runs, and their placeholders
    (re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d( UTC)?"), "MOMENT"),
    (re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}"), "DATE"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "DATE"),
    (re.compile(r"kb_[\w-]{43}"), "TOKEN"),
)


class Site:
    """A site with people of each role, and what its pages are made from."""

    def __init__(self, home: Path, taxonomy: Taxonomy, **settings: object) -> None:
        own = Settings(home=home, api_requests_per_minute=0, **settings)  # type: ignore[arg-type]
        self.store = ArticleStore.create(own.database_url)
        engine = open_engine(own.engine_url, taxonomy)
        self.indexer = Indexer(self.store, engine, taxonomy)
        self.indexer.rebuild()
        search = SearchService(self.store, engine, taxonomy, today=lambda: TODAY)
        self.app: Flask = create_app(own, self.store, search, taxonomy, today=lambda: TODAY)
        self.clerk = ImportWorker(
            services_of(self.app).editorial.jobs, services_of(self.app).editorial.draft_reader, home
        )
        self.ann = self.person(Role.AUTHOR, "ann")
        self.ben = self.person(Role.REVIEWER, "ben")
        self.dora = self.person(Role.PUBLISHER, "dora")
        self.root = self.person(Role.ADMINISTRATOR, "root")

    def person(self, role: Role, name: str) -> FlaskClient:
        client = self.app.test_client()
        sign_in(client, role, name)
        return client

    def gout(self, text: str) -> int:
        """Save another version of the article on gout, as ann's draft; return its number."""
        return save(self.store, "Gout", ("Use", text), publish=False, actor=Actor("ann")).version

    def read(self) -> None:
        while self.clerk.process_next():
            pass


@pytest.fixture
def site(tmp_path: Path, taxonomy: Taxonomy) -> Iterator[Site]:
    made = Site(tmp_path, taxonomy)
    yield made
    made.store.close()


@pytest.fixture
def same(snapshot: SnapshotAssertion) -> Callable[[str, HasText], None]:
    """Return a function that compares the text of a page with its snapshot."""

    def compare(name: str, page: HasText) -> None:
        text = visible_text(page, within="main")
        for pattern, instead in VARYING:
            text = pattern.sub(instead, text)
        assert text == snapshot(name=name)

    return compare


Same = Callable[[str, HasText], None]


def test_worklist(site: Site, same: Same) -> None:
    same("empty", site.ann.get("/desk"))
    version = site.gout("Take it.")
    save(site.store, "Asthma", ("Use", "Breathe."), owner="ben", review_due=date(2026, 1, 1))
    same("drafts", site.ann.get("/desk"))
    post(site.ann, f"{GOUT}/submit", version=version)
    same("to review", site.ben.get("/desk"))
    same("nothing to do", site.person(Role.AUTHOR, "eve").get("/desk"))
    post(site.ben, f"{GOUT}/approve", version=version)
    same("to publish", site.dora.get("/desk"))


def test_articles(site: Site, same: Same) -> None:
    same("empty", site.ann.get("/desk/articles"))
    for number in range(51):
        save(site.store, f"Article {number:02}", ("Use", "Take it."), publish=number % 2 == 0)
    same("first page", site.ann.get("/desk/articles?state=published&q=0"))
    same("last page", site.ann.get("/desk/articles?page=2"))


def test_review_dates(site: Site, same: Same) -> None:
    same("empty", site.ben.get("/desk/reviews-due"))
    for title, owner, due in (("Asthma", "ben", date(2026, 1, 1)), ("Sepsis", "", TODAY)):
        save(site.store, title, ("Use", f"On {title}."), owner=owner, review_due=due)
    same("filled", site.ben.get("/desk/reviews-due"))
    same("of one person", site.ben.get("/desk/reviews-due?mine=1"))


def test_article(site: Site, same: Same) -> None:
    save(
        site.store, "Gout", ("Use", "Take it once."), owner="ben", topics=("Joints",),
        also_called=("Podagra",), codes=("icd-10-cm:M10",), audience="patients",
    )  # fmt: skip
    same("published", site.dora.get(GOUT))
    site.store.correct(
        "gout", 1, [Correction(CorrectionKind.OWNER, new="Rheumatology")], actor=Actor("ann")
    )
    same("draft with a correction", site.ann.get(GOUT))
    passage = site.store.article("gout", 2).passages[0].id
    post(site.ann, f"{GOUT}/comments", version=2, passage=passage, note="With food?")
    post(site.ann, f"{GOUT}/comments", version=2, note="Who checks it?")
    post(site.ann, f"{GOUT}/submit", version=2, note="Look at the dose.")
    same("in review, just submitted", site.ann.get(GOUT))
    same("in review, for a reviewer", site.ben.get(GOUT))
    post(site.ben, f"{GOUT}/request-changes", version=2, note="Say when.")
    same("changes requested", site.ann.get(GOUT))
    post(site.ben, f"{GOUT}/submit", version=2)
    same("approving one's own", post(site.ben, f"{GOUT}/approve", version=2))
    same("outdated version", post(site.dora, f"{GOUT}/approve", version=1))
    post(site.dora, f"{GOUT}/approve", version=2)
    same("approved", site.dora.get(GOUT))
    post(site.dora, f"{GOUT}/schedule", version=2, at="2099-01-01T08:00")
    same("scheduled", site.dora.get(GOUT))
    post(site.dora, f"{GOUT}/retire", reason="Merged.")
    same("retired", site.dora.get(GOUT))


def test_versions(site: Site, same: Same) -> None:
    save(site.store, "Gout", ("Use", "Take it once."), ("Safety", "Call.", "safety"), owner="ann")
    save(site.store, "Gout", ("Use", "Take it twice."), ("Food", "Eat."), publish=False)
    same("old version", site.ann.get(f"{GOUT}/versions/1"))
    same("newest version", site.ann.get(f"{GOUT}/versions/2"))
    same("different", site.ann.get(f"{GOUT}/diff"))
    same("the same", site.ann.get(f"{GOUT}/diff?from=1&to=1"))


def test_adding(site: Site, same: Same) -> None:
    same("empty", site.ann.get("/desk/import"))
    same("nothing pasted", post(site.ann, "/desk/import/paste", text=" ", title="Gout"))
    job = post(site.ann, "/desk/import/paste", text=TEXT).location
    same("job waiting", site.ann.get(job))
    post(site.ann, f"{job}/stop")
    same("job stopped", site.ann.get(job))
    post(site.ann, f"{job}/start")
    site.read()
    same("job ready", site.ann.get(job))
    same("earlier jobs", site.ann.get("/desk/import"))
    failed = post(site.ann, "/desk/import/address", address="http://127.0.0.1:9/page").location
    site.read()
    same("job failed", site.ann.get(failed))


def test_preview(site: Site, same: Same) -> None:
    job = post(site.ann, "/desk/import/paste", text=TEXT).location
    site.read()
    found = re.search(r"/desk/drafts/\d+", site.ann.get(job).text)
    assert found
    item = found[0]
    same("with findings", site.ann.get(item))
    post(site.ann, f"{item}/facts", title="Febuxostat", owner="ann", topics="Joints")
    same("corrected", site.ann.get(item))
    wrong = {"what": "text", "place": "Dose", "old": "Not there.", "new": "Take nothing."}
    same("correction refused", post(site.ann, f"{item}/correct", **wrong))
    article = post(site.ann, f"{item}/save").location
    same("saved", site.ann.get(item))
    hers, his = (post(one, f"{article}/edit").location for one in (site.ann, site.ben))
    same("editing", site.ann.get(hers))
    post(site.ann, f"{hers}/facts", title="Febuxostat, hers")
    post(site.ben, f"{his}/facts", title="Febuxostat", owner="Ben")
    post(site.ann, f"{hers}/save")
    same("conflict", post(site.ben, f"{his}/save"))


def test_search_report(site: Site, same: Same) -> None:
    same("empty", site.ann.get("/desk/search-report"))
    save(site.store, "Gout", ("Use", "Allopurinol lowers urate."), review_due=date(2026, 1, 1))
    site.indexer.rebuild()
    reader = site.app.test_client()
    for q in ("urate", "urate", "urate", "hypertension", "Oluwaseun+Mwangi"):
        reader.get(f"/search?q={q}")
    vote = {"q": "urate", "helped": "no", "back": "/"}
    reader.post("/helpful", data=vote, headers=SENT_FROM_HERE)
    services_of(site.app).analytics.query_log.write(everything=True)
    site.store.add_content_request("tophi", "How long?", "ward 7")
    same("filled", site.ann.get("/desk/search-report"))


def test_pins(site: Site, same: Same) -> None:
    same("empty", site.ann.get("/desk/pins"))
    save(site.store, "Gout", ("Use", "Allopurinol lowers urate."), ("Flare", "Rest the joint."))
    save(site.store, "Joints", ("Pain", "A joint may hurt after a fall, a joint may swell."))
    site.indexer.rebuild()
    same("candidates", site.ann.get("/desk/pins?q=joint"))
    flare = site.store.article("gout").passages[1].id
    same("preview", post(site.ann, "/desk/pins/try", q="joint", passage=flare))
    same("refused", post(site.ann, "/desk/pins/try", q="joint", passage="no-such"))
    post(site.ann, "/desk/pins", q="joint", passage=flare, note="Ours.")
    same("saved", site.ann.get("/desk/pins"))


def test_synonyms(site: Site, same: Same) -> None:
    same("empty", site.ann.get("/desk/synonyms"))
    save(site.store, "Gout", ("Use", "Allopurinol lowers urate."))
    site.indexer.rebuild()
    same("preview", post(site.ann, "/desk/synonyms/try", line="qwoxtan = allopurinol"))
    same("refused", post(site.ann, "/desk/synonyms", line="allopurinol"))
    post(site.ann, "/desk/synonyms", line="qwoxtan = allopurinol")
    same("saved", site.ann.get("/desk/synonyms"))


def test_sign_in(site: Site, same: Same, tmp_path: Path, taxonomy: Taxonomy) -> None:
    reader = site.app.test_client()
    same("form", reader.get("/sign-in"))
    form = {"name": "ann", "password": "wrong"}
    same("from another site", reader.post("/sign-in", data=form))
    same("wrong password", reader.post("/sign-in", data=form, headers=SENT_FROM_HERE))
    closed = Site(
        tmp_path / "closed", taxonomy, require_sign_in=True,
        oidc_issuer="http://127.0.0.1:9", oidc_client_id="kb", oidc_client_secret="hush",
    )  # fmt: skip
    same("with a directory", closed.app.test_client().get("/sign-in"))
    same("directory away", closed.app.test_client().get("/sign-in/directory"))
    closed.store.close()


def test_account(site: Site, same: Same) -> None:
    same("without tokens", site.ann.get("/account"))
    same("token", post(site.ann, "/account/tokens", label="Nightly load", scope="search"))
    same("token refused", post(site.ann, "/account/tokens", label="Nightly load"))
    same("with tokens", site.ann.get("/account"))
    wrong = {"old": "wrong", "new": "nine loud geese walk by"}
    same("password refused", post(site.ann, "/account/password", **wrong))


def test_accounts(site: Site, same: Same) -> None:
    post(site.root, "/desk/users/ben/state", disabled="1")
    same("filled", site.root.get("/desk/users"))
    same("refused", post(site.root, "/desk/users", name="B N", role="author"))


def test_audit_log(site: Site, same: Same) -> None:
    same("filled", site.root.get("/desk/audit-log"))
    same("nothing found", site.root.get("/desk/audit-log?name=zoe"))


def test_errors(site: Site, same: Same) -> None:
    same("not found", site.ann.get("/desk/articles/no-such"))
    same("not allowed", site.ann.get("/desk/users"))
    sent = site.ann.post("/desk/synonyms", data={"line": "a = b"}, headers=SENT_FROM_HERE)
    same("not from this session", sent)
