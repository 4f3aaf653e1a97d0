"""The near side of `ingest.workers.sandbox`: the nursery that makes processes, and each of them at work.

A process answers with a result, or the way it failed tells what the piece did to it: every such
end is a `WorkerLostError` that says so in a sentence, for the person whose source it was.
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
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ingest.workers.sandbox import (
    EXIT_STATUS_REQUEST,
    FORK_REQUEST,
    HEADER,
    INTEGER,
    MEGABYTE,
    RUNNING,
    SandboxLimits,
    safe_loads,
)
from kb.errors import SandboxError, SourceProblem

START_TIMEOUT_SECONDS = 60.0  # a second on a machine with nothing else to do
EXIT_TIMEOUT_SECONDS = 1.0  # a process that was killed or has hung up is gone in milliseconds
POLL_SECONDS = 0.002  # between two looks whether it is gone
# Isolated from the person's own Python set-up; the folders to import from are ours.
PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from ingest.workers.sandbox import run_fork_server; run_fork_server()"
INTERPRETER = (sys.executable, "-I", "-B", "-X", "utf8", "-c", PROGRAM)

SPLIT_HINT = "Split it into several articles, or save it in another format."
REPORT_HINT = "Save it in another format; please report this with the file."
# Limit -> what is wrong with the piece, with the figure filled in, what to do, and the code.
LIMIT_ERRORS = {
    "memory": (
        "takes more than {memory:,} MB of memory to read.",
        SPLIT_HINT,
        SourceProblem.MEMORY,
    ),
    "processor": (
        "takes more than {cpu_seconds} s of processor time to read.",
        SPLIT_HINT,
        SourceProblem.PROCESSOR_TIME,
    ),
    "clock": (
        "takes longer than {wall_seconds:g} s to read.",
        SPLIT_HINT,
        SourceProblem.ELAPSED_TIME,
    ),
    "output": ("gives an article larger than {output:,} MB.", SPLIT_HINT, SourceProblem.OUTPUT),
    "writing": (
        "makes its reader write a file, which readers may not.",
        REPORT_HINT,
        SourceProblem.FILE_WRITE,
    ),
}
CRASH_SIGNALS = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


class WorkerLostError(Exception):
    """A piece that ran into a limit, or took its process with it: says which, and what to do."""

    def __init__(self, problem: str, mend: str, code: str) -> None:
        self.problem, self.hint, self.code = problem, mend, code
        super().__init__(f"{problem} {mend}")


class WorkerFaultError(Exception):
    """The work raised what it should not: a fault of this program."""


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """What became of a piece: a result or an exception, and the bytes that it came in."""

    value: Any
    size: int = 0


class ForkServer:
    """A process with everything imported, of which the others are made."""

    def __init__(self, first_message: bytes) -> None:
        """Start it; raises `SandboxError`. Until `worker` is asked for, it is not waited for."""
        self._first_message = first_message
        self._lock = threading.Lock()
        self._ready = False
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [*INTERPRETER, *(os.path.abspath(folder) for folder in sys.path)],  # noqa: PTH100
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={},
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                self._socket.close()
                raise SandboxError(str(error)) from error

    def start_worker(self, limits: SandboxLimits) -> WorkerProcess:
        """Return a new process that waits for its first piece. Raises `SandboxError`."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                number = self._fork(theirs)
            worker = WorkerProcess(self, number, ours, limits)
            worker.wait_until_ready()
        except OSError as error:
            ours.close()
            how = self._process.poll()
            detail = f"it ended with {how}" if how is not None else "it hung up"
            raise SandboxError(f"{type(error).__name__}, {detail}") from error
        return worker

    def wait_for_exit(self, number: int) -> int | None:
        """Wait a moment for a process to end; return how, or None when it goes on."""
        deadline = time.monotonic() + EXIT_TIMEOUT_SECONDS
        while True:
            with self._lock:
                code = self._request(EXIT_STATUS_REQUEST + INTEGER.pack(number))
            if code != RUNNING:
                return code
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """Kill the nursery; what it made goes on."""
        if self._process.poll() is None:
            self._process.kill()

    def close(self) -> None:
        """Kill it and leave nothing of it."""
        self.kill()
        self._process.wait()
        self._socket.close()

    def _fork(self, theirs: socket.socket) -> int:
        with self._lock:
            if not self._ready:
                deadline = time.monotonic() + START_TIMEOUT_SECONDS
                _send(self._socket, self._first_message, deadline)
                _receive(self._socket, HEADER.size, deadline)
                self._ready = True
            return self._request(FORK_REQUEST, theirs.fileno())

    def _request(self, order: bytes, *descriptors: int) -> int:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        self._socket.settimeout(_remaining_seconds(deadline))
        socket.send_fds(self._socket, [order], descriptors)
        answer: int = INTEGER.unpack(_receive_exactly(self._socket, INTEGER.size, deadline))[0]
        return answer


class WorkerProcess:
    """One process, and the socket to it."""

    def __init__(
        self, nursery: ForkServer, number: int, line: socket.socket, limits: SandboxLimits
    ) -> None:
        self._fork_server, self._pid, self._socket, self._limits = nursery, number, line, limits
        self._has_exited = False  # and its number may be another's by now
        self.is_reusable = True

    def wait_until_ready(self) -> None:
        """Wait until the process has set its limits. Raises `OSError`."""
        try:
            _receive(self._socket, HEADER.size, time.monotonic() + START_TIMEOUT_SECONDS)
        except OSError:
            self.kill()
            raise

    def run(self, item: Any) -> WorkerResult:
        """Return the result of a piece, or the error that it made."""
        deadline = time.monotonic() + self._limits.wall_seconds
        most = self._limits.output_bytes
        try:
            _send(self._socket, pickle.dumps(item), deadline)
            grown = _receive(self._socket, most, deadline)
            answer = _receive(self._socket, most, deadline)
            kind, value = safe_loads(answer)
            self.is_reusable = not safe_loads(grown)
        except TimeoutError:
            return self._lose(self._limit_error("clock"))
        except _ResultTooLargeError:
            return self._lose(self._limit_error("output"))
        except (OSError, pickle.UnpicklingError, ValueError, TypeError):
            return self._lose(self._crash_error())
        if kind == "limit":  # what is left of its memory is anybody's guess
            return self._lose(self._limit_error(value))
        return WorkerResult(WorkerFaultError(value) if kind == "fault" else value, len(answer))

    def kill(self) -> None:
        """Kill the process with all that it has started."""
        if not self._has_exited:
            for kill in (os.killpg, os.kill):  # for a moment after the fork it has no group
                with suppress(ProcessLookupError):
                    kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill the process; the nursery, if there still is one, need not keep its end in mind."""
        self.kill()
        self._socket.close()

    def terminate(self) -> None:
        """Kill the process and leave nothing of it. Raises `SandboxError`."""
        self.close()
        if not self._has_exited:
            self._wait_for_exit()

    def _lose(self, error: WorkerLostError) -> WorkerResult:
        self.is_reusable = False
        return WorkerResult(error)

    def _wait_for_exit(self) -> int | None:
        try:
            code = self._fork_server.wait_for_exit(self._pid)
        except OSError as error:
            raise SandboxError(f"the process that makes them is gone: {error}") from error
        self._has_exited = code is not None
        return code

    def _limit_error(self, limit: str) -> WorkerLostError:
        problem, mend, code = LIMIT_ERRORS[limit]
        limits = self._limits
        figures = {
            "memory": limits.memory_bytes // MEGABYTE,
            "cpu_seconds": limits.cpu_seconds,
            "wall_seconds": limits.wall_seconds,
            "output": max(limits.output_bytes // MEGABYTE, 1),
        }
        return WorkerLostError(problem.format(**figures), mend, code)

    def _crash_error(self) -> WorkerLostError:
        code = self._wait_for_exit()
        if code is None:
            problem = "made its reader answer with what it may not."
            return WorkerLostError(problem, REPORT_HINT, SourceProblem.BAD_ANSWER)
        if code == -signal.SIGXCPU:
            return self._limit_error("processor")
        if code == -signal.SIGXFSZ:
            return self._limit_error("writing")
        if code == -signal.SIGKILL:
            problem = "took so much memory that the system ended its reader."
            return WorkerLostError(problem, SPLIT_HINT, SourceProblem.MEMORY)
        how = (
            f"crashed ({signal.Signals(-code).name})"
            if -code in CRASH_SIGNALS
            else f"ended ({code})"
        )
        problem = f"made the process that read it stop: it {how}."
        return WorkerLostError(problem, REPORT_HINT, SourceProblem.CRASH)


class _ResultTooLargeError(Exception):
    """An answer that says it is longer than answers may be."""


def _send(line: socket.socket, message: bytes, deadline: float) -> None:
    """Send a message. Raises `OSError`, of which `TimeoutError` is one."""
    line.settimeout(_remaining_seconds(deadline))
    line.sendall(HEADER.pack(len(message)) + message)


def _receive(line: socket.socket, most: int, deadline: float) -> bytes:
    """Return the next message. Raises `_ResultTooLargeError` or `OSError`."""
    size: int = HEADER.unpack(_receive_exactly(line, HEADER.size, deadline))[0]
    if size > most:
        raise _ResultTooLargeError
    return _receive_exactly(line, size, deadline)


def _receive_exactly(line: socket.socket, size: int, deadline: float) -> bytes:
    """Return so many bytes. Raises `OSError` when they do not come in time, or the end does."""
    parts = bytearray()
    while len(parts) < size:
        line.settimeout(_remaining_seconds(deadline))
        part = line.recv(min(size - len(parts), MEGABYTE))
        if not part:
            raise ConnectionError
        parts += part
    return bytes(parts)


def _remaining_seconds(deadline: float) -> float:
    """Return the seconds until then; a moment at least, because 0 would mean not to wait."""
    return max(deadline - time.monotonic(), 0.001)
