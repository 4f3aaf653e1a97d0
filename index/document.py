"""Indexed documents: one for each published passage, with field boosts and priors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from index.analyzer import stem_text
from kb.model.records import ArticleRecord
from kb.model.taxonomy import Taxonomy

# Part of the version that an index carries. Increase it when a field below changes, or when a class
# that Whoosh pickles into the table of contents (schema, codec, analysers) moves or is renamed.
SCHEMA_VERSION = 5

# Boost of each text field. Words are scored in one combined field, `ALL`, in which a word counts as
# often as its field's boost: BM25F as defined by Robertson, Zaragoza and Taylor, "Simple BM25
# extension to multiple weighted fields", 2004. Scoring the fields separately and adding the scores
# counts repeated words several times: nDCG@10 on SciFact fell from 0.70 to 0.60. `title` applies to
# all passages of an article; `tags` holds tag labels, so that "side effects" matches the tag.
FIELD_BOOSTS = {"title": 3, "heading": 3, "body": 1, "topics": 1, "tags": 1}
ALL = "all"

BM25_K1, BM25_B = 1.2, 0.75  # the usual values in the literature, and Whoosh's defaults
# Whoosh's scale of passage lengths: a resolution of about one percent at typical lengths.
LENGTH_SCALE = tuple(round((1.033**byte - 1) * 27) for byte in range(256))

# Score factors by tag. Reference lists are short and repeat the title, so that they would rank
# first for many one-word queries.
TAG_PRIORS = {"references": 0.5}

# Fields with word positions, for phrases and for queries such as ``title:word``.
POSITIONAL_FIELDS = ("title", "heading", "body", "topics", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDocument:
    """A published passage in the form that engines index.

    `texts` has an entry for each field of `FIELD_BOOSTS`. `names` are the title and the alternative
    titles of the article as `name_key` compares them. `tags` are tag keys including ancestors.
    `reviewed` and `due` are the dates of the article's last and next review; `prior` multiplies the
    score.
    """

    passage_id: str
    article_id: str
    texts: dict[str, str]
    tags: tuple[str, ...]
    topics: tuple[str, ...]
    reviewed: date | None
    due: date | None = None
    prior: float = 1.0
    names: tuple[str, ...] = ()

    @property
    def all(self) -> str:
        """The combined text: each field repeated as often as its boost."""
        return "\n".join(
            self.texts[name] for name, count in FIELD_BOOSTS.items() for _ in range(count)
        )


def name_key(name: str) -> str:
    """Return the stems of a name, separated by spaces; names with equal keys are the same name."""
    return " ".join(stem_text(name))


def split_title(title: str) -> tuple[str, str]:
    """Return a title without the brackets at its end, and their content or an empty string.

    "Eliquis (apixaban)" is found under both names.
    """
    if not title.endswith(")"):
        return title, ""
    short, _, bracketed = title.partition("(")
    return short, bracketed


def build_documents(record: ArticleRecord, taxonomy: Taxonomy) -> tuple[IndexDocument, ...]:
    """Return one document for each passage of a published article, in order."""
    metadata = record.article.metadata
    named = "\n".join((*metadata.topics, *metadata.also_called))
    title = record.article.title
    names = (name_key(name) for name in (title, split_title(title)[0], *metadata.also_called))
    keys = tuple(dict.fromkeys(filter(None, names)))
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
                names=keys,
                tags=tags,
                topics=metadata.topics,
                reviewed=metadata.reviewed,
                due=metadata.review_due,
                prior=min((TAG_PRIORS.get(tag.tag, 1.0) for tag in passage.tags), default=1.0),
            )
        )
    return tuple(found)
