"""Retrieval tasks in BEIR format: documents, queries and relevance judgments.

``corpus.jsonl`` {_id, title, text}, ``queries.jsonl`` {_id, text}, and tab-separated judgments with
a header, ``qrels.tsv`` or ``qrels/test.tsv``: query, document, grade.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.jsonlines import objects
from bench.ranking import relevant_in

JUDGEMENTS = ("qrels.tsv", "qrels/test.tsv")


@dataclass(frozen=True, slots=True)
class Task:
    """The queries of a task that have a relevant document, with their judgments."""

    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]
    skipped: int  # number of queries without a relevant document, which cannot be measured

    def sample(self, count: int, seed: int) -> Task:
        """Return the task with `count` random queries, the same for the same `seed`."""
        if count >= len(self.queries):
            return self
        chosen = set(random.Random(seed).sample(sorted(self.queries), count))
        kept = {name: text for name, text in self.queries.items() if name in chosen}
        return Task(kept, {name: self.judgements[name] for name in kept}, self.skipped)


def read_task(folder: Path) -> Task:
    """Read the queries and judgments of a BEIR folder."""
    judgements: dict[str, dict[str, int]] = {}
    for query, document, grade in _judgements(folder):
        judgements.setdefault(query, {})[document] = grade
    texts = {str(entry["_id"]): entry["text"] for entry in objects(folder / "queries.jsonl")}
    answerable = {
        name: text for name, text in texts.items() if relevant_in(judgements.get(name, {}))
    }
    kept = {name: judgements[name] for name in answerable}
    return Task(answerable, kept, len(texts) - len(answerable))


def articles(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield each document as an article with one section without a heading.

    A document without a title gets a unique placeholder, because articles need a title. A title
    made of words of the document would index these words twice.
    """
    for entry in objects(folder / "corpus.jsonl"):
        name = str(entry["_id"])
        yield {
            "id": name,
            "title": entry.get("title", "").strip() or f"untitled{name}",
            "sections": [{"heading": "", "text": entry["text"]}],
        }


def _judgements(folder: Path) -> Iterator[tuple[str, str, int]]:
    found = [folder / name for name in JUDGEMENTS if (folder / name).exists()]
    if not found:
        raise FileNotFoundError(f"{folder} has neither {' nor '.join(JUDGEMENTS)}")
    with found[0].open(encoding="utf-8") as file:
        next(file)  # the header
        for line in file:
            if line.strip():
                query, document, grade = line.rstrip("\r\n").split("\t")
                yield query, document, int(grade)
