"""Autocomplete service: keeps the autocomplete index up to date with the change feed.

A small knowledge base is updated within the request. A large one is updated in a background thread;
until it finishes, changed articles are hidden, and after a start the headings, which take longest
to load, are missing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from index.autocomplete.entries import ArticleEntry, SuggestedHeading, SuggestionSet
from index.autocomplete.index import AutocompleteIndex
from kb.model.records import ArticleStatus, ArticleSummary
from kb.storage.article_listing import ArticleOutline, PassageRef
from kb.storage.article_store import ArticleStore

# Articles that are updated within a request: a few tenths of a second.
MAX_SYNCHRONOUS_ARTICLES = 200
CHANGE_BATCH_SIZE = 500  # feed entries
READ_BATCH_SIZE = 100  # articles
# The thread sleeps this many times as long as an update takes, to leave CPU time for searches.
REST_FACTOR = 10


class AutocompleteService:
    """Suggestions from one store's published articles; shared by all threads."""

    def __init__(self, store: ArticleStore) -> None:
        self._store = store
        self._state = threading.Lock()  # guards the fields; held briefly
        self._work = threading.Lock()  # serialises reading and sorting
        self._thread: threading.Thread | None = None
        self._seen = -1  # the latest change that was read
        self._pending: dict[str, int] = {}  # articles to read -> latest change
        self._articles: dict[str, ArticleEntry] = {}  # guarded by `_work`
        self._names = AutocompleteIndex()
        self._hidden: frozenset[str] = frozenset()

    def find(self, typed: str) -> SuggestionSet:
        """Return suggestions for `typed` as of the latest change."""
        if not typed.strip():
            return SuggestionSet()
        self._read_changes()
        self._update()
        with self._state:
            names, hidden = self._names, self._hidden
        return names.find(typed, hidden)

    def _read_changes(self) -> None:
        """Read the change feed; changed articles are hidden until they are read again."""
        newest = self._store.last_seq()
        with self._state:
            if newest == self._seen:
                return
            if self._seen < 0:
                self._load_titles()
                self._seen = newest
            while changes := self._store.changes(self._seen, CHANGE_BATCH_SIZE):
                # Saving a version without publishing it does not affect suggestions.
                self._pending.update({c.article_id: c.seq for c in changes if c.kind != "saved"})
                self._seen = changes[-1].seq
            self._update_hidden()

    def _load_titles(self) -> None:
        """Load the titles and mark all articles as pending, so that their headings are read."""
        summaries = self._store.summaries(ArticleStatus.PUBLISHED)
        self._articles = {summary.id: _entry_without_headings(summary) for summary in summaries}
        self._pending = dict.fromkeys(self._articles, 0)
        if len(summaries) > MAX_SYNCHRONOUS_ARTICLES:
            self._names = AutocompleteIndex(self._articles.values())

    def _update_hidden(self) -> None:
        self._hidden = frozenset(id_ for id_, since in self._pending.items() if since)

    def _update(self) -> None:
        """Read and sort pending articles, in a thread if there are many."""
        with self._state:
            if not self._pending:
                return
            small = max(len(self._pending), len(self._articles)) <= MAX_SYNCHRONOUS_ARTICLES
            if not small:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(
                        target=self._run, name="kb-suggestions", daemon=True
                    )
                    self._thread.start()
                return
        self._catch_up()

    def _run(self) -> None:
        while self._pending:
            began = time.monotonic()
            self._catch_up()
            time.sleep(REST_FACTOR * (time.monotonic() - began))

    def _catch_up(self) -> None:
        with self._work:
            with self._state:
                pending = dict(self._pending)
            if not pending:
                return  # another thread was faster
            self._read_articles(list(pending))
            names = AutocompleteIndex(self._articles.values())
            with self._state:
                self._names = names
                for id_, since in pending.items():
                    if self._pending[id_] == since:  # not changed since it was read
                        del self._pending[id_]
                self._update_hidden()

    def _read_articles(self, ids: list[str]) -> None:
        for start in range(0, len(ids), READ_BATCH_SIZE):
            batch = ids[start : start + READ_BATCH_SIZE]
            entries = {
                outline.article.id: _complete_entry(outline)
                for outline in self._store.list_outlines(batch)
            }
            for id_ in batch:
                self._articles.pop(id_, None)
            self._articles |= entries


def _entry_without_headings(summary: ArticleSummary) -> ArticleEntry:
    return ArticleEntry(
        article_id=summary.id,
        title=summary.title,
        passages=summary.passage_count,
        also_called=summary.metadata.also_called,
        topics=summary.metadata.topics,
        source=summary.metadata.source,
    )


def _complete_entry(contents: ArticleOutline) -> ArticleEntry:
    return replace(
        _entry_without_headings(contents.article), headings=_collect_headings(contents.passages)
    )


def _collect_headings(passages: Iterable[PassageRef]) -> tuple[SuggestedHeading, ...]:
    """Return each heading once, with its first passage."""
    first: dict[str, str] = {}
    count: dict[str, int] = {}
    for passage in passages:
        for heading in passage.heading_path:
            first.setdefault(heading, passage.passage_id)
            count[heading] = count.get(heading, 0) + 1
    return tuple(SuggestedHeading(text, id_, count[text]) for text, id_ in first.items())
