"""Rate limit per client and maximum request size.

The rate is counted per address, but addresses are not stored: the key is a keyed hash, and its
secret is generated at startup and never leaves the process. Each worker process counts separately,
so a site with two workers allows up to twice the rate, as docs/api.md states.

Requests for too many results are rejected with other status codes, since waiting does not help: see
`web.params` for the limits and docs/decisions/0015-api.md for the reasons.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any, TypeVar

from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge, RequestURITooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from kb.errors import KnowledgeBaseError

API_PREFIX = "/api/"
MAX_BODY_BYTES = 64 * 1024  # default; `max_body_size` raises it for a view
MAX_UPLOAD_BYTES = 200_000_000  # one file, or all files of one form
# A ZIP with about 100,000 articles of average length. Larger exports: use the command line.
MAX_IMPORT_BYTES = 512 << 20
MAX_URL_LENGTH = 8_000  # bytes; below the limit of gunicorn, so that the client gets a JSON error
BURST_SECONDS = 10  # length of a burst: the requests of this many seconds may arrive at once
MAX_CLIENTS = 10_000  # about 1 MB; the least recently active client is removed first
NETWORK_BITS = 64  # prefix of an IPv6 address; one client can use all addresses below it

WITH_PORT = re.compile(r"\[(.+)\](?::\d+)?|([\d.]+):\d+")  # some proxies append the port

View = TypeVar("View", bound=Callable[..., Any])
BODY_LIMIT = "max_body_bytes"  # attribute that `max_body_size` sets on a view


def max_body_size(limit: int) -> Callable[[View], View]:
    """Set the maximum body size of a view, in bytes."""

    def mark(view: View) -> View:
        setattr(view, BODY_LIMIT, limit)
        return view

    return mark


class TooManyRequestsError(KnowledgeBaseError):
    """A client has exceeded the rate limit.

    `seconds` is the time until its next request is accepted.
    """

    def __init__(self, per_minute: int, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(
            f"More than {per_minute:,} requests a minute came from this address. "
            f"Try again in {seconds} {'second' if seconds == 1 else 'seconds'}."
        )


class RateLimiter:
    """Rate limiter with bursts, based on the generic cell rate algorithm. Thread-safe.

    Each client has one number, the theoretical arrival time: the time at which its requests would
    have finished at an even rate. A request is rejected if that time is further ahead than
    `BURST_SECONDS`.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._each = 60 / per_minute
        self._ahead = max(BURST_SECONDS, self._each)
        self._clock, self._key = clock, secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._arrival: OrderedDict[bytes, float] = OrderedDict()

    def count(self, address: str) -> float:
        """Count a request and return 0, or return the seconds to wait if it exceeds the limit."""
        client = hashlib.blake2b(_network(address), key=self._key, digest_size=16).digest()
        with self._lock:
            now = self._clock()
            arrival = max(now, self._arrival.get(client, now)) + self._each
            # Half an interval of tolerance: rounding must not reject the last request of a burst.
            if arrival - now > self._ahead + self._each / 2:
                return arrival - now - self._ahead
            self._arrival[client] = arrival
            self._arrival.move_to_end(client)
            if len(self._arrival) > MAX_CLIENTS:
                self._arrival.popitem(last=False)
            return 0.0


def set_up(app: Flask, per_minute: int, proxy_count: int) -> None:
    """Enforce body sizes for all requests to `app`, and rate and URL length for its API.

    0 `per_minute` disables the rate limit. `proxy_count` is the number of trusted reverse proxies:
    that many entries at the end of ``X-Forwarded-For`` are trusted, and earlier ones are ignored.
    """
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    if proxy_count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxy_count, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )
    rate = RateLimiter(per_minute) if per_minute else None

    def check() -> None:
        limit = getattr(app.view_functions.get(request.endpoint or ""), BODY_LIMIT, MAX_BODY_BYTES)
        request.max_content_length = request.max_form_memory_size = limit
        if not request.path.startswith(API_PREFIX):
            return
        if rate and (seconds := rate.count(request.remote_addr or "")):
            raise TooManyRequestsError(rate.per_minute, math.ceil(seconds))
        if len(request.full_path.encode()) > MAX_URL_LENGTH:
            raise RequestURITooLarge(
                f"The URL is longer than {MAX_URL_LENGTH:,} bytes. Shorten it."
            )
        if (request.content_length or 0) > limit:
            raise RequestEntityTooLarge(
                f"The request body is larger than {limit:,} bytes. Send a smaller one."
            )

    app.before_request(check)


def _network(address: str) -> bytes:
    """Return the identity of a client: its IPv4 address or the prefix of its IPv6 address."""
    with_port = WITH_PORT.fullmatch(address)
    host = (with_port[1] or with_port[2]) if with_port else address
    try:
        parsed = ip_address(host.partition("%")[0])
    except ValueError:  # a Unix socket has no address
        return address.encode()
    if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped:
        return parsed.packed[: NETWORK_BITS // 8]
    return parsed.packed
