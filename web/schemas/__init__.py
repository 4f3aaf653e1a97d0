"""JSON types of the API.

`web.presentation.serializers` creates them and `web.api.openapi` generates the OpenAPI document
from them. Fields are only ever added, never changed or removed.
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
    SynonymResponse,
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
    "SynonymResponse",
    "TableBlock",
    "TagResponse",
    "TextBlock",
    "WorkflowStatusResponse",
]
