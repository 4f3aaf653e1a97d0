"""Login throttling with exponential backoff.

Failures are counted in the database and apply to all processes. Accounts are never locked
permanently, and responses do not reveal whether an account exists. The functions run inside the
caller's transaction.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from kb.errors import LoginThrottledError
from kb.storage.schema import login_failures

# Failures before throttling starts: for a name from one IP address, for an IP address, and for a
# name from any address. The last limit is high, so that an attacker cannot lock out a user easily.
FREE_ATTEMPTS = {"pair": 5, "place": 20, "name": 50}
MAX_WAIT = timedelta(minutes=15)
RESET_AFTER = timedelta(hours=24)


def check_throttle(connection: Connection, name: str, origin: str, now: datetime) -> None:
    """Raise `LoginThrottledError` if the name or the IP address is being throttled."""
    kinds = {key: kind for kind, key in _hash_keys(name, origin).items()}
    for row in connection.execute(select(login_failures).where(login_failures.c.key.in_(kinds))):
        over = row.failed - FREE_ATTEMPTS[kinds[row.key]]
        if over >= 0:
            wait = min(timedelta(seconds=2.0 ** min(over + 1, 20)), MAX_WAIT)
            remaining = (row.last_at + wait - now).total_seconds()
            if remaining > 0:
                raise LoginThrottledError(int(remaining) + 1)


def record_failure(connection: Connection, name: str, origin: str, now: datetime) -> None:
    """Count a failed sign-in."""
    for key in _hash_keys(name, origin).values():
        increment = update(login_failures).where(login_failures.c.key == key)
        changed = connection.execute(
            increment.values(failed=login_failures.c.failed + 1, last_at=now)
        )
        if changed.rowcount == 0:
            connection.execute(insert(login_failures).values(key=key, failed=1, last_at=now))


def reset_failures(connection: Connection, name: str, origin: str) -> None:
    """Reset the counters of a name after a successful sign-in, but not of the IP address."""
    keys = _hash_keys(name, origin)
    condition = login_failures.c.key.in_((keys["pair"], keys["name"]))
    connection.execute(delete(login_failures).where(condition))


def purge_failures(connection: Connection, now: datetime) -> None:
    """Delete failures older than `RESET_AFTER`."""
    connection.execute(delete(login_failures).where(login_failures.c.last_at < now - RESET_AFTER))


def _hash_keys(name: str, origin: str) -> dict[str, str]:
    """Return the hashed key of each counter."""
    texts = {"pair": f"{name}\n{origin}", "place": origin, "name": name}
    return {
        kind: hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest() for kind, text in texts.items()
    }
