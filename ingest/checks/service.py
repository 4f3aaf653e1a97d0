"""Check service: runs the editorial checks on an article with its related content.

The command line and the editorial pages both use it, so that their findings agree.
"""

from __future__ import annotations

from datetime import date

from ingest.checks.config import Rules
from ingest.checks.context import RelatedContent
from ingest.checks.finding import Finding
from ingest.checks.link_check import extract_urls, find_link_problem
from ingest.checks.runner import check_article
from ingest.checks.statement_index import StatementIndex
from kb.model.article import Article
from kb.model.records import ArticleRecord
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.near_duplicates import NearDuplicateStore


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
        """Return the findings for an article; with `links`, its links are checked as well."""
        related = RelatedContent(
            related_passages=self._statements.find_related(
                record.id, record.article, record.passages
            ),
            near_duplicates=self._duplicates.find(record.id, record.passages),
            previous_version=self._previous_version(record),
            dead_links=self.find_dead_links(record.article) if links else {},
        )
        return check_article(record.article, record.passages, self._rules, today, related)

    def find_dead_links(self, article: Article) -> dict[str, str]:
        """Return the URLs that cannot be opened, each with the reason."""
        private = self._settings.fetch_private_networks
        problems = {url: find_link_problem(url, private=private) for url in extract_urls(article)}
        return {url: problem for url, problem in problems.items() if problem}

    def _previous_version(self, record: ArticleRecord) -> ArticleRecord | None:
        """Return the previous version, if there is one."""
        if record.version == 1:
            return None
        return self._store.article(record.id, record.version - 1)
