"""Ours: what a person types, through our parser and our engine, to the passages found.

The store's join and the snippets are left out, as the peers do neither; grouping by article, the
total and the counts of the facets are in, because our engine never answers without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from bench.contestants.contestant import TOP
from bench.machine import versions
from bench.probes import Operator, Probe
from index.document import Document
from index.engine import Ask, open_engine
from index.indexer import BATCH
from index.query import parse, with_filters
from kb.taxonomy import load_taxonomy


class Ours:
    """The embedded engine of `index`."""

    def __init__(self, folder: Path) -> None:
        self._engine = open_engine(f"whoosh:{folder / 'index'}", load_taxonomy())
        self.version = versions("clinical-kb").get("clinical-kb", "from the checkout")

    def build(self, documents: Sequence[Document]) -> None:
        """Build as `kb index rebuild` does, in its batches."""
        grouped = groupby(documents, key=lambda document: document.article_id)
        articles = {article: list(found) for article, found in grouped}
        names = list(articles)
        batches = (
            {name: articles[name] for name in names[start : start + BATCH]}
            for start in range(0, len(names), BATCH)
        )
        with self._engine.try_writing() as writer:
            if writer is None:
                raise RuntimeError("a folder of our own is being written by somebody else")
            writer.rebuild(batches, checkpoint=1)

    def open(self) -> None:
        """Do nothing: the engine opens its newest commit by itself."""

    def takes(self, probe: Probe) -> bool:
        """Every class of query."""
        return True

    def ids(self, probe: Probe) -> list[str]:
        """Return the best passage of each of the best articles."""
        query = parse(typed(probe))
        if probe.tag:
            query = with_filters(query, (probe.tag,), ())
        ask = Ask(query=query, every=probe.operator is not Operator.ANY, limit=TOP)
        return [group.passages[0] for group in self._engine.search(ask).groups]


def typed(probe: Probe) -> str:
    """Return the words of a query as a person types them."""
    text = " ".join(probe.words)
    if probe.operator is Operator.PHRASE:
        return f'"{text}"'
    return f"{text}*" if probe.operator is Operator.PREFIX else text
