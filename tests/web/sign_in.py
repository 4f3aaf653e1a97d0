"""Signing a test client in, as a person of a role."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kb.errors import NotFoundError
from kb.model.permissions import Role, User
from kb.storage.audit_log import Actor
from web.context import services_of
from web.middleware.auth import CSRF_HEADER

PASSWORD = "correct horse battery staple"
SENT_FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


def make_person(app: Flask, role: Role, name: str) -> User:
    """Return somebody with an account of this role, made if need be."""
    accounts = services_of(app).accounts.users
    try:
        return accounts.get_user(name)
    except NotFoundError:
        person = User(name=name, display_name=name.capitalize(), roles=frozenset((role,)))
        return accounts.add(person, PASSWORD, actor=Actor("test"))


def sign_in(client: FlaskClient, role: Role, name: str = "") -> User:
    """Sign the client in; posts carry the session's token from now on."""
    person = make_person(client.application, role, name or f"{role}-1")
    answer = client.post(
        "/sign-in", data={"name": person.name, "password": PASSWORD}, headers=SENT_FROM_HERE
    )
    assert answer.status_code == 303, answer.text
    return person


def csrf(client: FlaskClient) -> dict[str, str]:
    """Return the header by which a post is known to come from the session's own page."""
    cookie = client.get_cookie("kb")
    assert cookie is not None
    session = services_of(client.application).accounts.sessions.find_session(cookie.value)
    assert session is not None
    return {CSRF_HEADER: session.csrf}


def post(client: FlaskClient, path: str, **data: object) -> TestResponse:
    """Post a form of the client's own session."""
    return client.post(path, data=data, headers=csrf(client))
