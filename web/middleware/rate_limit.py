"""How much one client may ask of the API, and how large a request may be.

The rate is counted by address, but no address is kept: in its place stands a keyed hash whose key
is drawn at each start and never leaves the process. Each worker counts its own share, so a site
with two lets through up to twice the rate; that is said in docs/api.md.

What is too large or too deep gets no better by waiting, so it is no 429: see `web.params` for
the depth of pages and the length of a query, and docs/decisions/0015-api.md for why.

A limit on what all readers of one process may send together.

Readers are not counted apart: that would mean keeping their addresses.
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

UNDER = "/api/"
MAX_BODY_BYTES = 64 * 1024  # bytes, but where a view takes more (`takes`)
# Bytes: 100,000 articles of ordinary length, packed. A larger base is moved on the command line.
MAX_UPLOAD_BYTES = 200_000_000  # bytes of a file, or of all files of one form: a ZIP of hundreds
MAX_IMPORT_BYTES = 512 << 20
MAX_URL_LENGTH = 8_000  # bytes, just under what the server in front reads: so a script is told why
BURST_SECONDS = 10  # so much of the rate may come at once: a page of fifty links, a nightly script
MAX_CLIENTS = 10_000  # counted at once, about 1 MB; who was quiet longest is forgotten first
NETWORK_BITS = 64  # of an IPv6 address: one household or one machine has all of the rest

WITH_PORT = re.compile(r"\[(.+)\](?::\d+)?|([\d.]+):\d+")  # as some proxies write an address


View = TypeVar("View", bound=Callable[..., Any])
TAKES = "body_most"  # the attribute of a view that says how much it takes


def max_body_size(most: int) -> Callable[[View], View]:
    """Let a view take a larger body: so many bytes."""

    def mark(view: View) -> View:
        setattr(view, TAKES, most)
        return view

    return mark


class TooManyRequestsError(KnowledgeBaseError):
    """A client has asked more than its share.

    `seconds` says when it may try again.
    """

    def __init__(self, per_minute: int, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(
            f"More than {per_minute:,} requests a minute came from this address. "
            f"Try again in {seconds} {'second' if seconds == 1 else 'seconds'}."
        )


class RateLimiter:
    """Lets each client go on at `per_minute`, and some of it at once.

    A client is one number: the moment at which its past requests would be spent if they had come
    evenly (the generic cell rate algorithm). A request is refused while that lies further ahead
    than a burst.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._each = 60 / per_minute
        self._ahead = max(BURST_SECONDS, self._each)
        self._clock, self._key = clock, secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._spent: OrderedDict[bytes, float] = OrderedDict()

    def take(self, address: str) -> float:
        """Count a request; return 0, or the seconds after which the next one may come."""
        client = hashlib.blake2b(_network(address), key=self._key, digest_size=16).digest()
        with self._lock:
            now = self._clock()
            spent = max(now, self._spent.get(client, now)) + self._each
            # A rounding error of the clock must not refuse the last of a burst.
            if spent - now > self._ahead + self._each / 2:
                return spent - now - self._ahead
            self._spent[client] = spent
            self._spent.move_to_end(client)
            if len(self._spent) > MAX_CLIENTS:
                self._spent.popitem(last=False)
            return 0.0


def set_up(app: Flask, per_minute: int, proxies: int) -> None:
    """Hold what is asked of the API of `app` to its limits; 0 a minute means as much as it can.

    `proxies` is how many servers of one's own stand in front: so many entries of X-Forwarded-For
    are theirs and believed. Whatever a client wrote there itself lies further left.
    """
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )
    rate = RateLimiter(per_minute) if per_minute else None

    def hold() -> None:
        most = getattr(app.view_functions.get(request.endpoint or ""), TAKES, MAX_BODY_BYTES)
        request.max_content_length = request.max_form_memory_size = most
        if not request.path.startswith(UNDER):
            return
        if rate and (seconds := rate.take(request.remote_addr or "")):
            raise TooManyRequestsError(rate.per_minute, math.ceil(seconds))
        if len(request.full_path.encode()) > MAX_URL_LENGTH:
            raise RequestURITooLarge(f"The address is longer than {MAX_URL_LENGTH:,} bytes.")
        if (request.content_length or 0) > most:
            raise RequestEntityTooLarge(f"The body is larger than {most:,} bytes.")

    app.before_request(hold)


def _network(address: str) -> bytes:
    """Return what stands for a client: its address, or its network where one has many."""
    with_port = WITH_PORT.fullmatch(address)
    host = (with_port[1] or with_port[2]) if with_port else address
    try:
        parsed = ip_address(host.partition("%")[0])
    except ValueError:  # a socket of the machine has none
        return address.encode()
    if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped:
        return parsed.packed[: NETWORK_BITS // 8]
    return parsed.packed
