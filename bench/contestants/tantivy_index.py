"""Tantivy (Rust) with one writer thread and its query parser.

Hits are not counted, so that Tantivy can skip passages outside the best ten.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.contestants.contestant import TOP, WEIGHTS, fields_of, probe_stems, stems, tag_word
from bench.probes import Extra, Operator, Probe
from index.document import IndexDocument

TOKENIZER = "stems"
MEMORY = (
    1_000_000_000  # bytes of writer memory; enough for one or two segments, which favours Tantivy
)
TAGS = {"tags": {"terms": {"field": "tags", "size": 40}}}


class Tantivy:
    """A Tantivy index in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tantivy = import_module("tantivy")
        self.version = version("tantivy")

    def build(self, documents: Iterable[IndexDocument]) -> None:
        """Add all passages in one commit and wait for the merging threads."""
        builder = self._tantivy.SchemaBuilder()
        for name in WEIGHTS:
            # The body is stored for snippets; `bench.speed` excludes that file from the size.
            stored = name == "body"
            builder.add_text_field(
                name, stored=stored, tokenizer_name=TOKENIZER, index_option="position"
            )
        builder.add_text_field("tags", fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        self._index = self._tantivy.Index(builder.build(), path=str(self._folder))
        self._register()
        writer = self._index.writer(heap_size=MEMORY, num_threads=1)
        for document in documents:
            texts = {name: " ".join(stems(document.texts[name])) for name in WEIGHTS}
            tags = [tag_word(tag) for tag in document.tags]
            writer.add_document(self._tantivy.Document(id=document.passage_id, tags=tags, **texts))
        writer.commit()
        writer.wait_merging_threads()

    def open(self) -> None:
        """Open the latest commit."""
        self._index = self._tantivy.Index.open(str(self._folder))
        self._schema = self._index.schema
        self._register()
        self._index.reload()
        self._searcher = self._index.searcher()

    def supports(self, probe: Probe) -> bool:
        """Accept every class; a prefix is a regular expression whose hits score equally."""
        return True

    def ids(self, probe: Probe) -> list[str]:
        """Parse, search and read the stored ids; count tags or create snippets if requested."""
        query = self._query(probe)
        found = self._searcher.search(query, TOP, count=False)
        read = [self._searcher.doc(address) for _, address in found.hits]
        if probe.extra is Extra.FACETS:
            self._searcher.aggregate(query, TAGS)
        elif probe.extra is Extra.SNIPPETS:
            cut = self._tantivy.SnippetGenerator.create(self._searcher, query, self._schema, "body")
            for document in read:
                cut.snippet_from_doc(document).to_html()
        return [document["id"][0] for document in read]

    def _register(self) -> None:
        made = self._tantivy.TextAnalyzerBuilder(self._tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer(TOKENIZER, made)

    def _query(self, probe: Probe) -> Any:
        query, occur = self._tantivy.Query, self._tantivy.Occur
        names = fields_of(probe)
        if probe.operator is Operator.PREFIX:
            wanted = query.boolean_query(
                [(occur.Should, self._prefix(name, probe.words[0])) for name in names]
            )
        elif probe.operator is Operator.FUZZY:
            wanted = query.fuzzy_term_query(self._schema, "body", probe_stems(probe)[0])
        else:
            text = " ".join(probe_stems(probe))
            wanted = self._index.parse_query(
                f'"{text}"' if probe.operator is Operator.PHRASE else text,
                names,
                field_boosts=WEIGHTS if probe.by_field else {},
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
