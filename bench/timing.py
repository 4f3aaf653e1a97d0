"""Timing of calls, summarised as median and 99th percentile.

Medians of many short calls are stable on a shared machine, means are not. On a busy machine,
compare medians of one run and rely on their ratios rather than on milliseconds.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypedDict, TypeVar

T = TypeVar("T")


class Summary(TypedDict):
    """Summary of the times of many calls."""

    p50_ms: float
    p99_ms: float
    per_second: float


def timed(action: Callable[[], T]) -> tuple[T, float]:
    """Return the result of `action` and its wall time in seconds."""
    started = time.perf_counter()
    result = action()
    return result, time.perf_counter() - started


def percentile(values: Sequence[float], share: float) -> float:
    """Return the percentile for `share` by the nearest-rank method."""
    if not values or not 0 < share <= 1:
        raise ValueError(
            "The percentile needs at least one value, and a share above 0 and at most 1."
        )
    return sorted(values)[math.ceil(share * len(values)) - 1]


def summary(seconds: Sequence[float]) -> Summary:
    """Return median and 99th percentile in milliseconds, and calls per second of one thread."""
    return {
        "p50_ms": round(statistics.median(seconds) * 1000, 4),
        "p99_ms": round(percentile(seconds, 0.99) * 1000, 4),
        "per_second": round(len(seconds) / sum(seconds), 1),
    }
