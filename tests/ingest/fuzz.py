"""Fuzz a reader: `python -m tests.ingest.fuzz READER --seconds N --seed S`.

Golden inputs of the format, and the given files, are mutated and processed in the sandbox like any
source; in a Word document, mostly the parts, because their checksums detect other changes. An
article or a `SourceError` is a correct result. Exceeded limits, crashes and unexpected
exceptions are printed and stored in a folder, as the basis for a test. The same seed produces the
same sources.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
import zipfile
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
# used in rotation, so that a file has been processed before it is overwritten
FILES = 2 * (READ_AHEAD + MAX_BATCH)
MAX_SOURCE_BYTES = 300_000  # bytes; longer sources would not reveal other errors
ZIP_MAGIC = b"PK\x03\x04"
SHARE_OF_PARTS = 0.9  # of the mutations of a ZIP archive
# Byte sequences that often break parsers of any format.
HOSTILE_SEQUENCES = (
    *(b"\0", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\r", b"&#x110000;", b"]]>", b"<!--"),
    *(b"<![CDATA[", b"<table>", b"<tr><td colspan=99999>", b"<ul><li>", b"<?x", b"&a;", b"<p"),
    *(b"[" * 50, b"> " * 50, b"*" * 99, b"`" * 99, b"|" * 99, b"- - - ", b"---\n", b"title: [\n"),
    *(b'{"', b'":', b"1e999", b"-1", b"\\u0000", b"\\ud800", b"999999999999", b" " * 999),
)


def mutate(seeds: Sequence[bytes], rng: random.Random) -> bytes:
    """Return one of the seeds with a random number of mutations, usually few."""
    content = bytearray(rng.choice(seeds))
    for _ in range(1 + int(rng.expovariate(0.4))):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + int(rng.expovariate(0.02)))
        part = bytes(content[start:end])
        match rng.randrange(7):
            case 0:
                del content[start:end]
            case 1:
                content[start:start] = part * rng.choice((2, 10, 300))
            case 2:
                content[start:end] = rng.randbytes(len(part))
            case 3:
                content[start:start] = rng.choice(HOSTILE_SEQUENCES) * rng.choice((1, 1, 5, 500))
            case 4:
                other = rng.choice(seeds)
                start_in_other = rng.randrange(len(other) + 1)
                content[start:end] = other[
                    start_in_other : start_in_other + rng.randrange(1, 2_000)
                ]
            case 5:
                del content[start + 1 :]
            case _:
                if content:
                    content[start % len(content)] ^= 1 << rng.randrange(8)
        del content[MAX_SOURCE_BYTES:]
    return bytes(content)


def mutate_part(seed: bytes, rng: random.Random) -> bytes:
    """Return a ZIP archive with one mutated file."""
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(seed)) as archive,
        zipfile.ZipFile(changed, "w") as copy,
    ):
        names = archive.namelist()
        mutated = rng.choice(names)
        for name in names:
            content = archive.read(name)
            copy.writestr(name, mutate([content], rng) if name == mutated else content)
    return changed.getvalue()


def find_seeds(kind: MediaType, extra_files: Sequence[Path]) -> list[bytes]:
    """Return the golden inputs and other files that are read as `kind`."""
    golden_files = [
        path for path in sorted(GOLDEN.iterdir()) if path.suffix not in (".py", ".json")
    ]
    return [
        path.read_bytes()
        for path in (*golden_files, *extra_files)
        if path.is_file() and _is_read_as(path, kind)
    ]


def _is_read_as(path: Path, kind: MediaType) -> bool:
    try:
        first = next(split_documents(path))
        return not isinstance(first, SourceError) and read_document(first).media_type == kind
    except SourceError:
        return False


def _tasks(
    seeds: Sequence[bytes], rng: random.Random, until: float, folder: Path
) -> Iterator[IngestTask | SourceError]:
    number = 0
    while time.monotonic() < until:
        number += 1
        path = folder / f"source-{number % FILES}"
        archive = rng.choice(seeds)
        is_archive = archive.startswith(ZIP_MAGIC) and rng.random() < SHARE_OF_PARTS
        path.write_bytes(mutate_part(archive, rng) if is_archive else mutate(seeds, rng))
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
    extra_files: Sequence[Path],
    failures_folder: Path,
    limits: SandboxLimits,
) -> Counter[str]:
    """Return the number of sources by result; failures are stored in `failures_folder`."""
    seeds = find_seeds(kind, extra_files)
    if not seeds:
        sys.exit(f"There is no golden input of {kind}; name some files.")
    results: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="kb-fuzz-") as scratch:
        tasks = _tasks(seeds, random.Random(seed), time.monotonic() + seconds, Path(scratch))
        tagger = Tagger(load_taxonomy())
        lists = map_ordered(process, tasks, ProcessingContext(tagger), jobs=1, limits=limits)
        for task, result in chain.from_iterable(lists):
            if isinstance(result, WorkerFaultError | WorkerLostError) and isinstance(
                task, IngestTask
            ):
                results[str(result)[:150]] += 1
                failures_folder.mkdir(parents=True, exist_ok=True)
                failure = (
                    failures_folder / f"{kind.name.lower()}-{seed}-{task.source.name.split()[1]}"
                )
                failure.write_bytes(task.document.line or task.document.path.read_bytes())
                print(f"{failure}: {result}", flush=True)
            else:
                results["refused" if isinstance(result, SourceError) else "read"] += 1
    return results


def main() -> None:
    """Run the fuzzer from the command line and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("files", nargs="*", type=Path, help="additional seed files")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--failures-folder", type=Path, default=Path("/tmp/kb-fuzz"))
    arguments = parser.parse_args()
    results = fuzz(
        READERS[arguments.reader],
        seconds=arguments.seconds,
        seed=arguments.seed,
        extra_files=arguments.files,
        failures_folder=arguments.failures_folder,
        limits=SandboxLimits(cpu_seconds=5, wall_seconds=20),
    )
    print(f"{arguments.reader}, seed {arguments.seed}: {dict(results)}")
    sys.exit(any(end not in ("read", "refused") for end in results))


if __name__ == "__main__":
    main()
