"""A process that saves and indexes is killed at random: nothing acknowledged is lost."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from index.engines import open_engine
from index.indexer import Indexer
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from tests.index.builders import found_passages, search

TAXONOMY = load_taxonomy()

# Saves an article, changes it, retires every fourth; says so as soon as the store has answered.
WRITER = """
import sys
from itertools import count
from index.engines import open_engine
from index.indexer import Indexer
from kb.editorial.workflow import ReviewWorkflow
from kb.storage.article_store import ArticleStore
from kb.model.taxonomy import load_taxonomy
from kb.storage.audit_log import Actor
from tests.kb.builders import save

database, engine, start = sys.argv[1:]
taxonomy = load_taxonomy()
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
"""


def killed(command: list[str], dice: random.Random) -> dict[int, str]:
    """Run until some lines are printed, and a moment longer; return what was acknowledged."""
    said: dict[int, str] = {}
    enough, lines = threading.Event(), dice.randrange(1, 8)

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:

        def listen() -> None:
            for count, line in enumerate(process.stdout or (), start=1):
                number, what = line.split()
                said[int(number)] = what
                if count == lines:
                    enough.set()
            enough.set()

        listener = threading.Thread(target=listen)
        listener.start()
        assert enough.wait(60)
        assert process.poll() is None, "the writer ended"
        threading.Event().wait(dice.random() * 0.06)  # a commit of the index takes about as long
        process.kill()
        process.wait()
        listener.join()
    return said


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
    database_url: str, tmp_path: Path, kills: int
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
        command = [sys.executable, "-c", WRITER, database_url, engine_url, str(start + 1)]

        said |= killed(command, dice)

        assert_nothing_is_lost(store, indexer, said)
    store.close()
