"""All titles, topics and other names of the published articles in one alphabetical list.

A reader who does not know what to type looks here. A topic leads to its articles, another name
("also called") to the article's title. The list is made again when the change feed has moved on.
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
MAX_SINGLE_PAGE_ENTRIES = (
    600  # entries on one page: some 15 screens, beyond that one letter is shown at a time
)


class AzEntryKind(StrEnum):
    """What an entry of the list is."""

    ARTICLE = "article"
    TOPIC = "topic"
    SEE = "see"


@dataclass(frozen=True, slots=True, kw_only=True)
class AzEntry:
    """A line of the list. `articles` counts those of a topic; `see` is what another name means."""

    kind: AzEntryKind
    name: str
    article_id: str = ""
    see: str = ""
    articles: int = 0


@dataclass(frozen=True, slots=True)
class AzLetter:
    """The entries under one letter."""

    name: str
    entries: tuple[AzEntry, ...]


@dataclass(frozen=True, slots=True)
class AzListing:
    """The whole list, and how many articles it covers."""

    letters: tuple[AzLetter, ...]
    topics: tuple[AzEntry, ...]
    articles: int

    @property
    def fits_one_page(self) -> bool:
        """Whether all letters can be shown at once."""
        return sum(len(letter.entries) for letter in self.letters) <= MAX_SINGLE_PAGE_ENTRIES

    def letter(self, name: str) -> AzLetter | None:
        """Return one letter, or None when nothing stands under it."""
        return next((letter for letter in self.letters if letter.name == name), None)


class AzIndex:
    """The present list of a store, and what it offers to somebody who types."""

    def __init__(self, store: ArticleStore) -> None:
        self._store = store
        self.suggestions = AutocompleteService(store)
        self._lock = threading.Lock()
        self._seq = -1
        self._listing = AzListing((), (), 0)

    def listing(self) -> AzListing:
        """Return the list as of the newest change."""
        seq = self._store.last_seq()
        with self._lock:
            if seq != self._seq:
                self._listing = list_names(self._store.summaries(ArticleStatus.PUBLISHED))
                self._seq = seq
            return self._listing


def list_names(summaries: Iterable[ArticleSummary]) -> AzListing:
    """Return the list of these articles."""
    summaries = list(summaries)
    counts = Counter(topic for summary in summaries for topic in set(summary.metadata.topics))
    topics = [
        AzEntry(kind=AzEntryKind.TOPIC, name=topic, articles=count)
        for topic, count in counts.items()
    ]
    topics.sort(key=_place)
    entries = [*topics, *(entry for summary in summaries for entry in _names(summary))]
    by_letter: dict[str, list[AzEntry]] = {}
    for entry in sorted(entries, key=_place):
        by_letter.setdefault(_letter(entry.name), []).append(entry)
    letters = tuple(AzLetter(name, tuple(found)) for name, found in by_letter.items())
    return AzListing(tuple(sorted(letters, key=_letter_place)), tuple(topics), len(summaries))


def _names(summary: ArticleSummary) -> list[AzEntry]:
    title = AzEntry(kind=AzEntryKind.ARTICLE, name=summary.title, article_id=summary.id)
    others = dict.fromkeys(summary.metadata.also_called)
    return [
        title,
        *(
            AzEntry(kind=AzEntryKind.SEE, name=name, article_id=summary.id, see=summary.title)
            for name in others
            if name.casefold() != summary.title.casefold()
        ),
    ]


def _plain(name: str) -> str:
    """Return a name as it is ordered: without case, accents and signs before the first letter."""
    bare = "".join(
        character
        for character in unicodedata.normalize("NFKD", name.casefold())
        if not unicodedata.combining(character)
    )
    start = next((i for i, character in enumerate(bare) if character.isalnum()), len(bare))
    return bare[start:]


def _place(entry: AzEntry) -> tuple[str, str, str, str]:
    return _plain(entry.name), entry.kind, entry.see, entry.article_id


def _letter(name: str) -> str:
    first = _plain(name)[:1]
    if first.isdigit():
        return DIGITS
    return first.upper() if first.isalpha() else OTHER


def _letter_place(letter: AzLetter) -> tuple[int, str]:
    return {DIGITS: 0, OTHER: 2}.get(letter.name, 1), letter.name
