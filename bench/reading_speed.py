"""The cost of reading and checking articles, and a digest of the results.

``python -m bench.reading_speed FILES`` reads files and folders in this process, as a worker of
`kb add` does, and prints the CPU time by format. Each article is read once, after the samples as a
warm-up, because the results for recent texts are cached. The digest covers articles, passages,
warnings and the findings of all rules, so two checkouts give the same results if their digests are
equal. To compare their speed, run both in turn several times and compare the medians.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench.corpus import SAMPLES
from bench.jsonlines import print_result
from bench.machine import machine, versions
from ingest.checks.config import Rules, load_rules
from ingest.checks.runner import check_article
from ingest.pipeline import iter_tasks
from ingest.processing import Draft, ProcessingContext, process
from ingest.sources import IngestTask, open_sources
from ingest.tagging.tagger import Tagger
from kb.errors import SourceError
from kb.model.taxonomy import load_taxonomy

WORDS = 3_000  # a long article, to which the times are scaled
TODAY = date(2026, 1, 1)  # for the findings of the digest


@dataclass(slots=True)
class FormatCost:
    """Articles of one format, their words, and the CPU time in seconds."""

    articles: int = 0
    words: int = 0
    seconds: float = 0.0

    def summary(self) -> dict[str, float]:
        return {
            "articles": self.articles,
            "words": self.words,
            "cpu_ms_per_article": round(1000 * self.seconds / self.articles, 1),
            f"cpu_ms_per_{WORDS}_words": round(1000 * self.seconds * WORDS / self.words, 1),
        }


def read_all(
    paths: Sequence[str], context: ProcessingContext
) -> Iterator[tuple[IngestTask, Draft, float] | SourceError]:
    """Yield each document with its draft and the CPU seconds, or the error."""
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as scratch:
        sources = open_sources(paths, Path(scratch), fetch_private_networks=False)
        for task in iter_tasks(sources):
            if isinstance(task, SourceError):
                yield task
                continue
            started = time.process_time()
            try:
                draft = process(task, context)
            except SourceError as error:
                yield error
                continue
            yield task, draft, time.process_time() - started


def measure(
    paths: Sequence[str], context: ProcessingContext, rules: Rules
) -> tuple[dict[str, FormatCost], str]:
    """Return the cost by file extension, and the digest of all results."""
    costs: dict[str, FormatCost] = {}
    digest = hashlib.sha256()
    for result in read_all(paths, context):
        if isinstance(result, SourceError):
            digest.update(repr((result.code, result.location)).encode())
            continue
        task, draft, seconds = result
        cost = costs.setdefault(task.source.path.suffix.lower(), FormatCost())
        cost.articles += 1
        cost.words += sum(len(passage.text.split()) for passage in draft.passages)
        cost.seconds += seconds
        findings = check_article(draft.article, draft.passages, rules, TODAY)
        contents = (draft.article, draft.passages, draft.coverage, draft.warnings, findings)
        digest.update(repr(contents).encode())
    return costs, digest.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reading_speed", description=__doc__)
    parser.add_argument("paths", nargs="+", help="files, folders and archives of articles")
    options = parser.parse_args()
    rules = load_rules()
    context = ProcessingContext(Tagger(load_taxonomy()), rules)
    for _ in read_all([str(SAMPLES)], context):
        pass
    gc.collect()
    gc.freeze()  # as the workers do
    costs, digest = measure(options.paths, context, rules)
    print_result(
        {
            "formats": {name: costs[name].summary() for name in sorted(costs)},
            "digest": digest,
            "machine": machine(),
            "versions": versions("beautifulsoup4", "lxml", "markdown-it-py", "trafilatura"),
        }
    )


if __name__ == "__main__":
    main()
