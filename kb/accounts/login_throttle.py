"""Sign-ins that fail slow the next ones down; counted in the database, so for all processes.

Waits double with each failure up to a bound. What stands here is read and written inside the
transactions of `kb.accounts.users`; a name is never locked for good, and whether it is one is not told.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from kb.errors import LoginThrottledError
from kb.storage.schema import login_failures

# How many may fail before one has to wait: for a name from one place, for a place, and for a name
# from anywhere; the last is high, so that a stranger cannot keep somebody out by a few tries.
FREE_ATTEMPTS = {"pair": 5, "place": 20, "name": 50}
MAX_WAIT = timedelta(minutes=15)
RESET_AFTER = timedelta(hours=24)


def check(connection: Connection, name: str, origin: str, now: datetime) -> None:
    """Raise `LoginThrottledError` while somebody has failed too often."""
    kinds = {key: kind for kind, key in _keys(name, origin).items()}
    for row in connection.execute(select(login_failures).where(login_failures.c.key.in_(kinds))):
        over = row.failed - FREE_ATTEMPTS[kinds[row.key]]
        if over >= 0:
            wait = min(timedelta(seconds=2.0 ** min(over + 1, 20)), MAX_WAIT)
            left = (row.last_at + wait - now).total_seconds()
            if left > 0:
                raise LoginThrottledError(int(left) + 1)


def record_failure(connection: Connection, name: str, origin: str, now: datetime) -> None:
    """Count a failure."""
    for key in _keys(name, origin).values():
        more = update(login_failures).where(login_failures.c.key == key)
        changed = connection.execute(more.values(failed=login_failures.c.failed + 1, last_at=now))
        if changed.rowcount == 0:
            connection.execute(insert(login_failures).values(key=key, failed=1, last_at=now))


def reset(connection: Connection, name: str, origin: str) -> None:
    """Forget the failures of somebody who got in; those of the place are not all theirs."""
    keys = _keys(name, origin)
    mine = login_failures.c.key.in_((keys["pair"], keys["name"]))
    connection.execute(delete(login_failures).where(mine))


def purge(connection: Connection, now: datetime) -> None:
    """Forget the failures of long ago."""
    connection.execute(delete(login_failures).where(login_failures.c.last_at < now - RESET_AFTER))


def _keys(name: str, origin: str) -> dict[str, str]:
    """Return under which keys a failed sign-in is counted."""
    texts = {"pair": f"{name}\n{origin}", "place": origin, "name": name}
    return {
        kind: hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest() for kind, text in texts.items()
    }
