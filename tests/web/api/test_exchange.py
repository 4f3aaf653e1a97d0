"""Export and import through the commands and the API, on real knowledge bases."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import TestResponse

from index.search.service import SearchService
from kb.editorial.workflow import ReviewWorkflow
from kb.errors import ExportError
from kb.exchange.exporter import ExportFilter, export_archive
from kb.model.permissions import Role, TokenScope
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.database import Database
from tests.kb.builders import save
from tests.web.cli.test_commands import gout, home, objects, refused, run
from tests.web.sign_in import make_person
from web.app import create_app
from web.context import services_of
from web.middleware.rate_limit import BODY_LIMIT

__all__ = ["gout", "home"]  # fixtures


@pytest.fixture
def elsewhere(gout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an export of the gout knowledge base; KB_HOME is a separate, empty one."""
    run("add", str(gout), "--publish")
    (gout.parent / "kb" / "synonyms.txt").write_text("gout = podagra\n")
    result = run("export", "kb.zip")
    assert result.stdout.startswith("kb.zip: ")
    assert re.findall(r"\d+", result.stdout) == ["1", "1", "1"]  # article, version, source
    assert "synonyms.txt" in result.stdout
    monkeypatch.setenv("KB_HOME", str(gout.parent / "other"))
    run("init")
    return gout.parent / "kb.zip"


def test_imported_articles_are_searchable(elsewhere: Path) -> None:
    tried = run("import", str(elsewhere), "--dry-run")
    assert tried.stdout.splitlines()[-1].startswith("1 added ")  # and more words: only tried
    assert run("list").stdout == ""

    (done,) = objects(run("import", str(elsewhere), "--json"))
    assert done["added"] == 1
    assert done["vocabulary"] == {"synonyms.txt": "added"}
    (found,) = objects(run("search", "podagra", "--json"))
    assert found["hits"][0]["article"]["id"] == "gout"  # type: ignore[index]

    assert run("import", str(elsewhere)).stdout == "synonyms.txt: unchanged\n1 unchanged\n"
    run("add", str(elsewhere.parent / "gout.txt"))
    assert objects(run("show", "gout", "--json"))[0]["version"] == 1


def test_import_stores_differing_vocabulary_separately(elsewhere: Path) -> None:
    own = elsewhere.parent / "other" / "synonyms.txt"
    own.write_text("gout = gicht\n")
    result = run("import", str(elsewhere))
    assert "synonyms.txt.imported" in result.stderr
    assert own.with_name("synonyms.txt.imported").exists()
    assert own.read_text() == "gout = gicht\n"


def test_imported_taxonomy_is_indexed(gout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("add", str(gout), "--publish")
    own = '[[tag]]\nkey = "harms"\nlabel = "Harms"\nheadings = ["side effects"]\n'
    (gout.parent / "kb" / "taxonomy.toml").write_text(own)
    run("export", "kb.zip", "gout", "--status", "published", "--json")
    monkeypatch.setenv("KB_HOME", str(gout.parent / "other"))
    run("init")
    run("import", "kb.zip")
    assert objects(run("search", "urate", "--json"))[0]["total"] == 1


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("synonyms.txt", "gout podagra\n", "synonyms.txt, line 1"),
        ("taxonomy.toml", "[[tag]]\n", "taxonomy.toml, tag 1"),
        ("intents.toml", "[[intent]]\n", "intents.toml, intent 1"),
    ],
)
def test_import_rejects_unusable_vocabulary(
    elsewhere: Path, name: str, content: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = elsewhere.parent / "kb"
    monkeypatch.setenv("KB_HOME", str(full))
    (full / name).write_text(content)
    database = Database(f"sqlite:///{full / 'kb.sqlite'}")
    export_archive(database, full, elsewhere, ExportFilter(), actor=Actor("mover"))
    database.close()
    monkeypatch.setenv("KB_HOME", str(elsewhere.parent / "other"))
    error = refused("import", str(elsewhere))
    assert isinstance(error, ExportError)
    assert f"kb.zip, vocabulary/{name}" in str(error)
    assert why in str(error)
    assert run("list").stdout == ""


def test_import_rejects_file_that_is_not_an_export(elsewhere: Path) -> None:
    run("backup", "backup.zip")
    error = refused("import", "backup.zip")
    assert isinstance(error, ExportError)
    assert "clinical-kb-export" in str(error)
    assert "`kb export`" in str(error)


# Over the API


@pytest.fixture
def site(tmp_path: Path, search: SearchService, taxonomy: Taxonomy) -> Iterator[Flask]:
    """Yield a separate site with one article and a draft."""
    settings = Settings(home=tmp_path, api_requests_per_minute=0)
    store = ArticleStore.create(settings.database_url)
    save(store, "Gout", ("Care", "Rest the joint."), topics=("Joints",))
    save(store, "Draft", ("Care", "Not yet."), publish=False)
    yield create_app(settings, store, search, taxonomy)
    store.close()


def token(site: Flask, role: Role, *scopes: TokenScope) -> dict[str, str]:
    """Return the authorization header of a token for a user with `role`."""
    person = make_person(site, role, str(role))
    made = services_of(site).accounts.tokens.create(
        person.name, "script", scopes, ends_on=None, actor=Actor(person.name)
    )
    return {"Authorization": f"Bearer {made.key}"}


def send(site: Flask, content: bytes, headers: dict[str, str], query: str = "") -> TestResponse:
    return site.test_client().post(
        f"/api/v1/import{query}", data=content, headers=headers, content_type="application/zip"
    )


def test_api_imports_its_own_export(site: Flask) -> None:
    headers = token(site, Role.PUBLISHER, TokenScope.EXPORT)
    answer = site.test_client().get("/api/v1/export", headers=headers)
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "articles.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(BytesIO(answer.data)) as archive:
        assert {"articles/gout.json", "articles/draft.json"} <= set(archive.namelist())
    home = services_of(site).settings.home
    assert list(home.glob(".export-*")) == []

    part = site.test_client().get("/api/v1/export?topic=Joints&article=gout", headers=headers)
    with zipfile.ZipFile(BytesIO(part.data)) as archive:
        assert sorted(archive.namelist()) == ["articles/gout.json", "manifest.json"]

    store = services_of(site).store
    content = answer.data
    administrator = token(site, Role.ADMINISTRATOR, TokenScope.PUBLISH)
    ReviewWorkflow(store.database).retire("gout", reason="", replaced_by="", actor=Actor("test"))
    before = store.last_seq()
    done = send(site, content, administrator).get_json()
    assert (done["added"], done["updated"], done["unchanged"]) == (0, 0, 2)
    assert (done["conflicts"], done["articles"][1]["conflict"]) == (0, None)
    assert store.last_seq() == before
    actions = [step.event.action for step in store.list_audit_entries(limit=50)]
    assert actions.count("base.exported") == 2
    assert list(home.glob(".import-*")) == []


def test_api_import_supports_dry_run(site: Flask, tmp_path: Path) -> None:
    other = Settings(home=tmp_path / "other")
    other.home.mkdir()
    store = ArticleStore.create(other.database_url)
    save(store, "Migraine", ("Care", "Rest in the dark."))
    (other.home / "synonyms.txt").write_text("migraine = sick headache\n")
    export_archive(
        store.database, other.home, tmp_path / "other.zip", ExportFilter(), actor=Actor("test")
    )
    store.close()
    content = (tmp_path / "other.zip").read_bytes()
    administrator = token(site, Role.ADMINISTRATOR, TokenScope.PUBLISH)
    here = services_of(site).store
    tried = send(site, content, administrator, "?dry_run=1").get_json()
    assert tried["added"] == 1
    (note,) = tried["notes"]
    assert note.startswith("synonyms.txt ")
    assert "`kb import`" in note
    assert here.published_ids() == ["gout"]
    assert send(site, content, administrator).get_json()["articles"][0] == {
        "id": "migraine",
        "title": "Migraine",
        "status": "added",
        "versions_added": [1],
        "conflict": None,
        "notes": [],
    }
    assert here.published_ids() == ["gout", "migraine"]
    assert not (services_of(site).settings.home / "synonyms.txt").exists()
    assert here.list_audit_entries(limit=1)[0].event.actor.name == "administrator"


@pytest.mark.parametrize(
    ("method", "query", "role", "scope", "status", "code"),
    [
        ("GET", "export", None, None, 401, "sign-in"),
        ("GET", "export", Role.REVIEWER, TokenScope.EXPORT, 403, "forbidden"),
        ("GET", "export", Role.PUBLISHER, TokenScope.PUBLISH, 403, "forbidden"),
        ("GET", "export?status=secret", Role.PUBLISHER, TokenScope.EXPORT, 400, "parameter"),
        ("GET", "export?article=none", Role.PUBLISHER, TokenScope.EXPORT, 400, "parameter"),
        ("GET", "export?topic=none", Role.PUBLISHER, TokenScope.EXPORT, 422, "export"),
        ("POST", "import", None, None, 401, "sign-in"),
        ("POST", "import", Role.PUBLISHER, TokenScope.PUBLISH, 403, "forbidden"),
        ("POST", "import", Role.ADMINISTRATOR, TokenScope.EXPORT, 403, "forbidden"),
        ("POST", "import", Role.ADMINISTRATOR, TokenScope.PUBLISH, 422, "export"),
        ("POST", "import?dry_run=2", Role.ADMINISTRATOR, TokenScope.PUBLISH, 400, "parameter"),
    ],
)
def test_api_import_rejects_invalid_request(
    site: Flask,
    method: str,
    query: str,
    role: Role | None,
    scope: TokenScope | None,
    status: int,
    code: str,
) -> None:
    headers = token(site, role, scope) if role and scope else {}
    answer = site.test_client().open(
        f"/api/v1/{query}", method=method, headers=headers, data=b"no ZIP",
        content_type="application/zip",
    )  # fmt: skip
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_api_import_rejects_wrong_content_type_or_size(
    site: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = token(site, Role.ADMINISTRATOR, TokenScope.PUBLISH)
    client = site.test_client()
    answer = client.post("/api/v1/import", data=b"x", headers=headers, content_type="text/plain")
    assert answer.status_code == 415
    monkeypatch.setattr("web.api.exchange.MAX_IMPORT_BYTES", 10)
    assert send(site, b"x" * 11, headers).status_code == 413
    view = site.view_functions["api_exchange.import_articles"]
    monkeypatch.setattr(view, BODY_LIMIT, 10)
    assert send(site, b"x" * 11, headers).status_code == 413


def test_openapi_marks_routes_that_require_a_token(site: Flask) -> None:
    document = site.test_client().get("/api/v1/openapi.json").get_json()
    OpenAPIV31SpecValidator(document).validate()
    operation = document["paths"]["/api/v1/import"]["post"]
    assert operation["security"] == [{"token": ["publish"]}]
    assert list(operation["requestBody"]["content"]) == ["application/zip"]
    assert {"401", "403", "413", "422"} <= set(operation["responses"])
    given = document["paths"]["/api/v1/export"]["get"]["responses"]["200"]["content"]
    assert list(given) == ["application/zip"]
    page = site.test_client().get("/api").text
    assert "POST /api/v1/import" in page
