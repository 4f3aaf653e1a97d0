"""Work on pieces in processes of their own, handed back in order and never far ahead of its use.

Each process (`ingest.sandbox`) does many pieces, one at a time: starting one costs half a second,
a piece some milliseconds. A thread for each of them sends a piece, waits for the answer and
watches the clock, whatever the main thread is busy with. A process that dies, runs into a limit or
has grown is killed with all it started, and the next piece gets a new one; only the piece that it
had is lost.

There is one way for any number of jobs: with one, this process stores an article while the other
reads the next one.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import Any, TypeVar

from ingest.sandbox import HEADER, MEGABYTE, Limits, plain
from kb.errors import SandboxError, SourceError

Item = TypeVar("Item")
Shared = TypeVar("Shared")
Result = TypeVar("Result")

# Pieces under way for each job: enough that no process waits for the store, few enough that the
# memory in use does not grow with the batch.
AHEAD = 4
START_SECONDS = 60.0  # half a second on a machine with nothing else to do
# Isolated from the person's own Python set-up; the folders to import from are ours.
PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from ingest.sandbox import serve; serve()"
INTERPRETER = (sys.executable, "-I", "-B", "-X", "utf8", "-c", PROGRAM)

SPLIT_IT = "Split it into several articles, or save it in another format."
REPORT_IT = "Save it in another format; please report this with the file."
# Limit -> what is wrong with the piece, with the figure filled in, and what to do.
EXCEEDED = {
    "memory": ("takes more than {memory:,} MB of memory to read.", SPLIT_IT),
    "processor": ("takes more than {cpu_seconds} s of processor time to read.", SPLIT_IT),
    "clock": ("takes longer than {wall_seconds:g} s to read.", SPLIT_IT),
    "output": ("gives an article larger than {output:,} MB.", SPLIT_IT),
    "writing": ("makes its reader write a file, which readers may not.", REPORT_IT),
}
CRASHES = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


class LostError(Exception):
    """A piece that ran into a limit, or took its process with it: says which, and what to do."""

    def __init__(self, problem: str, mend: str) -> None:
        self.problem, self.mend = problem, mend
        super().__init__(f"{problem} {mend}")


class FaultError(Exception):
    """The work raised what it should not: a fault of this program."""


def in_order(
    work: Callable[[Item, Shared], Result],
    items: Iterable[Item | SourceError],
    shared: Shared,
    *,
    jobs: int,
    limits: Limits | None = None,
) -> Generator[tuple[Item | SourceError, Result | Exception], None, None]:
    """Yield (item, result or an exception), in the order of `items`.

    The exception is the `SourceError` that the work raised, or a `LostError`, or a `FaultError`.
    An item that is an error already is its own result. `work` is a function of a module; what it
    returns is made of plain values and our own classes.
    """
    coming = iter(items)
    waiting: deque[tuple[Item | SourceError, Future[Any]]] = deque()
    with _Crew((work, shared), jobs, limits or Limits()) as crew:
        while True:
            for item in islice(coming, AHEAD * jobs - len(waiting)):
                waiting.append((item, crew.begin(item)))
            if not waiting:
                return
            item, answer = waiting.popleft()
            yield item, answer.result()


class _Crew:
    """So many processes at most, each driven by one thread at a time."""

    def __init__(self, task: tuple[Any, Any], jobs: int, limits: Limits) -> None:
        self._first_message = pickle.dumps((*task, limits))
        self._limits = limits
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="reading")
        self._lock = threading.Lock()
        self._all: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._closed = False

    def __enter__(self) -> _Crew:
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
        self._threads.shutdown(cancel_futures=True)
        for worker in self._all:
            worker.end()

    def begin(self, item: Any) -> Future[Any]:
        """Have a piece worked on; an error is its own result."""
        if not isinstance(item, SourceError):
            return self._threads.submit(self._result, item)
        done: Future[Any] = Future()
        done.set_result(item)
        return done

    def _result(self, item: Any) -> Any:
        worker = self._idle.pop() if self._idle else self._started()
        try:
            return worker.result(item)
        finally:
            if worker.usable:
                self._idle.append(worker)
            else:
                worker.end()
                with self._lock:
                    self._all.discard(worker)

    def _started(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise SandboxError("the batch has ended")
            try:
                worker = _Worker(self._limits)
            except OSError as error:
                raise SandboxError(str(error)) from error
            self._all.add(worker)
        worker.start(self._first_message)
        return worker


class _Worker:
    """One process, and the socket to it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*INTERPRETER, *(os.path.abspath(folder) for folder in sys.path)],  # noqa: PTH100
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        self.usable = True

    def start(self, first_message: bytes) -> None:
        """Wait until the process is ready. Raises `SandboxError`."""
        try:
            deadline = time.monotonic() + START_SECONDS
            self._send(first_message, deadline)
            self._received(deadline)
        except OSError as error:
            self.usable = False
            self.end()
            raise SandboxError(
                f"{type(error).__name__}, it ended with {self._process.returncode}"
            ) from error

    def result(self, item: Any) -> Any:
        """Return the result of a piece, or the error that it made."""
        deadline = time.monotonic() + self._limits.wall_seconds
        try:
            self._send(pickle.dumps(item), deadline)
            grown = self._received(deadline)
            answer = self._received(deadline)
            kind, value = plain(answer)
            self.usable = not plain(grown)
        except TimeoutError:
            self.usable = False
            return self._exceeded("clock")
        except _TooLargeError:
            self.usable = False
            return self._exceeded("output")
        except (OSError, pickle.UnpicklingError, ValueError, TypeError):
            self.usable = False
            return self._why_it_died()
        if kind == "limit":
            self.usable = False  # what is left of its memory is anybody's guess
            return self._exceeded(value)
        return FaultError(value) if kind == "fault" else value

    def kill(self) -> None:
        """Kill the process with all that it has started."""
        if self._process.returncode is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:  # it has ended by itself and left nobody behind
                return

    def end(self) -> None:
        """Kill the process and leave nothing of it."""
        self.kill()
        self._process.wait()
        self._line.close()

    def _exceeded(self, limit: str) -> LostError:
        problem, mend = EXCEEDED[limit]
        limits = self._limits
        figures = {
            "memory": limits.memory // MEGABYTE,
            "cpu_seconds": limits.cpu_seconds,
            "wall_seconds": limits.wall_seconds,
            "output": max(limits.output // MEGABYTE, 1),
        }
        return LostError(problem.format(**figures), mend)

    def _why_it_died(self) -> LostError:
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return LostError("made its reader answer with what it may not.", REPORT_IT)
        if code == -signal.SIGXCPU:
            return self._exceeded("processor")
        if code == -signal.SIGXFSZ:
            return self._exceeded("writing")
        if code == -signal.SIGKILL:
            return LostError("took so much memory that the system ended its reader.", SPLIT_IT)
        how = f"crashed ({signal.Signals(-code).name})" if -code in CRASHES else f"ended ({code})"
        return LostError(f"made the process that read it stop: it {how}.", REPORT_IT)

    def _send(self, message: bytes, deadline: float) -> None:
        self._line.settimeout(_left(deadline))
        self._line.sendall(HEADER.pack(len(message)) + message)

    def _received(self, deadline: float) -> bytes:
        size: int = HEADER.unpack(self._exactly(HEADER.size, deadline))[0]
        if size > self._limits.output:
            raise _TooLargeError
        return self._exactly(size, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._line.settimeout(_left(deadline))
            part = self._line.recv(min(size - len(parts), MEGABYTE))
            if not part:
                raise ConnectionError
            parts += part
        return bytes(parts)


class _TooLargeError(Exception):
    """An answer that says it is longer than answers may be."""


def _left(deadline: float) -> float:
    """Return the seconds until then; a moment at least, because 0 would mean not to wait."""
    return max(deadline - time.monotonic(), 0.001)
