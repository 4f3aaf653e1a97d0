"""Work on pieces in processes of their own, handed back in order and never far ahead of its use.

Each process (`ingest.workers.sandbox`) does many pieces, one at a time. A thread for each of them sends a
piece, waits for the answer and watches the clock, whatever the main thread is busy with. A process
that dies, runs into a limit or has grown is killed with all it started, and the next piece gets a
new one from the nursery (`ingest.workers.fork_server`); only the piece that it had is lost.

There is one way for any number of jobs: with one, this process stores articles while the other
reads the next ones.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from math import inf
from types import TracebackType
from typing import Any, TypeVar

from ingest.workers.fork_server import ForkServer, WorkerProcess, WorkerResult
from ingest.workers.sandbox import MEGABYTE, SandboxLimits
from kb.errors import SandboxError, SourceError

Item = TypeVar("Item")
Shared = TypeVar("Shared")
Result = TypeVar("Result")

# Pieces under way for each job: enough that no process waits while this one stores what came
# together, or for one long piece. Few enough, and fewer when what has come is so large, that the
# memory in use does not grow with the batch.
READ_AHEAD = 16
MAX_WAITING_BYTES = 32 * MEGABYTE  # as pickles; a long article is 1 MB
# What is handed back together, so that it can be stored together: so many at most, so large as
# pickles, and none waits longer than this for those that come after it.
MAX_BATCH = 32
MAX_BATCH_BYTES = 16 * MEGABYTE
MAX_BATCH_WAIT_SECONDS = 0.2


def map_ordered(
    work: Callable[[Item, Shared], Result],
    items: Iterable[Item | SourceError],
    shared: Shared,
    *,
    jobs: int,
    limits: SandboxLimits | None = None,
) -> Generator[list[tuple[Item | SourceError, Result | Exception]], None, None]:
    """Yield lists of (item, result or an exception), in the order of `items`.

    The exception is the `SourceError` that the work raised, or a `LostError`, or a `FaultError`.
    An item that is an error already is its own result. `work` is a function of a module; what it
    returns is made of plain values and our own classes. A list holds what came within
    `MAX_BATCH_WAIT_SECONDS` of its first entry.
    """
    coming = iter(items)
    waiting: deque[tuple[Item | SourceError, Future[WorkerResult]]] = deque()

    def look_ahead() -> bool:
        come = sum(future.result().size for _, future in waiting if future.done())
        room = READ_AHEAD * jobs - len(waiting) if come < MAX_WAITING_BYTES else 0
        for item in islice(coming, room if waiting else READ_AHEAD * jobs):
            waiting.append((item, crew.submit(item)))
            if waiting[0][1].done():
                break  # an item may take its time to come, as a page of the web does
        return bool(waiting)

    with _WorkerPool((work, shared), jobs, limits or SandboxLimits()) as crew:
        while look_ahead():
            together: list[tuple[Item | SourceError, Any]] = []
            size, until = 0, inf
            while look_ahead() and _wait_until_done(waiting[0][1], until):
                item, future = waiting.popleft()
                answer = future.result()
                together.append((item, answer.value))
                size += answer.size
                until = min(until, time.monotonic() + MAX_BATCH_WAIT_SECONDS)
                if len(together) == MAX_BATCH or size > MAX_BATCH_BYTES:
                    break
            yield together


def _wait_until_done(future: Future[WorkerResult], until: float) -> bool:
    """Wait for a result as long as may be; say whether it came in time."""
    left = until - time.monotonic()
    if left <= 0:
        return False
    done, _ = wait([future], timeout=left if left < inf else None)
    return bool(done)


class _WorkerPool:
    """So many processes at most, each driven by one thread at a time."""

    def __init__(self, task: tuple[Any, Any], jobs: int, limits: SandboxLimits) -> None:
        self._first_message = pickle.dumps((*task, limits))
        self._limits = limits
        self._fork_server: ForkServer | None = None
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="reading")
        self._lock = threading.Lock()
        self._all: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self._closed = False

    def __enter__(self) -> _WorkerPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._closed = True
            for worker in self._all:
                worker.kill()
            if self._fork_server:
                self._fork_server.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._all:
            worker.close()
        if self._fork_server:
            self._fork_server.close()

    def submit(self, item: Any) -> Future[WorkerResult]:
        """Have a piece worked on; an error is its own result."""
        if not isinstance(item, SourceError):
            return self._threads.submit(self._run, item)
        done: Future[WorkerResult] = Future()
        done.set_result(WorkerResult(item))
        return done

    def _run(self, item: Any) -> WorkerResult:
        worker = self._idle.pop() if self._idle else self._start_worker()
        try:
            return worker.run(item)
        finally:
            if worker.is_reusable:
                self._idle.append(worker)
            else:
                worker.terminate()
                with self._lock:
                    self._all.discard(worker)

    def _start_worker(self) -> WorkerProcess:
        with self._lock:
            if self._closed:
                raise SandboxError("the batch has ended")
            if self._fork_server is None:
                self._fork_server = ForkServer(self._first_message)
        worker = self._fork_server.start_worker(self._limits)
        with self._lock:
            self._all.add(worker)
            if self._closed:
                worker.kill()
        return worker
