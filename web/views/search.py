"""Pages for search, articles and passages."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from index.search.results import SearchRequest
from kb.errors import NotFoundError, SearchIndexError
from kb.model.records import ArticleRecord, ArticleStatus, ArticleSummary, get_review_state
from web.context import absolute_urls, current_services, record_search, urls
from web.middleware.error_handlers import find_problem
from web.params import LIMIT, VERSION, read_number, read_search
from web.presentation.article_view import build_article_view, unmarked
from web.presentation.az_index import AzEntry
from web.presentation.formatting import format_review
from web.presentation.json_ld import build_json_ld
from web.view_models import search_results

SYNONYMS_SHOWN = 3  # above the first hit, of all names; a drug can have a dozen brand names

blueprint = Blueprint("search", __name__)


@dataclass(frozen=True, slots=True)
class PassageTarget:
    """Target of a passage link, and how the passage has changed since the link was created."""

    asked_for: str
    passage_id: str | None
    fate: str = ""  # key of `NOTES`; empty if unchanged

    @property
    def note(self) -> str:
        """Return the notice about the change, or an empty string."""
        return NOTES.get(self.fate, "")


MAX_NEW_ARTICLES = 8  # new articles on the home page of a base without topics
MAX_SUGGESTED_TOPICS = 12  # on a page without results

NOTES = {
    "changed": "This passage has changed since the link was created.",
    "moved": "The linked passage has been rewritten. This is its closest current version.",
    "gone": "The linked passage is no longer in the article. This is the whole article.",
}


@blueprint.get("/")
@blueprint.get("/search")
def search() -> ResponseReturnValue:
    """Show the search results, or the home page without a query."""
    search_request = read_search(request.args, limit=LIMIT.default)
    if not (search_request.q or search_request.tags or search_request.topics):
        return _home()
    site = current_services()
    try:
        response = site.search.search(search_request)
    except SearchIndexError as error:
        return _unavailable(search_request, error)
    record_search(search_request, response)
    results = search_results.build_results(search_request, response, site.taxonomy, urls())
    topics = () if response.total else _largest_topics()
    return render_template(
        "results.html",
        search_request=search_request,
        response=response,
        results=results,
        topics=topics,
        synonyms_shown=SYNONYMS_SHOWN,
    )


@blueprint.get("/articles/<article_id>")
def article(article_id: str) -> ResponseReturnValue:
    """Show an article."""
    record = current_services().store.article(article_id)
    return _article(record, PassageTarget("", None))


@blueprint.get("/articles/<article_id>/<passage_id>")
def passage(article_id: str, passage_id: str) -> ResponseReturnValue:
    """Show an article with one passage outlined, even if the passage has moved since."""
    site = current_services()
    record = site.store.article(article_id)
    if record.status is ArticleStatus.RETIRED:
        return _retired(record)
    version = read_number(request.args, "v", VERSION)
    location = site.store.locate(passage_id, version or None)
    if location.article_id != article_id:
        raise NotFoundError("passage", passage_id)
    change = ""
    if location.moved:
        change = "moved" if location.passage_id else "gone"
    elif location.changed:
        change = "changed"
    return _article(record, PassageTarget(passage_id, location.passage_id, change))


@blueprint.get("/passages/<passage_id>")
def permalink(passage_id: str) -> ResponseReturnValue:
    """Redirect a permalink to the article, temporarily because the passage may move again."""
    store = current_services().store
    location = store.locate(passage_id)
    if store.article(location.article_id).status is ArticleStatus.DRAFT:
        raise NotFoundError("passage", passage_id)
    return redirect(urls().passage(location.article_id, passage_id), code=302)


def _largest_topics() -> list[AzEntry]:
    """Return the topics with the most articles, in alphabetical order."""
    topics = current_services().az_index.listing().topics
    largest = sorted(topics, key=lambda topic: -topic.articles)[:MAX_SUGGESTED_TOPICS]
    return [topic for topic in topics if topic in largest]


def _home() -> ResponseReturnValue:
    site = current_services()
    listing = site.az_index.listing()
    entries = [tag for tag in site.taxonomy if tag.first_class]
    new = () if listing.topics else _new_articles()
    return render_template("home.html", listing=listing, entries=entries, new=new)


def _new_articles() -> list[ArticleSummary]:
    """Return the articles that were published or changed last, latest first."""
    events, _ = current_services().store.list_activity(offset=0, limit=2 * MAX_NEW_ARTICLES)
    published = [
        event.article
        for event in events
        if event.last and event.article.status is ArticleStatus.PUBLISHED
    ]
    return published[:MAX_NEW_ARTICLES]


def _unavailable(search_request: SearchRequest, error: SearchIndexError) -> ResponseReturnValue:
    listing = current_services().az_index.listing()
    problem = find_problem(error)
    page = render_template(
        "unavailable.html",
        search_request=search_request,
        problem=problem,
        detail=str(error),
        listing=listing,
    )
    return page, problem.status.value


def _article(record: ArticleRecord, target: PassageTarget) -> ResponseReturnValue:
    site = current_services()
    if record.status is ArticleStatus.RETIRED:
        return _retired(record)
    if record.status is not ArticleStatus.PUBLISHED:
        raise NotFoundError("article", record.id)
    q = request.args.get("q", "").strip()
    site.analytics.query_log.record_click(q)
    mark = site.search.highlighter(q) if q else unmarked
    metadata = record.article.metadata
    words = format_review(metadata, get_review_state(metadata.review_due, site.today()))
    return render_template(
        "article.html",
        record=record,
        metadata=metadata,
        outline=build_article_view(record, site.taxonomy, words, mark),
        arrival=target,
        review=words,
        address=request.host_url.rstrip("/") + urls().article(record.id),
        q=q,
        described=build_json_ld(record, absolute_urls().article(record.id)),
        results=search_results.results_url(read_search(request.args, limit=1), urls()),
    )


def _retired(record: ArticleRecord) -> ResponseReturnValue:
    store = current_services().store
    replacement = store.article(record.replaced_by) if record.replaced_by else None
    if replacement is not None and replacement.status is not ArticleStatus.PUBLISHED:
        replacement = None
    return render_template("retired.html", record=record, replacement=replacement), 410
