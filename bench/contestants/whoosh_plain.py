"""Whoosh as its manual recommends: a schema, one writer, MultifieldParser and BM25F."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

from bench.contestants.contestant import TOP, WEIGHTS, probe_stems, stems, tag_word
from bench.probes import Operator, Probe
from index.document import IndexDocument

MEMORY_MB = 256  # writer memory; the default of 128 spills to disk more often


class PlainWhoosh:
    """A Whoosh index with one commit."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        analysis, fields = import_module("whoosh.analysis"), import_module("whoosh.fields")
        texts = {
            name: fields.TEXT(analyzer=analysis.SpaceSeparatedTokenizer(), phrase=True)
            for name in WEIGHTS
        }
        self._schema = fields.Schema(id=fields.STORED(), tags=fields.KEYWORD(), **texts)
        self._index = import_module("whoosh.index")
        self._qparser = import_module("whoosh.qparser")
        self._query = import_module("whoosh.query")
        distribution = packages_distributions()["whoosh"][0]
        self.version = f"{distribution} {version(distribution)}"

    def build(self, documents: Iterable[IndexDocument]) -> None:
        """Add all passages in one commit."""
        writer = self._index.create_in(str(self._folder), self._schema).writer(limitmb=MEMORY_MB)
        for document in documents:
            texts = {name: " ".join(stems(document.texts[name])) for name in WEIGHTS}
            tags = " ".join(tag_word(tag) for tag in document.tags)
            writer.add_document(id=document.passage_id, tags=tags, **texts)
        writer.commit()

    def open(self) -> None:
        """Open a searcher and create the parsers."""
        self._searcher = self._index.open_dir(str(self._folder)).searcher()
        groups = {True: self._qparser.OrGroup, False: self._qparser.AndGroup}
        names = {True: list(WEIGHTS), False: ["body"]}
        self._parsers = {
            (by_field, any_): self._parser(names[by_field], groups[any_])
            for by_field in names
            for any_ in groups
        }

    def supports(self, probe: Probe) -> bool:
        """Accept every class except facets and snippets."""
        return not probe.extra

    def ids(self, probe: Probe) -> list[str]:
        """Parse, search, and read the stored ids."""
        if probe.operator is Operator.FUZZY:
            query = self._query.FuzzyTerm("body", probe_stems(probe)[0], prefixlength=1)
        else:
            query = self._parsers[probe.by_field, probe.operator is Operator.ANY].parse(
                _typed(probe)
            )
        tag = self._query.Term("tags", tag_word(probe.tag)) if probe.tag else None
        return [hit["id"] for hit in self._searcher.search(query, limit=TOP, filter=tag)]

    def _parser(self, names: list[str], group: Any) -> Any:
        boosts = WEIGHTS if len(names) > 1 else {}
        return self._qparser.MultifieldParser(names, self._schema, fieldboosts=boosts, group=group)


def _typed(probe: Probe) -> str:
    if probe.operator is Operator.PREFIX:
        return f"{probe.words[0]}*"
    text = " ".join(probe_stems(probe))
    return f'"{text}"' if probe.operator is Operator.PHRASE else text
