"""Cached corpora on disk, generated once per size, seed and source and read as a stream.

A million passages do not fit into the memory of a laptop together with several search engines, and
generating them takes minutes. A folder of the cache contains::

    passages.jsonl      one passage per line: [article, title, heading, body, tags]
    bodies.txt, .npy    the bodies and their offsets, for snippets
    stems.txt, .npy     the bodies as our stems, for peers

The folder name contains the size, the seed, and a digest of the sources and of the generator
versions. The real passages, which take longest to read and tag, are cached in the same way.

    python -m bench.stored --passages 1000000 --cache FOLDER [--articles FILE] [--seed S]

generates a corpus and prints its statistics.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench import growth
from bench.contestants.contestant import stems
from bench.corpus import FIELDS, SAMPLES, document, real
from bench.jsonlines import log, print_result
from bench.timing import timed
from index import analyzer
from index.document import IndexDocument
from kb.model.taxonomy import load_taxonomy

VERSION = 1  # of the files below
SHARES = (8, 16, 32, 64)  # terms in more than 1/N of the passages are counted
TELL_EVERY = 100_000


class Texts:
    """Texts by number in one file, read on demand."""

    def __init__(self, path: Path) -> None:
        self._starts = np.load(path.with_suffix(".npy"), mmap_mode="r")
        self._file = path.open("rb")

    def __getitem__(self, number: int) -> str:
        start, end = self._starts[number : number + 2].tolist()
        self._file.seek(start)
        return self._file.read(end - start).decode()

    def __len__(self) -> int:
        return len(self._starts) - 1


class _TextsWriter:
    def __init__(self, path: Path) -> None:
        self._path, self._file, self._starts = path, path.open("wb"), [0]

    def add(self, text: str) -> None:
        self._starts.append(self._starts[-1] + self._file.write(text.encode()))

    def close(self) -> None:
        self._file.close()
        np.save(self._path.with_suffix(".npy"), np.array(self._starts, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus in its folder; passages are numbered, and the id of the first is ``p0``."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder name, which identifies the sources, the seed and the generator."""
        return self.folder.name

    @property
    def about(self) -> dict[str, Any]:
        """The number of passages, and how many of them are real."""
        found: dict[str, Any] = json.loads((self.folder / "about.json").read_text("utf-8"))
        return found

    def __len__(self) -> int:
        return int(self.about["passages"])

    def __iter__(self) -> Iterator[IndexDocument]:
        return _read(self.folder / "passages.jsonl")

    def bodies(self) -> Texts:
        """Return the original bodies."""
        return Texts(self.folder / "bodies.txt")

    def stemmed(self) -> Texts:
        """Return the bodies as stems separated by spaces."""
        return Texts(self.folder / "stems.txt")


def number_of(passage_id: str) -> int:
    """Return the number of a passage of a corpus."""
    return int(passage_id[1:])


def corpus(cache: Path, sources: Sequence[str], count: int, seed: int) -> Corpus:
    """Return the corpus of `count` passages from `sources`, generating it if it is not cached."""
    digest = _digest(sources)
    folder = cache / f"corpus-{count}-{seed}-{digest}"
    if not (folder / "about.json").exists():
        shutil.rmtree(folder, ignore_errors=True)  # of an interrupted run
        folder.mkdir(parents=True)
        passages = _real(cache, sources, digest)
        write(folder, growth.sized(passages, count, seed), real_passages=len(passages))
    return Corpus(folder)


def write(folder: Path, documents: Iterable[IndexDocument], *, real_passages: int) -> Corpus:
    """Write a corpus to an empty folder; ``about.json``, written last, marks it complete."""
    bodies, stemmed = _TextsWriter(folder / "bodies.txt"), _TextsWriter(folder / "stems.txt")
    count = 0
    with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
        for one in documents:
            file.write(_line(one))
            bodies.add(one.texts["body"])
            stemmed.add(" ".join(stems(one.texts["body"])))
            count += 1
            if count % TELL_EVERY == 0:
                log(f"made {count:,} passages")
    bodies.close()
    stemmed.close()
    about = {"passages": count, "real_passages": min(count, real_passages)}
    (folder / "about.json").write_text(json.dumps(about), "utf-8")
    return Corpus(folder)


def statistics(documents: Iterable[IndexDocument]) -> dict[str, Any]:
    """Return what determines the size of an index: tokens, terms and frequent terms."""
    frequency: Counter[str] = Counter()
    passages = tokens = postings = topical = 0
    for one in documents:
        found = [stem for name in FIELDS for stem in stems(one.texts[name])]
        different = set(found)
        frequency.update(different)
        passages, tokens, postings = passages + 1, tokens + len(found), postings + len(different)
    stop = {stem for stem in frequency if analyzer.is_stopword(stem)}
    topical = sum(count for stem, count in frequency.items() if stem not in stop)
    counts = [count for stem, count in frequency.items() if stem not in stop]
    return {
        "passages": passages,
        "tokens_per_passage": round(tokens / passages, 1),
        "stems_per_passage": round(postings / passages, 1),
        "topical_stems_per_passage": round(topical / passages, 1),
        "terms": len(frequency),
        "terms_in_one_passage": sum(count == 1 for count in frequency.values()),
        "topical_terms_in_more_than": {
            f"1/{share}": sum(count > passages / share for count in counts) for share in SHARES
        },
    }


def _real(cache: Path, sources: Sequence[str], digest: str) -> list[IndexDocument]:
    path = cache / f"real-{digest}.jsonl"
    if not path.exists():
        log("reading and tagging the real passages")
        lines = [_line(one) for one in real(sources)]
        path.write_text("".join(lines), "utf-8")
    return list(_read(path))


def _line(one: IndexDocument) -> str:
    texts = [one.texts[name] for name in FIELDS]
    return json.dumps([int(one.article_id[1:]), *texts, one.tags], ensure_ascii=False) + "\n"


def _read(path: Path) -> Iterator[IndexDocument]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            article, title, heading, body, tags = json.loads(line)
            yield document(number, article, (title, heading, body), tags)


def _digest(sources: Sequence[str]) -> str:
    """Return a digest of the sources and of the code versions that turn them into passages."""
    made_by = f"{VERSION} {growth.VERSION} {analyzer.signature()} {load_taxonomy().digest}"
    digest = hashlib.sha256(made_by.encode())
    for source in sources:
        path = Path(source)
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that select the corpus, common to all speed benchmarks."""
    parser.add_argument("--passages", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--articles", action="append", help="files or folders; default: the shipped samples"
    )
    parser.add_argument(
        "--cache", type=Path, help="folder that keeps the corpus; default: a temporary folder"
    )


def select_corpus(options: argparse.Namespace, place: Path) -> Corpus:
    """Return the corpus selected by the options of `add_options`; `place` is the default cache."""
    sources = options.articles or [str(SAMPLES)]
    return corpus(options.cache or place, sources, options.passages, options.seed)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stored", description=__doc__)
    add_options(parser)
    options = parser.parse_args()
    if options.cache is None:
        parser.error("--cache is required")
    made, seconds = timed(lambda: select_corpus(options, options.cache))
    print_result({"corpus": made.name, "made_s": round(seconds, 1), **statistics(made)})


if __name__ == "__main__":
    main()
