"""What a running site is made of, and where a request finds it.

The application factory puts one `Services` into the Flask application; a view asks `current_services` for
it. So no view opens a database or an index, and a test may put in whatever it likes.

Which searches count: the first page of what somebody asked, wherever they asked it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol, cast

from flask import Flask, current_app, request

from index.engine import IndexState
from index.query.synonyms import SynonymDictionary
from index.search.results import SearchRequest, SearchResponse, Snippet
from index.search.service import Pins
from ingest.checks.config import Rules
from ingest.checks.service import CheckService
from ingest.drafts import DraftReader
from kb.accounts.api_tokens import ApiTokenStore
from kb.accounts.sessions import SessionStore
from kb.accounts.users import UserStore
from kb.editorial.import_jobs import ImportJobStore
from kb.editorial.workflow import ReviewWorkflow
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.catalog_cache import CatalogCache
from kb.storage.curation_store import CurationStore
from kb.storage.query_stats import QueryStatsStore
from web.analytics.query_log import QueryLog
from web.assets import Assets
from web.middleware.rate_limit import GlobalThrottle
from web.presentation.az_index import AzIndex
from web.presentation.urls import UrlBuilder
from web.server.curation_sync import CurationSync

KEY = "clinical-kb"


class SearchBackend(Protocol):
    """What the site asks of the search; ``index.search.service.SearchService`` is the one there is."""

    def search(self, request: SearchRequest, /) -> SearchResponse:
        """Answer a search; raises `QueryError` or `SearchIndexError`."""

    def mark(self, text: str, q: str, /) -> Snippet:
        """Return `text` in pieces, those that `q` would find marked."""

    def other_names(self, name: str, /) -> tuple[str, ...]:
        """Return what else people call the thing of this name."""

    def curate(self, vocabulary: SynonymDictionary, pins: Pins) -> None:
        """Go on with other names and pins."""

    def knows(self, word: str) -> bool:
        """Whether a word stands in an article or in a name of a thing."""

    def names_whole(self, text: str) -> bool:
        """Whether the whole of a text is one name of a thing."""

    def state(self) -> IndexState:
        """Say how the index stands; raises `SearchIndexError` when it cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the views need."""

    settings: Settings
    store: ArticleStore
    search: SearchBackend
    taxonomy: Taxonomy
    today: Callable[[], date]
    alphabet: AzIndex
    catalogue: CatalogCache
    assets: Assets
    throttle: GlobalThrottle
    accounts: UserStore
    sessions: SessionStore
    tokens: ApiTokenStore
    reviewing: ReviewWorkflow
    rules: Rules
    examiner: CheckService
    drafter: DraftReader
    jobs: ImportJobStore
    searches: QueryStatsStore
    curating: CurationStore
    curator: CurationSync
    query_log: QueryLog
    team_file: Path


def install(app: Flask, site: Services) -> None:
    """Make `site` the one that the views of `app` find."""
    app.extensions[KEY] = site


def services_of(app: Flask) -> Services:
    """Return the site of an application."""
    return cast(Services, app.extensions[KEY])


def current_services() -> Services:
    """Return the site of the application that answers the present request."""
    return cast(Services, current_app.extensions[KEY])


def urls() -> UrlBuilder:
    """Return the addresses under the path where the present request found the site."""
    return UrlBuilder(request.script_root)


def absolute_urls() -> UrlBuilder:
    """Return the addresses as another machine must call them."""
    public = current_services().settings.public_url.rstrip("/")
    return UrlBuilder(public or request.url_root.rstrip("/"))


def record_search(asked: SearchRequest, answer: SearchResponse) -> None:
    """Count a search, unless it only turned a page or put a filter on."""
    if asked.q and not (asked.offset or asked.tags or asked.topics or asked.literal):
        changed = bool(answer.query.relaxed or answer.query.corrected)
        current_services().query_log.searched(asked.q, found=answer.total, changed=changed)
