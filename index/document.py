"""What an engine is given to index: one document for each published passage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kb.record import ArticleRecord
from kb.taxonomy import Taxonomy

SCHEMA_VERSION = 1  # part of the stamp: a change of the fields below changes it

# The fields of full text and their boosts, in one table. A word in a heading says more of what a
# passage is about than one in its body; `title` holds for every passage of the article, so it
# tells articles apart and not passages; `tags` lets "warfarin side effects" find by what it means.
BOOSTS = {"title": 2.0, "heading": 2.0, "body": 1.0, "topics": 1.5, "tags": 0.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A published passage as an engine sees it.

    `texts` holds a text for each field of `BOOSTS`; `tags` are keys, those above them included.
    """

    passage_id: str
    article_id: str
    texts: dict[str, str]
    tags: tuple[str, ...]
    topics: tuple[str, ...]
    reviewed: date


def documents(record: ArticleRecord, taxonomy: Taxonomy) -> tuple[Document, ...]:
    """Return the documents of a published article, in the order of its passages."""
    metadata = record.article.metadata
    named = "\n".join((*metadata.topics, *metadata.also_called))
    reviewed = metadata.reviewed or (record.published_at or record.created_at).date()
    found = []
    for passage in record.passages:
        tags = taxonomy.with_ancestors(tag.tag for tag in passage.tags)
        texts = {
            "title": record.article.title,
            "heading": "\n".join(passage.heading_path),
            "body": passage.text,
            "topics": named,
            "tags": "\n".join(taxonomy.label(tag) for tag in tags),
        }
        found.append(
            Document(
                passage_id=passage.id,
                article_id=record.id,
                texts=texts,
                tags=tags,
                topics=metadata.topics,
                reviewed=reviewed,
            )
        )
    return tuple(found)
