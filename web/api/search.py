"""Read endpoints of the API: search, suggestions, articles and passages. See ``docs/api.md``.

Response types are in `web.schemas` and are built by `web.presentation.serializers`; errors are
mapped in `web.middleware.error_handlers`. The OpenAPI document is generated from the declarations.
Drafts and retired articles are treated as missing.
"""

from __future__ import annotations

from flask import Blueprint, request

from kb.errors import NotFoundError, QueryError, SearchIndexError
from kb.model.records import ArticleStatus
from web.api.registry import Routes
from web.context import current_services, record_search, urls
from web.params import (
    LIST_PARAMETERS,
    SEARCH_PARAMETERS,
    SUGGEST_PARAMETERS,
    ParameterError,
    check_status,
    read_search,
)
from web.presentation.serializers import (
    serialize_article,
    serialize_passage,
    serialize_search,
    serialize_suggestion,
    serialize_summary,
)
from web.schemas.articles import ArticleListResponse, ArticleResponse, PassageResponse
from web.schemas.search import SearchResultResponse, SuggestionsResponse

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
routes = Routes(blueprint)


@routes.route(
    "/search",
    parameters=SEARCH_PARAMETERS,
    problems=(ParameterError, QueryError, SearchIndexError),
)
def search() -> SearchResultResponse:
    """Search the published passages."""
    query = read_search(request.args)
    response = current_services().search.search(query)
    record_search(query, response)
    return serialize_search(response, urls())


@routes.route("/suggest", parameters=SUGGEST_PARAMETERS)
def suggest() -> SuggestionsResponse:
    """Suggest article titles, topics and other names for the text typed so far."""
    prefix = request.args.get("q", "")
    suggestions = current_services().az_index.suggestions.find(prefix)
    return {
        "q": prefix,
        "did_you_mean": suggestions.fuzzy,
        "suggestions": [serialize_suggestion(name, urls()) for name in suggestions.names],
    }


@routes.route(
    "/articles", parameters=LIST_PARAMETERS, problems=(ParameterError,), is_cacheable=True
)
def articles() -> ArticleListResponse:
    """List the published articles by title."""
    check_status(request.args)
    site = current_services()
    today, url_builder = site.today(), urls()
    summaries = site.store.summaries(ArticleStatus.PUBLISHED)
    return {"articles": [serialize_summary(summary, today, url_builder) for summary in summaries]}


@routes.route("/articles/<article_id>", problems=(NotFoundError,), is_cacheable=True)
def article(article_id: str) -> ArticleResponse:
    """Return the full published version of an article."""
    site = current_services()
    record = site.store.article(article_id)
    if record.status is not ArticleStatus.PUBLISHED:
        raise NotFoundError("article", article_id)
    return serialize_article(record, site.today(), urls())


@routes.route("/passages/<passage_id>", problems=(NotFoundError,), is_cacheable=True)
def passage(passage_id: str) -> PassageResponse:
    """Return one passage of a published article."""
    site = current_services()
    published = site.store.published_passages([passage_id])
    if passage_id not in published:
        raise NotFoundError("passage", passage_id)
    summary, content = published[passage_id]
    return serialize_passage(summary, content, site.today(), urls())
