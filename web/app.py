"""The application: a factory that takes what the site is made of and puts the parts together.

Nothing is opened here; `web.serving` opens the store and the index, a test hands in its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Flask, Response
from flask.json.provider import DefaultJSONProvider
from pydantic_core import to_json

from ingest.checking import load_rules
from ingest.drafting import Drafter
from kb.accounts import Accounts
from kb.curating import Curating
from kb.jobs import Jobs
from kb.reviewing import Reviewing
from kb.searches import Searches
from kb.sessions import Sessions
from kb.settings import Settings
from kb.store import Store
from kb.taxonomy import Taxonomy
from kb.tokens import Tokens
from web import (
    api,
    asking,
    assets,
    browse,
    compression,
    cors,
    embed,
    feeds,
    guard,
    health,
    limits,
    pages,
    problems,
    reference,
    scripts,
    security,
    telling,
    transfer,
    webmasters,
    wording,
)
from web.accounts import administering, directory, own, signing
from web.adding import correcting
from web.adding import views as adding
from web.alphabet import Alphabet
from web.catalogue import Catalogue
from web.cds_hooks import views as cds_hooks
from web.desk import PLACES, deeds
from web.desk import views as desk
from web.examining import Examiner
from web.infobutton import views as infobutton
from web.learning import board, voting
from web.learning import curating as curating_pages
from web.learning.curator import TEAM_FILE, Curator
from web.learning.log import QueryLog
from web.site import Searching, Site, addresses, install
from web.throttle import Throttle


def create_app(
    settings: Settings,
    store: Store,
    search: Searching,
    taxonomy: Taxonomy,
    today: Callable[[], date] = date.today,
) -> Flask:
    """Return the site over an open store and search."""
    app = Flask(__name__, static_folder=None)
    app.json = _Written(app)
    curating, searches = Curating(store.database), Searches(store.database)
    team_file = settings.home / TEAM_FILE
    rules = load_rules(settings.home)
    site = Site(
        settings=settings,
        store=store,
        search=search,
        taxonomy=taxonomy,
        today=today,
        alphabet=Alphabet(store),
        catalogue=Catalogue(store, taxonomy),
        assets=assets.Assets(),
        throttle=Throttle(),
        accounts=Accounts(store.database, rights=settings.rights),
        sessions=Sessions(
            store.database,
            idle=timedelta(minutes=settings.session_idle_minutes),
            longest=timedelta(hours=settings.session_hours),
            rights=settings.rights,
        ),
        tokens=Tokens(store.database, rights=settings.rights),
        reviewing=Reviewing(store.database, four_eyes=settings.four_eyes),
        rules=rules,
        examiner=Examiner(settings, store, rules),
        drafter=Drafter(taxonomy, rules, fetch_private=settings.fetch_private),
        jobs=Jobs(store.database),
        searches=searches,
        curating=curating,
        curator=Curator(curating, search, team_file),
        query_log=QueryLog(searches, search, settings.home, settings.query_log_days),
        team_file=team_file,
    )
    install(app, site)
    assets.set_up(app, site.assets)
    problems.set_up(app)
    limits.set_up(app, settings.api_requests_per_minute, settings.proxies)
    guard.set_up(app, settings)
    telling.set_up(app)
    cors.set_up(app, settings.allowed_origins)
    security.set_up(app)
    compression.set_up(app)
    _set_up_templates(app, site)
    for room in (
        pages,
        browse,
        asking,
        api,
        scripts,
        transfer,
        reference,
        embed,
        webmasters,
        feeds,
        cds_hooks,
        health,
        signing,
        directory,
        own,
        administering,
        desk,
        deeds,
        adding,
        correcting,
        board,
        curating_pages,
        voting,
    ):
        app.register_blueprint(room.blueprint)
    infobutton.set_up(app, site)
    return app


class _Written(DefaultJSONProvider):
    """JSON as pydantic writes it: the same bytes as Flask's, in a quarter of the time."""

    sort_keys = False
    ensure_ascii = False

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a response with one value, or with the arguments as a list or an object."""
        content = to_json(self._prepare_response_obj(args, kwargs))
        return Response(content + b"\n", mimetype=self.mimetype)


def _set_up_templates(app: Flask, site: Site) -> None:
    """Give the templates the addresses, the words and the facts that every page needs."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        month=wording.month,
        full_date=wording.full_date,
        moment=wording.moment,
        with_links=wording.with_links,
        duration=wording.duration,
        counted=wording.counted,
    )

    @app.context_processor
    def facts() -> dict[str, object]:
        here = addresses()

        def static(name: str) -> str:
            return here.static(site.assets.digest(name), name)

        return {"here": here, "static": static, "settings": site.settings, "desk_places": PLACES}
