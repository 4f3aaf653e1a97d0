"""Our engine: query parser, embedded engine and result passages.

It always searches all fields of a passage, with the boosts of the product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from bench.contestants.contestant import TOP
from bench.machine import versions
from bench.probes import Extra, Operator, Probe
from index.document import IndexDocument
from index.engine import EngineRequest
from index.engines import open_engine
from index.indexer import REBUILD_BATCH_SIZE
from index.query.parser import ParsedQuery, add_filters, parse
from index.query.spelling import SpellChecker
from index.search.highlighter import highlight_terms, highlight_text
from index.search.snippets import snippet_text
from kb.model.article import paragraph
from kb.model.passage import Passage
from kb.model.taxonomy import load_taxonomy


class Ours:
    """The embedded engine of `index`."""

    def __init__(self, folder: Path) -> None:
        self._engine = open_engine(f"whoosh:{folder / 'index'}", load_taxonomy())
        self._bodies: dict[str, str] = {}
        self._speller: SpellChecker | None = None
        self.version = versions("clinical-kb").get("clinical-kb", "from the checkout")

    def build(self, documents: Iterable[IndexDocument]) -> None:
        """Build the index in the batches of `kb index rebuild`."""
        with self._engine.try_acquire_writer() as writer:
            if writer is None:
                raise RuntimeError("The index of the benchmark is locked by another process.")
            writer.rebuild(_batches(documents), checkpoint=1)

    def open(self) -> None:
        """Reset the spell checker; the engine opens on first use."""
        self._speller = None

    def supports(self, probe: Probe) -> bool:
        """Accept every class of query."""
        return True

    def ids(self, probe: Probe) -> list[str]:
        """Return the best passages; with facets, those of the best articles."""
        query = self._query(probe)
        request = EngineRequest(
            query=query, match_all=probe.operator is not Operator.ANY, limit=TOP
        )
        if probe.extra is Extra.FACETS:
            return [group.passages[0] for group in self._engine.search(request).groups]
        ids = [passage for passage, _ in self._engine.top_passages(request)]
        if probe.extra is Extra.SNIPPETS:
            terms = highlight_terms(query)
            for passage in ids:
                body = paragraph(self._bodies.get(passage, ""))
                text = snippet_text(Passage(heading_path=(), blocks=(body,)), terms)
                highlight_text(text, terms)
        return ids

    def keep_bodies(self, documents: Iterable[IndexDocument]) -> None:
        """Keep the bodies for snippets; the product reads them from the store."""
        self._bodies = {each.passage_id: each.texts["body"] for each in documents}

    def _query(self, probe: Probe) -> ParsedQuery:
        text = typed(probe)
        if probe.operator is Operator.FUZZY:
            if self._speller is None:
                self._speller = SpellChecker(self._engine.term_counts())
            corrections = self._speller.suggest(text)
            text = corrections[0].word if corrections else text
        query = parse(text)
        return add_filters(query, (probe.tag,), ()) if probe.tag else query


def typed(probe: Probe) -> str:
    """Return a query as a user types it."""
    text = " ".join(probe.words)
    if probe.operator is Operator.PHRASE:
        return f'"{text}"'
    return f"{text}*" if probe.operator is Operator.PREFIX else text


def _batches(documents: Iterable[IndexDocument]) -> Iterator[dict[str, list[IndexDocument]]]:
    batch: dict[str, list[IndexDocument]] = {}
    for article, documents_of_article in groupby(
        documents, key=lambda document: document.article_id
    ):
        if len(batch) >= REBUILD_BATCH_SIZE and article not in batch:
            yield batch
            batch = {}
        batch.setdefault(article, []).extend(documents_of_article)
    if batch:
        yield batch
