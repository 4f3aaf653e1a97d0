"""Notices after forms: shown once, and only after a successful action."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.model.permissions import Role
from tests.web.page_text import elements
from tests.web.sign_in import post, sign_in
from web import views
from web.views.notices import COOKIE, NOTICES, redirect_with_notice


def test_every_notice_is_given_by_a_view() -> None:
    sources = [path.read_text() for path in Path(views.__path__[0]).rglob("*.py")]
    quoted = [key for source in sources for key in re.findall(r'"([a-z-]+)"', source)]
    assert [key for key in NOTICES if quoted.count(key) < 2] == []  # once in the table itself


def test_a_notice_without_a_text_is_an_error(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(KeyError):
        redirect_with_notice("/desk", "no-such-notice")


def test_a_notice_is_shown_once_on_the_next_page(client: FlaskClient) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    answer = post(client, "/desk/synonyms", line="clot buster = thrombolysis")
    assert answer.status_code == 303
    assert client.get("/desk/nothing").status_code == 404  # a page without the line leaves it
    text = NOTICES["synonym-added"]
    (line,) = elements(client.get("/desk/synonyms"), '[role="status"][tabindex="-1"][autofocus]')
    assert line.get_text() == text
    assert text not in client.get("/desk/synonyms").text


@pytest.mark.parametrize(
    ("path", "fields", "key"),
    [
        ("/desk/users", {"name": "ben", "password": "correct horse battery"}, "account-added"),
        ("/account/tokens/1/end", {}, "token-ended"),
    ],
)
def test_forms_set_the_key_of_their_notice(
    client: FlaskClient, path: str, fields: dict[str, str], key: str
) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    post(client, "/account/tokens", label="Load", scope="search")
    assert post(client, path, **fields).status_code == 303
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    assert cookie.value == key


def test_a_rejected_form_sets_no_notice(client: FlaskClient) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    assert post(client, "/desk/synonyms", line="alone").status_code == 422
    assert client.get_cookie(COOKIE) is None


def test_an_unknown_key_in_the_cookie_is_ignored(client: FlaskClient) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    client.set_cookie(COOKIE, "All is lost.")
    assert "All is lost." not in client.get("/desk/synonyms").text
