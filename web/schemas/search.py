"""JSON types of search results and suggestions."""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from web.schemas.types import (
    BlockName,
    Day,
    Path,
    Piece,
    ReviewName,
    SuggestionKindName,
    Time,
    means,
)

SynonymResponse = TypedDict(
    "SynonymResponse",
    {
        "from": Annotated[str, means("The word in the query.")],
        "to": Annotated[str, means("The synonym that was also searched.")],
    },
)


class IntentResponse(TypedDict):
    """What a query asks about its subject, or for which group of patients."""

    key: Annotated[str, means("Its key in the list of intents.")]
    label: str


class QueryResponse(TypedDict):
    """The query and how it was interpreted."""

    q: Annotated[str, means("The query as submitted.")]
    parsed: Annotated[str, means("The parsed query with its filters.")]
    corrected: Annotated[str | None, means("The corrected query that was searched instead.")]
    relaxed: Annotated[
        str | None,
        WithJsonSchema({"enum": ["any", "fuzzy", None]}),
        means("any: no passage has all words; fuzzy: words other than drugs were corrected."),
    ]
    did_you_mean: Annotated[list[str], means("Possible corrections that were not searched.")]
    synonyms: list[SynonymResponse]
    notes: Annotated[list[str], means("Messages for the user.")]
    subject: Annotated[str, means("The words that name the subject; empty if it is not known.")]
    intents: Annotated[list[IntentResponse], means("What is asked about the subject.")]
    missing: Annotated[
        list[str], means("The labels of intents that the subject's article does not answer.")
    ]
    absent: Annotated[bool, means("Whether nothing was found on the subject.")]
    message: Annotated[str, means("What was not found, as a sentence; usually empty.")]


class IndexResponse(TypedDict):
    """The state of the index that was searched."""

    engine: str
    generation: Annotated[int, means("Increases with every commit of the index.")]
    as_of: Annotated[Time, means("The time of that commit.")]


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
    source: Annotated[str, means("The publisher of the text.")]


class HitPassage(TypedDict):
    """The passage of a hit."""

    anchor: Annotated[str, means("The fragment identifier on the article's page.")]
    heading_path: Annotated[list[str], means("The headings above it, outermost first.")]
    kind: BlockName
    page: Annotated[int | None, means("The page number in a paginated source.")]
    tags: list[str]


class MatchedWordsResponse(TypedDict):
    """The matching words of the text, by kind of match."""

    exact: list[str]
    synonym: list[str]
    fuzzy: list[str]


class MatchExplanationResponse(TypedDict):
    """Why a passage matched."""

    fields: Annotated[
        dict[str, list[str]],
        means("The matching words in each field: title, heading, text, topics, tags."),
    ]
    missing: Annotated[list[str], means("Words of the query that the passage does not contain.")]
    overdue: Annotated[bool, means("Whether an overdue review lowered the rank.")]
    reranked: Annotated[bool, means("Whether its meaning, compared with the query, moved it.")]


class FurtherPassageResponse(TypedDict):
    """Another passage of an article."""

    id: str
    url: Path
    heading_path: list[str]
    anchor: str


class HitResponse(TypedDict):
    """The best passage of one article."""

    id: Annotated[str, means("The id of the passage.")]
    url: Annotated[Path, means("The URL of the passage with highlighted words.")]
    score: Annotated[float, means("Comparable only within one response.")]
    article: HitArticle
    passage: HitPassage
    snippet: Annotated[list[Piece], means("Pairs of a text and whether it matches, in order.")]
    matched: MatchedWordsResponse
    why: MatchExplanationResponse
    pinned: Annotated[bool, means("Whether the content team pinned it for this query.")]
    more_in_article: Annotated[
        int, means("The number of further matching passages of the article.")
    ]
    more: Annotated[list[FurtherPassageResponse], means("The best of these, at most five.")]


class CardLinkResponse(TypedDict):
    """A section of the article that answers an intent."""

    intent: Annotated[str, means("The key of the intent.")]
    label: str
    id: Annotated[str, means("The id of its first passage.")]
    url: Path
    heading_path: list[str]


class CardResponse(TypedDict):
    """The article that the query names."""

    article: HitArticle
    opening: Annotated[list[Piece], means("The beginning of the article, as a snippet.")]
    links: Annotated[list[CardLinkResponse], means("Its sections by intent, in a fixed order.")]


class FacetValueResponse(TypedDict):
    """A tag or topic to filter by."""

    value: str
    label: str
    count: Annotated[int, means("The number of articles with this filter.")]
    selected: bool


class FacetsResponse(TypedDict):
    """The available filters."""

    tag: list[FacetValueResponse]
    topic: list[FacetValueResponse]


class SearchResultResponse(TypedDict):
    """The response to a search."""

    query: QueryResponse
    total: Annotated[int, means("The number of matching articles.")]
    total_passages: int
    limit: int
    offset: int
    took_ms: float
    partial: Annotated[bool, means("Whether the search reached its time limit.")]
    index: IndexResponse
    hits: Annotated[list[HitResponse], means("The best passage of each article.")]
    card: Annotated[
        CardResponse | None, means("The article that the query names, shown by the first hit.")
    ]
    also: Annotated[
        list[HitResponse], means("Hits with some of the words, not included in the counts.")
    ]
    safety: Annotated[
        list[FurtherPassageResponse], means("Safety passages of the first hit's article.")
    ]
    facets: FacetsResponse


class SuggestionResponse(TypedDict):
    """An autocomplete suggestion."""

    text: str
    kind: SuggestionKindName
    see: Annotated[str, means("The title of the article with this name.")]
    url: Path
    articles: Annotated[int, means("The number of articles with this name.")]
    passages: Annotated[int, means("The number of passages under this heading.")]
    source: Annotated[str, means("The publisher of the article, to distinguish equal titles.")]


class SuggestionsResponse(TypedDict):
    """Autocomplete suggestions."""

    q: str
    did_you_mean: Annotated[
        bool, means("No name has this prefix; the suggestions differ by one letter.")
    ]
    suggestions: list[SuggestionResponse]
