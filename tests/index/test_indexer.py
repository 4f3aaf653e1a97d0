"""The indexer applies the change feed after any crash and with concurrent processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from index import indexer as indexer_module
from index.document import IndexDocument
from index.engine import Engine
from index.engines import open_engine
from index.engines.whoosh.engine import WhooshEngine
from index.indexer import Indexer
from kb.editorial.workflow import ReviewWorkflow
from kb.errors import REBUILD, IndexCorruptError, IndexLockedError, IndexMissingError
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.index.builders import found_passages, search
from tests.index.engines.reference_engine import ReferenceEngine
from tests.kb.builders import save
from tests.raises import raises

TAXONOMY = load_taxonomy()


@pytest.fixture(params=["whoosh", "reference"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "whoosh":
        return open_engine(f"whoosh:{tmp_path / 'index'}", TAXONOMY)
    return ReferenceEngine(tmp_path / "index", TAXONOMY.digest)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[ArticleStore]:
    opened = ArticleStore.create(f"sqlite:///{tmp_path / 'kb.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def indexer(local: ArticleStore, engine: Engine) -> Indexer:
    made = Indexer(local, engine, TAXONOMY)
    made.rebuild()
    return made


def fill(store: ArticleStore, *titles: str, text: str = "Common advice") -> None:
    for title in titles:
        save(store, title, ("Care", f"{text} about {title}.", "safety"))


def titles(engine: Engine, q: str = "common") -> list[str]:
    return sorted(group.article_id for group in search(engine, q, limit=1_000).groups)


def answers(engine: Engine) -> list[object]:
    found = []
    for q in ("", "common", "care", "advice -gout", '"common advice"'):
        answer = search(engine, q, limit=1_000)
        groups = {group.article_id: set(group.passages) for group in answer.groups}
        found.append((groups, answer.tags, answer.topics))
    return found


def test_new_index_has_no_pending_changes(indexer: Indexer) -> None:
    assert indexer.pending_changes() == 0
    assert indexer.sync().changes == 0


def test_sync_without_index_raises_error(local: ArticleStore, engine: Engine) -> None:
    fill(local, "Gout")

    with pytest.raises(IndexMissingError):
        Indexer(local, engine, TAXONOMY).sync()


def test_sync_indexes_only_published_articles(
    local: ArticleStore, engine: Engine, indexer: Indexer
) -> None:
    fill(local, "Gout", "Asthma")
    save(local, "Draft", ("Care", "Common advice not yet checked."), publish=False)
    assert indexer.pending_changes() == 5

    synced = indexer.sync()

    assert (synced.changes, synced.busy, synced.refused) == (5, False, {})
    assert titles(engine) == ["asthma", "gout"]
    assert indexer.pending_changes() == 0
    assert engine.state().checkpoint == local.last_seq()


def test_sync_applies_versions_tags_and_retirements(
    local: ArticleStore, engine: Engine, indexer: Indexer
) -> None:
    fill(local, "Gout", "Asthma")
    indexer.sync()

    save(local, "Gout", ("Care", "All written anew."))
    (found,) = local.article("gout").passages
    local.set_tag(found.id, "mechanism", present=True, actor=Actor("x"))
    ReviewWorkflow(local.database).retire("asthma", reason="", replaced_by="", actor=Actor("x"))
    indexer.sync()

    assert titles(engine) == []
    assert titles(engine, "anew") == ["gout"]
    assert search(engine, "").tags["mechanism"] == 1


def test_draft_does_not_change_published_results(
    local: ArticleStore, engine: Engine, indexer: Indexer
) -> None:
    fill(local, "Gout")
    indexer.sync()
    before = answers(engine)

    save(local, "Gout", ("Care", "A draft."), publish=False)
    indexer.sync()

    assert answers(engine) == before
    assert indexer.pending_changes() == 0


def test_republished_article_is_searchable_again(
    local: ArticleStore, engine: Engine, indexer: Indexer
) -> None:
    fill(local, "Gout")
    for change in (
        lambda: ReviewWorkflow(local.database).retire(
            "gout", reason="", replaced_by="", actor=Actor("x")
        ),
        lambda: ReviewWorkflow(local.database).publish_unreviewed("gout", actor=Actor("x")),
    ):
        indexer.sync()
        change()
    indexer.sync()
    assert titles(engine) == ["gout"]

    # And when both fall between two syncs.
    ReviewWorkflow(local.database).retire("gout", reason="", replaced_by="", actor=Actor("x"))
    ReviewWorkflow(local.database).publish_unreviewed("gout", actor=Actor("x"))
    indexer.sync()

    assert titles(engine) == ["gout"]
    assert search(engine, "common").passages == 1


@pytest.mark.parametrize("batch", [1, 2, 3, 500])
def test_sync_resumes_from_any_checkpoint(
    local: ArticleStore,
    engine: Engine,
    indexer: Indexer,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
) -> None:
    """Resuming from any position results in the same index as a rebuild."""
    monkeypatch.setattr(indexer_module, "BATCH_SIZE", batch)
    steps = [
        lambda: fill(local, "Gout", "Asthma"),
        lambda: ReviewWorkflow(local.database).retire(
            "gout", reason="", replaced_by="", actor=Actor("x")
        ),
        lambda: fill(local, "Asthma", text="Common words changed"),
        lambda: fill(local, "Migraine"),
        lambda: ReviewWorkflow(local.database).publish_unreviewed("gout", actor=Actor("x")),
        lambda: local.set_tag(
            local.article("gout").passages[0].id, "safety", present=False, actor=Actor("x")
        ),
        lambda: ReviewWorkflow(local.database).retire(
            "migraine", reason="", replaced_by="", actor=Actor("x")
        ),
    ]
    for at in range(len(steps)):
        steps[at]()
        if at % 2:
            indexer.sync()
    indexer.sync()
    incremental = answers(engine)
    documents = engine.state().documents

    indexer.rebuild()

    assert answers(engine) == incremental
    assert engine.state().documents == documents == 2
    assert engine.state().checkpoint == local.last_seq()


class Killed(BaseException):
    """Simulates the death of the process."""


def dying(engine: Engine, monkeypatch: pytest.MonkeyPatch, commits: int) -> None:
    """Kill the process at the commit with this number."""
    original = engine.try_acquire_writer

    @contextmanager
    def writing() -> Iterator[Any]:
        with original() as writer:
            apply = writer.apply

            def applying(
                batch: Mapping[str, Sequence[IndexDocument]], seq: int
            ) -> Mapping[str, str]:
                nonlocal commits
                if commits == 0:
                    raise Killed
                commits -= 1
                return apply(batch, seq)

            writer.apply = applying
            yield writer

    monkeypatch.setattr(engine, "try_acquire_writer", writing)


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_kill_between_store_and_index_commit_loses_nothing(
    local: ArticleStore,
    engine: Engine,
    indexer: Indexer,
    monkeypatch: pytest.MonkeyPatch,
    commits: int,
) -> None:
    monkeypatch.setattr(indexer_module, "BATCH_SIZE", 4)  # two articles in a commit
    fill(local, "Gout", "Asthma", "Migraine", "Warts", "Rickets", "Croup")

    with monkeypatch.context() as patch:
        dying(engine, patch, commits)
        with pytest.raises(Killed):
            indexer.sync()

    assert len(titles(engine)) == commits * 2
    assert engine.state().checkpoint == commits * 4

    indexer.sync()

    assert len(titles(engine)) == 6
    assert search(engine, "common").passages == 6


def test_concurrent_syncs_index_everything_once(
    local: ArticleStore, engine: Engine, indexer: Indexer
) -> None:
    fill(local, *[f"Article {n}" for n in range(6)])
    others = [Indexer(local, engine, TAXONOMY) for _ in range(4)]
    start = threading.Barrier(len(others))

    def syncs(one: Indexer) -> None:
        start.wait()
        one.sync()

    threads = [threading.Thread(target=syncs, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(titles(engine)) == 6
    assert engine.state().documents == 6
    assert indexer.pending_changes() == 0


def test_sync_without_the_lock_leaves_work_to_the_holder(
    local: ArticleStore, engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change arrives after the lock holder has read the feed to its end."""
    fill(local, "Gout")
    holder_is_done, change_was_left = threading.Barrier(2), threading.Barrier(2)
    original = indexer._catch_up
    first = True

    def caught_up(*arguments: Any) -> int:
        nonlocal first
        done = original(*arguments)
        if first:
            first = False
            holder_is_done.wait(20)
            change_was_left.wait(20)
        return done

    monkeypatch.setattr(indexer, "_catch_up", caught_up)
    holder = threading.Thread(target=indexer.sync)
    holder.start()
    holder_is_done.wait(20)

    fill(local, "Asthma")
    left = Indexer(local, engine, TAXONOMY).sync()
    assert (left.busy, left.changes) == (True, 0)
    assert titles(engine) == ["gout"]
    change_was_left.wait(20)
    holder.join()

    assert titles(engine) == ["asthma", "gout"]


def test_rebuild_waits_for_the_lock_and_times_out(
    engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer_module, "LOCK_TIMEOUT", 0)
    with engine.try_acquire_writer(), pytest.raises(IndexLockedError):
        indexer.rebuild()

    assert indexer.rebuild().documents == 0


def test_changes_during_rebuild_are_indexed(
    local: ArticleStore, engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer_module, "REBUILD_BATCH_SIZE", 1)
    fill(local, "Gout", "Asthma", "Migraine")
    indexer.sync()
    original = indexer._documents
    steps = [
        lambda: fill(local, "Croup"),
        lambda: ReviewWorkflow(local.database).retire(
            "asthma", reason="", replaced_by="", actor=Actor("x")
        ),
        lambda: fill(local, "Migraine", text="Common words changed"),
    ]

    def meanwhile(ids: Sequence[str]) -> dict[str, Sequence[IndexDocument]]:
        found = original(ids)
        if steps:
            steps.pop(0)()
        return found

    monkeypatch.setattr(indexer, "_documents", meanwhile)
    state = indexer.rebuild()
    monkeypatch.undo()

    assert steps == []
    assert titles(engine) == ["croup", "gout", "migraine"]
    assert titles(engine, "changed") == ["migraine"]
    assert state.documents == 3
    assert indexer.pending_changes() == 0


def test_readers_are_not_blocked_by_a_rebuild(
    local: ArticleStore, engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(local, "Gout", "Asthma")
    indexer.sync()
    original, seen = indexer._documents, []

    def looking(ids: Sequence[str]) -> dict[str, Sequence[IndexDocument]]:
        seen.append(titles(engine))
        return original(ids)

    monkeypatch.setattr(indexer, "_documents", looking)
    indexer.rebuild()

    assert seen == [["asthma", "gout"]]


def test_rejected_article_is_reported_without_blocking_others(
    local: ArticleStore, engine: Engine, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = indexer_module.build_documents

    def spoiled(record: Any, taxonomy: Any) -> tuple[IndexDocument, ...]:
        found = original(record, taxonomy)
        if record.id == "gout":
            found[0].texts["body"] = None  # type: ignore[assignment]
        return found

    with monkeypatch.context() as patch:
        patch.setattr(indexer_module, "build_documents", spoiled)
        fill(local, "Asthma", "Gout", "Migraine")
        synced = indexer.sync()

    assert set(synced.refused) == set(engine.state().refused) == {"gout"}
    assert titles(engine) == ["asthma", "migraine"]
    assert indexer.pending_changes() == 0

    fill(local, "Gout", text="Common again")
    assert indexer.sync().refused == {}
    assert titles(engine) == ["asthma", "gout", "migraine"]


def test_corrupt_index_requires_rebuild(local: ArticleStore, tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index", TAXONOMY.digest)
    indexer = Indexer(local, engine, TAXONOMY)
    fill(local, "Gout")
    indexer.rebuild()
    (segment,) = engine.root.glob("build-*/*.seg")
    segment.write_bytes(segment.read_bytes()[:-1])
    fill(local, "Asthma")

    with pytest.raises(IndexCorruptError):
        indexer.sync()
    assert indexer.rebuild().documents == 2

    assert titles(engine) == ["asthma", "gout"]


def test_index_ahead_of_store_is_rejected(
    tmp_path: Path, indexer: Indexer, local: ArticleStore
) -> None:
    """After an interrupted restore, the index would seem up to date."""
    fill(local, "Gout")
    indexer.rebuild()
    earlier = ArticleStore.create(f"sqlite:///{tmp_path / 'earlier.sqlite'}")
    restored = Indexer(earlier, indexer._engine, indexer._taxonomy)
    for look in (restored.pending_changes, restored.sync):
        with raises(IndexCorruptError, "ahead") as raised:
            look()
        assert REBUILD in str(raised.value)
    restored.rebuild()
    assert restored.pending_changes() == 0
    earlier.close()


def test_indexing_works_on_each_database(store: ArticleStore, tmp_path: Path) -> None:
    engine = open_engine(f"whoosh:{tmp_path / 'index'}", TAXONOMY)
    indexer = Indexer(store, engine, TAXONOMY)
    fill(store, "Gout", "Asthma")
    indexer.rebuild()
    save(store, "Gout", ("Care", "Written anew.", "mechanism"))
    ReviewWorkflow(store.database).retire("asthma", reason="", replaced_by="", actor=Actor("x"))
    indexer.sync()

    assert titles(engine, "anew") == ["gout"]
    assert titles(engine) == []
    assert found_passages(engine, "anew") == {store.article("gout").passages[0].id}
    assert set(store.published_passages(found_passages(engine, ""))) == found_passages(engine, "")
