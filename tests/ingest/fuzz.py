"""Feed a reader damaged sources: `python -m tests.ingest.fuzz READER --seconds N --seed S`.

The golden inputs that are of the reader's kind (and the files given) are mutated and go the way of
any source: read, cut, tagged and measured in the sandbox. An article or a `SourceError` is as it
should be; a limit that was hit, a crash and an unexpected exception are finds, which are printed
and kept in a folder for a test to be made of them. The same seed makes the same sources.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from ingest.processing import ProcessingContext, process
from ingest.readers.media_type import MediaType
from ingest.readers.registry import read_document, split_documents
from ingest.sources import IngestTask, SourceFile
from ingest.tagging.tagger import Tagger
from ingest.workers.fork_server import WorkerFaultError, WorkerLostError
from ingest.workers.pool import MAX_BATCH, READ_AHEAD, map_ordered
from ingest.workers.sandbox import SandboxLimits
from kb.errors import SourceError
from kb.model.taxonomy import load_taxonomy

GOLDEN = Path(__file__).with_name("golden")
READERS = {kind.name.lower(): kind for kind in MediaType}
FILES = 2 * (READ_AHEAD + MAX_BATCH)  # used in turn: one is long done when it is written again
LONGEST = 300_000  # bytes of a mutated source: what is wrong at this length is wrong at any
# What parsers stumble over, whatever the format.
BAIT = (
    *(b"\0", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\r", b"&#x110000;", b"]]>", b"<!--"),
    *(b"<![CDATA[", b"<table>", b"<tr><td colspan=99999>", b"<ul><li>", b"<?x", b"&a;", b"<p"),
    *(b"[" * 50, b"> " * 50, b"*" * 99, b"`" * 99, b"|" * 99, b"- - - ", b"---\n", b"title: [\n"),
    *(b'{"', b'":', b"1e999", b"-1", b"\\u0000", b"\\ud800", b"999999999999", b" " * 999),
)


def mutated(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Return one of the seeds after some changes, most often few."""
    content = bytearray(chance.choice(seeds))
    for _ in range(1 + int(chance.expovariate(0.4))):
        start = chance.randrange(len(content) + 1)
        end = min(len(content), start + int(chance.expovariate(0.02)))
        part = bytes(content[start:end])
        match chance.randrange(7):
            case 0:
                del content[start:end]
            case 1:
                content[start:start] = part * chance.choice((2, 10, 300))
            case 2:
                content[start:end] = chance.randbytes(len(part))
            case 3:
                content[start:start] = chance.choice(BAIT) * chance.choice((1, 1, 5, 500))
            case 4:
                other = chance.choice(seeds)
                place = chance.randrange(len(other) + 1)
                content[start:end] = other[place : place + chance.randrange(1, 2_000)]
            case 5:
                del content[start + 1 :]
            case _:
                if content:
                    content[start % len(content)] ^= 1 << chance.randrange(8)
        del content[LONGEST:]
    return bytes(content)


def seeds_of(kind: MediaType, more: Sequence[Path]) -> list[bytes]:
    """Return the golden inputs, and the other files, that are read as `kind`."""
    given = [path for path in sorted(GOLDEN.iterdir()) if path.suffix not in (".py", ".json")]
    return [path.read_bytes() for path in (*given, *more) if path.is_file() and _is(path, kind)]


def _is(path: Path, kind: MediaType) -> bool:
    try:
        first = next(split_documents(path))
        return not isinstance(first, SourceError) and read_document(first).media_type == kind
    except SourceError:
        return False


def _tasks(
    seeds: Sequence[bytes], chance: random.Random, until: float, folder: Path
) -> Iterator[IngestTask | SourceError]:
    number = 0
    while time.monotonic() < until:
        number += 1
        path = folder / f"source-{number % FILES}"
        path.write_bytes(mutated(seeds, chance))
        source = SourceFile(path=path, name=f"source {number}", key="file:fuzz")
        try:
            first = next(split_documents(path), None)
        except SourceError as error:
            yield error
        else:
            if first is not None:
                yield first if isinstance(first, SourceError) else IngestTask(source, first)


def fuzz(
    kind: MediaType,
    *,
    seconds: float,
    seed: int,
    more: Sequence[Path],
    finds: Path,
    limits: SandboxLimits,
) -> Counter[str]:
    """Return how many sources ended how; what should not be is kept in the folder `finds`."""
    seeds = seeds_of(kind, more)
    if not seeds:
        sys.exit(f"There is no golden input of {kind}; name some files.")
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="kb-fuzz-") as scratch:
        tasks = _tasks(seeds, random.Random(seed), time.monotonic() + seconds, Path(scratch))
        tagger = Tagger(load_taxonomy())
        lists = map_ordered(process, tasks, ProcessingContext(tagger), jobs=1, limits=limits)
        for task, result in chain.from_iterable(lists):
            if isinstance(result, WorkerFaultError | WorkerLostError) and isinstance(
                task, IngestTask
            ):
                ends[str(result)[:150]] += 1
                finds.mkdir(parents=True, exist_ok=True)
                kept = finds / f"{kind.name.lower()}-{seed}-{task.source.name.split()[1]}"
                kept.write_bytes(task.document.line or task.document.path.read_bytes())
                print(f"{kept}: {result}", flush=True)
            else:
                ends["refused" if isinstance(result, SourceError) else "read"] += 1
    return ends


def main() -> None:
    """Read the arguments and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("files", nargs="*", type=Path, help="more inputs to begin with")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--finds", type=Path, default=Path("/tmp/kb-fuzz"))
    given = parser.parse_args()
    ends = fuzz(
        READERS[given.reader],
        seconds=given.seconds,
        seed=given.seed,
        more=given.files,
        finds=given.finds,
        limits=SandboxLimits(cpu_seconds=5, wall_seconds=20),
    )
    print(f"{given.reader}, seed {given.seed}: {dict(ends)}")
    sys.exit(any(end not in ("read", "refused") for end in ends))


if __name__ == "__main__":
    main()
