"""Services of the running site, and access to them from a request.

The application factory (`web.app`) stores one `Services` object in the Flask application; views get
it from `current_services`. Views therefore open neither databases nor indexes, and tests can supply
their own services.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

from flask import Flask, current_app, request

from index.search.results import SearchRequest, SearchResponse
from index.search.service import SearchService
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
from web.integrations.infobutton.matching import InfobuttonMatcher
from web.presentation.az_index import AzIndex
from web.presentation.urls import UrlBuilder
from web.services.curation_sync import CurationSync
from web.services.throttle import GlobalThrottle

EXTENSION_KEY = "clinical-kb"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountServices:
    """User accounts, browser sessions and API tokens."""

    users: UserStore
    sessions: SessionStore
    tokens: ApiTokenStore


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorialServices:
    """Review workflow, imports and editorial checks."""

    workflow: ReviewWorkflow
    jobs: ImportJobStore
    draft_reader: DraftReader
    checks: CheckService
    rules: Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsServices:
    """Query log and the curation of search results that is based on it."""

    query_log: QueryLog
    query_stats: QueryStatsStore
    curation_store: CurationStore
    curation_sync: CurationSync
    synonyms_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Services that the views use."""

    settings: Settings
    store: ArticleStore
    search: SearchService
    taxonomy: Taxonomy
    today: Callable[[], date]
    az_index: AzIndex
    catalog: CatalogCache
    assets: Assets
    throttle: GlobalThrottle
    infobutton: InfobuttonMatcher
    accounts: AccountServices
    editorial: EditorialServices
    analytics: AnalyticsServices


def install(app: Flask, services: Services) -> None:
    """Store `services` in `app`."""
    app.extensions[EXTENSION_KEY] = services


def services_of(app: Flask) -> Services:
    """Return the services of an application."""
    return cast(Services, app.extensions[EXTENSION_KEY])


def current_services() -> Services:
    """Return the services of the application that handles the current request."""
    return cast(Services, current_app.extensions[EXTENSION_KEY])


def urls() -> UrlBuilder:
    """Return a URL builder for paths below the mount point of the site."""
    return UrlBuilder(request.script_root)


def absolute_urls() -> UrlBuilder:
    """Return a URL builder for absolute URLs: the setting `public_url`, or the request's host."""
    public = current_services().settings.public_url.rstrip("/")
    return UrlBuilder(public or request.url_root.rstrip("/"))


def record_search(query: SearchRequest, response: SearchResponse) -> None:
    """Add a search to the query log.

    Searches without words, further pages, filtered searches and literal searches are not counted.
    """
    if query.q and not (query.offset or query.tags or query.topics or query.literal):
        changed = bool(response.query.relaxed or response.query.corrected)
        log = current_services().analytics.query_log
        log.record_search(query.q, found=response.total, changed=changed)
