"""A knowledge base filled with a benchmark corpus, for measurements beyond the index.

Articles are stored as the drafts that `kb add` creates after reading and tagging, which would take
an hour for a hundred thousand passages. An existing knowledge base is reused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from bench.jsonlines import log
from index.document import IndexDocument
from kb.model.article import Article, Metadata, Section, paragraph
from kb.model.passage import Evidence, Passage, Tag
from kb.settings import Settings
from kb.storage.article_writer import SaveRequest
from kb.storage.audit_log import Actor
from web.bootstrap import KnowledgeBase, create_base, open_base

TOGETHER = 200  # articles per transaction
TOPICS = 60  # topics to which articles are assigned, similar to the specialties of a hospital


def fill_knowledge_base(home: Path, documents: Iterable[IndexDocument]) -> KnowledgeBase:
    """Return the knowledge base at `home`, filled with `documents` and indexed if it is new."""
    settings = Settings(home=home)
    marker = home / "filled"
    if marker.exists():
        return open_base(settings)
    base = create_base(settings)
    batch: list[SaveRequest] = []
    for article, documents_of_article in groupby(
        documents, key=lambda document: document.article_id
    ):
        batch.append(_submission(article, list(documents_of_article)))
        if len(batch) == TOGETHER:
            base.store.save_all(batch)
            batch = []
    base.store.save_all(batch)
    log("indexing")
    base.indexer.rebuild()
    marker.touch()
    return base


def _submission(name: str, documents: Sequence[IndexDocument]) -> SaveRequest:
    sections = tuple(
        Section(document.texts["heading"] or "About", (paragraph(document.texts["body"]),))
        for document in documents
    )
    topic = f"Specialty {int(name[1:]) % TOPICS + 1}"
    return SaveRequest(
        article=Article(documents[0].texts["title"] or name, sections, Metadata(topics=(topic,))),
        passages=tuple(_passages(documents)),
        source_key=f"bench:{name}",
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        publish=True,
        actor=Actor("bench"),
    )


def _passages(documents: Sequence[IndexDocument]) -> Iterator[Passage]:
    for document in documents:
        tags = tuple(Tag(tag, 0.9, Evidence.HEADING, "as in the corpus") for tag in document.tags)
        heading = document.texts["heading"] or "About"
        yield Passage(
            heading_path=(heading,), blocks=(paragraph(document.texts["body"]),), tags=tags
        )
