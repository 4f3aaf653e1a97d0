"""The cost of an index for a new process: opening, adding and memory.

    python -m bench.fresh INDEX [--queries N]

`INDEX` is the folder of one of our indexes (``KEPT/CORPUS/ours/index`` of `bench.speed --keep`).
Measured in a new process after imports: `open_ms` to open the latest commit, verify its files and
answer one query; `add_ms` (median of five) to add an article with ten passages to a copy of the
index until another reader finds it; `private_mb` of resident memory that is not shared, after
`queries` queries with words of the index; and `shared_mb` of shared mapped pages.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
from datetime import date
from functools import partial
from pathlib import Path

from bench.jsonlines import print_result
from bench.machine import machine
from bench.timing import timed
from index.document import IndexDocument
from index.engine import Engine, EngineRequest
from index.engines import open_engine
from index.query.parser import parse
from kb.model.taxonomy import load_taxonomy

ADDED = 5
PASSAGES = 10


def passages(number: int) -> list[IndexDocument]:
    """Return the passages of an article that one word matches."""
    body = f"A new treatment of pain in the knee, seen in the clinic, marked zzq{number}x. " * 12
    texts = {"title": f"New {number}", "heading": "Care", "body": body, "topics": "", "tags": ""}
    return [
        IndexDocument(
            passage_id=f"new{number}.{place}",
            article_id=f"new{number}",
            texts=texts,
            tags=("safety",),
            topics=(),
            reviewed=date(2026, 1, 1),
        )
        for place in range(PASSAGES)
    ]


def measure_update(writer: Engine, reader: Engine, number: int) -> float:
    """Add an article until another reader finds it; return the seconds."""

    def add() -> None:
        with writer.try_acquire_writer() as locked_writer:
            if locked_writer is None:
                raise RuntimeError("The copy of the index is locked by another process.")
            locked_writer.apply({f"new{number}": passages(number)}, writer.state().checkpoint + 1)
        if not reader.top_passages(EngineRequest(query=parse(f"zzq{number}x"))):
            raise RuntimeError("The added article was not found.")

    return timed(add)[1]


def memory() -> dict[str, float]:
    """Return the private and the shared resident memory of this process."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    # Pages of a file that only this process maps count as private, but are page cache.
    private -= sizes["Private_Clean"]
    return {"private_mb": round(private, 1), "shared_mb": round(sizes["Rss"] - private, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fresh", description=__doc__)
    parser.add_argument("index", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    taxonomy = load_taxonomy()
    engine = open_engine(f"whoosh:{options.index}", taxonomy)
    ask = EngineRequest(query=parse("knee pain"), match_all=False)
    _, opened = timed(partial(engine.search, ask))
    _, second = timed(partial(engine.search, ask))
    words = sorted(engine.term_counts())
    chance = random.Random(1)
    for _ in range(options.queries):
        engine.search(
            EngineRequest(query=parse(" ".join(chance.sample(words, 3))), match_all=False)
        )
    used = memory()
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as place:
        shutil.copytree(options.index, Path(place) / "index")
        writer, reader = (open_engine(f"whoosh:{place}/index", taxonomy) for _ in range(2))
        for one in (writer, reader):
            one.search(ask)
        seconds = [measure_update(writer, reader, number) for number in range(ADDED)]
    print_result(
        {
            "passages": engine.state().documents,
            "open_ms": round(opened * 1000, 1),
            "again_ms": round(second * 1000, 2),
            "add_ms": round(statistics.median(seconds) * 1000, 1),
            **used,
            "machine": machine(),
        }
    )


if __name__ == "__main__":
    main()
