"""Suggestions: the names that are offered while somebody types, in step with the store.

The names are sorted once (`index.autocomplete.index`) and again when the change feed has moved on. A small base
is followed at once. A large one is followed by a thread of its own, so that nobody who types waits
for it; until it is done, articles that have changed or gone are left out of the answers, and at
the very first the headings of passages are missing, which take the longest to read.
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

MAX_SYNCHRONOUS_ARTICLES = (
    200  # articles that are read and sorted within one request: some tenths of a second
)
CHANGE_BATCH_SIZE = 500  # entries of the feed read at once
READ_BATCH_SIZE = 100  # articles read at once
REST_FACTOR = (
    10  # a thread that sorts rests ten times as long: adding thousands keeps it from searches
)


class AutocompleteService:
    """The names of one store's published articles. Shared by all threads of a process."""

    def __init__(self, store: ArticleStore) -> None:
        self._store = store
        self._state = threading.Lock()  # around the fields; held for moments
        self._work = threading.Lock()  # around reading and sorting
        self._thread: threading.Thread | None = None
        self._seen = -1  # the newest change that was noticed
        self._pending: dict[str, int] = {}  # articles to read, and since which change
        self._articles: dict[str, ArticleEntry] = {}  # touched by whoever holds `_work` only
        self._names = AutocompleteIndex()
        self._hidden: frozenset[str] = frozenset()

    def find(self, typed: str) -> SuggestionSet:
        """Return what `typed` may be the beginning of, as of the newest change."""
        if not typed.strip():
            return SuggestionSet()
        self._read_changes()
        self._update()
        with self._state:
            names, hidden = self._names, self._hidden
        return names.find(typed, hidden)

    def _read_changes(self) -> None:
        """Learn what has changed in the store; what changed is hidden until it is read again."""
        newest = self._store.last_seq()
        with self._state:
            if newest == self._seen:
                return
            if self._seen < 0:
                self._load_titles()
                self._seen = newest
            while changes := self._store.changes(self._seen, CHANGE_BATCH_SIZE):
                # A version that was saved but not published changes nothing that is found.
                self._pending.update({c.article_id: c.seq for c in changes if c.kind != "saved"})
                self._seen = changes[-1].seq
            self._update_hidden()

    def _load_titles(self) -> None:
        """Take the titles at once; the headings are read as if all articles had changed."""
        summaries = self._store.summaries(ArticleStatus.PUBLISHED)
        self._articles = {summary.id: _entry_without_headings(summary) for summary in summaries}
        self._pending = dict.fromkeys(self._articles, 0)
        if len(summaries) > MAX_SYNCHRONOUS_ARTICLES:
            self._names = AutocompleteIndex(self._articles.values())

    def _update_hidden(self) -> None:
        self._hidden = frozenset(id_ for id_, since in self._pending.items() if since)

    def _update(self) -> None:
        """Read and sort what has changed: now, or in a thread when that takes long."""
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
                reading = dict(self._pending)
            if not reading:
                return  # somebody else has just done it
            self._read_articles(list(reading))
            names = AutocompleteIndex(self._articles.values())
            with self._state:
                self._names = names
                for id_, since in reading.items():
                    if self._pending[id_] == since:  # not changed again since it was read
                        del self._pending[id_]
                self._update_hidden()

    def _read_articles(self, ids: list[str]) -> None:
        for start in range(0, len(ids), READ_BATCH_SIZE):
            batch = ids[start : start + READ_BATCH_SIZE]
            found = {one.article.id: _complete_entry(one) for one in self._store.contents(batch)}
            for id_ in batch:
                self._articles.pop(id_, None)
            self._articles |= found


def _entry_without_headings(summary: ArticleSummary) -> ArticleEntry:
    return ArticleEntry(
        article_id=summary.id,
        title=summary.title,
        passages=summary.passages,
        also_called=summary.metadata.also_called,
        topics=summary.metadata.topics,
        source=summary.metadata.source,
    )


def _complete_entry(contents: ArticleOutline) -> ArticleEntry:
    return replace(_entry_without_headings(contents.article), headings=_headings(contents.places))


def _headings(places: Iterable[PassageRef]) -> tuple[SuggestedHeading, ...]:
    """Return each heading once, with the first passage that stands under it."""
    first: dict[str, str] = {}
    count: dict[str, int] = {}
    for place in places:
        for heading in place.heading_path:
            first.setdefault(heading, place.passage_id)
            count[heading] = count.get(heading, 0) + 1
    return tuple(SuggestedHeading(text, id_, count[text]) for text, id_ in first.items())
