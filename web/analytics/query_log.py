"""Query log: anonymous counters of searches, clicks and feedback.

Requests only append to a buffer; a background thread (`web.server.gunicorn_app`) writes the
counters. A search never waits for the log, and a killed process loses a few seconds of statistics.
Consecutive searches while typing, where each query extends the previous one, count once.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from index.analyzer import split_words
from index.search.service import SearchService
from kb.storage.atomic_files import atomic_write
from kb.storage.query_stats import COUNTERS, QueryCounters, QueryStatsStore
from web.analytics.query_redaction import has_no_personal_data, is_safe_to_store

KEY_FILE = "query-log.key"  # in KB_HOME, not part of backups
TYPING_SECONDS = 10.0
MAX_PREFIX_CANDIDATES = 20  # latest entries examined for a prefix of the query
MAX_WAITING = 2_000  # with more entries, the buffer is written immediately
MAX_ENTRIES = 50_000  # further entries are dropped while the database is unavailable


@dataclass(slots=True)
class PendingQuery:
    """A buffered event of a query."""

    q: str
    at: float
    counts: dict[str, int] = field(default_factory=dict)

    def is_begun_by(self, q: str) -> bool:
        """Return whether it is a search for a prefix of `q`."""
        return "times" in self.counts and len(self.q) < len(q) and q.startswith(self.q)


class QueryLog:
    """Query log of one process. Disabled if `days` is 0."""

    def __init__(
        self,
        searches: QueryStatsStore,
        search: SearchService,
        home: Path,
        days: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._searches, self._search, self._home, self._days = searches, search, home, days
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: list[PendingQuery] = []
        self._swept = -float("inf")

    def record_search(self, q: str, *, found: int, changed: bool) -> None:
        """Record a search, its number of articles, and whether it was relaxed or corrected."""
        counts = {"times": 1, "found": int(found > 0), "changed": int(changed)}
        with self._lock:
            now = self._clock()
            # Examine only the latest entries, so that the time does not grow with the load.
            for note in self._waiting[-MAX_PREFIX_CANDIDATES:]:
                if now - note.at < TYPING_SECONDS and note.is_begun_by(q):
                    note.counts.clear()
        self._note(q, counts)

    def record_click(self, q: str) -> None:
        """Record that a result of a query was opened."""
        self._note(q, {"opened": 1})

    def record_feedback(self, q: str, *, helped: bool) -> None:
        """Record whether the results of a query were helpful."""
        self._note(q, {"helped": 1} if helped else {"failed": 1})

    def write(self, *, everything: bool = False) -> None:
        """Write entries older than `TYPING_SECONDS`. Keeps them if it raises `StoreError`."""
        with self._lock:
            is_full = len(self._waiting) > MAX_WAITING
            before = self._clock() - (0.0 if everything or is_full else TYPING_SECONDS)
            # Entries are in chronological order.
            ready = list(takewhile(lambda note: note.at <= before, self._waiting))
        if ready:
            self._searches.add_counts(self._counted(ready))
            with self._lock:
                del self._waiting[: len(ready)]
        if self._clock() - self._swept > 3_600:  # purge once an hour
            self._searches.purge(self._days)
            self._swept = self._clock()

    def _note(self, q: str, counts: dict[str, int]) -> None:
        if not self._days or not q.strip():
            return
        with self._lock:
            if len(self._waiting) < MAX_ENTRIES:
                self._waiting.append(PendingQuery(q, self._clock(), counts))

    def _counted(self, notes: list[PendingQuery]) -> list[QueryCounters]:
        totals: dict[str, dict[str, int]] = {}
        originals: dict[str, str] = {}
        for note in notes:
            if not note.counts:
                continue
            normalised = " ".join(word.lower() for word in split_words(note.q))
            originals.setdefault(normalised, note.q)
            sums_of_query = totals.setdefault(normalised, dict.fromkeys(COUNTERS, 0))
            for name, count in note.counts.items():
                sums_of_query[name] += count
        key = self._key()
        result = []
        for normalised, counters in totals.items():
            q = originals[normalised]
            now = is_safe_to_store(q, self._search.is_known_word, self._search.is_known_name)
            is_storable = now or has_no_personal_data(q)
            digest = hmac.digest(key, normalised.encode(), hashlib.sha256).hex()[:32]
            result.append(
                QueryCounters(
                    key=digest,
                    text=normalised if now else "",
                    words=normalised if is_storable else "",
                    **counters,
                )
            )
        return result

    def _key(self) -> bytes:
        """Return the key of the query hashes; it prevents guessing queries from their hashes."""
        path = self._home / KEY_FILE
        if not path.exists():
            atomic_write(path, secrets.token_hex(32).encode())
            path.chmod(0o600)
        return path.read_bytes()
