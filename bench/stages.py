"""The cost of each stage of a search, from the query to the JSON response.

    python -m bench.stages --home FOLDER [--passages N] [--queries N]

`FOLDER` keeps the knowledge base for the next run (`bench.filled`). Queries are one to three words
of a passage; each runs once. Timers wrap functions of the product: `parse` and `understand` the
query, `engine` (plan, score, count and group), `join` with the store, `explain` (snippets and match
explanation), `serialise`; `whole` is the search and its JSON without timers.
"""

from __future__ import annotations

import argparse
import gc
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from bench import stored
from bench.filled import fill_knowledge_base
from bench.jsonlines import print_result
from bench.machine import machine
from bench.probes import Probe, Probes
from bench.timing import summary, timed
from index.engines.whoosh.engine import WhooshEngine
from index.search import hits, query_expander, snippets, subjects
from index.search.explain import MatchExplainer
from index.search.results import SearchRequest
from kb.storage.published_cache import PublishedSnapshot
from web.presentation.serializers import serialize_search

WARMING = 20
STAGES: tuple[tuple[str, Any, str], ...] = (
    ("parse", query_expander, "parse"),
    ("understand", subjects, "interpret"),
    ("understand", query_expander, "expand_synonyms"),
    ("engine", WhooshEngine, "search"),
    ("join", PublishedSnapshot, "passages"),
    ("join", PublishedSnapshot, "tagged"),
    ("explain", MatchExplainer, "find_matches"),
    ("explain", MatchExplainer, "explain"),
    ("explain", snippets, "snippet_text"),
    ("explain", hits, "highlight_text"),
)


@contextmanager
def time_stages(spent: dict[str, float]) -> Iterator[None]:
    """Add the seconds of each stage to `spent` within the context."""
    originals = [(owner, name, getattr(owner, name)) for _, owner, name in STAGES]
    try:
        for stage, owner, name in STAGES:
            setattr(owner, name, _timing(getattr(owner, name), stage, spent))
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def _timing(function: Callable[..., Any], stage: str, spent: dict[str, float]) -> Any:
    def timing(*given: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*given, **named)
        finally:
            spent[stage] += time.perf_counter() - started

    return timing


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stages", description=__doc__)
    stored.add_options(parser)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    source = stored.select_corpus(options, options.home)
    base = fill_knowledge_base(options.home / "base", source)
    base.search.load()
    gc.collect()
    gc.freeze()  # as `web.server.gunicorn_app` does
    probes = Probes(source, len(source), options.seed).classes(options.queries + WARMING)
    chance = random.Random(options.seed)
    texts = [" ".join(_words(probes, chance)) for _ in range(2 * options.queries + WARMING)]

    def answer_query(text: str) -> bytes:
        return to_json(serialize_search(base.search.search(SearchRequest(q=text))))

    for text in texts[:WARMING]:
        answer_query(text)
    totals = [timed(partial(answer_query, text))[1] for text in texts[WARMING::2]]
    stages: dict[str, list[float]] = defaultdict(list)
    for text in texts[WARMING + 1 :: 2]:
        spent: dict[str, float] = defaultdict(float)
        with time_stages(spent):
            answer = base.search.search(SearchRequest(q=text))
        _, seconds = timed(lambda answer=answer: to_json(serialize_search(answer)))  # type: ignore[misc]
        for stage, duration in {**spent, "serialise": seconds}.items():
            stages[stage].append(duration)
    print_result(
        {
            "passages": len(source),
            "queries": len(totals),
            "whole": summary(totals),
            "stages": {name: summary(times) for name, times in stages.items()},
            "machine": machine(),
        }
    )


def _words(probes: Mapping[str, Sequence[Probe]], chance: random.Random) -> tuple[str, ...]:
    """Return one to three words of a passage, as in typical searches."""
    found = chance.choice(probes["and3"]).words
    return found[: chance.choice((1, 1, 2, 2, 3))]


if __name__ == "__main__":
    main()
