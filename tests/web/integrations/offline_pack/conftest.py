"""Offline packs, each built once: of the sample articles, and of hostile articles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from index.query.intents import load_intents
from index.query.synonym_rules import ConceptName
from index.query.synonyms import SynonymDictionary
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.curation_store import Pin
from web.context import Services, services_of
from web.integrations.offline_pack.builder import build_pack


class FewNames(SynonymDictionary):
    """Vocabulary without names; iterating over the built-in names takes seconds."""

    def iter_names(self) -> Iterator[ConceptName]:
        """Yield nothing."""
        yield from ()


PINNED = "Xylograph of the toes"  # words that no article has, in another form than is asked
MADE = datetime(2026, 3, 15, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def sample_site(sample_app: Flask) -> Services:
    """Return the services of the site with the sample articles."""
    return services_of(sample_app)


@pytest.fixture(scope="session")
def sample_pack(sample_site: Services, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stick") / "pack"
    site = sample_site
    passage = site.store.article("gout").passages[-1].id
    pins = [Pin(query=PINNED, passage_id=passage), Pin(query=PINNED, passage_id="withdrawn")]
    build_pack(
        site.store, site.taxonomy, SynonymDictionary(), load_intents(), folder,
        settings=site.settings, now=MADE, pins=pins,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def hostile_pack(
    settings: Settings,
    store: ArticleStore,
    taxonomy: Taxonomy,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "pack"
    build_pack(store, taxonomy, FewNames(), load_intents(), folder, settings=settings, now=MADE)
    return folder
