"""Rate and size limits, without stored addresses."""

from __future__ import annotations

import re

import pytest

from kb.settings import Settings
from web.app import create_app
from web.middleware import rate_limit
from web.middleware.rate_limit import RateLimiter


def taken(rate: RateLimiter, address: str, tries: int) -> int:
    return sum(rate.count(address) == 0 for _ in range(tries))


def test_rate_limiter_allows_ten_second_burst_then_steady_rate(clock):
    rate = RateLimiter(120, clock.seconds)
    assert taken(rate, "192.0.2.1", 100) == 20
    assert 0 < rate.count("192.0.2.1") <= 0.5
    clock.go(seconds=1.0)
    assert taken(rate, "192.0.2.1", 100) == 2
    clock.go(seconds=3600)
    assert taken(rate, "192.0.2.1", 100) == 20


def test_rate_limiter_allows_one_request_at_slow_rate(clock):
    rate = RateLimiter(1, clock.seconds)
    assert taken(rate, "192.0.2.1", 3) == 1
    assert rate.count("192.0.2.1") == pytest.approx(60)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),  # one network
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),  # four bytes inside sixteen
        ("192.0.2.1:4711", "192.0.2.1:4712", True),  # as some proxies write it
        ("192.0.2.1:4711", "192.0.2.1", True),
        ("[2001:db8::1]:80", "2001:db8::2", True),
        ("unknown", "_hidden", False),
        ("", "192.0.2.1", False),  # a socket of the machine
    ],
)
def test_rate_limiter_groups_addresses_by_client(clock, one, other, same):
    rate = RateLimiter(6, clock.seconds)
    assert taken(rate, one, 5) == 1
    assert (rate.count(other) > 0) is same


def test_rate_limiter_state_is_bounded_and_stores_no_address(clock, monkeypatch):
    monkeypatch.setattr(rate_limit, "MAX_CLIENTS", 3)
    rate = RateLimiter(6, clock.seconds)
    for number in range(10):
        rate.count(f"192.0.2.{number}")
    held = list(rate._arrival)
    assert len(held) == 3
    assert all(len(client) == 16 for client in held)
    assert not set(held) & set(RateLimiter(6, clock.seconds)._arrival)
    assert rate.count("192.0.2.9") > 0
    assert rate.count("192.0.2.0") == 0  # forgotten


@pytest.fixture
def site(settings, store, search, taxonomy):
    """Return a factory of clients of a site limited to six requests per minute."""

    def make(**others):
        chosen = Settings(home=settings.home, api_requests_per_minute=6, **others)
        return create_app(chosen, store, search, taxonomy).test_client()

    return make


def test_rate_limit_returns_problem_with_retry_after(site, caplog):
    client = site()
    assert client.get("/api/v1/search?q=bleeding").status_code == 200
    for path in ("search?q=bleeding", "suggest?q=b", "articles", "nothing", "openapi.json"):
        response = client.get(f"/api/v1/{path}")
        assert response.status_code == 429
        assert response.mimetype == "application/problem+json"
        assert 1 <= int(response.headers["Retry-After"]) <= 10
        assert response.get_json()["code"] == "rate"
        assert "6" in re.findall(r"\d+", response.get_json()["detail"])
        assert response.headers["Cache-Control"] == "no-store"
    assert client.get("/search?q=bleeding").status_code == 200  # pages are not counted
    assert caplog.records == []


def test_rate_limit_separates_clients_behind_trusted_proxy(site):
    def ask(client, forwarded):
        return client.get("/api/v1/articles", headers={"X-Forwarded-For": forwarded}).status_code

    alone = site()
    assert [ask(alone, "192.0.2.1"), ask(alone, "192.0.2.2")] == [200, 429]
    behind = site(proxy_count=1)
    assert [ask(behind, "192.0.2.1"), ask(behind, "192.0.2.2")] == [200, 200]
    # What a client writes itself stands further left and changes nothing.
    assert ask(behind, "198.51.100.7, 192.0.2.1") == 429


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/search?q=" + "a" * 8_000, b"", 414),
        ("/api/v1/" + "a" * 8_000, b"", 414),
        ("/api/v1/search?q=x", b"a" * 65_537, 413),
        ("/api/v1/search?q=x", b"a" * 65_536, 200),
    ],
)
def test_oversized_request_is_rejected_without_retry_after(client, path, body, status):
    response = client.get(path, data=body)
    assert response.status_code == status
    if status != 200:
        assert response.get_json()["code"] == "size"
        assert "Retry-After" not in response.headers
