"""HTTP client: requests to a local server, and protection against private hosts."""

import gzip
import ipaddress
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ingest.http_fetch import (
    FetchedPage,
    FetchLimits,
    canonical_url,
    fetch,
    is_public,
    list_sitemap_pages,
)
from kb.errors import SourceError, SourceProblem

QUICK = FetchLimits(
    connect_seconds=2, read_seconds=1, total_seconds=3, max_bytes=50_000, max_pages=3
)
PAGE = b"<html><body><h1>Gout</h1></body></html>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(dict(self.headers))
        kind, _, rest = self.path[1:].partition("/")
        getattr(self, kind)(rest)

    def answer(self, body, status=200, **fields):
        self.send_response(status)
        self.send_header("Content-Length", fields.pop("length", str(len(body))))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def page(self, _):
        self.answer(PAGE, Set_Cookie="a=b")

    def packed(self, _):
        self.answer(gzip.compress(PAGE), Content_Encoding="gzip")

    def bomb(self, _):
        self.answer(gzip.compress(b"\0" * 10_000_000), Content_Encoding="gzip")

    def brotli(self, _):
        self.answer(PAGE, Content_Encoding="br")

    def broken(self, _):
        self.answer(b"no gzip", Content_Encoding="gzip")

    def large(self, _):
        self.answer(b"x" * 60_000)

    def short(self, _):
        self.answer(PAGE, length="1000")
        self.close_connection = True

    def missing(self, _):
        self.answer(b"", 404)

    def to(self, target):
        self.answer(b"", 302, Location=target)

    def round(self, number):
        self.answer(b"", 302, Location=f"/round/{int(number) + 1}")

    def silent(self, _):
        self.server.stop.wait(5)

    def trickles(self, _):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while not self.server.stop.wait(0.1):
            try:
                self.wfile.write(b"x")
            except OSError:
                return

    def noise(self, _):
        self.wfile.write(b"SSH-2.0\r\n")
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.seen, made.stop, made.block_on_close = [], threading.Event(), False
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.stop.set()
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def at(server):
    return f"http://127.0.0.1:{server.server_port}"


def get(address, **more):
    return fetch(address, **{"private": True, "limits": QUICK, **more})


def refusal(address, **more):
    with pytest.raises(SourceError) as raised:
        get(address, **more)
    assert raised.value.source == address
    assert raised.value.hint
    return raised.value


def test_fetch_sends_only_the_user_agent(at, server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert get(f"{at}/page#part") == FetchedPage(f"{at}/page", PAGE)
    assert get(f"{at}/page").content == PAGE
    assert server.seen[1] == {
        "Host": at.removeprefix("http://"),
        "User-Agent": server.seen[0]["User-Agent"],
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    assert "clinical-kb" in server.seen[0]["User-Agent"]


def test_fetch_follows_redirects_and_decompresses_content(at):
    assert get(f"{at}/to//to/{at}/packed") == FetchedPage(f"{at}/packed", PAGE)


@pytest.mark.parametrize(
    ("path", "code", "value"),
    [
        ("bomb", SourceProblem.TOO_LARGE, ""),
        ("large", SourceProblem.TOO_LARGE, ""),
        ("brotli", SourceProblem.COMPRESSION, "br"),
        ("broken", SourceProblem.DAMAGED, ""),
        ("short", SourceProblem.INCOMPLETE, ""),
        ("missing", SourceProblem.STATUS, "404"),
        ("round/0", SourceProblem.REDIRECTS, "5"),
        ("to/ftp://example.org/", SourceProblem.SCHEME, ""),
        ("to/file:///etc/passwd", SourceProblem.SCHEME, ""),
        ("silent", SourceProblem.TIMEOUT, ""),
        ("trickles", SourceProblem.TIMEOUT, ""),
        ("noise", SourceProblem.UNREACHABLE, ""),
    ],
)
def test_server_faults_raise_source_errors(at, path, code, value):
    error = refusal(f"{at}/{path}")
    assert error.code == code
    assert re.search(rf"\b{value}\b", error.problem)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
    ],
)
def test_private_host_is_rejected(host):
    assert refusal(f"http://{host}/", private=False).code == SourceProblem.PRIVATE_HOST


def test_redirect_to_private_host_is_rejected(at, monkeypatch):
    real = socket.getaddrinfo
    public = at.replace("127.0.0.1", "public.example")
    monkeypatch.setattr(
        "ingest.http_fetch.is_public", lambda address: names[-1] == "public.example"
    )
    names = []

    def resolve(host, port, **more):
        names.append(host)
        return real("127.0.0.1", port, **more)

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    assert get(f"{public}/page", private=False).content == PAGE
    error = refusal(f"{public}/to/http://inside.example/", private=False)
    assert error.code == SourceProblem.PRIVATE_HOST
    assert "inside.example" in error.problem


def test_host_is_resolved_once_and_all_addresses_are_checked(at, monkeypatch):
    answers = [["93.184.216.34", "127.0.0.1"]]

    def resolve(host, port, **more):
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in answers.pop()]

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    error = refusal("http://rebinds.example/", private=False)
    assert error.code == SourceProblem.PRIVATE_HOST
    answers[:] = [["127.0.0.1"]]  # a second lookup would find no address
    port = at.rpartition(":")[2]
    assert get(f"http://once.example:{port}/page").content == PAGE


def test_embedded_private_address_is_detected():
    for public in ("93.184.216.34", "2606:4700::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"):
        assert is_public(ipaddress.ip_address(public))
    for private in ("64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "240.0.0.1"):
        assert not is_public(ipaddress.ip_address(private))


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://user:secret@example.org/", SourceProblem.CREDENTIALS),
        ("http://example.org@127.0.0.1/", SourceProblem.CREDENTIALS),
        ("http://good.example\\@127.0.0.1/", SourceProblem.ADDRESS),
        ("http://example.org/a b", SourceProblem.ADDRESS),
        ("http://example.org/\r\nHost: x", SourceProblem.ADDRESS),
        ("http://", SourceProblem.ADDRESS),
        ("http://example.org:99999/", SourceProblem.ADDRESS),
        ("http://[::1", SourceProblem.ADDRESS),
        ("gopher://example.org/", SourceProblem.SCHEME),
    ],
)
def test_invalid_url_is_rejected(address, code):
    assert refusal(address).code == code


def test_canonical_url_normalizes_host_port_and_escapes():
    given = "HTTPS://Bücher.Example:443/ä b?q=ü#part".replace(" ", "%20")
    assert canonical_url(given, given) == "https://xn--bcher-kva.example/%C3%A4%20b?q=%C3%BC"


def test_unreachable_server_and_invalid_certificate_raise_source_errors(at):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert refusal(f"http://127.0.0.1:{port}/").code == SourceProblem.UNREACHABLE
    secure = at.replace("http:", "https:") + "/page"
    assert refusal(secure).code == SourceProblem.CERTIFICATE


def test_certificate_is_checked_against_host_name(at, monkeypatch):
    asked = []

    class Context:
        def wrap_socket(self, connection, server_hostname):
            asked.append(server_hostname)
            return connection

    real = socket.getaddrinfo
    monkeypatch.setattr("socket.getaddrinfo", lambda host, *a, **m: real("127.0.0.1", *a, **m))
    monkeypatch.setattr("ssl.create_default_context", Context)
    port = at.rpartition(":")[2]
    assert get(f"https://named.example:{port}/page").content == PAGE
    assert asked == ["named.example"]


def sitemap(*addresses, root="urlset"):
    entries = "".join(f"<url>\n<loc> {address} </loc></url>" for address in addresses)
    content = f'<?xml version="1.0"?><{root} xmlns="x">{entries}</{root}>'
    return list_sitemap_pages(
        FetchedPage("https://example.org/sitemap.xml", content.encode()), QUICK
    )


def test_sitemap_lists_pages_of_its_host_up_to_limit():
    at = "https://example.org"
    assert sitemap(f"{at}/a?b=1&amp;c=2", f"<![CDATA[{at}/b]]>") == [f"{at}/a?b=1&c=2", f"{at}/b"]
    found = sitemap(*(f"{at}/{n}" for n in range(5)))
    assert found[:3] == [f"{at}/{n}" for n in range(3)]
    assert found[3].code == SourceProblem.TOO_MANY_PAGES
    assert re.search(r"\b3\b", found[3].problem)
    assert sitemap("https://other.org/")[0].code == SourceProblem.OTHER_HOST
    assert sitemap()[0].code == SourceProblem.EMPTY_SITEMAP
    index = sitemap(f"{at}/b.xml", root="sitemapindex")
    assert [error.code for error in index] == [SourceProblem.SITEMAP_INDEX]
    assert list_sitemap_pages(FetchedPage(at, PAGE)) == []
