"""`kb check --links` against a web server: the links behind the text of a stored article."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from ingest.checks import link_check
from ingest.http_fetch import FetchLimits
from web.cli import main

REDIRECTS = {"/moved": "/ok", "/moved-to-gone": "/gone", "/loop": "/loop"}


class Server(ThreadingHTTPServer):
    """Server that answers by path, never answers /slow, and records the requested paths."""

    daemon_threads = True

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        if self.path == "/slow":
            self.server.closing.wait()
            return
        found = REDIRECTS.get(self.path)
        self.send_response(302 if found else 200 if self.path == "/ok" else 404)
        if found:
            self.send_header("Location", found)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Suppress logging."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


def kb(*words: str, code: int) -> str:
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def test_links_behind_text_are_requested_and_the_broken_ones_reported(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_HOME", str(tmp_path / "kb"))
    monkeypatch.setenv("KB_FETCH_PRIVATE_NETWORKS", "1")
    monkeypatch.setattr(link_check, "LINK_LIMITS", FetchLimits(total_seconds=0.5))
    base = f"http://127.0.0.1:{server.server_port}"
    (tmp_path / "gout.html").write_text(
        f"""<!doctype html><html lang="en"><title>Gout</title><body><main><h1>Gout</h1>
        <p>Urate crystals form in a joint when the blood holds too much uric acid. Read the
        <a href="{base}/ok">guide</a>, the <a href="{base}/moved">old guide</a>, the
        <a href="{base}/gone">first edition</a> or <a href="mailto:team@kb.example">write</a>.</p>
        <ul><li>Ask for <a href="{base}/moved-to-gone">the leaflet</a> and the
        <a href="{base}/loop">form</a>.</li>
        <li>Call <a href="tel:111">the line</a>, or use <a href="ftp://127.0.0.1/x">files</a>.</li>
        </ul><table><tr><th>Dose</th><th>Source</th></tr>
        <tr><td>500 micrograms</td><td><a href="{base}/slow">formulary</a></td></tr></table>
        </main></body></html>""",
        encoding="utf-8",
    )
    kb("init", code=0)
    kb("add", str(tmp_path / "gout.html"), "--publish", code=0)
    assert server.paths == []

    lines = kb("check", "gout", "--links", "--json", code=1).splitlines()
    dead = [found for found in map(json.loads, lines) if found["rule"] == "dead-links"]

    broken = ("/gone", "/moved-to-gone", "/loop", "/slow")
    assert [address for found in dead for address in found["words"]] == [
        f"{base}{path}" for path in broken
    ]
    assert all(found["place"]["passage_id"] for found in dead)
    assert set(server.paths) == {"/ok", "/moved", *broken}
