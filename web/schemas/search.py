"""The shapes of what is found: the answer to a search, and names while one types."""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from web.schemas.types import BlockName, Day, NameKind, Path, Piece, ReviewName, Time, means

Synonym = TypedDict(
    "Synonym",
    {
        "from": Annotated[str, means("What was typed.")],
        "to": Annotated[str, means("Another name, searched for as well.")],
    },
)


class QueryResponse(TypedDict):
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


class IndexResponse(TypedDict):
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


class MatchedWordsResponse(TypedDict):
    """The words of the text that matched, by how they came to match."""

    exact: list[str]
    synonym: list[str]
    fuzzy: list[str]


class MatchExplanationResponse(TypedDict):
    """Why a passage was found."""

    fields: Annotated[
        dict[str, list[str]],
        means("Which words stand where: title, heading, text, topics, tags."),
    ]
    missing: Annotated[list[str], means("Typed words that the passage does not have.")]
    overdue: Annotated[bool, means("Whether an overdue review cost it rank.")]


class FurtherPassageResponse(TypedDict):
    """A further passage of an article."""

    id: str
    url: Path
    heading_path: list[str]
    anchor: str


class HitResponse(TypedDict):
    """The best passage of one article."""

    id: Annotated[str, means("The passage.")]
    url: Annotated[Path, means("Leads to the passage with the words marked.")]
    score: Annotated[float, means("Comparable within one answer only.")]
    article: HitArticle
    passage: HitPassage
    snippet: Annotated[list[Piece], means("Pairs of a text and whether it matched, in order.")]
    matched: MatchedWordsResponse
    why: MatchExplanationResponse
    pinned: Annotated[bool, means("Whether the content team has put it first for this query.")]
    more_in_article: Annotated[int, means("How many more passages of the article were found.")]
    more: Annotated[list[FurtherPassageResponse], means("The next best of them, at most five.")]


class FacetValueResponse(TypedDict):
    """A tag or a topic by which the answer can be narrowed."""

    value: str
    label: str
    count: Annotated[int, means("How many articles choosing it would show.")]
    selected: bool


class FacetsResponse(TypedDict):
    """By what the answer can be narrowed."""

    tag: list[FacetValueResponse]
    topic: list[FacetValueResponse]


class SearchResultResponse(TypedDict):
    """The answer to a search."""

    query: QueryResponse
    total: Annotated[int, means("How many articles were found.")]
    total_passages: int
    limit: int
    offset: int
    took_ms: float
    partial: Annotated[bool, means("Whether the time limit ended the search early.")]
    index: IndexResponse
    hits: Annotated[list[HitResponse], means("One for each article: its best passage.")]
    also: Annotated[list[HitResponse], means("Hits with some of the words; they are in no count.")]
    safety: Annotated[
        list[FurtherPassageResponse], means("Safety passages of the first hit's article.")
    ]
    facets: FacetsResponse


class SuggestionResponse(TypedDict):
    """A name that may be meant by what is being typed."""

    text: str
    kind: NameKind
    see: Annotated[str, means("The title of the article that the name belongs to.")]
    url: Path
    articles: Annotated[int, means("How many articles have the name.")]
    passages: Annotated[int, means("How many passages stand under it.")]
    source: Annotated[str, means("An article's publisher, to tell equal titles apart.")]


class SuggestionsResponse(TypedDict):
    """What is offered while one types."""

    q: str
    did_you_mean: Annotated[bool, means("Nothing begins so; these differ by one letter.")]
    suggestions: list[SuggestionResponse]
