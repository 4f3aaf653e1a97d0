"""Small knowledge bases with queries whose first hit is known.

An expected hit is the title of an article, with ``> heading`` if the passage matters; an empty
string means that nothing may be found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from index.engines import open_engine
from index.indexer import Indexer
from index.query.synonyms import SynonymDictionary
from index.search.results import SearchRequest
from index.search.service import SearchService
from ingest.pipeline import ingest
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor

CASES: Mapping[str, Any] = json.loads(
    Path(__file__).with_name("first_hits.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", CASES)
def test_first_hit_is_the_expected_passage(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    sources = tmp_path / "articles"
    sources.mkdir()
    for number, (title, text) in enumerate(case["articles"].items()):
        (sources / f"{number}.md").write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
    taxonomy = load_taxonomy()
    store = ArticleStore.create(f"sqlite:///{tmp_path / 'kb.sqlite'}")
    for outcome in ingest(
        [str(sources)], store, taxonomy, publish=True, topics=(), jobs=1, actor=Actor("test")
    ):
        assert outcome.error is None
    engine = open_engine(f"whoosh:{tmp_path / 'index'}", taxonomy)
    Indexer(store, engine, taxonomy).rebuild()
    rules = tmp_path / "synonyms.txt"
    rules.write_text(case.get("synonyms", ""), encoding="utf-8")
    search = SearchService(store, engine, taxonomy, vocabulary=SynonymDictionary(rules))

    found = {q: _first_hit(search, q, expected) for q, expected in case["queries"]}
    store.close()

    assert found == dict(case["queries"])


def _first_hit(search: SearchService, q: str, expected: str) -> str:
    """Return the first hit in the form of `expected`."""
    hits = search.search(SearchRequest(q=q)).hits
    if not hits:
        return ""
    heading = f" > {hits[0].passage.heading}" if ">" in expected else ""
    return hits[0].article.title + heading
