"""Pages from the web, fetched within limits and never from a host of the private network.

A name is resolved once, every address that it has is checked, and the connection is made to one of
these very addresses, with the name kept for the Host field and the certificate: a name that
resolves to something else a moment later (DNS rebinding) gains nothing, nor does a host written as
a number. Each redirect goes the same way. No cookies, no proxy of the environment, no password in
an address.

This is `http.client` with its connecting taken over, because the libraries above it resolve names
by themselves. It runs in the process that the person started: it parses nothing but the header
and, by one regular expression, the addresses of a sitemap. What is fetched is written to a file
and read like any other.
"""

from __future__ import annotations

import html
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from kb.errors import SourceError, SourceProblem

MEGABYTE = 1_000_000
USER_AGENT = "clinical-kb/0.1 (articles for a clinical knowledge base)"
DEFAULT_PORTS = {"http": 80, "https": 443}
REDIRECT_STATUSES = (301, 302, 303, 307, 308)
CONTENT_ENCODINGS = ("", "identity", "gzip", "x-gzip")
CHUNK_BYTES = 65_536
UNSAFE_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\]")
NAT64 = ipaddress.ip_network("64:ff9b::/96")

SITEMAP = re.compile(rb"<(?:\w{1,20}:)?(urlset|sitemapindex)\b")
SITEMAP_HEAD_BYTES = 4096
SITEMAP_LOCATION = re.compile(rb"<(?:\w{1,20}:)?loc>\s*+(?:<!\[CDATA\[\s*+)?+([^<\]\s]{1,2048})")

CHECK_URL = "Check the address."
SAVE_PAGE = "Save the page and add the file."

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
SocketAddress = tuple[socket.AddressFamily, Any]  # of an address family: what `connect` takes


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What one address may take."""

    max_redirects: int = 5
    connect_seconds: float = 10.0
    read_seconds: float = 15.0  # without a byte
    total_seconds: float = 60.0
    max_bytes: int = 50 * MEGABYTE  # the largest file of any kind; both as sent and as unpacked
    max_pages: int = 200  # of a sitemap


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """What stood at an address, and the address at which it was found in the end."""

    url: str
    content: bytes


def fetch(address: str, *, private: bool = False, limits: FetchLimits | None = None) -> FetchedPage:
    """Return what stands at an address. Raises `SourceError`.

    Hosts of the private network are refused unless `private` allows them.
    """
    limits = limits or FetchLimits()
    deadline = time.monotonic() + limits.total_seconds
    here = canonical_url(address, address)
    try:
        for _ in range(limits.max_redirects + 1):
            found = _get(here, address, deadline, private, limits)
            if isinstance(found, bytes):
                return FetchedPage(here, found)
            here = canonical_url(urljoin(here, found), address)
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or error
        raise _error(
            address, SourceProblem.CERTIFICATE, f"has no safe connection: {reason}.", SAVE_PAGE
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline or isinstance(error, TimeoutError):
            raise _error(
                address, SourceProblem.TIMEOUT, "takes too long to answer.", "Try again later."
            ) from error
        what = str(error) or type(error).__name__
        raise _error(
            address, SourceProblem.UNREACHABLE, f"cannot be fetched: {what}.", CHECK_URL
        ) from error
    raise _error(
        address,
        SourceProblem.REDIRECTS,
        f"redirects more than {limits.max_redirects} times.",
        CHECK_URL,
    )


def canonical_url(address: str, source: str) -> str:
    """Return an address in its one form. Raises `SourceError` when it is none to fetch from."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode()
    except ValueError as error:
        raise _error(
            source, SourceProblem.ADDRESS, f"is no address: {error}.", CHECK_URL
        ) from error
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise _error(source, SourceProblem.SCHEME, "is not an address of http or https.", CHECK_URL)
    if not host or UNSAFE_CHARACTERS.search(address):
        raise _error(source, SourceProblem.ADDRESS, "is no address that can be fetched.", CHECK_URL)
    if parts.username is not None or parts.password is not None:
        raise _error(
            source, SourceProblem.CREDENTIALS, "holds a user name.", "Leave out all before the @."
        )
    shown = f"[{host}]" if ":" in host else host
    place = shown if port in (None, DEFAULT_PORTS[scheme]) else f"{shown}:{port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit((scheme, place, path, quote(parts.query, safe="/%:@!$&'()*+,;=~-._?"), ""))


def list_sitemap_pages(
    page: FetchedPage, limits: FetchLimits | None = None
) -> list[str | SourceError]:
    """Return the addresses that a sitemap lists; none when the page is no sitemap."""
    limits = limits or FetchLimits()
    found = SITEMAP.search(page.content[:SITEMAP_HEAD_BYTES])
    if not found:
        return []
    if found[1] == b"sitemapindex":
        mend = "Add the sitemaps that you want."
        return [_error(page.url, SourceProblem.SITEMAP_INDEX, "is a list of sitemaps.", mend)]
    listed: list[str | SourceError] = []
    for location in SITEMAP_LOCATION.finditer(page.content):
        if len(listed) == limits.max_pages:
            problem = f"lists more than {limits.max_pages} pages; the first {limits.max_pages} were taken."
            return [
                *listed,
                _error(
                    page.url,
                    SourceProblem.TOO_MANY_PAGES,
                    problem,
                    "Add the others by themselves.",
                ),
            ]
        address = html.unescape(location[1].decode("utf-8", "replace"))
        if urlsplit(address).hostname == urlsplit(page.url).hostname:
            listed.append(address)
        else:
            problem = "is listed in a sitemap of another host."
            listed.append(_error(address, SourceProblem.OTHER_HOST, problem, "Add it by itself."))
    return listed or [
        _error(page.url, SourceProblem.EMPTY_SITEMAP, "is a sitemap without pages.", CHECK_URL)
    ]


def is_public(address: IPAddress) -> bool:
    """Whether an address, and any that is wrapped in it, belongs to the open internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        inside = [address.sixtofour, *(address.teredo or ())]
        if not all(is_public(each) for each in inside if each is not None):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _get(
    here: str, source: str, deadline: float, private: bool, limits: FetchLimits
) -> bytes | str:
    """Return what stands at exactly this address, or where it redirects to."""
    parts = urlsplit(here)
    host = parts.hostname or ""
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    plain = _connect(_resolve(host, port, source, private), deadline, limits)
    late = _enforce_deadline(deadline, plain)
    connection = http.client.HTTPConnection(host, port)
    try:
        connection.sock = plain
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(plain, server_hostname=host)
        target = urlunsplit(("", "", parts.path, parts.query, ""))
        headers = {"Host": parts.netloc, "User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
        connection.request("GET", target, headers={**headers, "Connection": "close"})
        response = connection.getresponse()
        if response.status in REDIRECT_STATUSES and response.headers["Location"]:
            return str(response.headers["Location"])
        if response.status != http.client.OK:
            raise _error(
                source,
                SourceProblem.STATUS,
                f"answers {response.status} {response.reason}.",
                CHECK_URL,
            )
        return _read_body(response, source, deadline, limits.max_bytes)
    finally:
        late()
        connection.close()
        plain.close()


def _resolve(host: str, port: int, source: str, private: bool) -> list[SocketAddress]:
    """Return the addresses of a host. Raises `SourceError` when one of them must not be asked."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    places: list[SocketAddress] = [(family, place) for family, _, _, _, place in found]
    for _, place in places:
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        if not private and not is_public(address):
            mend = "Set `fetch_private` if that host is meant."
            raise _error(
                source,
                SourceProblem.PRIVATE_HOST,
                f"leads to a host of a private network ({host}).",
                mend,
            )
    return places


def _connect(places: list[SocketAddress], deadline: float, limits: FetchLimits) -> socket.socket:
    """Return a connection to the first of these addresses that takes one."""
    last: OSError = OSError("the host has no address")
    for family, place in places:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(max(min(limits.connect_seconds, deadline - time.monotonic()), 0))
            connection.connect(place)
            connection.settimeout(limits.read_seconds)
            return connection
        except OSError as error:
            connection.close()
            last = error
    raise last


def _enforce_deadline(deadline: float, connection: socket.socket) -> Callable[[], None]:
    """Have a connection shut at `deadline`, however slowly it trickles; return how to stop that."""
    double = connection.dup()

    def shut() -> None:
        try:
            double.shutdown(socket.SHUT_RDWR)
        except OSError:  # the other side was faster
            return

    timer = threading.Timer(max(deadline - time.monotonic(), 0), shut)
    timer.daemon = True
    timer.start()

    def stop() -> None:
        timer.cancel()
        double.close()

    return stop


def _read_body(
    response: http.client.HTTPResponse, source: str, deadline: float, limit: int
) -> bytes:
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding not in CONTENT_ENCODINGS:
        raise _error(
            source,
            SourceProblem.COMPRESSION,
            f"is packed in a way that is not read ({coding}).",
            SAVE_PAGE,
        )
    unpacking = zlib.decompressobj(wbits=31) if coding.endswith("gzip") else None
    content = bytearray()
    taken = 0
    while step := response.read1(CHUNK_BYTES):
        taken += len(step)
        try:
            content += unpacking.decompress(step, limit + 1 - len(content)) if unpacking else step
        except zlib.error as error:
            raise _error(
                source, SourceProblem.DAMAGED, f"is damaged: {error}.", "Try again later."
            ) from error
        if max(taken, len(content)) > limit:
            raise _error(
                source,
                SourceProblem.TOO_LARGE,
                f"is larger than {limit // MEGABYTE} MB.",
                SAVE_PAGE,
            )
    if time.monotonic() >= deadline:
        raise TimeoutError
    if response.length or (unpacking and not unpacking.eof):
        raise _error(
            source, SourceProblem.INCOMPLETE, "ended before it was whole.", "Try again later."
        )
    return bytes(content)


def _error(source: str, code: SourceProblem, problem: str, mend: str) -> SourceError:
    return SourceError(source, problem, mend, code=code)
