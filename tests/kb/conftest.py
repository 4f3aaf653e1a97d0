"""Databases that stay open between the tests of `kb`, emptied before each test.

A new connection and compiling each SQL statement again would take longer than most tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kb.storage.article_store import ArticleStore
from kb.storage.database import Database
from tests.kb.builders import empty


@pytest.fixture(scope="session")
def open_database() -> Iterator[Callable[[str], Database]]:
    """Return the open database at an address; it is closed after the last test."""
    opened: dict[str, Database] = {}

    def get(url: str) -> Database:
        if url not in opened:
            opened[url] = Database(url)
        return opened[url]

    yield get
    for database in opened.values():
        database.close()


@pytest.fixture(scope="session")
def sqlite_kb(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a SQLite database with our tables; `database_url` empties it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('kept') / 'kb.sqlite'}"
    ArticleStore.create(url).close()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, open_database: Callable[[str], Database]) -> str:
    """The address of a database with our tables and no row: each kind that we support in turn."""
    url: str = request.getfixturevalue(f"{request.param}_kb")
    empty(open_database(url))
    return url


@pytest.fixture
def store(database_url: str, open_database: Callable[[str], Database]) -> ArticleStore:
    """An empty store, on each kind of database that we support."""
    return ArticleStore(open_database(database_url))
