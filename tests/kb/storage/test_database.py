"""Database: durability settings, migrations, transactions and translated errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DatabaseError

import kb
from kb.errors import NoKnowledgeBaseError, SchemaVersionError, StoreError
from kb.storage import change_feed, database, schema
from kb.storage.article_store import ArticleStore
from kb.storage.database import Database
from tests import services
from tests.kb.builders import save
from tests.raises import raises


@pytest.fixture(autouse=True)
def real_migrations(monkeypatch: pytest.MonkeyPatch, migrate: Callable[[Database], None]) -> None:
    """Create each database here by the migrations, not as a copy."""
    monkeypatch.setattr(Database, "create", migrate)


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    path = tmp_path / "kb.sqlite"
    ArticleStore.create(f"sqlite:///{path}").close()
    return path


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)],  # 2 is FULL
)
def test_each_connection_to_sqlite_is_durable_and_checked(
    sqlite: Path, pragma: str, value: object
) -> None:
    opened = Database(f"sqlite:///{sqlite}")

    with opened.reading() as one, opened.reading() as other:
        found = [
            connection.execute(text(f"PRAGMA {pragma}")).scalar() for connection in (one, other)
        ]

    assert found == [value, value]


def test_the_schema_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option(
        "script_location", str(Path(kb.__file__).parent / "storage" / "migrations")
    )

    assert ScriptDirectory.from_config(config).get_heads() == [schema.SCHEMA]


# Alembic compares expression indexes only on PostgreSQL, and warns otherwise.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_tables_are_what_the_migrations_make(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    engine.dispose()

    assert differences == []


def test_a_missing_database_says_to_create_one(tmp_path: Path) -> None:
    with pytest.raises(NoKnowledgeBaseError, match="`kb init`") as raised:
        ArticleStore.open(f"sqlite:///{tmp_path / 'nowhere' / 'kb.sqlite'}")
    assert raised.value.home == str(tmp_path / "nowhere")

    assert not (tmp_path / "nowhere").exists()


def test_empty_file_is_not_a_knowledge_base(tmp_path: Path) -> None:
    (tmp_path / "kb.sqlite").touch()

    with pytest.raises(NoKnowledgeBaseError):
        ArticleStore.open(f"sqlite:///{tmp_path / 'kb.sqlite'}")


@pytest.mark.parametrize("found", ["0000", "9999"])
@pytest.mark.parametrize(
    "opening", [ArticleStore.open, ArticleStore.create], ids=["open", "create"]
)
def test_a_database_of_another_program_version_is_refused(
    sqlite: Path, found: str, opening
) -> None:
    with sqlite3.connect(sqlite) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (found,))

    with pytest.raises(SchemaVersionError) as raised:
        opening(f"sqlite:///{sqlite}")
    assert (raised.value.found, raised.value.expected) == (found, database.SCHEMA)


def test_older_schema_is_reported_and_upgraded_with_its_data(sqlite: Path) -> None:
    store = ArticleStore.open(f"sqlite:///{sqlite}")
    save(store, "Gout", ("Care", "Rest the joint."))
    store.close()
    with sqlite3.connect(sqlite) as connection:  # as the first migration left it
        for table in (
            "sessions",
            "api_tokens",
            "login_failures",
            "users",
            "audit_log",
            "reviews",
            "comments",
            "import_items",
            "import_jobs",
            "corrections",
            "query_stats",
            "query_triage",
            "pins",
            "synonyms",
            "dead_links",
            "sent_reminders",
            "oidc_states",
            "known_settings",
        ):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DROP TABLE content_requests")
        connection.execute("ALTER TABLE change_feed RENAME TO changes")
        connection.execute("ALTER TABLE change_feed_position RENAME TO feed")
        for column in ("confirmed_on", "confirmed_due"):
            connection.execute(f"ALTER TABLE articles DROP COLUMN {column}")
        connection.execute("ALTER TABLE versions DROP COLUMN differences")
        connection.execute("DROP TABLE near_duplicate_bands")
        connection.execute("DROP INDEX ix_versions_title")
        connection.execute("DROP TABLE passage_vectors")
        connection.execute("DROP TABLE vector_progress")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")

    with pytest.raises(SchemaVersionError) as raised:
        ArticleStore.open(f"sqlite:///{sqlite}")
    assert raised.value.found == "0001"
    upgraded = ArticleStore.create(f"sqlite:///{sqlite}")

    assert [summary.title for summary in upgraded.summaries()] == ["Gout"]
    assert save(upgraded, "Gout", ("Care", "Rest it.")).version == 2
    upgraded.close()


def test_versions_of_the_previous_schema_have_no_differences(database_url: str) -> None:
    store = ArticleStore.open(database_url)
    save(store, "Gout", ("Care", "Rest the joint."))
    store.close()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE versions DROP COLUMN differences"))
        connection.execute(text("DROP TABLE passage_vectors"))
        connection.execute(text("DROP TABLE vector_progress"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0014'"))
    engine.dispose()

    upgraded = ArticleStore.create(database_url)

    assert upgraded.article("gout").differences == ()
    assert save(upgraded, "Gout", ("Care", "Rest it.")).version == 2
    upgraded.close()


def test_creating_twice_keeps_what_is_there(database_url: str) -> None:
    store = ArticleStore.open(database_url)
    save(store, "Gout", ("Care", "Rest the joint."))
    store.close()

    again = ArticleStore.create(database_url)

    assert [summary.title for summary in again.summaries()] == ["Gout"]
    again.close()


def sqlite_code(error: StoreError) -> str:
    """Return SQLite's name of the error from which a `StoreError` was translated."""
    cause = error.__cause__
    assert isinstance(cause, DatabaseError)
    assert isinstance(cause.orig, sqlite3.Error)
    return cause.orig.sqlite_errorname


@pytest.mark.parametrize(
    "opening", [ArticleStore.open, ArticleStore.create], ids=["open", "create"]
)
def test_invalid_database_file_is_translated(tmp_path: Path, opening) -> None:
    (tmp_path / "kb.sqlite").write_bytes(b"a letter, not a database. " * 100)

    with raises(StoreError, "statement-refused") as raised:
        opening(f"sqlite:///{tmp_path / 'kb.sqlite'}")
    assert str(tmp_path / "kb.sqlite") in str(raised.value)
    assert sqlite_code(raised.value) == "SQLITE_NOTADB"


def test_a_locked_database_says_that_nothing_was_saved(
    sqlite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.01)
    store = ArticleStore.open(f"sqlite:///{sqlite}")
    other = sqlite3.connect(sqlite, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with raises(StoreError, "unavailable") as raised:
        save(store, "Gout", ("Care", "Rest."))
    assert sqlite_code(raised.value) == "SQLITE_BUSY"

    assert store.summaries() == []  # and readers go on
    other.execute("ROLLBACK")
    save(store, "Gout", ("Care", "Rest."))
    assert len(store.summaries()) == 1


def test_a_full_disk_is_an_error_and_no_loss(sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The file must not grow, so SQLite returns SQLITE_FULL, as on a full disk.
    pages = sqlite3.connect(sqlite).execute("PRAGMA page_count").fetchone()[0]
    full = (*database.PRAGMAS, f"PRAGMA max_page_count = {pages}")
    monkeypatch.setattr(database, "PRAGMAS", full)
    store = ArticleStore.open(f"sqlite:///{sqlite}")

    with raises(StoreError, "unavailable") as raised:
        save(store, "Gout", *[("Care", f"Rest the joint {n} times. " * 50) for n in range(50)])
    assert sqlite_code(raised.value) == "SQLITE_FULL"

    assert store.summaries() == []
    assert store.changes(0, 10) == []


def test_a_full_disk_does_not_stop_reading(sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = ArticleStore.open(f"sqlite:///{sqlite}")
    saved = save(writer, "Gout", ("Care", "Rest the joint."))
    pages = sqlite3.connect(sqlite).execute("PRAGMA page_count").fetchone()[0]
    monkeypatch.setattr(
        database, "PRAGMAS", (*database.PRAGMAS, f"PRAGMA max_page_count = {pages}")
    )
    store = ArticleStore.open(f"sqlite:///{sqlite}")

    with pytest.raises(StoreError):
        save(store, "Asthma", *[("Care", f"Inhale {n} times. " * 50) for n in range(50)])

    assert store.article(saved.article_id).article.title == "Gout"


def test_a_reader_sees_one_state_while_another_writes(database_url: str) -> None:
    reader, writer = Database(database_url), ArticleStore.open(database_url)
    count = text("SELECT count(*) FROM articles")

    with reader.reading() as connection:
        before = connection.execute(count).scalar()
        save(writer, "Gout", ("Care", "Rest."))
        after = connection.execute(count).scalar()
    with reader.reading() as connection:
        later = connection.execute(count).scalar()

    assert (before, after, later) == (0, 0, 1)
    reader.close()
    writer.close()


def test_an_error_inside_a_transaction_undoes_all_of_it(database_url: str) -> None:
    opened = Database(database_url)

    with pytest.raises(ZeroDivisionError), opened.writing() as connection:
        change_feed.reserve_numbers(connection, 1)
        raise ZeroDivisionError

    with opened.reading() as connection:
        assert connection.execute(text("SELECT last_seq FROM change_feed_position")).scalar() == 0
    opened.close()


# PostgreSQL only


@pytest.fixture
def bare(postgres: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a PostgreSQL database without tables."""
    yield services.make_database(postgres, "bare")
    services.drop_database(postgres, "bare")


@pytest.mark.postgres
def test_on_postgres_the_tables_are_made_in_a_database_that_is_empty(bare: str) -> None:
    with pytest.raises(NoKnowledgeBaseError) as raised:
        ArticleStore.open(bare)
    password = make_url(bare).password
    assert password
    assert str(password) not in str(raised.value)

    store = ArticleStore.create(bare)
    save(store, "Gout", ("Care", "Rest."))
    store.close()

    again = ArticleStore.open(bare)
    assert [summary.title for summary in again.summaries()] == ["Gout"]
    again.close()


@pytest.mark.postgres
def test_unreachable_server_error_masks_the_password() -> None:
    with raises(StoreError, "unavailable") as raised:
        ArticleStore.open("postgresql+psycopg://kb:s3cret@127.0.0.1:1/kb")

    assert "s3cret" not in str(raised.value)


@pytest.mark.postgres
def test_dropped_connections_are_reopened(bare: str, postgres: str) -> None:
    store = ArticleStore.create(bare)
    with psycopg.connect(
        postgres.replace("+psycopg", "") + "/postgres", autocommit=True
    ) as administrator:
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'bare'"
        )

    assert store.summaries() == []
    store.close()
