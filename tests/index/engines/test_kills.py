"""A process that saves and indexes is killed at random: nothing acknowledged is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.engines import open_engine
from index.indexer import Indexer
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from tests.index.builders import found_passages, search

TAXONOMY = load_taxonomy()

# Forks a process for each line that it reads, because importing the modules takes longer than a
# trial; says when it has started and when it has ended. The process saves an article, changes it,
# retires every fourth; prints each as soon as the store has acknowledged it.
WRITER = """
import os
import sys
from itertools import count
import index.engines.whoosh.engine  # otherwise imported by each process, as are the next two
import psycopg
import sqlalchemy.dialects.postgresql.psycopg
from index.engines import open_engine
from index.indexer import Indexer
from kb.editorial.workflow import ReviewWorkflow
from kb.storage.article_store import ArticleStore
from kb.model.taxonomy import load_taxonomy
from kb.storage.audit_log import Actor
from tests.kb.builders import save

taxonomy = load_taxonomy()


def write(database, engine, start):
    store = ArticleStore.open(database)
    indexer = Indexer(store, open_engine(engine, taxonomy), taxonomy)
    for number in count(int(start)):
        title = f"Article {number}"
        save(store, title, ("Care", f"common first{number}"))
        print(number, "first", flush=True)
        indexer.sync()
        save(store, title, ("Care", f"common second{number}"))
        print(number, "second", flush=True)
        if number % 4 == 0:
            ReviewWorkflow(store.database).retire(
                f"article-{number}", reason="", replaced_by="", actor=Actor("x")
            )
            print(number, "retired", flush=True)
        indexer.sync()


for line in sys.stdin:
    child = os.fork()
    if not child:
        print(os.getpid(), "started", flush=True)
        write(*line.rstrip("\\n").split("\\t"))
    os.waitpid(child, 0)
    print(child, "ended", flush=True)
"""


class Writers:
    """The process that forks the writers."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WRITER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def close(self) -> None:
        """Kill the process and the writers."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def killed(self, dice: random.Random, *arguments: str) -> dict[int, str]:
        """Run a writer until some lines are printed, and a moment longer, and kill it.

        Return what was acknowledged.
        """
        guard = threading.Timer(60, os.killpg, (self._process.pid, signal.SIGKILL))
        guard.start()
        try:
            return self._killed(dice, "\t".join(arguments))
        finally:
            guard.cancel()

    def _killed(self, dice: random.Random, line: str) -> dict[int, str]:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        child, what = self._line()
        assert what == "started"
        said = []
        for _ in range(dice.randrange(1, 8)):
            said.append(self._line())
            assert said[-1] != (child, "ended")
        time.sleep(dice.random() * 0.06)  # a commit of the index takes about as long
        os.kill(child, signal.SIGKILL)
        while (entry := self._line()) != (child, "ended"):
            said.append(entry)
        return dict(said)

    def _line(self) -> tuple[int, str]:
        assert self._process.stdout
        number, what = self._process.stdout.readline().split()
        return int(number), what


@pytest.fixture(scope="module")
def writers() -> Iterator[Writers]:
    writers = Writers()
    yield writers
    writers.close()


def assert_nothing_is_lost(store: ArticleStore, indexer: Indexer, said: dict[int, str]) -> None:
    present = {summary.id for summary in store.summaries()}
    engine = indexer._engine
    engine.verify()
    indexer.sync()
    for number, what in said.items():
        assert f"article-{number}" in present
        # The process may have died between the store's answer and its own line, so what came
        # later than the line says is allowed; what came before it is not.
        stages = ["first", "second", *(["retired"] if number % 4 == 0 else [])]
        allowed = stages[stages.index(what) : stages.index(what) + 2]
        found = [
            stage for stage in ("first", "second") if found_passages(engine, f"{stage}{number}")
        ] or ["retired"]
        assert len(found) == 1
        assert found[0] in allowed
    answer = search(engine, "common", limit=100_000)
    published = set(store.published_ids())
    assert {group.article_id for group in answer.groups} == published
    assert answer.passages == len(published) == engine.state().documents
    assert indexer.pending_changes() == 0


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_acknowledged_article_survives_kill_exactly_once(
    writers: Writers, database_url: str, tmp_path: Path, kills: int
) -> None:
    engine_url = f"whoosh:{tmp_path / 'index'}"
    store, engine = ArticleStore.open(database_url), open_engine(engine_url, TAXONOMY)
    indexer = Indexer(store, engine, TAXONOMY)
    indexer.rebuild()
    dice = random.Random(kills)
    said: dict[int, str] = {}
    for _ in range(kills):
        start = max(said, default=0) + 1
        # A number whose first line never came is left to the article that was not acknowledged.
        said |= writers.killed(dice, database_url, engine_url, str(start + 1))

        assert_nothing_is_lost(store, indexer, said)
    store.close()
