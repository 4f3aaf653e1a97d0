"""Application factory: assembles services, middleware, blueprints and templates.

It opens neither a store nor an index. `web.server.gunicorn_app` opens them; tests supply their own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider
from pydantic_core import to_json

from index.query.intents import load_intents
from index.search.service import SearchService
from ingest.checks.config import load_rules
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
from web.api import docs, editorial, exchange
from web.api import search as search_api
from web.assets import Assets
from web.context import (
    AccountServices,
    AnalyticsServices,
    EditorialServices,
    Services,
    current_services,
    install,
    urls,
)
from web.integrations.infobutton.matching import InfobuttonMatcher
from web.middleware import auth, compression, cors, error_handlers, rate_limit, security_headers
from web.presentation import formatting
from web.presentation.az_index import AzIndex
from web.services.curation_sync import SYNONYMS_FILE, CurationSync
from web.services.throttle import GlobalThrottle
from web.views import (
    account,
    admin,
    browse,
    cds_hooks,
    content_requests,
    embed,
    embed_docs,
    feeds,
    health,
    infobutton,
    legacy_urls,
    login,
    notices,
    oidc,
    static_files,
)
from web.views import search as search_pages
from web.views.editorial import (
    NAV_ITEMS,
    actions,
    articles,
    curation,
    draft_editor,
    imports,
    search_insights,
)

BLUEPRINTS = (
    static_files.blueprint,
    search_pages.blueprint,
    browse.blueprint,
    content_requests.blueprint,
    content_requests.vote_blueprint,
    search_api.blueprint,
    editorial.blueprint,
    exchange.blueprint,
    docs.blueprint,
    embed.blueprint,
    embed_docs.blueprint,
    feeds.blueprint,
    infobutton.blueprint,
    cds_hooks.blueprint,
    health.blueprint,
    legacy_urls.blueprint,
    login.blueprint,
    oidc.blueprint,
    account.blueprint,
    admin.blueprint,
    articles.blueprint,
    actions.blueprint,
    imports.blueprint,
    draft_editor.blueprint,
    search_insights.blueprint,
    curation.blueprint,
)


def create_app(
    settings: Settings,
    store: ArticleStore,
    search: SearchService,
    taxonomy: Taxonomy,
    today: Callable[[], date] = date.today,
) -> Flask:
    """Return the Flask application for an open store and search service.

    `today` returns the current date; tests replace it.
    """
    app = Flask(__name__, static_folder=None)
    app.json = _PydanticJsonProvider(app)
    install(app, _build_services(settings, store, search, taxonomy, today))
    error_handlers.set_up(app)
    rate_limit.set_up(app, settings.api_requests_per_minute, settings.proxy_count)
    auth.set_up(app, settings)
    notices.set_up(app)
    cors.set_up(app, settings.allowed_origins)
    security_headers.set_up(app)
    compression.set_up(app)
    _set_up_templates(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _build_services(
    settings: Settings,
    store: ArticleStore,
    search: SearchService,
    taxonomy: Taxonomy,
    today: Callable[[], date],
) -> Services:
    database = store.database
    curation_store, query_stats = CurationStore(database), QueryStatsStore(database)
    synonyms_file = settings.home / SYNONYMS_FILE
    rules = load_rules(settings.home)
    return Services(
        settings=settings,
        store=store,
        search=search,
        taxonomy=taxonomy,
        today=today,
        az_index=AzIndex(store),
        catalog=CatalogCache(store, taxonomy),
        assets=Assets(),
        throttle=GlobalThrottle(),
        infobutton=InfobuttonMatcher(search, store, taxonomy, load_intents(settings.home)),
        accounts=AccountServices(
            users=UserStore(database),
            sessions=SessionStore(
                database,
                idle_timeout=timedelta(minutes=settings.session_idle_minutes),
                max_lifetime=timedelta(hours=settings.session_lifetime_hours),
            ),
            tokens=ApiTokenStore(database),
        ),
        editorial=EditorialServices(
            workflow=ReviewWorkflow(
                database, independent_approval=settings.require_independent_approval
            ),
            jobs=ImportJobStore(database),
            draft_reader=DraftReader(
                taxonomy,
                rules,
                settings.reader_limits,
                fetch_private_networks=settings.fetch_private_networks,
            ),
            checks=CheckService(settings, store, rules),
            rules=rules,
        ),
        analytics=AnalyticsServices(
            query_log=QueryLog(query_stats, search, settings.home, settings.query_log_days),
            query_stats=query_stats,
            curation_store=curation_store,
            curation_sync=CurationSync(curation_store, search, synonyms_file),
            synonyms_file=synonyms_file,
        ),
    )


class _PydanticJsonProvider(DefaultJSONProvider):
    """JSON provider that uses pydantic: same output as Flask's, about four times faster."""

    sort_keys = False
    ensure_ascii = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a JSON response; several arguments form an array, keyword arguments an object."""
        content = to_json(self._prepare_response_obj(args, kwargs))
        return Response(content + b"\n", mimetype=self.mimetype)


def _set_up_templates(app: Flask) -> None:
    """Configure Jinja, and add the filters and variables that all templates use."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        month=formatting.format_month,
        full_date=formatting.format_date,
        moment=formatting.format_moment,
        with_links=formatting.split_links,
        duration=formatting.format_duration,
        counted=formatting.count_phrase,
    )

    @app.context_processor
    def template_context() -> dict[str, object]:
        url_builder, services = urls(), current_services()

        def static(name: str) -> str:
            return url_builder.static(services.assets.digest(name), name)

        return {
            "urls": url_builder,
            "static": static,
            "settings": services.settings,
            "nav_items": NAV_ITEMS,
        }
