"""Export and import of articles whose blocks have every field."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from ingest.chunking import chunk_article
from kb.model.article import Article
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.exchange.builders import exported, imported
from tests.kb.model.random_blocks import ARTICLES


def test_stored_exported_and_imported_articles_are_the_same(tmp_path: Path) -> None:
    first, second = (
        ArticleStore.create(f"sqlite:///{tmp_path / name}.sqlite") for name in ("a", "b")
    )
    homes = [tmp_path / "home-a", tmp_path / "home-b"]
    for home in homes:
        home.mkdir()
    saved: dict[str, tuple[Article, list[object]]] = {}

    @given(ARTICLES)
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def add(article: Article) -> None:
        result = first.save(
            article, chunk_article(article), source_key=f"test:{len(saved)}",
            source_sha256="0" * 64, coverage=1.0, warnings=("a",), differences=("b",),
            publish=True, actor=Actor("ann"),
        )  # fmt: skip
        saved[result.article_id] = (article, list(result.passages))

    add()
    exported(first.database, homes[0], tmp_path / "export.zip")
    imported(second.database, homes[1], tmp_path / "export.zip")
    for article_id, (article, passages) in saved.items():
        for store in (first, second):
            record = store.article(article_id)
            assert record.article == article
            assert list(record.passages) == passages
            assert (record.warnings, record.differences) == (("a",), ("b",))
