"""Server process: responses, index sync, logging and shutdown."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from index.engines import open_engine
from index.indexer import Indexer
from kb.errors import IndexMissingError, NoKnowledgeBaseError, ServerError
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from tests.web.builders import WARFARIN, WARFARIN_PASSAGES, save, simple
from web.server.gunicorn_app import IndexSyncThread, serve

PROGRAM = """
import sys
from pathlib import Path
from kb.settings import Settings
from web.server.gunicorn_app import serve
serve(Settings(home=Path(sys.argv[1]), index_sync_seconds=0.1), "127.0.0.1", int(sys.argv[2]), 2)
"""


# An audit joins the record's number with the answer; the rest is nobody's business.
ASKED = "mainSearchCriteria.v.dn=pangolin&knowledgeRequestNotification.id.root=r-17"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str) -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
        return json.load(response)


def wait_for(condition, seconds: float = 20.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except OSError:  # not up yet
            pass
        time.sleep(0.1)
    raise AssertionError("waited in vain")


# Lines that never reach the site; the first is what a careless program makes of two words.
UNREADABLE = {
    "GET /api/v1/search?q=pangolin two HTTP/1.1": 400,
    f"GET /api/v1/search?q=pangolin{'x' * 9_000} HTTP/1.1": 414,
    f"GET / HTTP/1.1\r\nX-Long: pangolin{'x' * 9_000}": 431,
    "pangolin": 400,
}


def say(port: int, line: str) -> bytes:
    """Send an unmodified request and return the whole response."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"{line}\r\nHost: here\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def assert_refused(answer: bytes, status: int) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(body)["status"] == status
    assert b"pangolin" not in answer


def test_server_follows_store_and_logs_no_query(tmp_path, taxonomy):
    store = ArticleStore.create(Settings(home=tmp_path).database_url)
    save(store, WARFARIN, WARFARIN_PASSAGES)
    Indexer(store, open_engine(Settings(home=tmp_path).engine_url, taxonomy), taxonomy).rebuild()
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "KB_HOME": str(tmp_path)},
    )
    try:
        assert wait_for(lambda: get(port, "/readyz"))["status"] == "ready"
        assert get(port, "/api/v1/search?q=gut")["total"] == 1
        save(store, *simple("Later", "Added while serving: pangolin."))
        wait_for(lambda: get(port, "/api/v1/search?q=pangolin")["total"] == 1)
        for line, status in UNREADABLE.items():
            assert_refused(say(port, line), status)
        say(port, f"GET /infobutton?{ASKED} HTTP/1.1\r\nConnection: close")
    finally:
        server.send_signal(signal.SIGINT)
        output, _ = server.communicate(timeout=20)
    assert server.returncode == 0
    assert "Traceback" not in output
    assert "pangolin" not in output
    (audit,) = (json.loads(line) for line in output.splitlines() if line.startswith("{"))
    assert (audit["event"], audit["request"], audit["entries"]) == ("infobutton", "r-17", 0)
    assert "127.0.0.1" not in output.replace(f"http://127.0.0.1:{port}", "")


def test_server_reports_fatal_error_before_starting_workers(tmp_path):
    with pytest.raises(NoKnowledgeBaseError):
        serve(Settings(home=tmp_path / "nothing"), "127.0.0.1", free_port(), 1)


class Failing:
    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def sync(self):
        raise self.errors.pop(0)


def test_sync_thread_logs_each_error_once_and_continues(caplog):
    missing = IndexMissingError("/kb/index")
    follower = IndexSyncThread(Failing(missing, missing, RuntimeError("odd"), missing), 1)
    for _ in range(4):
        follower.run_once()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 3
    assert "kb index rebuild" in said[0]
    assert [bool(record.exc_info) for record in caplog.records] == [False, True, False]


def test_server_names_port_that_is_in_use(tmp_path, capfd):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(ServerError, match=rf"\b{port}\b"):
            serve(Settings(home=tmp_path), "127.0.0.1", port, 1)

    assert capfd.readouterr().err == ""


def test_server_names_port_without_permission(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)

    with pytest.raises(ServerError, match=r"\b80\b"):
        serve(Settings(home=tmp_path), "127.0.0.1", 80, 1)


def test_server_names_host_that_is_not_local(tmp_path):
    with pytest.raises(ServerError, match=r"192\.0\.2\.1"):
        serve(Settings(home=tmp_path), "192.0.2.1", free_port(), 1)
