"""A store with articles, the real search over it, and a client of the site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache

from index.engines import open_engine
from index.indexer import Indexer
from index.search.service import SearchService
from kb.model.taxonomy import Taxonomy, load_taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from tests.web.builders import TODAY, fill
from tests.web.chromium import address, browser, open_page, sample_app, shared_context
from web.app import create_app

__all__ = ["address", "browser", "open_page", "sample_app", "shared_context"]  # fixtures


class CompiledTemplates(BytecodeCache):
    """Templates compiled earlier in this process."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load the code of this template, if it is known."""
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of this template."""
        self._code[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once() -> Iterator[None]:
    """Compile a template for the first site that shows it: for each site it takes 0.1 s of CPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": CompiledTemplates()})
        yield


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        home=tmp_path_factory.mktemp("home"),
        contact="content@hospital.example",
        api_requests_per_minute=0,  # all tests come from one address
    )


@pytest.fixture(scope="session")
def store(settings: Settings) -> Iterator[ArticleStore]:
    """The store that most tests read; a test that changes it makes its own with `empty_store`."""
    store = ArticleStore.create(settings.database_url)
    fill(store)
    yield store
    store.close()


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[ArticleStore]:
    store = ArticleStore.create(f"sqlite:///{tmp_path / 'kb.sqlite'}")
    yield store
    store.close()


@pytest.fixture(scope="session")
def search(settings: Settings, store: ArticleStore, taxonomy: Taxonomy) -> SearchService:
    engine = open_engine(settings.engine_url, taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    return SearchService(store, engine, taxonomy, today=lambda: TODAY)


@pytest.fixture(scope="session")
def app(
    settings: Settings, store: ArticleStore, search: SearchService, taxonomy: Taxonomy
) -> Flask:
    return create_app(settings, store, search, taxonomy, today=lambda: TODAY)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def client_with(settings: Settings, store: ArticleStore, taxonomy: Taxonomy):
    """Return a function that makes a client over another search or another store."""

    def make(search: SearchService, other: ArticleStore | None = None) -> FlaskClient:
        app = create_app(settings, other or store, search, taxonomy, today=lambda: TODAY)
        return app.test_client()

    return make
