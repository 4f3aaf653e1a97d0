"""Alphabetical index of the titles, topics and alternative names of published articles.

Topics link to their articles, alternative names to the article's title. The index is rebuilt when
the change feed advances.
"""

from __future__ import annotations

import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from index.autocomplete.service import AutocompleteService
from kb.model.records import ArticleStatus, ArticleSummary
from kb.storage.article_store import ArticleStore

DIGITS = "0–9"
OTHER = "Other"
MAX_SINGLE_PAGE_ENTRIES = 600  # a longer list is shown one letter per page


class AzEntryKind(StrEnum):
    """Kind of an entry."""

    ARTICLE = "article"
    TOPIC = "topic"
    SEE = "see"


@dataclass(frozen=True, slots=True, kw_only=True)
class AzEntry:
    """Entry of the index.

    `articles` is the article count of a topic, `see` the article title for an alternative name.
    """

    kind: AzEntryKind
    name: str
    article_id: str = ""
    see: str = ""
    articles: int = 0


@dataclass(frozen=True, slots=True)
class AzLetter:
    """The entries of one letter."""

    name: str
    entries: tuple[AzEntry, ...]


@dataclass(frozen=True, slots=True)
class AzListing:
    """The index and its number of articles."""

    letters: tuple[AzLetter, ...]
    topics: tuple[AzEntry, ...]
    articles: int

    @property
    def fits_one_page(self) -> bool:
        """Return whether all letters fit on one page."""
        return sum(len(letter.entries) for letter in self.letters) <= MAX_SINGLE_PAGE_ENTRIES

    def letter(self, name: str) -> AzLetter | None:
        """Return a letter, or None if it has no entries."""
        return next((letter for letter in self.letters if letter.name == name), None)


class AzIndex:
    """Alphabetical index of a store, cached until its next change."""

    def __init__(self, store: ArticleStore) -> None:
        self._store = store
        self.suggestions = AutocompleteService(store)
        self._lock = threading.Lock()
        self._seq = -1
        self._listing = AzListing((), (), 0)

    def listing(self) -> AzListing:
        """Return the index as of the latest change."""
        seq = self._store.last_seq()
        with self._lock:
            if seq != self._seq:
                self._listing = build_listing(self._store.summaries(ArticleStatus.PUBLISHED))
                self._seq = seq
            return self._listing


def build_listing(summaries: Iterable[ArticleSummary]) -> AzListing:
    """Return the index of these articles."""
    summaries = list(summaries)
    counts = Counter(topic for summary in summaries for topic in set(summary.metadata.topics))
    topics = [
        AzEntry(kind=AzEntryKind.TOPIC, name=topic, articles=count)
        for topic, count in counts.items()
    ]
    topics.sort(key=_entry_key)
    entries = [*topics, *(entry for summary in summaries for entry in _article_entries(summary))]
    by_letter: dict[str, list[AzEntry]] = {}
    for entry in sorted(entries, key=_entry_key):
        by_letter.setdefault(_initial(entry.name), []).append(entry)
    letters = tuple(AzLetter(name, tuple(members)) for name, members in by_letter.items())
    return AzListing(tuple(sorted(letters, key=_letter_key)), tuple(topics), len(summaries))


def _article_entries(summary: ArticleSummary) -> list[AzEntry]:
    title = AzEntry(kind=AzEntryKind.ARTICLE, name=summary.title, article_id=summary.id)
    alternative_names = dict.fromkeys(summary.metadata.also_called)
    return [
        title,
        *(
            AzEntry(kind=AzEntryKind.SEE, name=name, article_id=summary.id, see=summary.title)
            for name in alternative_names
            if name.casefold() != summary.title.casefold()
        ),
    ]


def _sort_key(name: str) -> str:
    """Return the sort key of a name: without case, accents and leading punctuation."""
    bare = "".join(
        character
        for character in unicodedata.normalize("NFKD", name.casefold())
        if not unicodedata.combining(character)
    )
    start = next((i for i, character in enumerate(bare) if character.isalnum()), len(bare))
    return bare[start:]


def _entry_key(entry: AzEntry) -> tuple[str, str, str, str]:
    return _sort_key(entry.name), entry.kind, entry.see, entry.article_id


def _initial(name: str) -> str:
    first = _sort_key(name)[:1]
    if first.isdigit():
        return DIGITS
    return first.upper() if first.isalpha() else OTHER


def _letter_key(letter: AzLetter) -> tuple[int, str]:
    return {DIGITS: 0, OTHER: 2}.get(letter.name, 1), letter.name
