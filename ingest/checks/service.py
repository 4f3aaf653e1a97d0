"""The editorial checks of an article with all that a knowledge base knows around it.

The command line and the desk both ask here, so that they find the same.
"""

from __future__ import annotations

from datetime import date

from ingest.checks import Finding, RelatedContent, Rules, check_article
from ingest.checks.link_check import find_link_problem, urls_in
from ingest.checks.statement_index import StatementIndex
from kb.model.article import Article
from kb.model.records import ArticleRecord
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.near_duplicates import NearDuplicateStore


class CheckService:
    """Checks articles of one knowledge base against each other and against the rules."""

    def __init__(self, settings: Settings, store: ArticleStore, rules: Rules) -> None:
        self._settings, self._store, self._rules = settings, store, rules
        self._concordance = StatementIndex(settings.home, store, self._rules, settings.database_url)
        self._duplicates = NearDuplicateStore(store.database)

    def behind(self) -> int:
        """Return how many changes of the base must be read before the first answer."""
        return self._concordance.behind()

    def sync(self) -> None:
        """Read what has changed in the base since the last time."""
        self._concordance.sync()

    def examine(
        self, record: ArticleRecord, today: date, *, links: bool = False
    ) -> tuple[Finding, ...]:
        """Return what an editor should look at; with `links` the addresses are opened, too."""
        around = RelatedContent(
            neighbours=self._concordance.of(record.id, record.article, record.passages),
            doubles=self._duplicates.of(record.id, record.passages),
            earlier=self._earlier(record),
            dead=self.dead_links(record.article) if links else {},
        )
        return check_article(record.article, record.passages, self._rules, today, around)

    def dead_links(self, article: Article) -> dict[str, str]:
        """Return the addresses that cannot be opened, each with the reason."""
        private = self._settings.fetch_private
        asked = {
            address: find_link_problem(address, private=private) for address in urls_in(article)
        }
        return {address: problem for address, problem in asked.items() if problem}

    def _earlier(self, record: ArticleRecord) -> ArticleRecord | None:
        """Return the version before, if there is one."""
        if record.version == 1:
            return None
        return self._store.article(record.id, record.version - 1)
