"""The editorial checks of an article with all that a knowledge base knows related it.

The command line and the desk both ask here, so that they find the same.
"""

from __future__ import annotations

import re
from datetime import date

from ingest.checks.config import Rules
from ingest.checks.context import RelatedContent
from ingest.checks.finding import Finding
from ingest.checks.runner import check_article
from ingest.checks.statement_index import StatementIndex
from ingest.http_fetch import FetchLimits, fetch
from kb.errors import SourceError
from kb.model.article import Article
from kb.model.records import ArticleRecord
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.near_duplicates import NearDuplicateStore

URL = re.compile(r"https?://[^\s<>\"“”‘’|]+")
TRAILING_PUNCTUATION = ".,;:!?'*_"  # what a sentence sets behind an address
BRACKET_PAIRS = (("(", ")"), ("[", "]"))
LINK_LIMITS = FetchLimits(connect_seconds=5.0, total_seconds=20.0)


def extract_urls(article: Article) -> list[str]:
    """Return the addresses that an article shows, its own first, each once."""
    shown = [_trim_url(found.group()) for found in URL.finditer(article.plain)]
    own = [article.metadata.url] if article.metadata.url else []
    return list(dict.fromkeys([*own, *shown]))


def find_link_problem(address: str, *, private: bool) -> str:
    """Return why a page cannot be opened, as the end of a sentence; nothing when it can be."""
    try:
        fetch(address, private=private, limits=LINK_LIMITS)
    except SourceError as error:
        return error.problem
    return ""


def _trim_url(address: str) -> str:
    """Leave off what belongs to the sentence: a stop, and a bracket that it did not open."""
    bare = address.rstrip(TRAILING_PUNCTUATION)
    while any(
        bare.endswith(end) and bare.count(end) > bare.count(begin) for begin, end in BRACKET_PAIRS
    ):
        bare = bare[:-1].rstrip(TRAILING_PUNCTUATION)
    return bare


class CheckService:
    """Checks articles of one knowledge base against each other and against the rules."""

    def __init__(self, settings: Settings, store: ArticleStore, rules: Rules) -> None:
        self._settings, self._store, self._rules = settings, store, rules
        self._statements = StatementIndex(settings.home, store, self._rules, settings.database_url)
        self._duplicates = NearDuplicateStore(store.database)

    def count_pending_changes(self) -> int:
        """Return how many changes of the base must be read before the first answer."""
        return self._statements.count_pending_changes()

    def sync(self) -> None:
        """Read what has changed in the base since the last time."""
        self._statements.sync()

    def check(
        self, record: ArticleRecord, today: date, *, links: bool = False
    ) -> tuple[Finding, ...]:
        """Return what an editor should look at; with `links` the addresses are opened, too."""
        related = RelatedContent(
            related_passages=self._statements.find_related(
                record.id, record.article, record.passages
            ),
            near_duplicates=self._duplicates.of(record.id, record.passages),
            previous_version=self._previous_version(record),
            dead_links=self.find_dead_links(record.article) if links else {},
        )
        return check_article(record.article, record.passages, self._rules, today, related)

    def find_dead_links(self, article: Article) -> dict[str, str]:
        """Return the addresses that cannot be opened, each with the reason."""
        private = self._settings.fetch_private
        asked = {
            address: find_link_problem(address, private=private)
            for address in extract_urls(article)
        }
        return {address: problem for address, problem in asked.items() if problem}

    def _previous_version(self, record: ArticleRecord) -> ArticleRecord | None:
        """Return the version before, if there is one."""
        if record.version == 1:
            return None
        return self._store.article(record.id, record.version - 1)
