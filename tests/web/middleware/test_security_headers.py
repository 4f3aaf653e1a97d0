"""Security headers and escaping of articles and queries."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from kb.errors import IndexMissingError
from tests.web.builders import HOSTILE, CannedSearch, a_hit, an_answer
from web.middleware.security_headers import HEADERS

SEEN_BY_ALL = ["/", "/search?q=bleeding", "/search?q=zebra", "/topics", "/a-z", "/topics/Leaflets",
               "/tags/safety", "/new", "/ask?q=zebra", "/ask/thanks", "/articles/warfarin",
               "/articles/warfarin?q=bleeding", "/articles/nothing", "/nothing", "/api/v1/search",
               "/api/v1/articles", "/api/v1/articles/nothing", "/api/nothing", "/api",
               "/embed?q=bleeding", "/embed/docs", "/healthz",
               "/readyz", "/search?q=x&sort=y"]  # fmt: skip
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Tags(HTMLParser):
    """Parser that collects active and loading elements and checks that tags are balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("img", "iframe", "object", "style", "base"):
            self.faults.append(f"<{tag}>")
        is_data = given.get("type") == "application/ld+json"  # which no browser runs
        own = (given.get("src") or "").startswith(("/static/", "/embed/v1/"))
        if tag == "script" and not is_data and not own:
            self.faults.append("inline script")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"{name}={value}")
            if name in ("href", "src", "action") and (value or "").strip().lower().startswith(
                ("javascript:", "data:", "//")
            ):
                self.faults.append(f"{name}={value}")
        if "id" in given:
            self.ids.append(given["id"] or "")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")


def check(body: str) -> None:
    tags = Tags()
    tags.feed(body)
    tags.close()
    assert tags.faults == []
    assert tags.open == []
    assert len(tags.ids) == len(set(tags.ids))


@pytest.mark.parametrize("path", SEEN_BY_ALL)
def test_every_response_has_security_headers(client, path):
    response = client.get(path)
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert "Cache-Control" in response.headers
    if response.mimetype == "text/html":
        check(response.text)


def test_content_security_policy_allows_no_other_hosts():
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


def hostile_paths(store) -> list[str]:
    (id_,) = [found.id for found in store.summaries() if found.title == HOSTILE]
    (passage,) = store.article(id_).passages
    q = quote(HOSTILE)
    return [
        f"/articles/{id_}",
        f"/articles/{id_}?q={q}",
        f"/articles/{id_}/{passage.id}?q={q}",
        f"/search?q={q}",
        f"/search?q={q}&topic={q}",
        "/search?q=bleeding",
        "/search?tag=safety",
        "/topics",
        f"/topics/{quote(HOSTILE, safe='')}",
        "/tags/safety",
        "/a-z",
        "/new",
        f"/ask?q={q}",
        "/",
    ]


def test_hostile_articles_and_queries_are_escaped(client, store):
    for path in hostile_paths(store):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img" not in page.text, path
        check(page.text)


def test_hostile_errors_and_hits_are_escaped(client_with):
    check(client_with(CannedSearch(error=IndexMissingError(HOSTILE))).get("/search?q=x").text)
    answer = an_answer(a_hit(title=HOSTILE, heading=HOSTILE, snippet=((HOSTILE, True),)))
    check(client_with(CannedSearch(answer)).get("/search?q=" + quote(HOSTILE)).text)


@pytest.mark.parametrize("path", ["/search?q=x", "/articles/warfarin?q=x", "/api/v1/search?q=x"])
def test_query_response_is_not_stored(client, path):
    assert client.get(path).headers["Cache-Control"] == "private, no-store"


def test_hashed_static_file_is_immutable(app, client):
    home = client.get("/").text
    for name in ("kb.css", "kb.js", "icon.svg"):
        start = home.index("/static/")
        address = next(
            part.split('"')[0] for part in home[start - 1 :].split('"') if part.endswith(f"/{name}")
        )
        response = client.get(address)
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
        old = client.get(f"/static/000000000000/{name}")
        assert old.status_code == 200
        assert old.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/000000000000/app.py").status_code == 404
    assert client.get("/static/000000000000/..%2fapp.py").status_code == 404
