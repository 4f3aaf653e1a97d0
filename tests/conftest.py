"""What all rooms' tests share: which tests are left out, a clock, and databases to work on."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from sqlalchemy import NullPool, create_engine, delete, make_url, update

from kb.accounts import users
from kb.storage.article_store import ArticleStore
from kb.storage.database import Database
from kb.storage.schema import change_feed_position, metadata
from tests import services
from tests.kb.builders import Clock

# The same examples in every run, so that a red run is red again; `make trials` explores.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("trials", deadline=None, max_examples=1_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


# A shell that starts the tests in the background makes them ignore SIGINT, and processes that they
# start would inherit that: the tests of interrupts need the default.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = services.left_out()
    out = [item for item in items if any(item.get_closest_marker(name) for name in missing)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in services.left_out().values():
        terminalreporter.write_line(f"left out: {line}")


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the machine's own KB_* variables and knowledge base out of every test."""
    for name in [name for name in os.environ if name.startswith("KB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KB_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session", autouse=True)
def cheap_password_hashes() -> Iterator[None]:
    """Hash passwords in microseconds: each hash of the real strength takes 64 MiB and 0.1 s."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "PASSWORD_HASHER", hasher)
        patch.setattr(users, "DUMMY_HASH", hasher.hash("nobody has this password"))
        yield


@pytest.fixture(scope="session", autouse=True)
def migrate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Database], None]]:
    """Let a new SQLite database be a copy of one; return what creates it by the migrations.

    The migrations take 0.1 s of CPU, and most tests create a database.
    """
    template = tmp_path_factory.mktemp("template") / "kb.sqlite"
    ArticleStore.create(f"sqlite:///{template}").close()
    migrate = Database.create

    def create(database: Database) -> None:
        url = make_url(database.url)
        if url.get_backend_name() == "sqlite" and url.database:
            path = Path(url.database)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(template, path)
                return
        migrate(database)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "create", create)
        yield migrate


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is set."""
    return Clock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of our own."""
    with services.postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_kb(postgres: str) -> str:
    """The address of a PostgreSQL database with our tables; `database_url` empties it."""
    url = services.make_database(postgres, "kb")
    ArticleStore.create(url).close()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with our tables and no row: each kind that we support in turn."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'kb.sqlite'}"
        ArticleStore.create(url).close()
        return url
    url = request.getfixturevalue("postgres_kb")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not change_feed_position:
                connection.execute(delete(table))
        connection.execute(update(change_feed_position).values(last_seq=0))
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[ArticleStore]:
    """An empty store, on each kind of database that we support."""
    opened = ArticleStore.open(database_url)
    yield opened
    opened.close()
