"""Relevance on a task in BEIR format, through ingest, index and search.

Each document is ingested, published and indexed as an article of a temporary knowledge base, and
each query is searched as a user would type it, so one hit is one document. Metrics over the first
100 hits, macro-averaged over queries with a relevant document: nDCG@10 with graded gains,
recall@100, and the reciprocal rank of the first relevant document among ten. `p50_ms` and `p99_ms`
are times of a results page with ten hits, snippets and facets. Each query is timed once; a fifth of
the queries run beforehand as warm-up.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.beir import Task, articles, read_task
from bench.jsonlines import log, print_result
from bench.loading import hits, load_articles
from bench.machine import machine, versions
from bench.ranking import ndcg, recall, reciprocal_rank, relevant_in
from bench.timing import summary, timed
from index.search.results import SearchRequest
from index.search.service import SearchService
from kb.errors import QueryError

DEPTH = 100
PAGE = 10
WARMING = 5  # one query in five runs as warm-up, first page only


def measure(search: SearchService, task: Task) -> dict[str, Any]:
    """Search all queries of `task`; return the mean of each metric."""
    names = list(task.queries)
    for name in names[::WARMING]:
        _first_page(search, task.queries[name])
    rankings: dict[str, list[str]] = {}
    seconds: list[float] = []
    refused = 0
    for number, name in enumerate(names):
        accepted, duration = timed(partial(_first_page, search, task.queries[name]))
        refused += not accepted
        if number % WARMING:
            seconds.append(duration)
        rankings[name] = _ranking(search, task.queries[name]) if accepted else []
    if not seconds:
        raise ValueError("a measurement needs at least two queries with a relevant document")
    times = summary(seconds)
    return {
        **means(rankings, task.judgements),
        "p50_ms": times["p50_ms"],
        "p99_ms": times["p99_ms"],
        "refused": refused,
    }


def means(
    rankings: Mapping[str, list[str]], judgements: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """Return the mean of each metric over the queries; a rejected query counts as 0."""
    totals = {"ndcg@10": 0.0, "recall@100": 0.0, "mrr@10": 0.0}
    for name, ranking in rankings.items():
        relevant = relevant_in(judgements[name])
        totals["ndcg@10"] += ndcg(ranking, judgements[name], 10)
        totals["recall@100"] += recall(ranking, relevant, 100)
        totals["mrr@10"] += reciprocal_rank(ranking, relevant, 10)
    return {measure: round(total / len(rankings), 4) for measure, total in totals.items()}


def _first_page(search: SearchService, text: str) -> bool:
    """Search as a results page does; return whether the query was accepted."""
    try:
        search.search(SearchRequest(q=text, limit=PAGE))
    except QueryError as error:
        log(f"rejected query: {error}")
        return False
    return True


def _ranking(search: SearchService, text: str) -> list[str]:
    """Return the ids of the hits, best first."""
    return [hit.article.metadata.id for hit in hits(search, text, DEPTH)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.relevance", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder in BEIR format")
    parser.add_argument(
        "--engine", default="", help="engine URL; default: a temporary embedded engine"
    )
    parser.add_argument("--queries", type=int, help="number of queries, sampled by seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="number of reader processes")
    parser.add_argument("--words-only", action="store_true", help="without reranking by meaning")
    options = parser.parse_args()
    about = {"machine": machine(), "versions": versions("clinical-kb", "whoosh3", "numpy")}
    task = read_task(options.folder)
    if options.queries:
        task = task.sample(options.queries, options.seed)
    semantic = not options.words_only
    entries = articles(options.folder)
    with load_articles(entries, options.engine, options.jobs, semantic=semantic) as base:
        log(f"running {len(task.queries):,} queries")
        metrics = measure(base.search, task)
        print_result(
            {
                "dataset": options.folder.resolve().name,
                "engine": base.engine,
                "queries": len(task.queries),
                **metrics,
                "skipped": task.skipped,
                **base.about(),
                **about,
            }
        )


if __name__ == "__main__":
    main()
