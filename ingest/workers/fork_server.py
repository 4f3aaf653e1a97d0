"""Parent side of the sandbox (`ingest.workers.sandbox`): the fork server and its worker processes.

A worker returns a result or fails. Every failure caused by the item becomes a `WorkerLostError`
with a message for the owner of the source.
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

START_TIMEOUT_SECONDS = 60.0  # about one second on an idle machine
EXIT_TIMEOUT_SECONDS = 1.0  # a killed process exits within milliseconds
POLL_SECONDS = 0.002
# Runs in isolated mode (-I), so the user's Python configuration is ignored; sys.path is passed on.
PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from ingest.workers.sandbox import run_fork_server; run_fork_server()"
)
INTERPRETER = (sys.executable, "-I", "-B", "-X", "utf8", "-c", PROGRAM)

SPLIT_HINT = "Split it into several articles, or save it in another format."
REPORT_HINT = "Save it in another format, and report this problem with the file."
# Limit -> (problem with a placeholder for the figure, hint, code).
LIMIT_ERRORS = {
    "memory": (
        "needs more than {memory:,} MB of memory.",
        SPLIT_HINT,
        SourceProblem.MEMORY,
    ),
    "processor": (
        "needs more than {cpu_seconds} s of processor time.",
        SPLIT_HINT,
        SourceProblem.PROCESSOR_TIME,
    ),
    "clock": (
        "was not read within {wall_seconds:g} s.",
        SPLIT_HINT,
        SourceProblem.ELAPSED_TIME,
    ),
    "output": ("yields an article larger than {output:,} MB.", SPLIT_HINT, SourceProblem.OUTPUT),
    "writing": (
        "caused its reader to write a file, which is not allowed.",
        REPORT_HINT,
        SourceProblem.FILE_WRITE,
    ),
}
CRASH_SIGNALS = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


class WorkerLostError(Exception):
    """An item exceeded a limit or crashed its worker; carries the problem, a hint and a code."""

    def __init__(self, problem: str, hint: str, code: str) -> None:
        self.problem, self.hint, self.code = problem, hint, code
        super().__init__(f"{problem} {hint}")


class WorkerFaultError(Exception):
    """An unexpected exception in `work`, caused by a bug in this program."""


@dataclass(frozen=True, slots=True)
class WorkerResult:
    """The result or exception of one item, and the size of the pickled result in bytes."""

    value: Any
    size: int = 0


class ForkServer:
    """A process with the readers imported, from which the workers are forked."""

    def __init__(self, first_message: bytes) -> None:
        """Start the process without waiting for it. Raises `SandboxError`."""
        self._first_message = first_message
        self._lock = threading.Lock()
        self._ready = False
        self._socket, child_end = socket.socketpair()
        with child_end:
            try:
                self._process = subprocess.Popen(
                    [*INTERPRETER, *(os.path.abspath(folder) for folder in sys.path)],  # noqa: PTH100
                    stdin=child_end.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={"PATH": os.environ.get("PATH", os.defpath)},  # for OCR
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                self._socket.close()
                raise SandboxError(str(error)) from error

    def start_worker(self, limits: SandboxLimits) -> WorkerProcess:
        """Return a new worker that is ready for its first item. Raises `SandboxError`."""
        parent_end, child_end = socket.socketpair()
        try:
            with child_end:
                pid = self._fork(child_end)
            worker = WorkerProcess(self, pid, parent_end, limits)
            worker.wait_until_ready()
        except OSError as error:
            parent_end.close()
            how = self._process.poll()
            detail = f"it exited with {how}" if how is not None else "it closed the connection"
            raise SandboxError(f"{type(error).__name__}, {detail}") from error
        return worker

    def wait_for_exit(self, pid: int) -> int | None:
        """Return the exit code of a worker, or None if it is still running after a timeout."""
        deadline = time.monotonic() + EXIT_TIMEOUT_SECONDS
        while True:
            with self._lock:
                code = self._request(EXIT_STATUS_REQUEST + INTEGER.pack(pid))
            if code != RUNNING:
                return code
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """Kill the fork server; its workers continue."""
        if self._process.poll() is None:
            self._process.kill()

    def close(self) -> None:
        """Kill the fork server, reap it and close its socket."""
        self.kill()
        self._process.wait()
        self._socket.close()

    def _fork(self, child_end: socket.socket) -> int:
        with self._lock:
            if not self._ready:
                deadline = time.monotonic() + START_TIMEOUT_SECONDS
                _send(self._socket, self._first_message, deadline)
                _receive(self._socket, HEADER.size, deadline)
                self._ready = True
            return self._request(FORK_REQUEST, child_end.fileno())

    def _request(self, request: bytes, *descriptors: int) -> int:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        self._socket.settimeout(_remaining_seconds(deadline))
        socket.send_fds(self._socket, [request], descriptors)
        answer: int = INTEGER.unpack(_receive_exactly(self._socket, INTEGER.size, deadline))[0]
        return answer


class WorkerProcess:
    """One worker process and the socket to it."""

    def __init__(
        self, server: ForkServer, pid: int, connection: socket.socket, limits: SandboxLimits
    ) -> None:
        self._fork_server, self._pid, self._socket, self._limits = (
            server,
            pid,
            connection,
            limits,
        )
        self._has_exited = False  # after that, its process id may be reused
        self.is_reusable = True

    def wait_until_ready(self) -> None:
        """Wait until the worker has set its resource limits. Raises `OSError`."""
        try:
            _receive(self._socket, HEADER.size, time.monotonic() + START_TIMEOUT_SECONDS)
        except OSError:
            self.kill()
            raise

    def run(self, item: Any) -> WorkerResult:
        """Return the result of an item, or the error that it caused."""
        wall_seconds, most = self._limits.wall_seconds, self._limits.output_bytes
        deadline = time.monotonic() + wall_seconds
        try:
            _send(self._socket, pickle.dumps(item), deadline)
            grown = safe_loads(_receive(self._socket, most, deadline))
            if isinstance(grown, float):  # the first message requests extra time
                extra_seconds = min(grown, self._limits.max_extra_seconds)
                wall_seconds, deadline = wall_seconds + extra_seconds, deadline + extra_seconds
                grown = safe_loads(_receive(self._socket, most, deadline))
            answer = _receive(self._socket, most, deadline)
            kind, value = safe_loads(answer)
            self.is_reusable = not grown
        except TimeoutError:
            return self._lose(self._limit_error("clock", wall_seconds))
        except _ResultTooLargeError:
            return self._lose(self._limit_error("output"))
        except (OSError, pickle.UnpicklingError, ValueError, TypeError):
            return self._lose(self._crash_error())
        if kind == "limit":  # its memory may be in an undefined state, so it is not reused
            return self._lose(self._limit_error(value))
        return WorkerResult(WorkerFaultError(value) if kind == "fault" else value, len(answer))

    def kill(self) -> None:
        """Kill the worker and its process group."""
        if not self._has_exited:
            for kill in (os.killpg, os.kill):  # right after the fork it has no group yet
                with suppress(ProcessLookupError):
                    kill(self._pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill the worker and close its socket, without waiting for its exit."""
        self.kill()
        self._socket.close()

    def terminate(self) -> None:
        """Kill the worker and wait for its exit. Raises `SandboxError`."""
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
            raise SandboxError(f"the fork server is not running: {error}") from error
        self._has_exited = code is not None
        return code

    def _limit_error(self, limit: str, wall_seconds: float = 0) -> WorkerLostError:
        problem, hint, code = LIMIT_ERRORS[limit]
        limits = self._limits
        figures = {
            "memory": limits.memory_bytes // MEGABYTE,
            "cpu_seconds": limits.cpu_seconds,
            "wall_seconds": wall_seconds,
            "output": max(limits.output_bytes // MEGABYTE, 1),
        }
        return WorkerLostError(problem.format(**figures), hint, code)

    def _crash_error(self) -> WorkerLostError:
        code = self._wait_for_exit()
        if code is None:
            problem = "caused its reader to return an invalid result."
            return WorkerLostError(problem, REPORT_HINT, SourceProblem.BAD_ANSWER)
        if code == -signal.SIGXCPU:
            return self._limit_error("processor")
        if code == -signal.SIGXFSZ:
            return self._limit_error("writing")
        if code == -signal.SIGKILL:
            problem = "used so much memory that the operating system killed its reader."
            return WorkerLostError(problem, SPLIT_HINT, SourceProblem.MEMORY)
        how = (
            f"crashed with {signal.Signals(-code).name}"
            if -code in CRASH_SIGNALS
            else f"exited with status {code}"
        )
        problem = f"stopped the process that read it, which {how}."
        return WorkerLostError(problem, REPORT_HINT, SourceProblem.CRASH)


class _ResultTooLargeError(Exception):
    """A result whose announced size exceeds the limit."""


def _send(connection: socket.socket, message: bytes, deadline: float) -> None:
    """Send a message. Raises `OSError`, including `TimeoutError`."""
    connection.settimeout(_remaining_seconds(deadline))
    connection.sendall(HEADER.pack(len(message)) + message)


def _receive(connection: socket.socket, most: int, deadline: float) -> bytes:
    """Return the next message. Raises `_ResultTooLargeError` or `OSError`."""
    size: int = HEADER.unpack(_receive_exactly(connection, HEADER.size, deadline))[0]
    if size > most:
        raise _ResultTooLargeError
    return _receive_exactly(connection, size, deadline)


def _receive_exactly(connection: socket.socket, size: int, deadline: float) -> bytes:
    """Return exactly `size` bytes. Raises `OSError` on a timeout or if the connection closes."""
    parts = bytearray()
    while len(parts) < size:
        connection.settimeout(_remaining_seconds(deadline))
        part = connection.recv(min(size - len(parts), MEGABYTE))
        if not part:
            raise ConnectionError
        parts += part
    return bytes(parts)


def _remaining_seconds(deadline: float) -> float:
    """Return the seconds until `deadline`. Raises `TimeoutError` if it has passed."""
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
