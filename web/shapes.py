"""The shapes of the JSON that other people's scripts rely on, one type for each object.

`web.contract` fills them, so the type checker holds each answer to its shape; `web.openapi` makes
the published description from the same types. So there is no second description that could drift:
what a name means is said here, once. Names are only ever added, never changed or taken away.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from index.naming import Kind
from kb.article import BlockKind
from kb.record import ReviewState, Status


def means(description: str) -> Any:
    """Say what a name means."""
    return Field(description=description)


def one_of(values: type[StrEnum]) -> WithJsonSchema:
    """Say which texts there are; the values of a shape are plain texts, as in JSON."""
    return WithJsonSchema({"type": "string", "enum": [value.value for value in values]})


Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
Time = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Path = Annotated[str, WithJsonSchema({"type": "string", "format": "uri-reference"})]
StatusName = Annotated[str, one_of(Status)]
ReviewName = Annotated[str, one_of(ReviewState)]
BlockName = Annotated[str, one_of(BlockKind)]
NameKind = Annotated[str, one_of(Kind)]
Piece = Annotated[
    list[str | bool],
    WithJsonSchema(
        {
            "type": "array",
            "prefixItems": [{"type": "string"}, {"type": "boolean"}],
            "items": False,
            "minItems": 2,
            "maxItems": 2,
        }
    ),
]

# The search


Synonym = TypedDict(
    "Synonym",
    {
        "from": Annotated[str, means("What was typed.")],
        "to": Annotated[str, means("Another name, searched for as well.")],
    },
)


class Query(TypedDict):
    """What was made of a query."""

    q: Annotated[str, means("As it was asked.")]
    parsed: Annotated[str, means("As it was understood, with its filters.")]
    corrected: Annotated[str | None, means("Another spelling that was searched instead.")]
    relaxed: Annotated[
        str | None,
        WithJsonSchema({"enum": ["any", "fuzzy", None]}),
        means("any: nothing has all words; fuzzy: nothing has any, similar spellings were tried."),
    ]
    did_you_mean: Annotated[
        list[str], means("Other whole queries that find something and may be meant.")
    ]
    synonyms: list[Synonym]
    notes: Annotated[list[str], means("Sentences for the person who asked.")]


class Index(TypedDict):
    """The state of the index that answered."""

    engine: str
    generation: Annotated[int, means("Grows with every commit of the index.")]
    as_of: Annotated[Time, means("When that commit was made.")]


class HitArticle(TypedDict):
    """The article of a hit."""

    id: str
    title: str
    url: Path
    version: int
    published_at: Time | None
    reviewed: Day | None
    review_due: Day | None
    review_state: ReviewName
    source: Annotated[str, means("Who published the text.")]


class HitPassage(TypedDict):
    """The passage of a hit."""

    anchor: Annotated[str, means("Its place on the article's page.")]
    heading_path: Annotated[list[str], means("The headings above it, outermost first.")]
    kind: BlockName
    page: Annotated[int | None, means("The page of a paged source.")]
    tags: list[str]


class Matched(TypedDict):
    """The words of the text that matched, by how they came to match."""

    exact: list[str]
    synonym: list[str]
    fuzzy: list[str]


class Why(TypedDict):
    """Why a passage was found."""

    fields: Annotated[
        dict[str, list[str]],
        means("Which words stand where: title, heading, text, topics, tags."),
    ]
    missing: Annotated[list[str], means("Typed words that the passage does not have.")]
    overdue: Annotated[bool, means("Whether an overdue review cost it rank.")]


class Neighbour(TypedDict):
    """A further passage of an article."""

    id: str
    url: Path
    heading_path: list[str]
    anchor: str


class Hit(TypedDict):
    """The best passage of one article."""

    id: Annotated[str, means("The passage.")]
    url: Annotated[Path, means("Leads to the passage with the words marked.")]
    score: Annotated[float, means("Comparable within one answer only.")]
    article: HitArticle
    passage: HitPassage
    snippet: Annotated[list[Piece], means("Pairs of a text and whether it matched, in order.")]
    matched: Matched
    why: Why
    more_in_article: Annotated[int, means("How many more passages of the article were found.")]
    more: Annotated[list[Neighbour], means("The next best of them, at most five.")]


class FacetValue(TypedDict):
    """A tag or a topic by which the answer can be narrowed."""

    value: str
    label: str
    count: Annotated[int, means("How many articles choosing it would show.")]
    selected: bool


class Facets(TypedDict):
    """By what the answer can be narrowed."""

    tag: list[FacetValue]
    topic: list[FacetValue]


class Answer(TypedDict):
    """The answer to a search."""

    query: Query
    total: Annotated[int, means("How many articles were found.")]
    total_passages: int
    limit: int
    offset: int
    took_ms: float
    partial: Annotated[bool, means("Whether the time limit ended the search early.")]
    index: Index
    hits: Annotated[list[Hit], means("One for each article: its best passage.")]
    also: Annotated[list[Hit], means("Hits with some of the words; they are in no count.")]
    safety: Annotated[list[Neighbour], means("Safety passages of the first hit's article.")]
    facets: Facets


# Suggestions


class Suggestion(TypedDict):
    """A name that may be meant by what is being typed."""

    text: str
    kind: NameKind
    see: Annotated[str, means("The title of the article that the name belongs to.")]
    url: Path
    articles: Annotated[int, means("How many articles have the name.")]
    passages: Annotated[int, means("How many passages stand under it.")]
    source: Annotated[str, means("An article's publisher, to tell equal titles apart.")]


class Suggestions(TypedDict):
    """What is offered while one types."""

    q: str
    did_you_mean: Annotated[bool, means("Nothing begins so; these differ by one letter.")]
    suggestions: list[Suggestion]


# Articles and passages


class Metadata(TypedDict):
    """What is known of an article beside its text."""

    source: Annotated[str, means("Who published the text.")]
    source_url: str
    licence: str
    language: str
    owner: Annotated[str, means("Who answers for it.")]
    published: Annotated[Day | None, means("When its source was published.")]
    reviewed: Day | None
    review_due: Day | None
    review_state: ReviewName
    topics: list[str]
    also_called: list[str]
    codes: list[str]
    audience: str


class ArticleSummary(Metadata):
    """An article as it stands in a list, without its text."""

    id: str
    title: str
    status: StatusName
    version: int
    url: Path
    published_at: Time | None
    updated_at: Time
    passages: Annotated[int, means("How many it has.")]


class Articles(TypedDict):
    """The published articles by title."""

    articles: list[ArticleSummary]


class TextBlock(TypedDict):
    """A paragraph, a callout or a caption."""

    kind: BlockName
    text: str


class ListItem(TypedDict):
    """An item of a list."""

    text: str
    depth: Annotated[int, means("0 at the outermost level.")]


class ListBlock(TypedDict):
    """A list."""

    kind: BlockName
    ordered: bool
    items: list[ListItem]


class TableBlock(TypedDict):
    """A table."""

    kind: BlockName
    header_rows: Annotated[int, means("How many of the first rows are headings.")]
    rows: list[list[str]]


Block = TextBlock | ListBlock | TableBlock


class Section(TypedDict):
    """A section of an article: a heading, its blocks, and the sections below."""

    heading: str
    blocks: list[Block]
    sections: list[Section]


class Tag(TypedDict):
    """A tag on a passage."""

    tag: str
    confidence: Annotated[float, means("Between 0 and 1.")]
    reason: Annotated[str, means("What spoke for the tag, in words.")]


class ArticlePassage(TypedDict):
    """A passage inside its article."""

    id: str
    anchor: Annotated[str, means("Its place on the article's page.")]
    heading_path: Annotated[list[str], means("The headings above it, outermost first.")]
    kind: BlockName
    text: Annotated[str, means("Its blocks as plain text.")]
    tags: list[Tag]


class Article(Metadata):
    """One version of an article, whole."""

    id: str
    title: str
    status: StatusName
    version: int
    url: Path
    created_at: Time
    published_at: Time | None
    published_version: int | None
    retired_reason: str
    replaced_by: Annotated[str, means("The article that took its place.")]
    coverage: Annotated[float, means("The share of the source's words that was kept.")]
    warnings: list[str]
    sections: Annotated[list[Section], means("The text as a tree.")]
    passages: Annotated[list[ArticlePassage], means("The text as passages, in reading order.")]


class Passage(ArticlePassage):
    """A passage with the article that it stands in."""

    page: Annotated[int | None, means("The page of a paged source.")]
    url: Path
    blocks: list[Block]
    article: ArticleSummary


# Errors


class ProblemRequired(TypedDict):
    """What every error tells (RFC 9457)."""

    type: Annotated[Path, means("Where this kind of error is described.")]
    title: str
    status: int
    detail: Annotated[str, means("What happened and what to do.")]
    code: Annotated[str, means("The kind of error, for programs.")]


class Problem(ProblemRequired, total=False):
    """An error (RFC 9457)."""

    parameter: Annotated[str, means("The parameter that is out of its bounds.")]
