"""Authorization of every route for every role, against one table; new routes must be added."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from index.search.service import SearchService
from kb.model.permissions import Permission, Role
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from tests.web.builders import TODAY
from tests.web.sign_in import csrf, sign_in
from web.app import create_app

ANYBODY = None
# What the views of a blueprint need, or one view of its own.
NEEDED: dict[str, Permission | None] = {
    **dict.fromkeys(
        (
            "api", "content_requests", "legacy_urls", "browse", "cds_hooks", "oidc", "embed",
            "feeds", "health", "infobutton", "search", "api_docs", "login", "static_files",
            "feedback", "embed_docs",
        ),
        ANYBODY,
    ),
    "editorial": Permission.WRITE,
    "editorial_actions": Permission.WRITE,
    "imports": Permission.WRITE,
    "search_insights": Permission.WRITE,
    "curation": Permission.WRITE,
    "draft_editor": Permission.WRITE,
    "editorial_actions.approve": Permission.REVIEW,
    "editorial_actions.request_changes": Permission.REVIEW,
    "editorial_actions.confirm_review": Permission.REVIEW,
    "editorial_actions.publish": Permission.PUBLISH,
    "editorial_actions.schedule": Permission.PUBLISH,
    "editorial_actions.retire": Permission.PUBLISH,
    "account": Permission.READ,
    "api_editorial": Permission.WRITE,
    "api_editorial.publish_article": Permission.PUBLISH,
    "api_editorial.retire_article": Permission.PUBLISH,
    "api_editorial.audit_log": Permission.ADMINISTER,
    "api_editorial.trail": Permission.ADMINISTER,
    "api_exchange.export_articles": Permission.PUBLISH,
    "api_exchange.import_articles": Permission.ADMINISTER,
    "admin": Permission.ADMINISTER,
}  # fmt: skip
MADE_UP = "no-such-thing"
REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def needed(endpoint: str) -> Permission | None:
    """Return the permission of a view from the table, or that of its blueprint."""
    blueprint = endpoint.partition(".")[0]
    assert endpoint in NEEDED or blueprint in NEEDED, f"{endpoint} is not in the table of who may"
    return NEEDED.get(endpoint, NEEDED.get(blueprint))


@pytest.fixture(scope="module")
def walked(
    settings: Settings, search: SearchService, taxonomy: Taxonomy, tmp_path_factory
) -> Iterator[Flask]:
    store = ArticleStore.create(f"sqlite:///{tmp_path_factory.mktemp('walked') / 'kb.sqlite'}")
    app = create_app(settings, store, search, taxonomy, today=lambda: TODAY)
    yield app
    store.close()


def address(rule: Rule) -> str:
    """Return a URL of the route with ids that do not exist."""
    values: dict[str, object] = {}
    for name, converter in rule._converters.items():
        choices = sorted(getattr(converter, "items", ()))
        number = isinstance(converter, IntegerConverter)
        values[name] = 999_999 if number else next(iter(choices), MADE_UP)
    built = rule.build(values, append_unknown=False)
    assert built is not None
    return built[1]


@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "nobody")
def test_routes_enforce_permission_table_for_each_role(walked: Flask, role: Role | None) -> None:
    client = walked.test_client()
    person = sign_in(client, role) if role else None
    # Signing out comes last, since it ends the walk.
    rules = sorted(walked.url_map.iter_rules(), key=lambda rule: rule.endpoint.endswith("sign_out"))
    for rule in rules:
        right = needed(rule.endpoint)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            headers = csrf(client) if person else {}
            answer = client.open(address(rule), method=method, headers=headers)
            may = right is ANYBODY or (person is not None and person.has_permission(right))
            asked_in = answer.status_code == HTTPStatus.SEE_OTHER and answer.location.startswith(
                "/sign-in?next=" if method == "GET" else "/sign-in"
            )
            refused = answer.status_code in REFUSED or (person is None and asked_in)
            where = f"{method} {rule.rule} as {role or 'nobody'}: {answer.status_code}"
            if right is not ANYBODY:
                assert refused != may, where
            elif rule.endpoint not in (
                "content_requests.submit",
                "feedback.vote",
            ):  # which want to know where a form comes from
                assert answer.status_code not in REFUSED or rule.endpoint == "login.submit", where
            assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR or (
                answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
            ), where


def test_permission_table_names_only_existing_views(walked: Flask) -> None:
    endpoints = {rule.endpoint for rule in walked.url_map.iter_rules()}
    blueprints = {endpoint.partition(".")[0] for endpoint in endpoints}
    assert set(NEEDED) <= endpoints | blueprints
