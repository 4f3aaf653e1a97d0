"""A temporary knowledge base for benchmarks, created by the regular ingest, store and index."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.jsonlines import log, write_objects
from index.engines import open_engine
from index.indexer import Indexer
from index.search.results import SearchHit, SearchRequest
from index.search.semantic_reranker import SemanticReranker
from index.search.service import MAX_LIMIT, SearchService
from index.semantic.model import load_model
from index.semantic.vectorizer import Vectorizer
from ingest.pipeline import ingest
from kb.model.taxonomy import load_taxonomy
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.passage_vectors import PassageVectorStore

TELL_EVERY = 1_000  # articles


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A search over newly ingested articles, and the cost of loading them.

    `ids` maps each source file to the id of its article, or of its last article.
    """

    search: SearchService
    store: ArticleStore
    ids: Mapping[str, str]
    engine: str
    articles: int
    passages: int
    rejected: tuple[str, ...]  # the reason for each rejected article
    ingest_s: float
    index_s: float
    vectors_s: float

    def about(self) -> dict[str, Any]:
        """Return the facts about the knowledge base that a result includes."""
        return {
            "articles": self.articles,
            "passages": self.passages,
            "rejected": len(self.rejected),
            "ingest_s": round(self.ingest_s, 1),
            "index_s": round(self.index_s, 1),
            "vectors_s": round(self.vectors_s, 1),
        }


@contextmanager
def load_articles(
    entries: Iterable[Mapping[str, Any]], engine_url: str, jobs: int, *, semantic: bool = True
) -> Iterator[Loaded]:
    """Ingest and index articles into a temporary knowledge base.

    `engine_url` is a URL of `index.engines.open_engine`, or empty for the embedded engine. Any
    other engine is rebuilt from these articles, which replaces its content. With `semantic`,
    results are reranked by meaning if the model is installed, which takes 30 ms per passage.
    """
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        source = Path(folder) / "articles.jsonl"
        write_objects(source, entries)
        with load_sources([source], engine_url, jobs, semantic=semantic) as loaded:
            yield loaded


@contextmanager
def load_sources(
    sources: Sequence[Path], engine_url: str, jobs: int, *, semantic: bool = True
) -> Iterator[Loaded]:
    """Ingest and index files as `load_articles` does."""
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as folder:
        home = Path(folder)
        taxonomy = load_taxonomy()
        store = ArticleStore.create(f"sqlite:///{home / 'kb.sqlite'}")
        try:
            articles, passages, rejected, ids, ingest_s = _ingested(sources, store, jobs)
            engine = open_engine(engine_url or f"whoosh:{home / 'index'}", taxonomy)
            log(f"indexing {passages:,} passages")
            started = time.perf_counter()
            Indexer(store, engine, taxonomy).rebuild()
            indexed = time.perf_counter()
            model = load_model() if semantic else None
            reranker = None
            if model is not None:
                log(f"computing the vectors of {passages:,} passages")
                vectors = PassageVectorStore(store.database, model.name)
                Vectorizer(store, vectors, model).sync()
                reranker = SemanticReranker(model, vectors)
            yield Loaded(
                search=SearchService(store, engine, taxonomy, reranker=reranker),
                store=store,
                ids=ids,
                engine=engine.name,
                articles=articles,
                passages=passages,
                rejected=tuple(rejected),
                ingest_s=ingest_s,
                index_s=indexed - started,
                vectors_s=time.perf_counter() - indexed,
            )
        finally:
            store.close()


def _ingested(
    sources: Sequence[Path], store: ArticleStore, jobs: int
) -> tuple[int, int, list[str], dict[str, str], float]:
    articles, passages = 0, 0
    ids: dict[str, str] = {}
    rejected: list[str] = []
    started = time.perf_counter()
    outcomes = ingest(
        [str(source) for source in sources],
        store,
        load_taxonomy(),
        publish=True,
        topics=(),
        jobs=jobs,
        actor=Actor("bench"),
    )
    for outcome in outcomes:
        if outcome.status == "rejected":
            rejected.append(outcome.error or "without a reason")
            log(f"rejected: {outcome.error}")
            continue
        articles += 1
        ids[outcome.source] = outcome.article_id or ""
        passages += outcome.passages
        if articles % TELL_EVERY == 0:
            log(f"ingested {articles:,} articles")
    return articles, passages, rejected, ids, time.perf_counter() - started


def hits(search: SearchService, q: str, depth: int) -> list[SearchHit]:
    """Return the first `depth` hits, one per article, fetched page by page.

    Partial matches follow the complete matches, as on a results page.
    """
    collected: list[SearchHit] = []
    while len(collected) < depth:
        limit = min(MAX_LIMIT, depth - len(collected))
        response = search.search(SearchRequest(q=q, limit=limit, offset=len(collected)))
        page = (*response.hits, *response.partial_hits)
        collected.extend(page)
        if len(page) < limit:
            break
    return collected
