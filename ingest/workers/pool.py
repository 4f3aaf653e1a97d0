"""Ordered map over a pool of sandboxed worker processes.

Each worker (`ingest.workers.sandbox`) processes many items, one at a time. One thread per worker
sends an item, waits for the result and enforces the wall-clock limit, so the main thread stays
free. A worker that dies, exceeds a limit or has grown too much is killed with its process group
and replaced by the fork server (`ingest.workers.fork_server`); only its current item is lost.

The same code serves any number of jobs. With one job, this process saves articles while the worker
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

# Items in progress per job: enough that no worker is idle while this process saves a batch or waits
# for one slow item, but bounded so that memory use does not grow with the number of sources.
READ_AHEAD = 16
MAX_WAITING_BYTES = 32 * MEGABYTE  # pickled results; a long article is about 1 MB
# Limits of one batch of results, which is saved in one transaction.
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
    """Yield batches of (item, result or exception), in the order of `items`.

    An exception is the `SourceError` raised by `work`, a `WorkerLostError` or a `WorkerFaultError`.
    An item that is already an error is its own result. `work` must be a module-level function that
    returns plain values and instances of this project's classes. A batch contains the results that
    arrive within `MAX_BATCH_WAIT_SECONDS` of its first entry.
    """
    remaining = iter(items)
    queue: deque[tuple[Item | SourceError, Future[WorkerResult]]] = deque()

    def fill_queue() -> bool:
        done_bytes = sum(future.result().size for _, future in queue if future.done())
        room = READ_AHEAD * jobs - len(queue) if done_bytes < MAX_WAITING_BYTES else 0
        for item in islice(remaining, room if queue else READ_AHEAD * jobs):
            queue.append((item, pool.submit(item)))
            if queue[0][1].done():
                break  # the next item may be slow to arrive, such as a web page
        return bool(queue)

    with _WorkerPool((work, shared), jobs, limits or SandboxLimits()) as pool:
        while fill_queue():
            batch: list[tuple[Item | SourceError, Any]] = []
            size, deadline = 0, inf
            while fill_queue() and _wait_until_done(queue[0][1], deadline):
                item, future = queue.popleft()
                result = future.result()
                batch.append((item, result.value))
                size += result.size
                deadline = min(deadline, time.monotonic() + MAX_BATCH_WAIT_SECONDS)
                if len(batch) == MAX_BATCH or size > MAX_BATCH_BYTES:
                    break
            yield batch


def _wait_until_done(future: Future[WorkerResult], deadline: float) -> bool:
    """Return whether the result arrives before `deadline`, in seconds of the monotonic clock."""
    remaining_seconds = deadline - time.monotonic()
    if remaining_seconds <= 0:
        return False
    done, _ = wait([future], timeout=remaining_seconds if remaining_seconds < inf else None)
    return bool(done)


class _WorkerPool:
    """At most `jobs` worker processes, each used by one thread at a time."""

    def __init__(self, work_and_shared: tuple[Any, Any], jobs: int, limits: SandboxLimits) -> None:
        self._first_message = pickle.dumps((*work_and_shared, limits))
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
        """Return a future for the result of an item; an error is its own result."""
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
