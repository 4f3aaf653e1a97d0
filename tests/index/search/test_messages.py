"""Pasted messages on the sample articles: the first hit is about their subject."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from index.engines import open_engine
from index.indexer import Indexer
from index.search.results import SearchRequest
from index.search.service import SearchService
from ingest.pipeline import ingest
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor

# Messages with the title of the expected article.
MESSAGES = json.loads(Path(__file__).with_name("messages.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchService]:
    home = tmp_path_factory.mktemp("samples")
    taxonomy = load_taxonomy()
    store = ArticleStore.create(f"sqlite:///{home / 'kb.sqlite'}")
    samples = str(files("kb") / "samples")
    for outcome in ingest(
        [samples], store, taxonomy, publish=True, topics=(), jobs=1, actor=Actor("test")
    ):
        assert outcome.error is None
    engine = open_engine(f"whoosh:{home / 'index'}", taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    yield SearchService(store, engine, taxonomy)
    store.close()


@pytest.mark.parametrize(("message", "title"), MESSAGES, ids=[title for _, title in MESSAGES])
def test_first_hit_is_about_the_subject(search: SearchService, message: str, title: str) -> None:
    answer = search.search(SearchRequest(q=message, limit=5))

    assert answer.hits[0].article.title == title
    assert answer.query.corrected is None
    assert answer.query.did_you_mean == ()


def test_misspelt_drug_in_a_message_is_corrected(search: SearchService) -> None:
    message = next(text for text, title in MESSAGES if title == "Warfarin")

    answer = search.search(SearchRequest(q=message.replace("warfarin", "warfrin")))

    assert answer.hits[0].article.title == "Warfarin"
    assert (answer.query.corrected or "").startswith("warfarin")
