"""The processes in which sources are parsed: each limits itself, then answers one piece at a time.

A source is a stranger's file, and the libraries that parse it have their faults. So no source is
parsed in the process that holds the database. `ingest.workers.pool` starts a *nursery*: a fresh
interpreter with an empty environment and nothing open but one socket. It imports the readers, which
takes a second, and from then on makes processes by forking, which takes milliseconds; it never sees
a source itself, so each process begins as clean as it. In the new process, which has a session of
its own that can be killed as a group, the rest is set before the first piece:

- memory: `SandboxLimits.memory` of address space beyond what the interpreter with all readers has taken
  at that moment (about 0.1 to 0.3 GB, most of it mapped libraries), where the system tells it
  (/proc, Linux);
- processor time, anew for each piece; the wall clock is the other side's to watch;
- nothing can be written to a file and no core is dumped; what is printed goes nowhere.

The process opens the source itself, read-only: the readers take a path, a large file need not
pass through a pipe, and the hash of what was read comes back with the article, so that whoever
keeps the bytes can tell whether they are the same. What the system's limits do not forbid (an
empty file made, a connection opened) takes code of the attacker's in this process; what comes back
from it is therefore read (`plain`) as plain values and our own classes only.
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
from dataclasses import dataclass
from enum import Enum, EnumType
from pathlib import Path
from typing import Any, cast

from kb.errors import SourceError

MEGABYTE = 1_000_000
HEADER = struct.Struct("!Q")  # the length of the message that follows
# What a nursery is asked: a process for the socket sent along; how the numbered process ended.
# It answers with a number.
FORK_REQUEST, EXIT_STATUS_REQUEST = b"m", b"e"
INTEGER = struct.Struct("!q")
RUNNING = 1 << 32  # no exit code
ALLOWED_PACKAGES = ("kb", "ingest", "datetime")  # whose classes an answer may hold
STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLimits:
    """What one piece may take. A long article takes 0.1 s and 20 MB; these are for accidents."""

    memory_bytes: int = 2**30
    cpu_seconds: int = 20
    wall_seconds: float = 30.0
    output_bytes: int = 64 * MEGABYTE  # ten times the largest text that a reader takes
    growth_bytes: int = 256 * MEGABYTE  # a process that has grown by so much is replaced


def run_fork_server() -> None:
    """Make a process for each socket that comes over the one at descriptor 0, until that closes."""
    with socket.socket(fileno=os.dup(0)) as line:
        _redirect_standard_streams()
        desk = _WorkerConfig(*pickle.loads(_receive(line)))
        gc.freeze()  # what all processes share would be copied if the collector went over it
        _send(line, b"ready")
        while True:
            order, descriptors, _, _ = socket.recv_fds(line, 1, 1)
            if order == FORK_REQUEST:
                answer = _fork_worker(line, socket.socket(fileno=descriptors[0]), desk)
            elif order == EXIT_STATUS_REQUEST:
                answer = _exit_status(INTEGER.unpack(_receive_exactly(line, INTEGER.size))[0])
            else:  # the end
                return
            line.sendall(INTEGER.pack(answer))


@dataclass(frozen=True, slots=True)
class _WorkerConfig:
    """What every process gets: the work, what all pieces of it share, and the limits."""

    work: Callable[[Any, Any], Any]
    shared: Any
    limits: SandboxLimits


def _fork_worker(nursery: socket.socket, line: socket.socket, desk: _WorkerConfig) -> int:
    """Return the number of a new process that answers over `line`."""
    with line:
        number = os.fork()
        if number:
            return number
        status = 1
        try:
            nursery.close()
            os.setsid()
            _run_items(line, desk)
            status = 0
        finally:
            os._exit(status)  # it is a copy: what the nursery has yet to do is not for it


def _exit_status(number: int) -> int:
    """Return how a process ended, as `subprocess` tells it, or `RUNNING`."""
    ended, status = os.waitpid(number, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else RUNNING


def _run_items(line: socket.socket, desk: _WorkerConfig) -> None:
    """Answer the pieces that come over `line` until it closes."""
    start = _address_space()
    _set_limits(desk.limits, start)
    _send(line, b"ready")
    while message := _receive(line):
        answer = _run_item(message, desk)
        grown = _address_space() - start > desk.limits.growth_bytes
        _send(line, pickle.dumps(grown))
        _send(line, answer)


def _enum_member(kind: object, name: object) -> Enum:
    """Return a member of one of our enums, and no other attribute of anything."""
    if isinstance(kind, EnumType) and isinstance(name, str) and name in kind.__members__:
        return cast(Enum, kind.__members__[name])
    raise pickle.UnpicklingError(f"{name} of {kind} has no place in an answer")


class _RestrictedUnpickler(pickle.Unpickler):
    """Reads plain values and our own classes: the other process may have been taken over."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] in ALLOWED_PACKAGES:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__.partition(".")[0] in ALLOWED_PACKAGES:
                return found
        if (module, name) == ("builtins", "getattr"):  # Python 3.11.2 pickles enum members with it
            return _enum_member
        raise pickle.UnpicklingError(f"{module}.{name} has no place in an answer")


def safe_loads(answer: bytes) -> Any:
    """Return what an answer holds. Raises `UnpicklingError` when it holds anything else."""
    return _RestrictedUnpickler(io.BytesIO(answer)).load()


def _run_item(message: bytes, desk: _WorkerConfig) -> bytes:
    """Return what became of one piece: ("done", result), or why there is none."""
    _extend_cpu_limit(desk.limits.cpu_seconds)
    outcome: tuple[Any, ...]
    try:
        answer = pickle.dumps(("done", desk.work(pickle.loads(message), desk.shared)))
        if len(answer) <= desk.limits.output_bytes:
            return answer
        outcome = ("limit", "output")
    except MemoryError:
        outcome = ("limit", "memory")
    except SourceError as error:
        outcome = ("refused", error)
    except Exception as error:  # noqa: BLE001 - it is handed back and becomes the piece's outcome
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            outcome = ("limit", "writing")
        else:
            outcome = ("fault", f"{type(error).__name__}: {error}"[:1000])
    return pickle.dumps(outcome)


def _redirect_standard_streams() -> None:
    """Lead the standard streams to nowhere."""
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
    """Move the limit, which counts from the start of the process, on by so much."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))


def _address_space() -> int:
    """Return the bytes of address space in use; 0 where the system does not tell."""
    if not STATM.exists():
        return 0
    return int(STATM.read_text("ascii").split()[0]) * resource.getpagesize()


def _send(line: socket.socket, message: bytes) -> None:
    line.sendall(HEADER.pack(len(message)))
    line.sendall(message)


def _receive(line: socket.socket) -> bytes:
    """Return the next message; nothing when the other side has closed."""
    header = _receive_exactly(line, HEADER.size)
    return _receive_exactly(line, HEADER.unpack(header)[0]) if header else b""


def _receive_exactly(line: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = line.recv(min(size - len(parts), MEGABYTE))
        if not part:
            return b""
        parts += part
    return bytes(parts)
