"""Background thread of each server process that computes the vectors of published passages.

The processes agree by a lease in the database, so only one computes at a time
(`kb.storage.passage_vectors`).
"""

from __future__ import annotations

import logging
import os
import threading

from index.semantic.vectorizer import Vectorizer
from kb.errors import StoreError

LOWEST_PRIORITY = 19  # nice value
REST = 1.0  # pause after each passage, relative to its duration: at most half of a core is used

log = logging.getLogger(__name__)


class VectorWorker(threading.Thread):
    """Background thread that processes new changes every `seconds`."""

    def __init__(self, vectorizer: Vectorizer, seconds: float) -> None:
        super().__init__(name="kb-vectors", daemon=True)
        self._vectorizer, self._seconds = vectorizer, seconds
        self._stopping = threading.Event()
        self._last_message = ""

    def run(self) -> None:
        """Process changes until `stop` is called; each error is logged once, and retried."""
        if hasattr(os, "setpriority"):  # on Linux, of this thread only
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        while not self._stopping.wait(self._seconds):
            self.run_once()

    def run_once(self) -> None:
        """Process the pending changes, unless another process is doing so."""
        try:
            self._vectorizer.sync(rest=REST, stopping=self._stopping)
        except StoreError as error:
            if str(error) != self._last_message:
                log.warning("The vectors cannot be updated. %s", error)
            self._last_message = str(error)
        except Exception as error:
            if str(error) != self._last_message:
                log.exception("The vectors cannot be updated because of a fault in the program.")
            self._last_message = str(error)
        else:
            self._last_message = ""

    def stop(self) -> None:
        """End the thread after the current passage."""
        self._stopping.set()
