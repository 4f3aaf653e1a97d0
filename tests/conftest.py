"""What all rooms' tests share: which tests are left out, and databases to work on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from kb.store import Store
from tests import services

# The same examples in every run, so that a red run is red again; `make trials` explores.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("trials", deadline=None, max_examples=1_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server, with the database ``empty_kb`` to copy."""
    with services.postgres_server() as server:
        Store.create(services.make_database(server, "empty_kb")).close()
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with our tables: a run on each kind that we support."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'kb.sqlite'}"
        Store.create(url).close()
        yield url
        return
    server = request.getfixturevalue("postgres")
    name = f"kb_{os.getpid()}_{abs(hash(request.node.nodeid))}"
    yield services.make_database(server, name, template="empty_kb")
    services.drop_database(server, name)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store, on each kind of database that we support."""
    opened = Store.open(database_url)
    yield opened
    opened.close()
