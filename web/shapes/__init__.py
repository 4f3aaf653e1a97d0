"""The shapes of the JSON that other people's scripts rely on, one type for each object.

`web.contract` fills them, so the type checker holds each answer to its shape; `web.openapi` makes
the published description from the same types. So there is no second description that could drift:
what a name means is said here, once. Names are only ever added, never changed or taken away.
"""

from __future__ import annotations

from web.shapes.answers import (
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
from web.shapes.articles import (
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
from web.shapes.moving import Arrival, Imported
from web.shapes.problem import Problem

__all__ = [
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
    "Passage",
    "Problem",
    "Query",
    "Section",
    "Suggestion",
    "Suggestions",
    "Synonym",
    "TableBlock",
    "Tag",
    "TextBlock",
    "Why",
]
