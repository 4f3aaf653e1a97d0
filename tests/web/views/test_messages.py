"""What a page says of what was done just before, once."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from kb.model.permissions import Role
from tests.web.page_text import elements
from tests.web.sign_in import post, sign_in
from web.views.messages import COOKIE, DONE

ROOMS = ("own.", "administering.", "deeds.", "adding.", "correcting.", "board.", "curating.")
# Where the page that follows shows for itself what has begun, or nothing was changed yet.
SHOWN = {
    "own.make_token", "adding.paste", "adding.files", "adding.address", "correcting.edit",
    "board.check_links", "curating.try_pin", "curating.try_line",
}  # fmt: skip


def test_every_form_of_the_desk_is_answered(app: Flask) -> None:
    forms = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint.startswith(ROOMS)
    }
    assert {".".join(deed.split(".")[:2]) for deed in DONE} == forms - SHOWN


def test_it_is_said_once_where_the_form_leads(client: FlaskClient) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    answer = post(client, "/desk/synonyms", line="clot buster = thrombolysis")
    assert answer.status_code == 303
    assert client.get("/desk/nothing").status_code == 404  # a page without the line leaves it
    told = DONE["curating.add_line"].text
    (said,) = elements(client.get("/desk/synonyms"), '[role="status"][tabindex="-1"][autofocus]')
    assert said.get_text() == told
    assert told not in client.get("/desk/synonyms").text


def test_what_was_refused_is_not_said_to_be_done(client: FlaskClient) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    assert post(client, "/desk/synonyms", line="alone").status_code == 422
    assert client.get_cookie(COOKIE) is None


def test_another_text_in_the_cookie_is_not_shown(client: FlaskClient) -> None:
    sign_in(client, Role.ADMINISTRATOR)
    client.set_cookie(COOKIE, "All is lost.")
    assert "All is lost." not in client.get("/desk/synonyms").text
