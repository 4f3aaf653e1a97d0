"""HTTP caching: ETags, revalidation and responses that are not stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kb.editorial.workflow import ReviewWorkflow
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.web.builders import TODAY, WARFARIN, WARFARIN_PASSAGES, save, simple
from web.app import create_app

KEPT = ["/api/v1/articles", "/api/v1/articles/warfarin", "/api/v1/articles?status=published"]


@pytest.fixture
def changing(settings, empty_store, search, taxonomy):
    """Return a client of a separate site, its store and its adjustable date."""
    save(empty_store, WARFARIN, WARFARIN_PASSAGES)
    days = [TODAY]
    app = create_app(settings, empty_store, search, taxonomy, today=lambda: days[-1])
    return app.test_client(), empty_store, days


def again(client, path, tag):
    return client.get(path, headers={"If-None-Match": tag})


@pytest.mark.parametrize("path", KEPT)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_unchanged_response_returns_304(client, path, encoding):
    first = client.get(path, headers={"Accept-Encoding": encoding})
    assert first.headers["Cache-Control"] == "no-cache"
    second = again(client, path, first.headers["ETag"])
    assert (second.status_code, second.data) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Cache-Control"] == "no-cache"
    assert "Accept-Encoding" in second.vary


def test_unchanged_passage_returns_304(client, store):
    path = f"/api/v1/passages/{store.article('warfarin').passages[0].id}"
    assert again(client, path, client.get(path).headers["ETag"]).status_code == 304


def publish_another(store, days):
    save(store, *simple("Another", "Some text."))


def retag(store, days):
    passage = store.article("warfarin").passages[0].id
    store.set_tag(passage, "references", present=True, actor=Actor("test"))


def retire(store, days):
    ReviewWorkflow(store.database).retire(
        "warfarin", reason="old", replaced_by="", actor=Actor("test")
    )


def sleep_over(store, days):
    days.append(TODAY + timedelta(days=1))


@pytest.mark.parametrize("change", [publish_another, retag, retire, sleep_over])
def test_etag_changes_with_content_and_date(changing, change):
    client, store, days = changing
    tag = client.get("/api/v1/articles").headers["ETag"]
    change(store, days)
    response = again(client, "/api/v1/articles", tag)
    assert response.status_code == 200
    assert response.headers["ETag"] != tag


def test_retired_article_is_gone_despite_matching_etag(changing):
    client, store, days = changing
    path = "/api/v1/articles/warfarin"
    tag = client.get(path).headers["ETag"]
    retire(store, days)
    assert again(client, path, tag).status_code == 404
    assert again(client, path, client.get("/api/v1/articles").headers["ETag"]).status_code == 404
    assert again(client, "/api/v1/articles/nothing", "*").status_code == 404
    wrong = "/api/v1/articles?status=draft"
    assert again(client, wrong, client.get("/api/v1/articles").headers["ETag"]).status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/search?q=bleeding", "/api/v1/suggest?q=war"])
def test_query_response_has_no_etag_and_is_not_stored(client, path):
    response = client.get(path)
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "private, no-store"


def test_etag_differs_between_stores_with_same_articles(
    settings, changing, search, taxonomy, tmp_path
):
    other = ArticleStore.create(f"sqlite:///{tmp_path / 'other.sqlite'}")
    save(other, WARFARIN, WARFARIN_PASSAGES)
    app = create_app(settings, other, search, taxonomy, today=lambda: TODAY)
    tags = [one.get("/api/v1/articles").headers["ETag"] for one in (changing[0], app.test_client())]
    other.close()
    assert tags[0] != tags[1]
