"""One knowledge base, opened: its settings, store, taxonomy, engine, indexer and search.

The command line and the site both begin here, so that they see the same base in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

from index.engine import Engine, open_engine
from index.indexer import Indexer
from index.search import Search
from kb.curating import Curating
from kb.settings import Settings
from kb.store import Store
from kb.taxonomy import Taxonomy, load_taxonomy
from web.learning.curator import TEAM_FILE, pins_of, vocabulary_of


@dataclass(frozen=True, slots=True)
class Base:
    """What belongs to one KB_HOME."""

    settings: Settings
    store: Store
    taxonomy: Taxonomy
    engine: Engine
    indexer: Indexer
    search: Search


def open_base(settings: Settings) -> Base:
    """Open the knowledge base of `settings`; raises `StoreError` when there is none."""
    return _base(settings, Store.open(settings.database_url))


def create_base(settings: Settings) -> Base:
    """Create the knowledge base of `settings`, or bring an older one to this program's schema."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return _base(settings, Store.create(settings.database_url))


def _base(settings: Settings, store: Store) -> Base:
    taxonomy = load_taxonomy(settings.home)
    engine = open_engine(settings.engine_url, taxonomy)
    indexer = Indexer(store, engine, taxonomy)
    curated = Curating(store.database).all()
    vocabulary = vocabulary_of(curated, settings.home / TEAM_FILE)
    search = Search(store, engine, taxonomy, vocabulary=vocabulary, pins=pins_of(curated.pins))
    return Base(settings, store, taxonomy, engine, indexer, search)
