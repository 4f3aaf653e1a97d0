"""Packs, each built once: of the sample articles, and of articles that try to break out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from index.synonyms import Name
from index.vocabulary import Vocabulary
from kb.settings import Settings
from kb.store import Store
from kb.taxonomy import Taxonomy
from web.pack.building import build
from web.site import KEY, Site


class FewNames(Vocabulary):
    """A vocabulary of no names: going through all of the shipped ones takes seconds."""

    def names(self) -> Iterator[Name]:
        """Yield nothing."""
        yield from ()


MADE = datetime(2026, 3, 15, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def sample_site(sample_app: Flask) -> Site:
    """The site of the sample articles."""
    site: Site = sample_app.extensions[KEY]
    return site


@pytest.fixture(scope="session")
def sample_pack(sample_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stick") / "pack"
    site = sample_site
    build(site.store, site.taxonomy, Vocabulary(), folder, settings=site.settings, now=MADE)
    return folder


@pytest.fixture(scope="session")
def hostile_pack(
    settings: Settings, store: Store, taxonomy: Taxonomy, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "pack"
    build(store, taxonomy, FewNames(), folder, settings=settings, now=MADE)
    return folder
