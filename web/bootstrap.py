"""Composition root: opens one knowledge base for the command line and the site.

Modules of `index` are imported when one of their parts is first used, so a command that only reads
the database loads neither numpy nor the search engine.
"""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from kb.errors import EmbeddingModelError, HomeError
from kb.model.taxonomy import Taxonomy, load_taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.curation_store import CurationStore
from kb.storage.passage_vectors import PassageVectorStore

if TYPE_CHECKING:
    from index.engine import Engine
    from index.indexer import Indexer
    from index.query.intents import IntentCatalog
    from index.search.service import SearchService
    from index.semantic.model import EmbeddingModel
    from index.semantic.vectorizer import Vectorizer

log = logging.getLogger(__name__)


class KnowledgeBase:
    """Store, taxonomy and search of one `KB_HOME`; each part is opened on first use."""

    def __init__(self, settings: Settings, store: ArticleStore) -> None:
        self.settings, self.store = settings, store

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """Taxonomy of tags; raises `TaxonomyError`."""
        return load_taxonomy(self.settings.home)

    @cached_property
    def intents(self) -> IntentCatalog:
        """Intents of queries; raises `IntentsError`."""
        from index.query.intents import load_intents  # noqa: PLC0415

        return load_intents(self.settings.home)

    @cached_property
    def engine(self) -> Engine:
        """Search engine chosen in the settings; raises `SettingsError`."""
        from index.engines import open_engine  # noqa: PLC0415

        return open_engine(self.settings.engine_url, self.taxonomy)

    @cached_property
    def indexer(self) -> Indexer:
        """Indexer that applies changes in the store to the index."""
        from index.indexer import Indexer  # noqa: PLC0415

        return Indexer(self.store, self.engine, self.taxonomy)

    @cached_property
    def _model(self) -> EmbeddingModel | None:
        """Embedding model; None, with a warning in the log, if its file is damaged."""
        from index.semantic.model import load_model  # noqa: PLC0415

        try:
            return load_model()
        except EmbeddingModelError as error:
            log.warning("Results are ranked by words only. %s", error)
            return None

    @cached_property
    def vectorizer(self) -> Vectorizer | None:
        """Vectorizer of the published passages; None without an embedding model."""
        from index.semantic.vectorizer import Vectorizer  # noqa: PLC0415

        if self._model is None:
            return None
        vectors = PassageVectorStore(self.store.database, self._model.name)
        return Vectorizer(self.store, vectors, self._model)

    @cached_property
    def search(self) -> SearchService:
        """Search service with the curated pins, synonyms and intents.

        Raises `SynonymsError` or `IntentsError`.
        """
        from index.search.semantic_reranker import SemanticReranker  # noqa: PLC0415
        from index.search.service import SearchService  # noqa: PLC0415
        from web.services.curation_sync import SYNONYMS_FILE, build_synonyms, group_pins  # noqa: PLC0415

        rules = CurationStore(self.store.database).load()
        reranker = None
        if self._model is not None:
            vectors = PassageVectorStore(self.store.database, self._model.name)
            reranker = SemanticReranker(self._model, vectors)
        vocabulary = build_synonyms(rules, self.settings.home / SYNONYMS_FILE)
        return SearchService(
            self.store,
            self.engine,
            self.taxonomy,
            vocabulary=vocabulary,
            intents=self.intents,
            pins=group_pins(rules.pins),
            reranker=reranker,
        )


def open_base(settings: Settings) -> KnowledgeBase:
    """Return the existing knowledge base of `settings`; raises `StoreError` if there is none."""
    return KnowledgeBase(settings, ArticleStore.open(settings.database_url))


def create_base(settings: Settings) -> KnowledgeBase:
    """Create the knowledge base of `settings`, or migrate an existing one to the current schema.

    Raises `HomeError` if the folder cannot be created or written.
    """
    _make_home(settings.home)
    return KnowledgeBase(settings, ArticleStore.create(settings.database_url))


def _make_home(home: Path) -> None:
    """Create the folder but not its parents, which may belong to a disk that is not mounted."""
    try:
        home.mkdir(exist_ok=True)
        with TemporaryFile(dir=home):
            pass
    except (FileNotFoundError, NotADirectoryError) as error:
        raise HomeError(
            home,
            f"cannot be created because {home.parent} is not a folder",
            "Create the parent folder first.",
        ) from error
    except OSError as error:
        raise HomeError(
            home, "cannot be written", "Change its permissions, or set KB_HOME to another folder."
        ) from error
