"""HTTP client with limits and protection against server-side request forgery (SSRF).

A host name is resolved once, all its addresses are checked, and the connection uses one of these
addresses, with the name kept for the Host header and the certificate. DNS rebinding and numeric
host names are therefore ineffective. Redirects are checked in the same way. There are no cookies,
no proxies from the environment and no passwords in URLs.

The client is `http.client` with a custom connection, because higher-level libraries resolve names
themselves. It runs in the main process, so it parses only the headers and, with one regular
expression, the URLs of a sitemap. The content is written to a file and read like any other source.
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

CHECK_URL = "Check the URL."
SAVE_PAGE = "Save the page and add the file."

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
SocketAddress = tuple[socket.AddressFamily, Any]  # the second item is the argument of `connect`


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """Limits for one URL."""

    max_redirects: int = 5
    connect_seconds: float = 10.0
    read_seconds: float = 15.0  # without receiving a byte
    total_seconds: float = 60.0
    max_bytes: int = 50 * MEGABYTE  # the largest limit of any reader; compressed and decompressed
    max_pages: int = 200  # of a sitemap


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """The content of a page and its final URL."""

    url: str
    content: bytes


def fetch(url: str, *, private: bool = False, limits: FetchLimits | None = None) -> FetchedPage:
    """Return the page at a URL. Raises `SourceError`.

    Hosts in private networks are rejected unless `private` is true.
    """
    limits = limits or FetchLimits()
    deadline = time.monotonic() + limits.total_seconds
    current = canonical_url(url, url)
    try:
        for _ in range(limits.max_redirects + 1):
            found = _get(current, url, deadline, private, limits)
            if isinstance(found, bytes):
                return FetchedPage(current, found)
            current = canonical_url(urljoin(current, found), url)
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or error
        raise _error(
            url, SourceProblem.CERTIFICATE, f"has no secure connection: {reason}.", SAVE_PAGE
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline or isinstance(error, TimeoutError):
            raise _error(
                url, SourceProblem.TIMEOUT, "did not respond in time.", "Try again later."
            ) from error
        what = str(error) or type(error).__name__
        raise _error(
            url, SourceProblem.UNREACHABLE, f"cannot be fetched: {what}.", CHECK_URL
        ) from error
    raise _error(
        url,
        SourceProblem.REDIRECTS,
        f"redirects more than {limits.max_redirects} times.",
        CHECK_URL,
    )


def canonical_url(url: str, source: str) -> str:
    """Return a URL in canonical form. Raises `SourceError` if it cannot be fetched."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode()
    except ValueError as error:
        raise _error(
            source, SourceProblem.ADDRESS, f"is not a valid URL: {error}.", CHECK_URL
        ) from error
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise _error(source, SourceProblem.SCHEME, "is not an http or https URL.", CHECK_URL)
    if not host or UNSAFE_CHARACTERS.search(url):
        raise _error(source, SourceProblem.ADDRESS, "is not a valid URL.", CHECK_URL)
    if parts.username is not None or parts.password is not None:
        raise _error(
            source,
            SourceProblem.CREDENTIALS,
            "contains a user name.",
            "Remove everything before the @.",
        )
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port in (None, DEFAULT_PORTS[scheme]) else f"{shown}:{port}"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit((scheme, netloc, path, quote(parts.query, safe="/%:@!$&'()*+,;=~-._?"), ""))


def list_sitemap_pages(
    page: FetchedPage, limits: FetchLimits | None = None
) -> list[str | SourceError]:
    """Return the URLs that a sitemap lists; empty if the page is not a sitemap."""
    limits = limits or FetchLimits()
    found = SITEMAP.search(page.content[:SITEMAP_HEAD_BYTES])
    if not found:
        return []
    if found[1] == b"sitemapindex":
        hint = "Add the sitemaps that it lists."
        return [_error(page.url, SourceProblem.SITEMAP_INDEX, "is a sitemap index.", hint)]
    listed: list[str | SourceError] = []
    for location in SITEMAP_LOCATION.finditer(page.content):
        if len(listed) == limits.max_pages:
            problem = f"lists more than {limits.max_pages} pages, so only the first were added."
            return [
                *listed,
                _error(
                    page.url,
                    SourceProblem.TOO_MANY_PAGES,
                    problem,
                    "Add the other pages by their URLs.",
                ),
            ]
        url = html.unescape(location[1].decode("utf-8", "replace"))
        if urlsplit(url).hostname == urlsplit(page.url).hostname:
            listed.append(url)
        else:
            problem = "is listed in the sitemap of another host."
            listed.append(_error(url, SourceProblem.OTHER_HOST, problem, "Add it separately."))
    return listed or [
        _error(page.url, SourceProblem.EMPTY_SITEMAP, "is a sitemap without pages.", CHECK_URL)
    ]


def is_public(address: IPAddress) -> bool:
    """Return whether an address, and any address embedded in it, is on the public internet."""
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
    current: str, source: str, deadline: float, private: bool, limits: FetchLimits
) -> bytes | str:
    """Return the content at exactly this URL, or the URL to which it redirects."""
    parts = urlsplit(current)
    host = parts.hostname or ""
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    connected = _connect(_resolve(host, port, source, private), deadline, limits)
    cancel = _enforce_deadline(deadline, connected)
    connection = http.client.HTTPConnection(host, port)
    try:
        connection.sock = connected
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connected, server_hostname=host)
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
                f"returned {response.status} {response.reason}.",
                CHECK_URL,
            )
        return _read_body(response, source, deadline, limits.max_bytes)
    finally:
        cancel()
        connection.close()
        connected.close()


def _resolve(host: str, port: int, source: str, private: bool) -> list[SocketAddress]:
    """Return the addresses of a host. Raises `SourceError` if one of them is not allowed."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses: list[SocketAddress] = [(family, sockaddr) for family, _, _, _, sockaddr in found]
    for _, sockaddr in addresses:
        address = ipaddress.ip_address(str(sockaddr[0]).partition("%")[0])
        if not private and not is_public(address):
            hint = "To allow such hosts, set `fetch_private_networks`."
            raise _error(
                source,
                SourceProblem.PRIVATE_HOST,
                f"points to a host in a private network ({host}).",
                hint,
            )
    return addresses


def _connect(addresses: list[SocketAddress], deadline: float, limits: FetchLimits) -> socket.socket:
    """Return a connection to the first address that accepts one."""
    last: OSError = OSError("the host has no address")
    for family, address in addresses:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(max(min(limits.connect_seconds, deadline - time.monotonic()), 0))
            connection.connect(address)
            connection.settimeout(limits.read_seconds)
            return connection
        except OSError as error:
            connection.close()
            last = error
    raise last


def _enforce_deadline(deadline: float, connection: socket.socket) -> Callable[[], None]:
    """Shut the connection down at `deadline`; return a function that cancels this."""
    duplicate = connection.dup()

    def shut() -> None:
        try:
            duplicate.shutdown(socket.SHUT_RDWR)
        except OSError:  # already closed
            return

    timer = threading.Timer(max(deadline - time.monotonic(), 0), shut)
    timer.daemon = True
    timer.start()

    def stop() -> None:
        timer.cancel()
        duplicate.close()

    return stop


def _read_body(
    response: http.client.HTTPResponse, source: str, deadline: float, limit: int
) -> bytes:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in CONTENT_ENCODINGS:
        raise _error(
            source,
            SourceProblem.COMPRESSION,
            f"uses an unsupported content encoding ({encoding}).",
            SAVE_PAGE,
        )
    decompressor = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
    content = bytearray()
    received = 0
    while chunk := response.read1(CHUNK_BYTES):
        received += len(chunk)
        try:
            content += (
                decompressor.decompress(chunk, limit + 1 - len(content)) if decompressor else chunk
            )
        except zlib.error as error:
            raise _error(
                source, SourceProblem.DAMAGED, f"is damaged: {error}.", "Try again later."
            ) from error
        if max(received, len(content)) > limit:
            raise _error(
                source,
                SourceProblem.TOO_LARGE,
                f"is larger than {limit // MEGABYTE} MB.",
                SAVE_PAGE,
            )
    if time.monotonic() >= deadline:
        raise TimeoutError
    if response.length or (decompressor and not decompressor.eof):
        raise _error(
            source, SourceProblem.INCOMPLETE, "was not received completely.", "Try again later."
        )
    return bytes(content)


def _error(source: str, code: SourceProblem, problem: str, hint: str) -> SourceError:
    return SourceError(source, problem, hint, code=code)
