"""The shapes of the JSON that other people's scripts rely on, one type for each object.

`web.presentation.serializers` fills them, so the type checker holds each answer to its shape; `web.api.openapi` makes
the published description from the same types. So there is no second description that could drift:
what a name means is said here, once. Names are only ever added, never changed or taken away.
"""

from __future__ import annotations

from web.schemas.articles import (
    ArticleListResponse,
    ArticlePassage,
    ArticleResponse,
    ArticleSummaryResponse,
    Block,
    ListBlock,
    ListItemResponse,
    MetadataResponse,
    PassageResponse,
    SectionResponse,
    TableBlock,
    TagResponse,
    TextBlock,
)
from web.schemas.editorial import (
    AddedArticleResponse,
    AddedArticlesResponse,
    AuditEntryResponse,
    AuditLogResponse,
    QueryStatsListResponse,
    QueryStatsResponse,
    WorkflowStatusResponse,
)
from web.schemas.exchange import ImportedArticleResponse, ImportReportResponse
from web.schemas.problem import ProblemResponse
from web.schemas.search import (
    FacetsResponse,
    FacetValueResponse,
    FurtherPassageResponse,
    HitArticle,
    HitPassage,
    HitResponse,
    IndexResponse,
    MatchedWordsResponse,
    MatchExplanationResponse,
    QueryResponse,
    SearchResultResponse,
    SuggestionResponse,
    SuggestionsResponse,
    Synonym,
)

__all__ = [
    "AddedArticleResponse",
    "AddedArticlesResponse",
    "ArticleListResponse",
    "ArticlePassage",
    "ArticleResponse",
    "ArticleSummaryResponse",
    "AuditEntryResponse",
    "AuditLogResponse",
    "Block",
    "FacetValueResponse",
    "FacetsResponse",
    "FurtherPassageResponse",
    "HitArticle",
    "HitPassage",
    "HitResponse",
    "ImportReportResponse",
    "ImportedArticleResponse",
    "IndexResponse",
    "ListBlock",
    "ListItemResponse",
    "MatchExplanationResponse",
    "MatchedWordsResponse",
    "MetadataResponse",
    "PassageResponse",
    "ProblemResponse",
    "QueryResponse",
    "QueryStatsListResponse",
    "QueryStatsResponse",
    "SearchResultResponse",
    "SectionResponse",
    "SuggestionResponse",
    "SuggestionsResponse",
    "Synonym",
    "TableBlock",
    "TagResponse",
    "TextBlock",
    "WorkflowStatusResponse",
]
