"""Child side of the sandbox: the fork server's loop, resource limits and the workers' loop.

Sources are untrusted, and the libraries that parse them have bugs, so no source is parsed in the
process that holds the database. `ingest.workers.pool` starts a fork server: a fresh interpreter
with only PATH in its environment and one open socket. It imports the readers once (about a second)
and then forks workers (milliseconds). It never reads a source itself, so every worker starts clean.
Each worker runs in its own session, so it can be killed as a group. Before its first item, it
limits itself:

- memory: `SandboxLimits.memory_bytes` of address space beyond that of the interpreter with all
  readers loaded (0.1 to 0.3 GB, mostly mapped libraries); only where /proc exists (Linux);
- processor time, per item; the parent enforces the wall-clock limit, which the reader of a scan
  extends once, up to a maximum (`ingest.extra_time`);
- no file writes and no core dumps; standard output and error are discarded.

The processes that a worker starts (`ingest.readers.pdf.ocr`) inherit these limits.

The worker opens the source itself, read-only: readers expect a path, and large files need not pass
through a socket. The checksum of the bytes read is returned with the article, so that the parent
can detect a changed file. An attacker who runs code in the worker can still do what these limits
allow, such as creating empty files or opening connections. The parent therefore unpickles results
with `safe_loads`, which accepts only plain values and this project's classes.
"""

from __future__ import annotations

import errno
import gc
import io
import math
import os
import pickle
import resource
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, EnumType
from pathlib import Path
from typing import Any, cast

from ingest.extra_time import request_handler
from kb.errors import SourceError
from kb.model.reader_limits import DEFAULT_MAX_CHARACTERS, ReaderLimits

MEGABYTE = 1_000_000
HEADER = struct.Struct("!Q")  # length of the message that follows
# Requests to the fork server: fork a worker for the passed socket, or return the exit status of a
# process id. The response is an integer.
FORK_REQUEST, EXIT_STATUS_REQUEST = b"m", b"e"
INTEGER = struct.Struct("!q")
RUNNING = 1 << 32  # outside the range of exit codes
ALLOWED_PACKAGES = ("kb", "ingest", "datetime")  # packages whose classes a result may contain
STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLimits:
    """Resource limits for one item. A long article takes 0.1 s and 20 MB."""

    memory_bytes: int = 2**30
    cpu_seconds: int = 20
    wall_seconds: float = 30.0
    max_extra_seconds: float = 150.0  # that the item may request: OCR of 30 pages
    output_bytes: int = 64 * MEGABYTE  # ten times the largest text that a reader accepts
    growth_bytes: int = 256 * MEGABYTE  # a worker that has grown by more is replaced


def limits_for(readers: ReaderLimits) -> SandboxLimits:
    """Return limits that allow for the longest article that the readers accept.

    They grow in proportion to its length, and are never below the defaults.
    """
    factor = max(1.0, readers.article_max_characters / DEFAULT_MAX_CHARACTERS)
    limits = SandboxLimits()
    return replace(
        limits,
        memory_bytes=math.ceil(factor * limits.memory_bytes),
        cpu_seconds=math.ceil(factor * limits.cpu_seconds),
        wall_seconds=factor * limits.wall_seconds,
        output_bytes=math.ceil(factor * limits.output_bytes),
    )


def run_fork_server() -> None:
    """Fork a worker for each socket received over descriptor 0, until that connection closes."""
    with socket.socket(fileno=os.dup(0)) as connection:
        _redirect_standard_streams()
        config = _WorkerConfig(*pickle.loads(_receive(connection)))
        gc.freeze()  # keeps the garbage collector from copying the pages shared with the workers
        _send(connection, b"ready")
        while True:
            request, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
            if request == FORK_REQUEST:
                answer = _fork_worker(connection, socket.socket(fileno=descriptors[0]), config)
            elif request == EXIT_STATUS_REQUEST:
                answer = _exit_status(INTEGER.unpack(_receive_exactly(connection, INTEGER.size))[0])
            else:  # connection closed
                return
            connection.sendall(INTEGER.pack(answer))


@dataclass(frozen=True, slots=True)
class _WorkerConfig:
    """What every worker receives: the function, its shared argument and the limits."""

    work: Callable[[Any, Any], Any]
    shared: Any
    limits: SandboxLimits


def _fork_worker(server: socket.socket, connection: socket.socket, config: _WorkerConfig) -> int:
    """Fork a worker that serves `connection`, and return its process id."""
    with connection:
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            server.close()
            os.setsid()
            _run_items(connection, config)
            status = 0
        finally:
            os._exit(status)  # skips the cleanup handlers inherited from the fork server


def _exit_status(pid: int) -> int:
    """Return the exit code of a process as `subprocess` does, or `RUNNING`."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else RUNNING


def _run_items(connection: socket.socket, config: _WorkerConfig) -> None:
    """Run the items received over `connection` until it closes."""
    start = _address_space()
    _set_limits(config.limits, start)
    request_handler.set(lambda seconds: _send(connection, pickle.dumps(float(seconds))))
    _send(connection, b"ready")
    while message := _receive(connection):
        answer = _run_item(message, config)
        grown = _address_space() - start > config.limits.growth_bytes
        _send(connection, pickle.dumps(grown))
        _send(connection, answer)


def _enum_member(kind: object, name: object) -> Enum:
    """Return a member of an enum of an allowed package; rejects every other attribute access."""
    if isinstance(kind, EnumType) and isinstance(name, str) and name in kind.__members__:
        return cast(Enum, kind.__members__[name])
    raise pickle.UnpicklingError(f"{name} of {kind} is not allowed in a result")


class _RestrictedUnpickler(pickle.Unpickler):
    """Unpickler for results of a worker that may be compromised."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] in ALLOWED_PACKAGES:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__.partition(".")[0] in ALLOWED_PACKAGES:
                return found
        if (module, name) == ("builtins", "getattr"):  # how Python 3.11.2 pickles enum members
            return _enum_member
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a result")


def safe_loads(answer: bytes) -> Any:
    """Return the value of a pickled result. Raises `UnpicklingError` for disallowed classes."""
    return _RestrictedUnpickler(io.BytesIO(answer)).load()


def _run_item(message: bytes, config: _WorkerConfig) -> bytes:
    """Return the pickled outcome of one item: ("done", result) or the reason for its failure."""
    _extend_cpu_limit(config.limits.cpu_seconds)
    outcome: tuple[Any, ...]
    try:
        answer = pickle.dumps(("done", config.work(pickle.loads(message), config.shared)))
        if len(answer) <= config.limits.output_bytes:
            return answer
        outcome = ("limit", "output")
    except MemoryError:
        outcome = ("limit", "memory")
    except SourceError as error:
        outcome = ("refused", error)
    except Exception as error:  # noqa: BLE001 - returned to the parent as the item's outcome
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            outcome = ("limit", "writing")
        else:
            outcome = ("fault", f"{type(error).__name__}: {error}"[:1000])
    return pickle.dumps(outcome)


def _redirect_standard_streams() -> None:
    """Redirect standard input, output and error to /dev/null."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def _set_limits(limits: SandboxLimits, start: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if start:
        most = start + limits.memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _extend_cpu_limit(seconds: int) -> None:
    """Set the CPU limit, which counts from process start, to `seconds` from now."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))


def _address_space() -> int:
    """Return the address space in use in bytes, or 0 where /proc is not available."""
    if not STATM.exists():
        return 0
    return int(STATM.read_text("ascii").split()[0]) * resource.getpagesize()


def _send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(HEADER.pack(len(message)))
    connection.sendall(message)


def _receive(connection: socket.socket) -> bytes:
    """Return the next message, or empty bytes if the connection has closed."""
    header = _receive_exactly(connection, HEADER.size)
    return _receive_exactly(connection, HEADER.unpack(header)[0]) if header else b""


def _receive_exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), MEGABYTE))
        if not part:
            return b""
        parts += part
    return bytes(parts)
