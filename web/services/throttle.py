"""Limit on anonymous form submissions, shared by all readers of one process.

Readers are not counted individually, because that would require storing their addresses.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

MAX_SUBMISSIONS = 20  # per window; a busy hospital sends a few per hour
WINDOW_SECONDS = 600


class GlobalThrottle:
    """Sliding-window limit of `MAX_SUBMISSIONS` per `WINDOW_SECONDS`. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._accepted: deque[float] = deque()

    def try_acquire(self) -> bool:
        """Count one submission and return True, or return False if the limit is reached."""
        with self._lock:
            now = self._clock()
            while self._accepted and now - self._accepted[0] >= WINDOW_SECONDS:
                self._accepted.popleft()
            if len(self._accepted) >= MAX_SUBMISSIONS:
                return False
            self._accepted.append(now)
            return True
