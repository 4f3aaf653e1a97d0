"""The shapes of what is kept: articles in a list, an article whole, a passage."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import TypedDict

from web.schemas.types import BlockName, Day, Path, ReviewName, StatusName, Time, means


class MetadataResponse(TypedDict):
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


class ArticleSummaryResponse(MetadataResponse):
    """An article as it stands in a list, without its text."""

    id: str
    title: str
    status: StatusName
    version: int
    url: Path
    published_at: Time | None
    updated_at: Time
    passages: Annotated[int, means("How many it has.")]


class ArticleListResponse(TypedDict):
    """The published articles by title."""

    articles: list[ArticleSummaryResponse]


class TextBlock(TypedDict):
    """A paragraph, a callout or a caption."""

    kind: BlockName
    text: str


class ListItemResponse(TypedDict):
    """An item of a list."""

    text: str
    depth: Annotated[int, means("0 at the outermost level.")]


class ListBlock(TypedDict):
    """A list."""

    kind: BlockName
    ordered: bool
    items: list[ListItemResponse]


class TableBlock(TypedDict):
    """A table."""

    kind: BlockName
    header_rows: Annotated[int, means("How many of the first rows are headings.")]
    rows: list[list[str]]


Block = TextBlock | ListBlock | TableBlock


class SectionResponse(TypedDict):
    """A section of an article: a heading, its blocks, and the sections below."""

    heading: str
    blocks: list[Block]
    sections: list[SectionResponse]


class TagResponse(TypedDict):
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
    tags: list[TagResponse]


class ArticleResponse(MetadataResponse):
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
    sections: Annotated[list[SectionResponse], means("The text as a tree.")]
    passages: Annotated[list[ArticlePassage], means("The text as passages, in reading order.")]


class PassageResponse(ArticlePassage):
    """A passage with the article that it stands in."""

    page: Annotated[int | None, means("The page of a paged source.")]
    url: Path
    blocks: list[Block]
    article: ArticleSummaryResponse
