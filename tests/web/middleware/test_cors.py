"""CORS: listed origins can read the API, and only the API."""

from __future__ import annotations

import pytest

from kb.settings import Settings
from web.app import create_app

PORTAL = "https://portal.example"
ALLOWED = (PORTAL, "http://localhost:5000")
READ = "/api/v1/search?q=bleeding"


@pytest.fixture(scope="module")
def listed(settings, store, search, taxonomy):
    """Return a client of a site with the CORS origins `ALLOWED`."""
    app = create_app(Settings(home=settings.home, allowed_origins=ALLOWED), store, search, taxonomy)
    return app.test_client()


def cors_headers(response) -> dict[str, str]:
    return {
        name: value
        for name, value in response.headers.items()
        if name.startswith("Access-Control") or name == "Cross-Origin-Resource-Policy"
    }


@pytest.mark.parametrize("origin", ALLOWED)
@pytest.mark.parametrize(
    "path",
    [READ, "/api/v1/suggest?q=war", "/api/v1/articles", "/api/v1/articles/warfarin",
     "/api/v1/articles/nothing", "/api/v1/search?limit=many", "/api/v1/nothing",
     "/infobutton?mainSearchCriteria.v.dn=warfarin"],
)  # fmt: skip
def test_listed_origin_can_read_responses_and_errors(listed, origin, path):
    response = listed.get(path, headers={"Origin": origin})
    assert cors_headers(response) == {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    assert "Origin" in response.vary


@pytest.mark.parametrize(
    "origin",
    [None, "", "null", "*", "https://portal.example.evil.example", "https://portal.example/",
     "http://portal.example", "https://PORTAL.example", "https://portal.example:8443",
     "https://portal.example, https://evil.example"],
)  # fmt: skip
def test_unlisted_origin_is_refused_and_response_varies_by_origin(listed, origin):
    response = listed.get(READ, headers={} if origin is None else {"Origin": origin})
    assert response.status_code == 200
    assert cors_headers(response) == {"Cross-Origin-Resource-Policy": "same-origin"}
    assert "Origin" in response.vary


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT", "DELETE"])
def test_cors_rejects_other_methods(listed, method):
    asked = {"Origin": PORTAL, "Access-Control-Request-Method": "GET",
             "Access-Control-Request-Headers": "authorization"}  # fmt: skip
    response = listed.open(READ, method=method, headers=asked)
    assert cors_headers(response) == {"Cross-Origin-Resource-Policy": "same-origin"}


@pytest.mark.parametrize("path", ["/", "/search?q=bleeding", "/articles/warfarin", "/healthz"])
def test_pages_send_no_cors_headers(listed, path):
    response = listed.get(path, headers={"Origin": PORTAL})
    assert cors_headers(response) == {"Cross-Origin-Resource-Policy": "same-origin"}
    assert "Origin" not in response.vary


def test_cors_is_disabled_without_listed_origins(client):
    response = client.get(READ, headers={"Origin": PORTAL})
    assert cors_headers(response) == {"Cross-Origin-Resource-Policy": "same-origin"}
    assert "Origin" not in response.vary
