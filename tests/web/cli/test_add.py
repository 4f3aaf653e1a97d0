"""`kb add` that is stopped: by a person, or by a kill at any moment. What it said is kept."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ingest.pipeline import IngestResult
from kb.model.records import ArticleRecord
from kb.storage.article_store import ArticleStore
from web.cli import main
from web.cli.add import STOPPED

ADD = (sys.executable, "-c", "from web.cli import main; main()", "add", "--json", "--jobs", "2")
ARTICLES = 150  # more than are saved together, so that a stop finds some saved and some not


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_HOME", str(tmp_path / "kb"))
    assert run("init").exit_code == 0
    return tmp_path / "kb"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "articles"
    made.mkdir()
    for number in range(ARTICLES):
        text = f"# Article {number}\n\n## Care\n\nTake {number} tablets a day.\n"
        (made / f"{number:03}.md").write_text(text)
    return made


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


def stopped(folder: Path, after: int, how: signal.Signals) -> tuple[list[str], int, str]:
    """Stop the command after so many lines; return the ids it told, its exit code, its errors."""
    with subprocess.Popen(
        [*ADD, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        lines = [process.stdout.readline() for _ in range(after)]
        process.send_signal(how)
        lines += process.stdout.readlines()
        errors = process.stderr.read()
    whole = [line for line in lines if line.endswith("\n")]  # a kill may have cut the last off
    return [json.loads(line)["article_id"] for line in whole], process.returncode, errors


def kept(home: Path, ids: list[str]) -> list[ArticleRecord]:
    store = ArticleStore.open(f"sqlite:///{home / 'kb.sqlite'}")
    try:
        return [store.article(id_) for id_ in ids]
    finally:
        store.close()


@pytest.mark.parametrize(("accept", "code"), [((), 1), (("--accept-differences",), 0)])
def test_difference_from_the_source_is_an_error_unless_accepted(
    home: Path, monkeypatch: pytest.MonkeyPatch, accept: tuple[str, ...], code: int
) -> None:
    given: dict[str, Any] = {}

    def ingest(*_sources: Any, **options: Any) -> Iterator[IngestResult]:
        given.update(options)
        yield IngestResult(source="a.md", status="added", tags={}, errors=("2501 mg",))

    monkeypatch.setattr("web.cli.add.ingest", ingest)

    result = run("add", "a.md", "--publish", "--json", *accept)
    printed = run("add", "a.md", *accept)

    assert (result.exit_code, printed.exit_code) == (code, code)
    assert json.loads(result.stdout)["errors"] == ["2501 mg"]
    assert "2501 mg" in printed.stderr
    assert given["accept_differences"] is bool(accept)


def test_an_interrupt_says_so_and_the_same_command_goes_on(home: Path, folder: Path) -> None:
    told, code, errors = stopped(folder, 3, signal.SIGINT)

    assert code == 1
    assert STOPPED in errors
    assert "Traceback" not in errors
    assert len(kept(home, told)) == len(told) < ARTICLES
    assert run("add", str(folder)).exit_code == 0
    assert len(run("list", "--json").stdout.splitlines()) == ARTICLES


@pytest.mark.parametrize("kills", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_what_was_told_before_a_kill_is_kept_with_its_original(
    home: Path, folder: Path, kills: int
) -> None:
    dice = random.Random(kills)
    for _ in range(kills):
        told, code, _ = stopped(folder, dice.randrange(1, 40), signal.SIGKILL)

        assert code == -signal.SIGKILL
        assert len(told) == len(set(told))
        for record in kept(home, told):
            assert record.passages[0].text.startswith("Take ")
    originals = [path for path in (home / "sources").rglob("*") if not path.name.startswith(".")]
    assert len([path for path in originals if path.is_file()]) >= len(told)
