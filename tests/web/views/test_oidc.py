"""Signing in through a directory: a small one on loopback, honest at first and then in no way."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from index.search.service import SearchService
from kb.model.permissions import Role
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from tests.web.builders import TODAY
from tests.web.page_text import links_of, parse
from tests.web.sign_in import make_person
from tests.web.views.editorial.desk_page import error_of
from web.app import create_app
from web.context import services_of

KEY = RSAKey.generate_key(2048, parameters={"kid": "one"})
OTHER = RSAKey.generate_key(2048, parameters={"kid": "one"})


class Directory:
    """A provider of OpenID Connect; a test changes what it says and how it signs."""

    def __init__(self) -> None:
        self.claims: dict[str, object] = {}
        self.key, self.header = KEY, {"alg": "RS256", "kid": "one"}
        self.unsigned = False
        self.asked: dict[str, str] = {}
        self.server = make_server("127.0.0.1", 0, self.answer, threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.named = self.issuer
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, environ, start_response):
        request = Request(environ)
        body: object = {}
        if request.path.endswith("openid-configuration"):
            body = {
                "issuer": self.named,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        elif request.path == "/keys":
            body = {"keys": [KEY.as_dict(private=False)]}
        elif request.path == "/token":
            body = self.token(request)
        response = Response(json.dumps(body), mimetype="application/json")
        return response(environ, start_response)

    def token(self, request: Request) -> dict[str, str]:
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if challenge != self.asked["code_challenge"] or request.form["code"] != "right":
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": "kb", "sub": "4711", "exp": now + 60, "iat": now,
            "nonce": self.asked["nonce"], "preferred_username": "Ann.Lee", "name": "Ann Lee",
            "groups": ["Editors", "Others"], **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.unsigned:
            parts = ({"alg": "none"}, claims)
            plain = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode() for p in parts]
            return {"access_token": "x", "token_type": "Bearer", "id_token": ".".join((*plain, ""))}
        signed = jwt.encode(self.header, claims, self.key)
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


@pytest.fixture
def directory() -> Iterator[Directory]:
    made = Directory()
    yield made
    made.server.shutdown()


@pytest.fixture
def client(
    request: pytest.FixtureRequest, settings: Settings, empty_store: ArticleStore,
    search: SearchService, taxonomy: Taxonomy, directory: Directory,
) -> FlaskClient:  # fmt: skip
    """Return a client; a parameter of the test sets `require_sign_in`."""
    own = Settings(
        home=settings.home, oidc_issuer=directory.issuer, oidc_client_id="kb",
        oidc_client_secret="hush", group_roles={"Editors": "publisher"},
        require_sign_in=getattr(request, "param", False),
    )  # type: ignore[arg-type]  # fmt: skip
    return create_app(own, empty_store, search, taxonomy, today=lambda: TODAY).test_client()


def begin(client: FlaskClient, directory: Directory, wanted: str = "/desk") -> None:
    sent = client.get("/sign-in/directory", query_string={"next": wanted})
    assert sent.status_code == 303, sent.text
    address = urlsplit(sent.location)
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{directory.issuer}/authorize"
    directory.asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert directory.asked["code_challenge_method"] == "S256"
    assert directory.asked["redirect_uri"] == "http://localhost/sign-in/directory/back"


def back(client: FlaskClient, directory: Directory, **changed: str) -> TestResponse:
    query = {"code": "right", "state": directory.asked["state"], **changed}
    return client.get("/sign-in/directory/back", query_string=query)


@pytest.mark.parametrize("client", [False, True], indirect=True, ids=["open", "closed"])
def test_from_the_button_to_the_desk(client: FlaskClient, directory: Directory) -> None:
    links = links_of(client.get("/sign-in?next=/desk/reviews-due"))
    (button,) = (link for link in links if link.startswith("/sign-in/directory"))
    assert parse_qs(urlsplit(button).query) == {"next": ["/desk/reviews-due"]}
    begin(client, directory, "/desk/reviews-due")
    answer = back(client, directory)
    assert (answer.status_code, answer.location) == (303, "/desk/reviews-due")
    assert client.get("/desk/reviews-due").status_code == 200
    person = services_of(client.application).accounts.users.get_user("ann.lee")
    assert (person.display_name, person.roles) == ("Ann Lee", {Role.PUBLISHER})
    directory.claims = {"groups": ["Others"]}
    begin(client, directory)
    back(client, directory)
    assert services_of(client.application).accounts.users.get_user("ann.lee").roles == {Role.READER}


def test_an_answer_counts_once_and_only_for_who_began(
    client: FlaskClient, directory: Directory
) -> None:
    begin(client, directory)
    stranger = client.application.test_client()
    assert back(stranger, directory).status_code == 403
    assert back(client, directory, state="guessed").status_code == 403
    assert back(client, directory).status_code == 403, "the wrong answer has used it up"
    begin(client, directory)
    assert back(client, directory).status_code == 303
    assert back(client, directory).status_code == 403


WRONG = {
    "another issuer": ({"iss": "https://evil.example"}, "token-invalid"),
    "for somebody else": ({"aud": "other"}, "token-invalid"),
    "for two, not for us": ({"aud": ["kb", "other"], "azp": "other"}, "audience-mismatch"),
    "another sign-in": ({"nonce": "other"}, "nonce-mismatch"),
    "no sign-in": ({"nonce": None}, "nonce-mismatch"),
    "expired": ({"exp": int(time.time()) - 3_600}, "token-invalid"),
    "without an end": ({"exp": None}, "token-invalid"),
    "about nobody": ({"sub": None}, "token-invalid"),
}


@pytest.mark.parametrize(("claims", "code"), WRONG.values(), ids=WRONG)
def test_claims_that_are_not_believed(
    client: FlaskClient, directory: Directory, claims: dict[str, object], code: str
) -> None:
    directory.claims = claims
    begin(client, directory)
    answer = back(client, directory)
    assert (answer.status_code, error_of(answer)) == (403, code)
    assert client.get("/desk").status_code == 303


def test_signatures_that_are_not_believed(client: FlaskClient, directory: Directory) -> None:
    directory.key = OTHER
    begin(client, directory)
    assert back(client, directory).status_code == 403
    directory.unsigned = True
    begin(client, directory)
    assert back(client, directory).status_code == 403
    begin(client, directory)
    assert back(client, directory, code="wrong").status_code == 403
    begin(client, directory)
    assert back(client, directory, error="access_denied").status_code == 403
    assert services_of(client.application).accounts.users.list_users() == []


def test_unavailable_or_mismatched_provider_is_reported(
    client: FlaskClient, directory: Directory
) -> None:
    directory.named = "https://evil.example"
    answer = client.get("/sign-in/directory")
    assert (answer.status_code, error_of(answer)) == (502, "issuer-mismatch")
    directory.server.shutdown()
    directory.server.server_close()
    answer = client.get("/sign-in/directory")
    assert (answer.status_code, error_of(answer)) == (502, "unreachable")


def test_no_account_is_taken_over_by_its_name(client: FlaskClient, directory: Directory) -> None:
    make_person(client.application, Role.ADMINISTRATOR, "ann.lee")
    begin(client, directory)
    answer = back(client, directory)
    assert (answer.status_code, error_of(answer)) == (403, "name-taken")
    assert client.get("/desk").status_code == 303


def proxied(
    settings: Settings, store: ArticleStore, search: SearchService, taxonomy: Taxonomy
) -> FlaskClient:
    own = Settings(
        home=settings.home, proxy_user_header="X-User", proxy_groups_header="X-Groups",
        trusted_proxies=("10.0.0.1",), group_roles={"Editors": "author"},
    )  # type: ignore[arg-type]  # fmt: skip
    return create_app(own, store, search, taxonomy, today=lambda: TODAY).test_client()


def test_trusted_proxy_header_authenticates(
    settings: Settings, empty_store: ArticleStore, search: SearchService, taxonomy: Taxonomy,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    client = proxied(settings, empty_store, search, taxonomy)
    trusted = {"REMOTE_ADDR": "10.0.0.1"}
    said = {"X-User": "Ann", "X-Groups": "Others|Editors"}
    stranger = client.get("/desk", headers=said, environ_base={"REMOTE_ADDR": "10.0.0.2"})
    assert stranger.status_code == 303
    assert [line.levelname for line in caplog.records] == ["WARNING"]
    first = client.get("/desk", headers=said, environ_base=trusted)
    assert first.status_code == 200
    assert "HttpOnly" in first.headers["Set-Cookie"]
    again = client.get("/desk", headers=said, environ_base=trusted)
    assert "Set-Cookie" not in again.headers, "the session goes on"
    assert len(services_of(client.application).accounts.sessions.list_sessions("ann")) == 1
    assert client.get("/desk", environ_base=trusted).status_code == 303, "the header is gone"
    other = client.get("/account", headers={"X-User": "ben"}, environ_base=trusted)
    assert parse(other).select('[data-user="ben"]')
    for evil in ("good,evil", "good, evil", "a b", "../x"):
        refused = client.get("/desk", headers={"X-User": evil}, environ_base=trusted)
        assert refused.status_code == 403, evil
    for groups in (
        [("X-Groups", "a|Editors|b"), ("X-Groups", "Others")],
        [("X-Groups", "a,Editors")],
    ):
        sent = [("X-User", "cid"), *groups]
        assert client.get("/desk", headers=sent, environ_base=trusted).status_code == 403
    twice = [("X-User", "ann"), ("X-User", "root")]
    assert client.get("/desk", headers=twice, environ_base=trusted).status_code == 403
