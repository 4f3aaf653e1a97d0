"""JSON types of articles and passages."""

from __future__ import annotations

from typing import Annotated

from typing_extensions import TypedDict

from web.schemas.types import (
    BlockName,
    Day,
    LevelName,
    MarkName,
    Path,
    ReviewName,
    StatusName,
    Time,
    means,
)


class MetadataResponse(TypedDict):
    """The metadata of an article."""

    source: Annotated[str, means("The publisher of the text.")]
    source_url: str
    licence: str
    language: str
    owner: Annotated[str, means("The person or team responsible for the article.")]
    published: Annotated[Day | None, means("When the source was published.")]
    reviewed: Day | None
    review_due: Day | None
    review_state: ReviewName
    topics: list[str]
    also_called: list[str]
    codes: list[str]
    audience: str


class ArticleSummaryResponse(MetadataResponse):
    """An article without its text."""

    id: str
    title: str
    status: StatusName
    version: int
    url: Path
    published_at: Time | None
    updated_at: Time
    passages: Annotated[int, means("The number of passages.")]


class ArticleListResponse(TypedDict):
    """The published articles, sorted by title."""

    articles: list[ArticleSummaryResponse]


class MarkResponse(TypedDict):
    """Formatting of a part of a text."""

    kind: MarkName
    start: Annotated[int, means("Position of the first character in the text.")]
    end: Annotated[int, means("Position after the last character.")]
    href: Annotated[str, means("Address of a link; empty for other kinds.")]


class TextBlock(TypedDict):
    """A paragraph, a callout or a caption."""

    kind: BlockName
    text: str
    marks: list[MarkResponse]
    level: Annotated[LevelName | None, means("Urgency of a callout, if known.")]


class ListItemResponse(TypedDict):
    """An item of a list."""

    text: str
    depth: Annotated[int, means("0 at the outermost level.")]
    label: Annotated[str, means("Number in the source, such as 3. or b); empty for a bullet.")]
    marks: list[MarkResponse]


class ListBlock(TypedDict):
    """A list."""

    kind: BlockName
    ordered: bool
    items: list[ListItemResponse]


class CellFormatResponse(TypedDict):
    """A table cell that spans several columns or rows, or has formatted text."""

    row: int
    column: int
    columns: Annotated[int, means("The number of columns that the cell spans.")]
    rows: Annotated[int, means("The number of rows that the cell spans.")]
    marks: list[MarkResponse]


class TableBlock(TypedDict):
    """A table."""

    kind: BlockName
    header_rows: Annotated[int, means("The number of header rows.")]
    group_rows: Annotated[list[int], means("Rows that are headings of the rows below.")]
    rows: list[list[str]]
    cells: Annotated[list[CellFormatResponse], means("The cells with spans or formatting.")]


BlockResponse = TextBlock | ListBlock | TableBlock


class SectionResponse(TypedDict):
    """A section of an article: its heading, blocks and subsections."""

    heading: str
    blocks: list[BlockResponse]
    sections: list[SectionResponse]


class TagResponse(TypedDict):
    """A tag on a passage."""

    tag: str
    confidence: Annotated[float, means("Between 0 and 1.")]
    reason: Annotated[str, means("The reason for the tag, as text.")]


class ArticlePassage(TypedDict):
    """A passage of an article."""

    id: str
    anchor: Annotated[str, means("The fragment identifier on the article's page.")]
    heading_path: Annotated[list[str], means("The headings above it, outermost first.")]
    kind: BlockName
    text: Annotated[str, means("The blocks as plain text.")]
    tags: list[TagResponse]
    ocr: Annotated[bool, means("Any of its text was read by OCR: check against the source.")]


class ArticleResponse(MetadataResponse):
    """One version of an article with its text."""

    id: str
    title: str
    status: StatusName
    version: int
    url: Path
    created_at: Time
    published_at: Time | None
    published_version: int | None
    retired_reason: str
    replaced_by: Annotated[str, means("The id of the replacement.")]
    coverage: Annotated[float, means("The share of the source's words that was kept, 0 to 1.")]
    warnings: list[str]
    differences: Annotated[
        list[str], means("Differences from the source: numbers, signs, negations.")
    ]
    sections: Annotated[list[SectionResponse], means("The text as a tree.")]
    passages: Annotated[list[ArticlePassage], means("The text as passages, in reading order.")]


class PassageResponse(ArticlePassage):
    """A passage with its article."""

    page: Annotated[int | None, means("The page number in a paginated source.")]
    url: Path
    blocks: list[BlockResponse]
    article: ArticleSummaryResponse
