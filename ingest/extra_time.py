"""Requests for more time than every source has, for work that is slow by nature.

The reader knows how much work a source needs, and the parent of its process enforces the limit
(`ingest.workers.fork_server`). This module connects them, because readers do not know the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

# Sends the request of a worker to its parent; outside a worker, there is no limit to extend.
request_handler: ContextVar[Callable[[float], None] | None] = ContextVar(
    "request_handler", default=None
)


def request_extra_time(seconds: float) -> None:
    """Extend the time limit of the current source; only the first request counts."""
    handler = request_handler.get()
    if handler is not None:
        handler(seconds)
