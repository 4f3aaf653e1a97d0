"""Counting what is searched, opened and found helpful, without a trace of who did.

Requests only note a query in memory; the round of the follower (`web.server.gunicorn_app`) writes counters. So
no search waits for the log or fails with it, and what is lost when a process is killed is a few
seconds of statistics. While somebody types, each key may send a search: of those that grow into a
longer one within some seconds only the last counts.
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
from typing import Protocol

from index.analyzer import words
from kb.storage.atomic_files import atomic_write
from kb.storage.query_stats import COUNTERS, QueryCounters, QueryStatsStore
from web.analytics.query_redaction import is_ever_safe_to_store, is_safe_to_store

KEY_FILE = "query-log.key"  # in KB_HOME, beside the database and in no backup
TYPING_SECONDS = 10.0
LOOKED_BACK = 20  # notes before the last, among which are those of whoever is typing
MAX_WAITING = 2_000  # notes in memory: beyond, they are written before they have waited
FORGOTTEN_BEYOND = 50_000  # notes, while the database is away for long


class WordChecker(Protocol):
    """What says which words are known; ``index.search.service.SearchService`` does."""

    def knows(self, word: str) -> bool: ...  # noqa: D102

    def names_whole(self, text: str) -> bool: ...  # noqa: D102


@dataclass(slots=True)
class PendingQuery:
    """A query that waits to be counted."""

    q: str
    at: float
    counts: dict[str, int] = field(default_factory=dict)

    def is_begun_by(self, q: str) -> bool:
        """Whether it is a search for the beginning of `q`, as somebody types it."""
        return "times" in self.counts and len(self.q) < len(q) and q.startswith(self.q)


class QueryLog:
    """The log of one process. With `days` 0 nothing is noted."""

    def __init__(
        self,
        searches: QueryStatsStore,
        knowing: WordChecker,
        home: Path,
        days: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._searches, self._knowing, self._home, self._days = searches, knowing, home, days
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: list[PendingQuery] = []
        self._swept = -float("inf")

    def searched(self, q: str, *, found: int, changed: bool) -> None:
        """Note a search: how many articles it found, and if it was relaxed or corrected."""
        counts = {"times": 1, "found": int(found > 0), "changed": int(changed)}
        with self._lock:
            now = self._clock()
            # Only the last few: a search must not take longer because many others are searching.
            for note in self._waiting[-LOOKED_BACK:]:
                if now - note.at < TYPING_SECONDS and note.is_begun_by(q):
                    note.counts.clear()
        self._note(q, counts)

    def opened(self, q: str) -> None:
        """Note that a result of a search was opened."""
        self._note(q, {"opened": 1})

    def voted(self, q: str, *, helped: bool) -> None:
        """Note whether what was found for a query helped."""
        self._note(q, {"helped": 1} if helped else {"failed": 1})

    def write(self, *, everything: bool = False) -> None:
        """Count what has waited long enough; raises `StoreError`, and then keeps it."""
        with self._lock:
            crowded = len(self._waiting) > MAX_WAITING
            before = self._clock() - (0.0 if everything or crowded else TYPING_SECONDS)
            # In the order of their times, so those that are ready stand at the front.
            ready = list(takewhile(lambda note: note.at <= before, self._waiting))
        if ready:
            self._searches.count(self._counted(ready))
            with self._lock:
                del self._waiting[: len(ready)]
        if self._clock() - self._swept > 3_600:  # once an hour is enough for days
            self._searches.forget(self._days)
            self._swept = self._clock()

    def _note(self, q: str, counts: dict[str, int]) -> None:
        if not self._days or not q.strip():
            return
        with self._lock:
            if len(self._waiting) < FORGOTTEN_BEYOND:
                self._waiting.append(PendingQuery(q, self._clock(), counts))

    def _counted(self, notes: list[PendingQuery]) -> list[QueryCounters]:
        sums: dict[str, dict[str, int]] = {}
        shown: dict[str, str] = {}
        for note in notes:
            if not note.counts:
                continue
            plain = " ".join(word.lower() for word in words(note.q))
            shown.setdefault(plain, note.q)
            mine = sums.setdefault(plain, dict.fromkeys(COUNTERS, 0))
            for name, count in note.counts.items():
                mine[name] += count
        key = self._key()
        made = []
        for plain, counters in sums.items():
            q = shown[plain]
            now = is_safe_to_store(q, self._knowing.knows, self._knowing.names_whole)
            ever = now or is_ever_safe_to_store(q)
            digest = hmac.digest(key, plain.encode(), hashlib.sha256).hex()[:32]
            made.append(
                QueryCounters(
                    key=digest, text=plain if now else "", words=plain if ever else "", **counters
                )
            )
        return made

    def _key(self) -> bytes:
        """Return the key of the hashes: without it nobody can try names against them."""
        path = self._home / KEY_FILE
        if not path.exists():
            atomic_write(path, secrets.token_hex(32).encode())
            path.chmod(0o600)
        return path.read_bytes()
