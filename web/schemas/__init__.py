"""The shapes of the JSON that other people's scripts rely on, one type for each object.

`web.presentation.serializers` fills them, so the type checker holds each answer to its shape; `web.api.openapi` makes
the published description from the same types. So there is no second description that could drift:
what a name means is said here, once. Names are only ever added, never changed or taken away.
"""

from __future__ import annotations

from web.schemas.articles import (
    Article,
    ArticlePassage,
    Articles,
    ArticleSummary,
    Block,
    ListBlock,
    ListItem,
    Metadata,
    Passage,
    Section,
    TableBlock,
    Tag,
    TextBlock,
)
from web.schemas.editorial import Added, Outcomes, SearchCount, SearchCounts, Standing, Step, Trail
from web.schemas.exchange import Arrival, Imported
from web.schemas.problem import Problem
from web.schemas.search import (
    Answer,
    Facets,
    FacetValue,
    Hit,
    HitArticle,
    HitPassage,
    Index,
    Matched,
    Neighbour,
    Query,
    Suggestion,
    Suggestions,
    Synonym,
    Why,
)

__all__ = [
    "Added",
    "Answer",
    "Arrival",
    "Article",
    "ArticlePassage",
    "ArticleSummary",
    "Articles",
    "Block",
    "FacetValue",
    "Facets",
    "Hit",
    "HitArticle",
    "HitPassage",
    "Imported",
    "Index",
    "ListBlock",
    "ListItem",
    "Matched",
    "Metadata",
    "Neighbour",
    "Outcomes",
    "Passage",
    "Problem",
    "Query",
    "SearchCount",
    "SearchCounts",
    "Section",
    "Standing",
    "Step",
    "Suggestion",
    "Suggestions",
    "Synonym",
    "TableBlock",
    "Tag",
    "TextBlock",
    "Trail",
    "Why",
]
