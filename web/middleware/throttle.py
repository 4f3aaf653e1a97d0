"""A limit on what all readers of one process may send together.

Readers are not counted apart: that would mean keeping their addresses.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

TAKEN_MOST, WHILE_SECONDS = 20, 600  # a busy hospital asks a few times an hour


class GlobalThrottle:
    """Lets so many through in a while, whoever they are."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: deque[float] = deque()

    def take(self) -> bool:
        """Whether one more may pass now; counts it when it may."""
        with self._lock:
            now = self._clock()
            while self._taken and now - self._taken[0] >= WHILE_SECONDS:
                self._taken.popleft()
            if len(self._taken) >= TAKEN_MOST:
                return False
            self._taken.append(now)
            return True
