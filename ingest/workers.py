"""Work on many pieces at once, handed back in their order and never far ahead of its use.

With one job the work is done in this process, one piece at a time. With more it is done by
processes that hold nothing of this one's database (they are started fresh, not forked) and leave
the interrupt key to this one. A process that dies takes the pool with it, so what was under way is
done again piece by piece in a pool of one, and only the piece that kills that is given up.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TypeVar

from kb.errors import SourceError

Item = TypeVar("Item")
Shared = TypeVar("Shared")
Result = TypeVar("Result")

# Pieces under way for each job: enough that no process waits for the store, few enough that the
# memory in use does not grow with the batch.
AHEAD = 4


class WorkerDiedError(Exception):
    """A process died of a piece of work: the system ended it, or a library crashed."""


def in_order(
    work: Callable[[Item, Shared], Result],
    items: Iterable[Item | SourceError],
    shared: Shared,
    *,
    jobs: int,
) -> Iterator[tuple[Item | SourceError, Result | Exception]]:
    """Yield (item, result or the exception that the work raised), in the order of `items`.

    An item that is an error already is its own result.
    """
    if jobs > 1:
        yield from _by_processes(work, items, shared, jobs)
        return
    for item in items:
        yield item, item if isinstance(item, SourceError) else attempt(work, item, shared)


def attempt(
    work: Callable[[Item, Shared], Result], item: Item, shared: Shared
) -> Result | Exception:
    """Return what the work returns or raises: to the batch both are results."""
    try:
        return work(item, shared)
    except Exception as error:  # noqa: BLE001 - it is handed back and becomes the item's outcome
        return error


def _by_processes(
    work: Callable[[Item, Shared], Result],
    items: Iterable[Item | SourceError],
    shared: Shared,
    jobs: int,
) -> Iterator[tuple[Item | SourceError, Result | Exception]]:
    coming = iter(items)
    waiting: deque[tuple[Item | SourceError, Future[Result | Exception]]] = deque()
    pool = _pool(jobs)
    try:
        while True:
            for item in islice(coming, AHEAD * jobs - len(waiting)):
                waiting.append((item, _submitted(pool, work, item, shared)))
            if not waiting:
                return
            item, future = waiting.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                result = _alone(work, item, shared)
                pool.shutdown(cancel_futures=True)
                pool = _pool(jobs)
                again = [(each, _submitted(pool, work, each, shared)) for each, _ in waiting]
                waiting = deque(again)
            yield item, result
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )


def _submitted(
    pool: ProcessPoolExecutor,
    work: Callable[[Item, Shared], Result],
    item: Item | SourceError,
    shared: Shared,
) -> Future[Result | Exception]:
    done: Future[Result | Exception] = Future()
    if isinstance(item, SourceError):
        done.set_result(item)
        return done
    try:
        return pool.submit(attempt, work, item, shared)
    except BrokenProcessPool as error:
        done.set_exception(error)
        return done


def _alone(
    work: Callable[[Item, Shared], Result], item: Item | SourceError, shared: Shared
) -> Result | Exception:
    """Do one piece of work in a process of its own."""
    with _pool(1) as pool:
        try:
            return _submitted(pool, work, item, shared).result()
        except BrokenProcessPool:
            return WorkerDiedError("the process that read it died")
