"""Check service: runs the editorial checks with related content, and checks links.

The command line and the editorial pages both use it, so that their findings agree. Link checks only
request the page, and reject hosts in private networks (see `ingest.http_fetch`). Links behind link
text are not checked, because the readers keep the text only.
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
TRAILING_PUNCTUATION = ".,;:!?'*_"  # belongs to the sentence rather than the URL
BRACKET_PAIRS = (("(", ")"), ("[", "]"))
LINK_LIMITS = FetchLimits(connect_seconds=5.0, total_seconds=20.0)


def extract_urls(article: Article) -> list[str]:
    """Return the distinct URLs in an article, starting with its own URL."""
    shown = [_trim_url(found.group()) for found in URL.finditer(article.plain)]
    own = [article.metadata.url] if article.metadata.url else []
    return list(dict.fromkeys([*own, *shown]))


def find_link_problem(address: str, *, private: bool) -> str:
    """Return why a page cannot be opened, or an empty string if it can."""
    try:
        fetch(address, private=private, limits=LINK_LIMITS)
    except SourceError as error:
        return error.problem
    return ""


def _trim_url(address: str) -> str:
    """Remove trailing punctuation and unmatched closing brackets."""
    bare = address.rstrip(TRAILING_PUNCTUATION)
    while any(
        bare.endswith(end) and bare.count(end) > bare.count(begin) for begin, end in BRACKET_PAIRS
    ):
        bare = bare[:-1].rstrip(TRAILING_PUNCTUATION)
    return bare


class CheckService:
    """Checks articles of one knowledge base against the rules and against each other."""

    def __init__(self, settings: Settings, store: ArticleStore, rules: Rules) -> None:
        self._settings, self._store, self._rules = settings, store, rules
        self._statements = StatementIndex(settings.home, store, self._rules, settings.database_url)
        self._duplicates = NearDuplicateStore(store.database)

    def count_pending_changes(self) -> int:
        """Return the number of changes to be indexed before the first check."""
        return self._statements.count_pending_changes()

    def sync(self) -> None:
        """Update the statement index from the change feed."""
        self._statements.sync()

    def check(
        self, record: ArticleRecord, today: date, *, links: bool = False
    ) -> tuple[Finding, ...]:
        """Return the findings for an article; with `links`, its links are checked, too."""
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
        """Return the URLs that cannot be opened, each with the reason."""
        private = self._settings.fetch_private
        problems = {url: find_link_problem(url, private=private) for url in extract_urls(article)}
        return {url: problem for url, problem in problems.items() if problem}

    def _previous_version(self, record: ArticleRecord) -> ArticleRecord | None:
        """Return the previous version, if there is one."""
        if record.version == 1:
            return None
        return self._store.article(record.id, record.version - 1)
