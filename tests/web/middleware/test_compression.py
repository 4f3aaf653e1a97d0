"""Response compression: negotiation, exclusions and page size."""

from __future__ import annotations

import gzip
import re

import pytest

from kb.model.permissions import Role
from tests.web.sign_in import sign_in

FIRST_VIEW = 50_000  # bytes: a second on a slow mobile line


def compressed(client, path: str):
    return client.get(path, headers={"Accept-Encoding": "br, gzip"})


@pytest.mark.parametrize("path", ["/search?q=bleeding", "/articles/warfarin", "/api/v1/articles"])
def test_text_response_is_compressed_if_accepted(client, path):
    answer, plain = compressed(client, path), client.get(path)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(plain.data) / 2
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in answer.vary
    assert "Accept-Encoding" in plain.vary
    without_time = [
        re.sub(rb'(?s)<span class="line-more">.*?</span>', b"", body)
        for body in (gzip.decompress(answer.data), plain.data)
    ]
    assert without_time[0] == without_time[1]


def test_compression_respects_refused_encoding(client):
    answer = client.get("/articles/warfarin", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in answer.headers


def test_session_page_is_not_compressed(client):
    sign_in(client, Role.READER)  # whose pages hold the token of the session
    assert "Content-Encoding" not in compressed(client, "/articles/warfarin").headers
    client.delete_cookie("kb")
    client.set_cookie("another-site-of-the-hospital", "x")
    assert "Content-Encoding" in compressed(client, "/articles/warfarin").headers


def test_small_and_partial_responses_are_not_compressed(client):
    assert "Content-Encoding" not in compressed(client, "/healthz").headers
    (style,) = re.findall(r'href="(/static/\w+/kb\.css)"', client.get("/").text)
    part = client.get(style, headers={"Accept-Encoding": "gzip", "Range": "bytes=0-1999"})
    assert part.status_code == 206
    assert len(part.data) == 2000
    assert "Content-Encoding" not in part.headers


def test_unchanged_static_file_returns_304(client):
    (style,) = re.findall(r'href="(/static/\w+/kb\.css)"', client.get("/").text)
    first = compressed(client, style)
    again = client.get(
        style, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304
    assert again.data == b""


@pytest.mark.parametrize("path", ["/search?q=operation", "/articles/warfarin?q=bleeding", "/"])
def test_first_view_stays_within_size_limit(client, path):
    page = compressed(client, path)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', gzip.decompress(page.data).decode())
    assert len(files) >= 3
    assert len(page.data) + sum(len(compressed(client, file).data) for file in files) < FIRST_VIEW
