"""Tantivy (Rust), with its own threads at indexing and its query parser.

It is asked without a count of all hits, which lets it skip what cannot reach the best ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.contestants.contestant import TOP, WEIGHTS, probe_stems, stems, tag_word
from bench.probes import Operator, Probe
from index.document import Document

TOKENIZER = "stems"


class Tantivy:
    """A Tantivy index in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tantivy = import_module("tantivy")
        self.version = version("tantivy")

    def build(self, documents: Sequence[Document]) -> None:
        """Add all passages in one commit and wait for the merging threads."""
        builder = self._tantivy.SchemaBuilder()
        for name in WEIGHTS:
            builder.add_text_field(name, tokenizer_name=TOKENIZER, index_option="position")
        builder.add_text_field("tags", tokenizer_name=TOKENIZER, index_option="basic")
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        self._schema = builder.build()
        self._index = self._tantivy.Index(self._schema, path=str(self._folder))
        self._register()
        writer = self._index.writer()
        for document in documents:
            texts = {name: " ".join(stems(document.texts[name])) for name in WEIGHTS}
            tags = " ".join(tag_word(tag) for tag in document.tags)
            writer.add_document(self._tantivy.Document(id=document.passage_id, tags=tags, **texts))
        writer.commit()
        writer.wait_merging_threads()

    def open(self) -> None:
        """Open the newest commit."""
        self._index.reload()
        self._searcher = self._index.searcher()

    def takes(self, probe: Probe) -> bool:
        """Every class of query; a prefix is a regular expression and all its hits score alike."""
        return True

    def ids(self, probe: Probe) -> list[str]:
        """Parse, search, and read the stored ids."""
        found = self._searcher.search(self._query(probe), TOP, count=False)
        return [self._searcher.doc(address)["id"][0] for _, address in found.hits]

    def _register(self) -> None:
        made = self._tantivy.TextAnalyzerBuilder(self._tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer(TOKENIZER, made)

    def _query(self, probe: Probe) -> Any:
        query, occur = self._tantivy.Query, self._tantivy.Occur
        if probe.operator is Operator.PREFIX:
            wanted = query.boolean_query(
                [(occur.Should, self._prefix(name, probe.words[0])) for name in WEIGHTS]
            )
        else:
            text = " ".join(probe_stems(probe))
            wanted = self._index.parse_query(
                f'"{text}"' if probe.operator is Operator.PHRASE else text,
                list(WEIGHTS),
                field_boosts=WEIGHTS,
                conjunction_by_default=probe.operator is Operator.ALL,
            )
        if not probe.tag:
            return wanted
        tag = query.term_query(self._schema, "tags", tag_word(probe.tag))
        return query.boolean_query(
            [(occur.Must, wanted), (occur.Must, query.const_score_query(tag, 0.0))]
        )

    def _prefix(self, name: str, start: str) -> Any:
        query = self._tantivy.Query
        return query.boost_query(query.regex_query(self._schema, name, f"{start}.*"), WEIGHTS[name])
