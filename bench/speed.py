"""Speed of our engine and its peers with the same passages and queries in one run.

**Corpus.** The passages of ``--articles``, read and chunked as `kb add` does, sized to
``--passages`` (`bench.growth`). **Indexing** is timed from passages to an index on disk, including
stemming, on one core. **Queries** (classes in `bench.probes`) are timed from the words to the ids
of the ten best passages, in one thread. Our engine always searches all fields, peers only the body
unless three fields are requested. Engines take turns query by query, with a different one first
each time, so that interference affects all of them; each query runs once per engine, after a
warm-up with other queries, so that no result comes from a cache.

`ratios` are a peer's median divided by ours: above 1, ours is faster. `index_ratio` is our time
divided by the peer's: below 1, ours is faster. On a busy machine, `cpu_ratios` and
`index_cpu_ratio`, based on CPU time, are more reliable. `same_first` is the share of queries with
the same first passage as ours, `overlap_at_10` the share of the ten best in common: they reveal an
engine that is fast because it computes something else. Different fields, ties and BM25 variants
keep them below 1.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench import stored
from bench.contestants import OURS, PEERS, open_contestants
from bench.contestants.contestant import Contestant
from bench.contestants.ours import Ours
from bench.jsonlines import log, objects, print_result
from bench.machine import machine, versions
from bench.probes import Probe, Probes
from bench.timing import summary, timed
from index import analyzer
from index.document import IndexDocument

REPORT = "report.json"
WARMING = 5  # untimed queries per class


@dataclass(slots=True)
class Answers:
    """The results of one engine for the queries of a class, in order."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    found: list[Sequence[str]] = field(default_factory=list)

    def add(self, ids: Sequence[str], seconds: float, cpu_seconds: float) -> None:
        self.seconds.append(seconds)
        self.cpu_seconds.append(cpu_seconds)
        self.found.append(ids)


def build_index(
    contestant: Contestant, documents: Iterable[IndexDocument], folder: Path
) -> dict[str, Any]:
    """Index `documents` with an engine on one core; return the cost and the size.

    The index is kept in `folder` with this report and reused if it exists.
    """
    report = folder / REPORT
    if not report.exists():
        analyzer.stem_word.cache_clear()  # otherwise only the first engine would pay for stemming
        gc.collect()
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        cpu = time.process_time()
        _, seconds = timed(partial(contestant.build, documents))
        cpu = time.process_time() - cpu
        os.sched_setaffinity(0, cores)
        files = [path for path in folder.rglob("*") if path.is_file()]
        metrics = {
            "version": contestant.version,
            "index_s": round(seconds, 3),
            "index_cpu_s": round(cpu, 3),
            # Only Tantivy stores the texts for snippets in the index, in separate files.
            "bytes": sum(path.stat().st_size for path in files if path.suffix != ".store"),
        }
        report.write_text(json.dumps(metrics), "utf-8")
    contestant.open()
    saved: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return saved


def run_queries(
    contestants: Mapping[str, Contestant], probes: Sequence[Probe]
) -> dict[str, Answers]:
    """Run the queries of one class, with the engines taking turns; the first ones are warm-up."""
    answers = {name: Answers() for name, one in contestants.items() if one.supports(probes[0])}
    names = list(answers)
    for number, probe in enumerate(probes):
        for turn in range(len(names)):
            name = names[(number + turn) % len(names)]
            cpu = time.process_time()
            ids, seconds = timed(partial(contestants[name].ids, probe))
            if number >= WARMING:
                answers[name].add(ids, seconds, time.process_time() - cpu)
    return answers


def class_metrics(answers: Mapping[str, Answers]) -> dict[str, dict[str, Any]]:
    """Return the metrics of one class by engine."""
    ours = answers[OURS].found
    return {
        name: {
            **summary(answer.seconds),
            "p50_cpu_ms": round(statistics.median(answer.cpu_seconds) * 1000, 4),
            "hits": round(statistics.fmean(map(len, answer.found)), 2),
            "same_first": round(
                statistics.fmean(a[:1] == b[:1] for a, b in zip(answer.found, ours, strict=True)), 2
            ),
            "overlap_at_10": round(statistics.fmean(map(_overlap, answer.found, ours)), 2),
        }
        for name, answer in answers.items()
    }


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    return len(set(one) & set(other)) / max(1, len(one), len(other))


def ratios(
    classes: Mapping[str, Mapping[str, Mapping[str, Any]]], key: str
) -> dict[str, dict[str, float]]:
    """Return for each class and peer the median under `key` as a multiple of ours."""
    return {
        name: {
            peer: round(found[key] / by_name[OURS][key], 3)
            for peer, found in by_name.items()
            if peer != OURS
        }
        for name, by_name in classes.items()
    }


def index_ratio(reports: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, float]:
    """Return our seconds under `key` as a multiple of each peer's."""
    ours = reports[OURS][key]
    return {peer: round(ours / report[key], 3) for peer, report in reports.items() if peer != OURS}


def measure(options: argparse.Namespace, place: Path) -> dict[str, Any]:
    """Index, search and compare."""
    about = {"machine": machine(), "versions": versions("clinical-kb", "whoosh3", "numpy")}
    log("preparing the corpus")
    source = stored.select_corpus(options, place)
    questions = _questions(options.questions) if options.questions else None
    probes = Probes(source, len(source), options.seed)
    classes = probes.classes(options.queries + WARMING, questions)
    kept = (options.keep or place / "indexes") / source.name
    kept.mkdir(parents=True, exist_ok=True)
    contestants, left_out = open_contestants(options.peers, kept)
    reports = {}
    for name, contestant in contestants.items():
        log(f"{name} indexes {len(source):,} passages")
        reports[name] = build_index(contestant, source, kept / name)
        if isinstance(contestant, Ours):
            contestant.keep_bodies(source)
    # Garbage of one engine must not be collected during the timing of another.
    gc.collect()
    gc.freeze()
    results = {}
    for name, probes_of_class in classes.items():
        if len(probes_of_class) <= WARMING:
            left_out[name] = f"{len(probes_of_class)} queries are too few for a measurement"
            continue
        log(f"running {name}")
        results[name] = class_metrics(run_queries(contestants, probes_of_class))
    return {
        "passages": len(source),
        "real_passages": source.about["real_passages"],
        "queries": {name: len(classes[name]) - WARMING for name in results},
        "seed": options.seed,
        "contestants": {
            name: {
                **report,
                "classes": {c: actor[name] for c, actor in results.items() if name in actor},
            }
            for name, report in reports.items()
        },
        "ratios": ratios(results, "p50_ms"),
        "cpu_ratios": ratios(results, "p50_cpu_ms"),
        "index_ratio": index_ratio(reports, "index_s"),
        "index_cpu_ratio": index_ratio(reports, "index_cpu_s"),
        "left_out": left_out,
        **about,
    }


def _questions(path: Path) -> list[str]:
    return [entry["text"] for entry in objects(path)]


def _peers(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(PEERS)}")
    return names


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    stored.add_options(parser)
    parser.add_argument(
        "--peers", type=_peers, default=list(PEERS), help=f"from {','.join(PEERS)}; default: all"
    )
    parser.add_argument("--queries", type=int, default=50, help="timed queries of each class")
    parser.add_argument(
        "--questions", type=Path, help="JSON Lines with a text field; default: headings with a '?'"
    )
    parser.add_argument("--keep", type=Path, help="folder that keeps the indexes for the next run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as place:
        print_result(measure(options, Path(place)))


if __name__ == "__main__":
    main()
