"""One knowledge base, opened: its settings, store, taxonomy, engine, indexer and search.

The command line and the site both begin here, so that they see the same base in the same way.
The modules of the index are imported when one of its parts is first needed: a command that only
reads the store does without numpy and the engine.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from kb.errors import HomeError
from kb.model.taxonomy import Taxonomy, load_taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.curation_store import CurationStore

if TYPE_CHECKING:
    from index.engine import Engine
    from index.indexer import Indexer
    from index.search.service import SearchService


class KnowledgeBase:
    """What belongs to one KB_HOME; each part is opened when it is first asked for."""

    def __init__(self, settings: Settings, store: ArticleStore) -> None:
        self.settings, self.store = settings, store

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The tags; raises `TaxonomyError`."""
        return load_taxonomy(self.settings.home)

    @cached_property
    def engine(self) -> Engine:
        """The search engine that the settings name; raises `SettingsError`."""
        from index.engines import open_engine  # noqa: PLC0415

        return open_engine(self.settings.engine_url, self.taxonomy)

    @cached_property
    def indexer(self) -> Indexer:
        """What brings the index up to the store."""
        from index.indexer import Indexer  # noqa: PLC0415

        return Indexer(self.store, self.engine, self.taxonomy)

    @cached_property
    def search(self) -> SearchService:
        """The search, with the pins and synonyms of the content team; raises `SynonymsError`."""
        from index.search.service import SearchService  # noqa: PLC0415
        from web.services.curation_sync import SYNONYMS_FILE, build_synonyms, group_pins  # noqa: PLC0415

        curated = CurationStore(self.store.database).all()
        vocabulary = build_synonyms(curated, self.settings.home / SYNONYMS_FILE)
        return SearchService(
            self.store,
            self.engine,
            self.taxonomy,
            vocabulary=vocabulary,
            pins=group_pins(curated.pins),
        )


def open_base(settings: Settings) -> KnowledgeBase:
    """Open the knowledge base of `settings`; raises `StoreError` when there is none."""
    return KnowledgeBase(settings, ArticleStore.open(settings.database_url))


def create_base(settings: Settings) -> KnowledgeBase:
    """Create the knowledge base of `settings`, or bring an older one to this program's schema.

    Raises `HomeError` when its folder cannot be made or written.
    """
    _make_home(settings.home)
    return KnowledgeBase(settings, ArticleStore.create(settings.database_url))


def _make_home(home: Path) -> None:
    """Make the folder, but none above it: a disk that is not mounted would be missed."""
    try:
        home.mkdir(exist_ok=True)
        with TemporaryFile(dir=home):
            pass
    except (FileNotFoundError, NotADirectoryError) as error:
        raise HomeError(
            home, f"cannot be created because {home.parent} is not a folder", "Create that first."
        ) from error
    except OSError as error:
        raise HomeError(
            home, "cannot be written", "Change its permissions, or set KB_HOME to another folder."
        ) from error
