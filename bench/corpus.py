"""Benchmark passages: real articles, read and chunked as `kb add` does.

Only title, heading and body are filled, the fields that all engines can index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from index.document import FIELD_BOOSTS, IndexDocument
from ingest.chunking import chunk_article
from ingest.readers.registry import SourceDocument, read_document, split_documents
from ingest.sources import iter_files
from ingest.tagging.tagger import Tagger
from kb.errors import SourceError
from kb.model.taxonomy import load_taxonomy

SAMPLES = Path(__file__).parents[1] / "kb" / "samples"
FIELDS = ("title", "heading", "body")
REVIEWED = date(2025, 1, 1)  # of every passage; no query uses it


def real(sources: Sequence[str]) -> list[IndexDocument]:
    """Return the passages of `sources`, files or folders that `kb add` reads, in order.

    Raises `SourceError` if a source cannot be read, because that would change the corpus.
    """
    return list(_passages(sources))


def document(
    number: int, article: int, texts: tuple[str, str, str], tags: Sequence[str]
) -> IndexDocument:
    """Return a passage as an engine receives it; `texts` are title, heading and body."""
    return IndexDocument(
        passage_id=f"p{number}",
        article_id=f"a{article}",
        texts={**dict.fromkeys(FIELD_BOOSTS, ""), **dict(zip(FIELDS, texts, strict=True))},
        tags=tuple(tags),
        topics=(),
        reviewed=REVIEWED,
    )


def _passages(sources: Sequence[str]) -> Iterator[IndexDocument]:
    taxonomy = load_taxonomy()
    tagger = Tagger(taxonomy)
    number = 0
    for article_number, piece in enumerate(_pieces(sources)):
        article = read_document(piece).result.article
        for passage in tagger.tag_passages(chunk_article(article)):
            texts = (article.title, "\n".join(passage.heading_path), passage.text)
            tags = taxonomy.with_ancestors(tag.tag for tag in passage.tags)
            yield document(number, article_number, texts, tags)
            number += 1


def _pieces(sources: Sequence[str]) -> Iterator[SourceDocument]:
    for file in iter_files(sources):
        if isinstance(file, SourceError):
            raise file
        for piece in split_documents(file):
            if isinstance(piece, SourceError):
                raise piece
            yield piece
