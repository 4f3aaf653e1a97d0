"""What starting a command imports, and that importing alone does nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from web.cli import main

ROOT = Path(__file__).parents[2]

COMMAND = """
import sys
from web.cli import main
main(sys.argv[1:], standalone_mode=False)
print(*sys.modules, sep="\\n", file=sys.stderr)
"""

SERVER = {"authlib", "flask", "gunicorn", "jinja2", "joserfc", "mcp", "werkzeug"}
READERS = {"bs4", "ingest", "lxml", "markdown_it", "nh3", "pypdfium2", "trafilatura"}
OTHERS = {"alembic", "argon2", "psycopg", "reportlab", "requests", "yaml"}
INDEX = {"Stemmer", "index", "numpy", "rapidfuzz", "whoosh", "xxhash"}
STORE = {"kb.storage.article_store", "pydantic", "pydantic_settings", "sqlalchemy"}

IMPORTS = """
import importlib, os, sys, threading
from pathlib import Path

root, packages = Path(sys.argv[1]), ("kb", "ingest", "index", "web")
folders = tuple(f"{root / package}{os.sep}" for package in packages)
STARTED = ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system", "_thread.start_new_thread")

def hook(event, arguments):
    name = str(arguments[0]) if arguments else ""
    if event in STARTED:
        print(event, name)
    elif event == "open" and name.startswith(folders):
        if not name.endswith((".py", ".pyc", ".so")):
            print("open", name)

sys.addaudithook(hook)
count = 0
for package in packages:
    for file in sorted((root / package).rglob("*.py")):
        parts = file.relative_to(root).with_suffix("").parts
        if "migrations" not in parts:  # which Alembic runs and nobody imports
            importlib.import_module(".".join(parts).removesuffix(".__init__"))
            count += 1
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        print("thread", thread.name)
print(count, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("base") / "kb"
    file = home.parent / "gout.md"
    file.write_text("# Gout\n\n## Causes\n\nUrate crystals form in a joint.\n")
    for words in (["init"], ["add", str(file), "--publish"]):
        CliRunner(env={"KB_HOME": str(home)}).invoke(main, words, catch_exceptions=False)
    return home


def imported(home: Path, *words: str) -> set[str]:
    """Return the modules that a command has imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        env={**os.environ, "KB_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines())


def test_help_imports_no_command(home: Path) -> None:
    found = imported(home, "--help")
    assert "web.cli" in found
    assert found.isdisjoint(SERVER | READERS | OTHERS | INDEX | STORE)
    assert {name for name in found if name.startswith("web.")} == {"web.cli"}


@pytest.mark.parametrize("words", [["list"], ["show", "gout"], ["requests"]], ids=" ".join)
def test_reading_the_store_imports_no_index_and_no_reader(home: Path, words: list[str]) -> None:
    found = imported(home, *words)
    assert found >= STORE
    assert found.isdisjoint(SERVER | READERS | OTHERS | INDEX)


def test_searching_imports_no_reader_and_no_server(home: Path) -> None:
    found = imported(home, "search", "urate")
    assert found >= {*STORE, "index.search.service", "numpy"}
    assert found.isdisjoint(SERVER | READERS | OTHERS)
    assert found.isdisjoint(
        {
            "index.query.spelling",
            "index.autocomplete.service",
            "rapidfuzz",
            "web.presentation.serializers",
        }
    )


@pytest.mark.parametrize("name", main.commands)
def test_help_lists_each_command_with_the_first_sentence_of_its_own_help(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    listed = main.commands[name]
    assert listed.get_short_help_str(1_000) == command.get_short_help_str(1_000)


def test_importing_opens_no_data_and_starts_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", IMPORTS, str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert int(done.stderr.splitlines()[-1]) > 100
