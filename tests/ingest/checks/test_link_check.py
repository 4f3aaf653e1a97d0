"""Extraction of URLs from articles, and link checks."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from ingest.checks.link_check import extract_urls, find_link_problem
from kb.model.article import (
    Article,
    Block,
    BlockKind,
    Cell,
    ListItem,
    Mark,
    MarkKind,
    Section,
    paragraph,
    table,
)
from tests.ingest.checks.builders import article


class Answers(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if self.path == "/here" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Suppress logging."""


@pytest.fixture
def host() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See https://example.org/a.", ["https://example.org/a"]),
        ("(https://example.org/a), https://example.org/b?c=d;", ["/a", "/b?c=d"]),
        ("At https://example.org/a_(b) and again https://example.org/a_(b)!", ["/a_(b)"]),
        ("Write to a@example.org or example.org.", []),
    ],
)
def test_extracted_url_excludes_punctuation(text: str, found: list[str]) -> None:
    whole = [f"https://example.org{path}" if path[0] == "/" else path for path in found]
    assert extract_urls(article([("A", text)])) == whole


def test_own_url_of_article_comes_first() -> None:
    found = extract_urls(article([("A", "https://example.org/a")], url="https://example.org/self"))
    assert found == ["https://example.org/self", "https://example.org/a"]


@pytest.mark.parametrize(
    ("href", "found"),
    [
        ("https://example.org/a", ["https://example.org/a"]),
        ("HTTP://example.org/a", ["HTTP://example.org/a"]),
        ("mailto:a@example.org", []),
        ("tel:999", []),
        ("file:///etc/passwd", []),
    ],
)
def test_addresses_of_web_links_are_extracted_everywhere(href: str, found: list[str]) -> None:
    marks = (Mark(MarkKind.LINK, 0, 4, href),)
    for block in (
        paragraph("here", marks=marks),
        Block(kind=BlockKind.LIST, items=(ListItem("here", marks=marks),)),
        table([[Cell("here", marks=marks)]]),
    ):
        assert extract_urls(Article("A", (Section("A", (block,)),))) == found


def test_link_problem_is_empty_only_for_working_page(host: str) -> None:
    assert find_link_problem(f"{host}/here", private=True) == ""
    assert "404" in find_link_problem(f"{host}/gone", private=True)


def test_link_check_rejects_private_host(host: str) -> None:
    Answers.asked.clear()
    assert "127.0.0.1" in find_link_problem(f"{host}/here", private=False)
    assert Answers.asked == []
