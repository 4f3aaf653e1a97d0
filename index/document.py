"""What an engine is given to index: one document for each published passage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kb.model.records import ArticleRecord
from kb.model.taxonomy import Taxonomy

# Part of the version that an index carries. Increase it when a field below changes, or when a class
# that Whoosh pickles into the table of contents (schema, codec, analysers) moves or is renamed.
SCHEMA_VERSION = 3

# Each text and how often its words count, in one table. All of them together are one field, `ALL`,
# in which words are scored: BM25F as its authors define it (Robertson, Zaragoza and Taylor,
# "Simple BM25 extension to multiple weighted fields", 2004). Scored field by field and added up, a
# word that a title repeats counted several times over: nDCG@10 of SciFact fell from 0.70 to 0.60.
# A word in a heading says more of what a passage is about than one in its body; `title` holds for
# every passage of the article; `tags` lets "warfarin side effects" find by what it means.
FIELD_BOOSTS = {"title": 3, "heading": 3, "body": 1, "topics": 1, "tags": 1}
ALL = "all"

BM25_K1, BM25_B = 1.2, 0.75  # the usual values in the literature, and Whoosh's defaults

# What a passage counts that is about something beside the subject: lists of sources are short and
# repeat the title, so that they went first for many a single word.
TAG_PRIORS = {"references": 0.5}

# The texts that keep the places of their words, for phrases and for ``title:word``.
POSITIONAL_FIELDS = ("title", "heading", "body", "topics", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDocument:
    """A published passage as an engine sees it.

    `texts` holds a text for each entry of `FIELD_BOOSTS`; `tags` are keys, those above them included.
    `due` is when the article should be reviewed again; `prior` multiplies its score.
    """

    passage_id: str
    article_id: str
    texts: dict[str, str]
    tags: tuple[str, ...]
    topics: tuple[str, ...]
    reviewed: date
    due: date | None = None
    prior: float = 1.0

    @property
    def all(self) -> str:
        """All texts in one, each as often as it counts."""
        return "\n".join(
            self.texts[name] for name, count in FIELD_BOOSTS.items() for _ in range(count)
        )


def build_documents(record: ArticleRecord, taxonomy: Taxonomy) -> tuple[IndexDocument, ...]:
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
            IndexDocument(
                passage_id=passage.id,
                article_id=record.id,
                texts=texts,
                tags=tags,
                topics=metadata.topics,
                reviewed=reviewed,
                due=metadata.review_due,
                prior=min((TAG_PRIORS.get(tag.tag, 1.0) for tag in passage.tags), default=1.0),
            )
        )
    return tuple(found)
