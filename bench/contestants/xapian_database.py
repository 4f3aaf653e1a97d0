"""Xapian (C++) with weighted prefixed terms, and the BM25 parameters of the other engines."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.contestants.contestant import TOP, WEIGHTS, fields_of, probe_stems, stems, tag_word
from bench.probes import Operator, Probe
from index.document import IndexDocument

PREFIXES = {"title": "S", "heading": "XH", "body": "XB"}
TAG = "K"
BM25 = (1.2, 0.0, 1.0, 0.75, 0.5)  # k1, k2, k3, b, least normalized length


class Xapian:
    """A Xapian database in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = str(folder / "database")
        self._xapian = import_module("xapian")
        self.version = str(self._xapian.version_string())

    def build(self, documents: Iterable[IndexDocument]) -> None:
        """Add all passages in one commit."""
        database = self._xapian.WritableDatabase(self._path, self._xapian.DB_CREATE)
        for document in documents:
            entry = self._xapian.Document()
            entry.set_data(document.passage_id)
            for name, prefix in PREFIXES.items():
                for position, stem in enumerate(stems(document.texts[name])):
                    entry.add_posting(prefix + stem, position)
            for tag in document.tags:
                entry.add_boolean_term(TAG + tag_word(tag))
            database.add_document(entry)
        database.commit()
        database.close()

    def open(self) -> None:
        """Open the database."""
        self._database = self._xapian.Database(self._path)

    def supports(self, probe: Probe) -> bool:
        """Accept every class except misspelt words, facets and snippets."""
        return probe.operator is not Operator.FUZZY and not probe.extra

    def ids(self, probe: Probe) -> list[str]:
        """Search and read the stored ids."""
        enquire = self._xapian.Enquire(self._database)
        enquire.set_weighting_scheme(self._xapian.BM25Weight(*BM25))
        enquire.set_query(self._query(probe))
        return [match.document.get_data().decode() for match in enquire.get_mset(0, TOP)]

    def _query(self, probe: Probe) -> Any:
        query = self._xapian.Query
        if probe.operator is Operator.PREFIX:
            start = probe.words[0]
            unbounded = (0, query.WILDCARD_LIMIT_ERROR)  # the bindings have no shorter form
            wanted = self._in_fields(
                probe, lambda prefix: query(query.OP_WILDCARD, prefix + start, *unbounded)
            )
        elif probe.operator is Operator.PHRASE:
            found = probe_stems(probe)
            wanted = self._in_fields(
                probe, lambda prefix: query(query.OP_PHRASE, [prefix + stem for stem in found])
            )
        else:
            words = [
                self._in_fields(probe, lambda prefix, stem=stem: query(prefix + stem))
                for stem in probe_stems(probe)
            ]
            together = query.OP_OR if probe.operator is Operator.ANY else query.OP_AND
            wanted = query(together, words)
        if not probe.tag:
            return wanted
        return query(query.OP_FILTER, wanted, query(TAG + tag_word(probe.tag)))

    def _in_fields(self, probe: Probe, in_field: Any) -> Any:
        query = self._xapian.Query
        return query(
            query.OP_OR,
            [
                query(query.OP_SCALE_WEIGHT, in_field(PREFIXES[name]), WEIGHTS[name])
                for name in fields_of(probe)
            ],
        )
