"""Signing in on the site: cookies, tokens of forms, where one is led, what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from index.search.service import SearchService
from kb.model.permissions import Role
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from tests.web.builders import TODAY, fill
from tests.web.page_text import parse
from tests.web.sign_in import PASSWORD, SENT_FROM_HERE, csrf, make_person, post, sign_in
from tests.web.views.editorial.desk_page import error_of, problem_of
from web.app import create_app
from web.context import services_of
from web.views.login import safe_redirect_path


@pytest.fixture
def team_app(
    settings: Settings, empty_store: ArticleStore, search: SearchService, taxonomy: Taxonomy
) -> Flask:
    """A site whose accounts may be changed."""
    return create_app(settings, empty_store, search, taxonomy, today=lambda: TODAY)


@pytest.fixture
def team(team_app: Flask) -> Iterator[FlaskClient]:
    with team_app.test_client() as client:
        yield client


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/desk/reviews-due?owner=ann", "/desk/reviews-due?owner=ann"),
        ("https://evil.example/", ""),
        ("//evil.example/", ""),
        ("/\\evil.example", ""),
        ("/\tevil", ""),
        ("javascript:alert(1)", ""),
        ("desk", ""),
        ("", ""),
    ],
)
def test_only_paths_of_this_site_are_led_to(wanted: str, led: str) -> None:
    assert safe_redirect_path(wanted) == led


def test_from_the_desk_to_the_sign_in_and_back(team: FlaskClient) -> None:
    make_person(team.application, Role.ADMINISTRATOR, "ann")
    sent = team.get("/desk/users")
    assert (sent.status_code, sent.location) == (303, "/sign-in?next=%2Fdesk%2Fusers")
    page = team.get(sent.location)
    assert page.headers["Cache-Control"] == "no-store"
    form = {"name": "ann", "password": PASSWORD, "next": "/desk/users"}
    answer = team.post("/sign-in", data=form, headers=SENT_FROM_HERE)
    assert (answer.status_code, answer.location) == (303, "/desk/users")
    cookie = answer.headers["Set-Cookie"]
    assert re.fullmatch(r"kb=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", cookie)
    accounts = team.get("/desk/users")
    assert accounts.status_code == 200
    assert accounts.headers["Cache-Control"] == "private, no-store"
    assert "Cookie" in accounts.headers["Vary"]


def test_a_session_is_secure_where_the_site_is(
    settings: Settings, empty_store: ArticleStore, search: SearchService, taxonomy: Taxonomy
) -> None:
    public = settings.model_copy(update={"public_url": "https://kb.hospital.example"})
    app = create_app(public, empty_store, search, taxonomy, today=lambda: TODAY)
    make_person(app, Role.AUTHOR, "ann")
    form = {"name": "ann", "password": PASSWORD}
    answer = app.test_client().post("/sign-in", data=form, headers=SENT_FROM_HERE)
    assert re.match(r"__Host-kb=[\w-]+; Secure; HttpOnly; Path=/;", answer.headers["Set-Cookie"])


def test_signing_out_ends_it_on_the_server(team: FlaskClient) -> None:
    sign_in(team, Role.AUTHOR, "ann")
    cookie = team.get_cookie("kb")
    assert cookie is not None
    assert post(team, "/sign-out").status_code == 303
    team.set_cookie("kb", cookie.value)
    assert team.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, {"name": "ann", "password": PASSWORD}),
        ({"Origin": "https://evil.example"}, {"name": "ann", "password": PASSWORD}),
        ({}, {"name": "ann", "password": PASSWORD}),
    ],
)
def test_cross_site_login_is_rejected(team: FlaskClient, headers, form) -> None:
    make_person(team.application, Role.AUTHOR, "ann")
    answer = team.post("/sign-in", data=form, headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_failed_logins_are_throttled(team: FlaskClient) -> None:
    make_person(team.application, Role.AUTHOR, "ann")
    form = {"name": "ann", "password": "wrong"}
    for _ in range(5):
        answer = team.post("/sign-in", data=form, headers=SENT_FROM_HERE)
        assert (answer.status_code, error_of(answer)) == (422, "sign-in-failed")
        assert team.get("/account").status_code == 303
    answer = team.post("/sign-in", data=form, headers=SENT_FROM_HERE)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_form_without_the_token_of_its_session_is_refused(team: FlaskClient) -> None:
    sign_in(team, Role.ADMINISTRATOR, "ann")
    form = {"name": "eve", "role": "administrator", "password": "one two three four"}
    for wrong in ({}, {"csrf": ""}, {"csrf": "guessed"}):
        answer = team.post("/desk/users", data=form | wrong, headers=SENT_FROM_HERE)
        assert (answer.status_code, problem_of(answer)) == (403, "forbidden")
    assert post(team, "/desk/users", **form).status_code == 303
    names = [person.name for person in services_of(team.application).accounts.users.list_users()]
    assert names == ["ann", "eve"]


def test_every_form_that_is_posted_carries_the_token(team: FlaskClient) -> None:
    sign_in(team, Role.ADMINISTRATOR, "ann")
    token = next(iter(csrf(team).values()))
    for path in ("/account", "/desk/users", "/ask", "/"):
        forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", team.get(path).text, re.DOTALL)
        assert forms
        assert all(f'name="csrf" value="{token}"' in form for form in forms), path


def test_ones_own_account(team: FlaskClient) -> None:
    sign_in(team, Role.AUTHOR, "ann")
    other = team.application.test_client()
    sign_in(other, Role.AUTHOR, "ann")
    page = team.get("/account").text
    number = re.search(r"/account/sessions/(\w+)/end", page)
    assert number
    assert post(team, number[0]).status_code == 303
    assert other.get("/account").status_code == 303
    assert team.get("/account").status_code == 200
    wrong = post(team, "/account/password", old="wrong", new="nine loud geese walk by")
    assert wrong.status_code == 422
    right = post(team, "/account/password", old=PASSWORD, new="nine loud geese walk by")
    assert right.location == "/sign-in?next=%2Faccount"
    assert team.get("/account").status_code == 303


def test_a_token_is_shown_once_and_may_what_it_is_for(team: FlaskClient) -> None:
    sign_in(team, Role.ADMINISTRATOR, "ann")
    answer = post(team, "/account/tokens", label="nightly", scope="search", ends_on="")
    key = re.search(r"kb_[\w-]{43}", answer.text)
    assert key
    assert key[0] not in team.get("/account").text
    script = team.application.test_client()
    sent = {"Authorization": f"Bearer {key[0]}"}
    assert script.get("/desk/audit-log.csv", headers=sent).status_code == 403
    assert script.get("/desk/users", headers=sent).status_code == 403
    wrong = script.get("/desk/audit-log.csv", headers={"Authorization": "Bearer kb_made_up"})
    assert wrong.status_code in (303, 401)
    log = post(team, "/account/tokens", label="audit", scope="read-log", ends_on="")
    audit = re.search(r"kb_[\w-]{43}", log.text)
    assert audit
    trail = script.get("/desk/audit-log.csv", headers={"Authorization": f"Bearer {audit[0]}"})
    assert trail.status_code == 200
    assert "token.made" in trail.text


def test_administrators_manage_accounts(team: FlaskClient) -> None:
    sign_in(team, Role.ADMINISTRATOR, "ann")
    make_person(team.application, Role.AUTHOR, "ben")
    assert post(team, "/desk/users/ben/roles", role=["reviewer"]).status_code == 303
    assert post(team, "/desk/users/ben/state", disabled="1").status_code == 303
    ben = services_of(team.application).accounts.users.get_user("ben")
    assert (ben.roles, ben.disabled) == ({Role.REVIEWER}, True)
    last = post(team, "/desk/users/ann/state", disabled="1")
    assert (last.status_code, error_of(last)) == (422, "last-administrator")
    assert not services_of(team.application).accounts.users.get_user("ann").disabled
    assert post(team, "/desk/users/zoe/roles", role=["author"]).status_code == 404
    assert post(team, "/desk/users", name="B N", role="author").status_code == 422


def test_the_trail_is_shown_and_exported_without_formulas(team: FlaskClient) -> None:
    sign_in(team, Role.ADMINISTRATOR, "ann")
    post(team, "/account/tokens", label="=cmd|calc", scope="search", ends_on="")
    page = parse(team.get("/desk/audit-log?action=token.made"))
    (step,) = page.select("tbody tr")
    cells = [cell.get_text() for cell in step.select("td")]
    assert "token.made" in cells
    assert "=cmd|calc: search" in cells
    table = team.get("/desk/audit-log.csv").text
    assert ",'=cmd|calc: search" in table
    lines = team.get("/desk/audit-log.jsonl").text.splitlines()
    assert len(lines) == len(table.splitlines()) - 1
    assert team.get("/desk/audit-log.xls").status_code == 404


@pytest.fixture
def closed(
    settings: Settings, empty_store: ArticleStore, search: SearchService, taxonomy: Taxonomy
) -> FlaskClient:
    fill(empty_store)
    shut = settings.model_copy(update={"require_sign_in": True})
    app = create_app(shut, empty_store, search, taxonomy, today=lambda: TODAY)
    return app.test_client()


def test_reading_may_need_an_account(closed: FlaskClient) -> None:
    for path in ("/", "/search?q=warfarin", "/articles/warfarin", "/feeds/new.atom", "/embed"):
        answer = closed.get(path)
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in"), path
    for path in ("/api/v1/search?q=warfarin", "/api/v1/suggest?q=w", "/infobutton"):
        answer = closed.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for path in ("/healthz", "/readyz", "/sign-in"):
        assert closed.get(path).status_code == 200, path
    sign_in(closed, Role.READER, "ann")
    for path in ("/", "/search?q=warfarin", "/api/v1/search?q=warfarin"):
        answer = closed.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "private, no-store"
    made = post(closed, "/account/tokens", label="x", scope="search", ends_on="")
    key = re.search(r"kb_[\w-]{43}", made.text)
    assert key
    script = closed.application.test_client()
    sent = {"Authorization": f"Bearer {key[0]}"}
    assert script.get("/api/v1/search?q=warfarin", headers=sent).status_code == 200
