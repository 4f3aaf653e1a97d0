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

from index.autocomplete.service import Suggestions
from kb.model.records import ArticleSummary, Status
from kb.storage.article_store import Store

DIGITS = "0–9"
OTHER = "Other"
WHOLE_MOST = 600  # entries on one page: some 15 screens, beyond that one letter is shown at a time


class EntryKind(StrEnum):
    """What an entry of the list is."""

    ARTICLE = "article"
    TOPIC = "topic"
    SEE = "see"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the list. `articles` counts those of a topic; `see` is what another name means."""

    kind: EntryKind
    name: str
    article_id: str = ""
    see: str = ""
    articles: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """The entries under one letter."""

    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The whole list, and how many articles it covers."""

    letters: tuple[Letter, ...]
    topics: tuple[Entry, ...]
    articles: int

    @property
    def fits_one_page(self) -> bool:
        """Whether all letters can be shown at once."""
        return sum(len(letter.entries) for letter in self.letters) <= WHOLE_MOST

    def letter(self, name: str) -> Letter | None:
        """Return one letter, or None when nothing stands under it."""
        return next((letter for letter in self.letters if letter.name == name), None)


class Alphabet:
    """The present list of a store, and what it offers to somebody who types."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.suggestions = Suggestions(store)
        self._lock = threading.Lock()
        self._seq = -1
        self._listing = Listing((), (), 0)

    def listing(self) -> Listing:
        """Return the list as of the newest change."""
        seq = self._store.last_seq()
        with self._lock:
            if seq != self._seq:
                self._listing = list_names(self._store.summaries(Status.PUBLISHED))
                self._seq = seq
            return self._listing


def list_names(summaries: Iterable[ArticleSummary]) -> Listing:
    """Return the list of these articles."""
    summaries = list(summaries)
    counts = Counter(topic for summary in summaries for topic in set(summary.metadata.topics))
    topics = [
        Entry(kind=EntryKind.TOPIC, name=topic, articles=count) for topic, count in counts.items()
    ]
    topics.sort(key=_place)
    entries = [*topics, *(entry for summary in summaries for entry in _names(summary))]
    by_letter: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=_place):
        by_letter.setdefault(_letter(entry.name), []).append(entry)
    letters = tuple(Letter(name, tuple(found)) for name, found in by_letter.items())
    return Listing(tuple(sorted(letters, key=_letter_place)), tuple(topics), len(summaries))


def _names(summary: ArticleSummary) -> list[Entry]:
    title = Entry(kind=EntryKind.ARTICLE, name=summary.title, article_id=summary.id)
    others = dict.fromkeys(summary.metadata.also_called)
    return [
        title,
        *(
            Entry(kind=EntryKind.SEE, name=name, article_id=summary.id, see=summary.title)
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


def _place(entry: Entry) -> tuple[str, str, str, str]:
    return _plain(entry.name), entry.kind, entry.see, entry.article_id


def _letter(name: str) -> str:
    first = _plain(name)[:1]
    if first.isdigit():
        return DIGITS
    return first.upper() if first.isalpha() else OTHER


def _letter_place(letter: Letter) -> tuple[int, str]:
    return {DIGITS: 0, OTHER: 2}.get(letter.name, 1), letter.name
