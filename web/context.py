"""What a running site is made of, and where a request finds it.

The application factory puts one `Site` into the Flask application; a view asks `current_site` for
it. So no view opens a database or an index, and a test may put in whatever it likes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol, cast

from flask import Flask, current_app, request

from index.engine import State
from index.query.synonyms import Vocabulary
from index.search.results import SearchAnswer, SearchRequest, Snippet
from index.search.service import Pins
from ingest.checks import Rules
from ingest.checks.service import Examiner
from ingest.drafts import Drafter
from kb.accounts.api_tokens import Tokens
from kb.accounts.sessions import Sessions
from kb.accounts.users import Accounts
from kb.editorial.import_jobs import Jobs
from kb.editorial.workflow import Reviewing
from kb.model.taxonomy import Taxonomy
from kb.settings import Settings
from kb.storage.article_store import Store
from kb.storage.catalog_cache import Catalogue
from kb.storage.curation_store import Curating
from kb.storage.query_stats import Searches
from web.analytics.query_log import QueryLog
from web.assets import Assets
from web.middleware.throttle import Throttle
from web.presentation.az_index import Alphabet
from web.presentation.urls import Addresses
from web.server.curation_sync import Curator

KEY = "clinical-kb"


class Searching(Protocol):
    """What the site asks of the search; ``index.search.service.Search`` is the one there is."""

    def search(self, request: SearchRequest, /) -> SearchAnswer:
        """Answer a search; raises `QueryError` or `SearchIndexError`."""

    def mark(self, text: str, q: str, /) -> Snippet:
        """Return `text` in pieces, those that `q` would find marked."""

    def other_names(self, name: str, /) -> tuple[str, ...]:
        """Return what else people call the thing of this name."""

    def curate(self, vocabulary: Vocabulary, pins: Pins) -> None:
        """Go on with other names and pins."""

    def knows(self, word: str) -> bool:
        """Whether a word stands in an article or in a name of a thing."""

    def names_whole(self, text: str) -> bool:
        """Whether the whole of a text is one name of a thing."""

    def state(self) -> State:
        """Say how the index stands; raises `SearchIndexError` when it cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything that the views need."""

    settings: Settings
    store: Store
    search: Searching
    taxonomy: Taxonomy
    today: Callable[[], date]
    alphabet: Alphabet
    catalogue: Catalogue
    assets: Assets
    throttle: Throttle
    accounts: Accounts
    sessions: Sessions
    tokens: Tokens
    reviewing: Reviewing
    rules: Rules
    examiner: Examiner
    drafter: Drafter
    jobs: Jobs
    searches: Searches
    curating: Curating
    curator: Curator
    query_log: QueryLog
    team_file: Path


def install(app: Flask, site: Site) -> None:
    """Make `site` the one that the views of `app` find."""
    app.extensions[KEY] = site


def site_of(app: Flask) -> Site:
    """Return the site of an application."""
    return cast(Site, app.extensions[KEY])


def current_site() -> Site:
    """Return the site of the application that answers the present request."""
    return cast(Site, current_app.extensions[KEY])


def addresses() -> Addresses:
    """Return the addresses under the path where the present request found the site."""
    return Addresses(request.script_root)


def absolute_addresses() -> Addresses:
    """Return the addresses as another machine must call them."""
    public = current_site().settings.public_url.rstrip("/")
    return Addresses(public or request.url_root.rstrip("/"))
