"""Known-item search: the question in a section's heading must find that section.

The articles, in the JSON Lines format of `kb add`, pass through ingest, index and search. Headings
that are questions are then searched unchanged. An item is found if the hit is its article and shows
a passage under that heading; hits of the right article with another section count under
``article``. If several articles have the same question, only one is correct:
`duplicate_questions` is the number of such queries.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.jsonlines import log, objects, print_result
from bench.loading import hits, load_articles
from bench.machine import machine, versions
from bench.timing import summary, timed
from index.search.results import SearchHit
from index.search.service import SearchService

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Item:
    """A section: the id of its article, and its heading, which is the query."""

    article: str
    question: str


def items(path: Path) -> list[Item]:
    """Return the sections whose heading is a question, in file order."""
    return [
        Item(entry["id"], section["heading"])
        for entry in objects(path)
        for section in entry["sections"]
        if section["heading"].rstrip().endswith("?")
    ]


def measure(search: SearchService, sample: Sequence[Item]) -> dict[str, Any]:
    """Search all questions; return the metrics for the section and for its article."""
    sections: list[int] = []
    articles: list[int] = []
    seconds: list[float] = []
    for item in sample:
        hits_of_item, duration = timed(partial(hits, search, item.question, DEPTH))
        seconds.append(duration)
        sections.append(_rank([_is_section(hit, item) for hit in hits_of_item]))
        articles.append(_rank([hit.article.metadata.id == item.article for hit in hits_of_item]))
    times = summary(seconds)
    return {
        **rates(sections),
        "article": rates(articles),
        "p50_ms": times["p50_ms"],
        "p99_ms": times["p99_ms"],
    }


def rates(ranks: Sequence[int]) -> dict[str, float]:
    """Return the metrics of the ranks at which items were found; rank 0 means not found."""
    count = len(ranks)
    return {
        "hits@1": round(sum(rank == 1 for rank in ranks) / count, 4),
        "hits@10": round(sum(0 < rank <= 10 for rank in ranks) / count, 4),
        "mrr@10": round(sum(1 / rank for rank in ranks if 0 < rank <= 10) / count, 4),
    }


def _rank(right: Sequence[bool]) -> int:
    return right.index(True) + 1 if True in right else 0


def _is_section(hit: SearchHit, item: Item) -> bool:
    # The reader normalises spaces, so the query must, too.
    heading = " ".join(item.question.split())
    path = [" ".join(part.split()) for part in hit.passage.heading_path]
    return hit.article.metadata.id == item.article and heading in path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.known_item", description=__doc__)
    parser.add_argument("articles", type=Path, help="article JSON Lines; see bench.medquad")
    parser.add_argument(
        "--engine", default="", help="engine URL; default: a temporary embedded engine"
    )
    parser.add_argument(
        "--queries", type=int, default=500, help="number of questions, sampled by seed"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="number of reader processes")
    options = parser.parse_args()
    about = {"machine": machine(), "versions": versions("clinical-kb", "whoosh3", "numpy")}
    all_items = items(options.articles)
    count = min(options.queries, len(all_items))
    sample = random.Random(options.seed).sample(all_items, count)
    times_asked = Counter(item.question.casefold() for item in all_items)
    with load_articles(objects(options.articles), options.engine, options.jobs) as base:
        log(f"searching {count:,} of {len(all_items):,} questions")
        metrics = measure(base.search, sample)
        print_result(
            {
                "dataset": options.articles.stem,
                "engine": base.engine,
                "queries": count,
                **metrics,
                "duplicate_questions": sum(
                    times_asked[item.question.casefold()] > 1 for item in sample
                ),
                **base.about(),
                **about,
            }
        )


if __name__ == "__main__":
    main()
