"""Editorial API: token scopes, user permissions and workflow rules."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from index.search.service import SearchService
from kb.model.permissions import Role, TokenScope
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import save
from tests.web.builders import TODAY
from tests.web.sign_in import make_person
from web.app import create_app
from web.context import Services, services_of

OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def client(
    settings: Settings,
    empty_store: ArticleStore,
    search: SearchService,
    taxonomy: Taxonomy,
    tmp_path: Path,
) -> FlaskClient:
    own = settings.model_copy(update={"home": tmp_path})
    app = create_app(own, empty_store, search, taxonomy, today=lambda: TODAY)
    for role in Role:
        make_person(app, role, role.value)
    return app.test_client()


@pytest.fixture
def site(client: FlaskClient) -> Services:
    return services_of(client.application)


def bearer(site: Services, role: Role, *scopes: TokenScope) -> dict[str, str]:
    made = site.accounts.tokens.create(
        role, "x", scopes or tuple(TokenScope), ends_on=None, actor=Actor("test")
    )
    return {"Authorization": f"Bearer {made.key}"}


def test_api_takes_text_from_import_to_search(
    client: FlaskClient, site: Services, empty_store: ArticleStore
) -> None:
    author, publisher = bearer(site, Role.AUTHOR), bearer(site, Role.PUBLISHER)
    sent = {"title": "Gout", "text": "# Use\n\nTake it once a day."}
    answer = client.post("/api/v1/articles", json=sent, headers=author)
    assert answer.status_code == 200, answer.text
    (added,) = answer.json["articles"]
    assert (added["status"], added["article_id"], added["version"]) == ("added", "gout", 1)
    assert empty_store.article("gout").published_version is None
    again = client.post("/api/v1/articles", json=sent, headers=author).json["articles"]
    assert again[0]["status"] == "unchanged"

    refused = client.post("/api/v1/articles/gout/publish", headers=publisher)
    assert (refused.status_code, refused.json["code"]) == (409, "state")
    site.editorial.workflow.submit("gout", 1, actor=Actor("author"))
    site.editorial.workflow.approve("gout", 1, actor=Actor("reviewer"))
    published = client.post("/api/v1/articles/gout/publish", headers=publisher)
    assert published.json == {
        "id": "gout", "title": "Gout", "state": "published", "version": 1,
        "published_version": 1, "schedules": [],
    }  # fmt: skip
    retired = client.post(
        "/api/v1/articles/gout/retire", json={"reason": "Old."}, headers=publisher
    )
    assert (retired.json["state"], retired.json["published_version"]) == ("retired", None)
    (step,) = empty_store.list_audit_entries(limit=1)
    assert (step.event.actor.name, step.event.actor.origin) == ("publisher", "127.0.0.1")
    again = client.post("/api/v1/articles/gout/publish", headers=publisher)
    assert (again.status_code, again.json["code"]) == (409, "state")


def test_api_retire_cancels_schedule(
    client: FlaskClient, site: Services, empty_store: ArticleStore
) -> None:
    save(empty_store, "Gout", ("Use", "Take it once."), actor=Actor("author"), publish=False)
    site.editorial.workflow.submit("gout", 1, actor=Actor("author"))
    site.editorial.workflow.approve("gout", 1, actor=Actor("reviewer"))
    at = datetime(2999, 1, 1, 8, tzinfo=UTC)
    site.editorial.workflow.publish("gout", 1, at=at, actor=Actor("publisher"))
    save(empty_store, "Gout", ("Use", "Take it twice."), actor=Actor("author"), publish=False)
    publisher = bearer(site, Role.PUBLISHER)
    refused = client.post("/api/v1/articles/gout/publish", headers=publisher)
    assert (refused.status_code, refused.json["code"]) == (409, "state")
    assert [one.version for one in site.editorial.workflow.get_status("gout").schedules] == [1]
    retired = client.post(
        "/api/v1/articles/gout/retire", json={"reason": "Unsafe."}, headers=publisher
    ).json
    assert (retired["state"], retired["version"], retired["schedules"]) == ("retired", 2, [])


def test_file_import_reports_result_per_file(
    client: FlaskClient, site: Services, empty_store: ArticleStore
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.md", "# Asthma\n\nBreathe out.")
        made.writestr("b.pdf", b"%PDF-1.4 nothing")
    headers = bearer(site, Role.AUTHOR, TokenScope.UPLOAD) | OCTETS
    answer = client.post("/api/v1/files?name=two.zip", data=archive.getvalue(), headers=headers)
    one, other = answer.json["articles"]
    assert (one["status"], one["title"]) == ("added", "Asthma")
    assert (other["status"], bool(other["error"])) == ("rejected", True)
    assert [s.title for s in empty_store.summaries()] == ["Asthma"]
    for path in ("/api/v1/files", "/api/v1/files?name=", f"/api/v1/files?name={'x' * 201}"):
        assert client.post(path, data=b"x", headers=headers).status_code == 400
    assert (
        client.post(
            "/api/v1/files?name=a", data=b"x", headers=bearer(site, Role.AUTHOR)
        ).status_code
        == 415
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"text": "x"}', 400),
        (b'{"title": "Gout", "text": 7}', 400),
        (b'{"title": "Gout"}', 422),
    ],
)
def test_unreadable_request_returns_reason(
    client: FlaskClient, site: Services, body: bytes, status: int
) -> None:
    headers = bearer(site, Role.AUTHOR) | {"Content-Type": "application/json"}
    answer = client.post("/api/v1/articles", data=body, headers=headers)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["detail"]


def test_token_is_limited_by_its_scopes_and_user_roles(client: FlaskClient, site: Services) -> None:
    search_only = bearer(site, Role.ADMINISTRATOR, TokenScope.SEARCH)
    reader = bearer(site, Role.READER)
    author = bearer(site, Role.AUTHOR)
    sent = {"title": "Gout", "text": "Take it."}
    for headers, status in ((search_only, 403), (reader, 403), ({}, 401), (author, 200)):
        assert client.post("/api/v1/articles", json=sent, headers=headers).status_code == status
        assert client.get("/api/v1/searches", headers=headers).status_code == status
    assert client.post("/api/v1/articles/gout/publish", headers=author).status_code == 403
    assert client.get("/api/v1/audit-log", headers=author).status_code == 403
    boss = bearer(site, Role.ADMINISTRATOR, TokenScope.READ_LOG)
    trail = client.get("/api/v1/audit-log?action=token.made&limit=2", headers=boss).json
    assert set(trail) == {"steps"}
    former = client.get("/api/v1/trail?action=token.made&limit=2", headers=boss)
    assert former.json == trail  # the deprecated path
    assert [step["action"] for step in trail["steps"]] == ["token.made"] * 2
    older = client.get(
        f"/api/v1/audit-log?before={trail['steps'][-1]['number']}", headers=boss
    ).json
    assert all(step["number"] < trail["steps"][-1]["number"] for step in older["steps"])
    today = trail["steps"][0]["at"][:10]
    for days, found in ((f"since={today}&until={today}", True), ("until=2020-01-01", False)):
        steps = client.get(f"/api/v1/audit-log?{days}", headers=boss).json["steps"]
        assert bool(steps) is found
    for wrong in ("since=yesterday", "until=9999-12-31"):
        assert client.get(f"/api/v1/audit-log?{wrong}", headers=boss).status_code == 400


def test_search_statistics_contain_no_users(client: FlaskClient, site: Services) -> None:
    client.get("/search?q=warfarin")
    client.get("/search?q=Oluwaseun+Mwangi")
    site.analytics.query_log.write(everything=True)
    answer = client.get("/api/v1/searches?days=1", headers=bearer(site, Role.AUTHOR)).json
    assert sorted(one["q"] for one in answer["searches"]) == ["", "warfarin"]
    assert (
        client.get("/api/v1/searches?days=0", headers=bearer(site, Role.AUTHOR)).status_code == 400
    )
