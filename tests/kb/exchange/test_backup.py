"""Backup and restore on both databases."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, select

from kb.editorial.workflow import ReviewWorkflow
from kb.errors import BackupError
from kb.exchange import backup
from kb.exchange.backup import MANIFEST, TRANSIENT_TABLES, create_backup, restore_backup
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.database import Database
from kb.storage.passage_vectors import PassageVector, PassageVectorStore
from kb.storage.schema import metadata
from tests.kb.builders import save
from tests.raises import raises

ORIGINAL = b"the bytes of a source"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A KB_HOME with a source file and configuration files."""
    home = tmp_path / "home"
    name = hashlib.sha256(ORIGINAL).hexdigest()
    (home / "sources" / name[:2]).mkdir(parents=True)
    (home / "sources" / name[:2] / name).write_bytes(ORIGINAL)
    (home / "sources" / name[:2] / ".partial").write_bytes(b"half")
    (home / "synonyms.txt").write_text("gout = podagra\n")
    return home


@pytest.fixture
def full(database_url: str) -> Iterator[Database]:
    """A database with rows in every table."""
    store = ArticleStore.create(database_url)
    save(store, "Gout", ("Care", "Rest the “joint” – 5 µg.", "safety"), topics=("Joints",))
    save(store, "Gout", ("Care", "Rest the joint and cool it.", "safety"), topics=("Joints",))
    save(store, "Draft", ("", "Not yet."), publish=False)
    save(store, "Old", ("", "Gone."))
    ReviewWorkflow(store.database).retire(
        "old", reason="outdated", replaced_by="gout", actor=Actor("editor")
    )
    passage = store.article("gout").passages[0].id
    store.set_tag(passage, "mechanism", present=True, actor=Actor("editor"))
    store.add_content_request("podagra", "Where is it?", "")
    store.close()
    database = Database(database_url)
    vectors = PassageVectorStore(database, "model")
    assert vectors.acquire()
    assert vectors.save("gout", [PassageVector(passage, "hash", bytes(range(256)))], 1)
    yield database
    database.close()


def dumped(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.reading() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in metadata.sorted_tables
            if table.name not in TRANSIENT_TABLES
        }


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'other' / 'kb.sqlite'}")
    yield database
    database.close()


def test_restore_reproduces_the_knowledge_base(
    full: Database, other: Database, home: Path, tmp_path: Path
) -> None:
    made = create_backup(full, home, tmp_path / "kb.zip")
    assert (made.articles, made.sources, made.files) == (3, 1, ("synonyms.txt",))

    restore_backup(tmp_path / "kb.zip", other, tmp_path / "other", replace=False)

    assert dumped(other) == dumped(full)
    sources = [path.read_bytes() for path in (tmp_path / "other" / "sources").glob("??/*")]
    assert sources == [ORIGINAL]
    assert (tmp_path / "other" / "synonyms.txt").read_text() == "gout = podagra\n"


def test_backup_of_the_previous_schema_is_restored_without_vectors(
    full: Database, other: Database, home: Path, tmp_path: Path
) -> None:
    create_backup(full, home, tmp_path / "kb.zip")
    added = {f"tables/{name}.jsonl" for name in backup.ADDED_TABLES}
    with (
        zipfile.ZipFile(tmp_path / "kb.zip") as archive,
        zipfile.ZipFile(tmp_path / "older.zip", "w") as older,
    ):
        manifest = json.loads(archive.read(MANIFEST))
        manifest["schema"] = "0015"
        for name in added:
            del manifest["sha256"][name]
        older.writestr(MANIFEST, json.dumps(manifest))
        for name in manifest["sha256"]:
            older.writestr(name, archive.read(name))

    restore_backup(tmp_path / "older.zip", other, tmp_path / "other", replace=False)

    empty = {name: [] for name in backup.ADDED_TABLES}
    assert dumped(other) == {**dumped(full), **empty}


def test_backup_contains_no_sessions(full: Database, home: Path, tmp_path: Path) -> None:
    """A leaked backup must not grant access."""
    create_backup(full, home, tmp_path / "kb.zip")
    members = zipfile.ZipFile(tmp_path / "kb.zip").namelist()
    for table in metadata.sorted_tables:
        passing = table.name in TRANSIENT_TABLES
        assert passing or not any(word in table.name for word in ("session", "fail", "attempt"))
        assert (f"tables/{table.name}.jsonl" in members) != passing


def test_backup_is_private_and_reports_a_damaged_source(
    full: Database, other: Database, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "kb.zip"
    assert create_backup(full, home, path).damaged == ()
    assert path.stat().st_mode & 0o777 == 0o600
    (source,) = [one for one in home.glob("sources/??/*") if one.name != ".partial"]
    source.write_bytes(b"rotten")
    made = create_backup(full, home, tmp_path / "damaged.zip")
    assert made.damaged == (f"sources/{source.parent.name}/{source.name}",)

    restore_backup(path, other, home, replace=False)
    assert source.read_bytes() == ORIGINAL


def test_interrupted_backup_leaves_no_file(
    full: Database, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kb.exchange.backup.iter_file_chunks", stop)
    with pytest.raises(KeyboardInterrupt):
        create_backup(full, home, tmp_path / "stopped.zip")
    assert not list(tmp_path.glob("stopped*"))


def test_restored_knowledge_base_is_usable(
    full: Database, home: Path, tmp_path: Path, database_url: str
) -> None:
    """Restored into the same database, new rows get numbers after the restored ones."""
    create_backup(full, home, tmp_path / "kb.zip")
    before = dumped(full)
    store = ArticleStore.open(database_url)
    save(store, "Later", ("", "Added after the backup."))
    with raises(BackupError, "not-empty") as raised:
        restore_backup(tmp_path / "kb.zip", full, home, replace=False)
    assert " 4 " in str(raised.value)
    assert "--replace" in str(raised.value)
    assert "later" in [summary.id for summary in store.summaries()]

    (home / "synonyms.txt").write_text("changed since\n")
    restore_backup(tmp_path / "kb.zip", full, home, replace=True)
    assert dumped(full) == before
    assert (home / "synonyms.txt.before").read_text() == "changed since\n"
    save(store, "New", ("", "Next."))
    store.add_content_request("another", "", "")
    assert len(store.list_content_requests()) == 2
    store.close()


def test_backup_is_consistent_while_articles_are_saved(
    full: Database, other: Database, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows written after the first table was read are not in later tables."""
    store = ArticleStore.open(full.url)
    read_rows = backup._iter_rows
    before = dumped(full)

    def rows_while_saving(connection: Connection, table: Table, counts: dict[str, int]):
        for number, row in enumerate(read_rows(connection, table, counts)):
            if number == 0:
                save(store, f"Saved during {table.name}", ("Care", "Rest."))
            yield row

    monkeypatch.setattr(backup, "_iter_rows", rows_while_saving)
    create_backup(full, home, tmp_path / "kb.zip")
    assert len(store.summaries()) > 5
    store.close()
    restore_backup(tmp_path / "kb.zip", other, tmp_path / "other", replace=False)
    assert dumped(other) == before


def changed(path: Path, **members: bytes | None) -> Path:
    """Copy a backup with replaced members (None removes one)."""
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = members.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name in set(members) - set(old.namelist()):
            new.writestr(name, members[name] or b"")
    return other


def test_invalid_backup_is_rejected_and_nothing_is_written(
    full: Database, other: Database, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "kb.zip"
    create_backup(full, home, path)
    said = json.loads(zipfile.ZipFile(path).read(MANIFEST))
    cases: list[tuple[Path, str]] = []
    for number, (members, code) in enumerate(
        [
            ({"tables/articles.jsonl": b"{}\n"}, "checksum"),
            ({"tables/articles.jsonl": None}, "members"),
            ({"../../evil": b"x"}, "members"),
            ({MANIFEST: None}, "manifest"),
            ({MANIFEST: b"{"}, "manifest"),
            ({MANIFEST: b"[]"}, "manifest"),
            ({MANIFEST: json.dumps({**said, "rows": {}}).encode()}, "manifest"),
            ({MANIFEST: json.dumps({**said, "schema": "9999"}).encode()}, "version"),
        ]
    ):
        copy = changed(path, **members)
        cases.append((copy.rename(tmp_path / f"bad-{number}.zip"), code))
    cut = tmp_path / "cut.zip"
    cut.write_bytes(path.read_bytes()[:-200])
    cases.append((cut, "unreadable"))
    for bad, code in cases:
        with raises(BackupError, code) as raised:
            restore_backup(bad, other, tmp_path / "other", replace=True)
        assert raised.value.path == bad
        assert code != "checksum" or "tables/articles.jsonl" in str(raised.value)
    assert not (tmp_path / "other").exists()


def test_unwritable_backup_is_reported(full: Database, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "no" / "folder" / "kb.zip"
    with raises(BackupError, "write-failed") as raised:
        create_backup(full, home, path)
    assert raised.value.path == path
