"""What some tests drive besides Python, found or named as left out; never skipped in silence.

`postgres_tools` and `chromium` tell what there is to start. `left_out` has one line for
each service that is not there; ``tests/conftest.py`` prints them and leaves the tests out.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

PEERS = ("tantivy", "bm25s", "xapian")  # measured beside ours; each is the marker of its test
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

OWNER = "postgres"  # the server refuses to run as root
OPTIONS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"


def postgres_tools() -> Path | None:
    """Return the folder of the server's programs, the newest where there are several."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(versions, key=lambda folder: float(folder.parent.name), default=None)


def chromium() -> str | None:
    """Return the path of the browser that the tests drive."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def left_out() -> dict[str, str]:
    """Return the marker of each service that is missing, with the line that says so."""
    missing = {}
    if postgres_tools() is None:
        missing["postgres"] = "PostgreSQL tests, because no server binaries were found"
    if chromium() is None:
        missing["browser"] = "browser tests, because no Chromium was found"
    for peer in PEERS:
        if find_spec(peer) is None:
            missing[peer] = f"the test beside {peer}, because it is not installed"
    return missing


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server of our own on a free port and yield its address, without a database."""
    tools = postgres_tools()
    assert tools is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: the path of a socket has a limit
    password = secrets.token_hex(8)
    try:
        secret = folder / "password"
        secret.write_text(password)
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER, OWNER)
            shutil.chown(secret, OWNER, OWNER)
        data, port = folder / "data", _free_port()
        _run(
            tools / "initdb",
            *("-D", data, "-U", OWNER, "--pwfile", secret),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"),
        )
        settings = f"{OPTIONS} -c listen_addresses=127.0.0.1 -c port={port} -k {folder}"
        log = folder / "log"
        _run(tools / "pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-o", settings, "start")
        try:
            yield f"postgresql+psycopg://{OWNER}:{password}@127.0.0.1:{port}"
        finally:
            _run(tools / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_database(server: str, name: str) -> str:
    """Create a database on `server` and return its address."""
    with _administration(server) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    return f"{server}/{name}"


def drop_database(server: str, name: str) -> None:
    """Remove a database, whoever is still connected to it."""
    with _administration(server) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _administration(server: str) -> psycopg.Connection[tuple[object, ...]]:
    address = server.replace("postgresql+psycopg", "postgresql") + "/postgres"
    return psycopg.connect(address, autocommit=True)


def _run(program: Path, *arguments: str | Path) -> None:
    """Run a program of the server, never as root."""
    command = [str(program), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", OWNER, "--", *command]
    # Not captured: a server that pg_ctl started would hold a pipe open for as long as it runs.
    with tempfile.TemporaryFile() as said:
        ran = subprocess.run(command, stdout=said, stderr=said, check=False, cwd="/")
        said.seek(0)
        assert ran.returncode == 0, said.read().decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
