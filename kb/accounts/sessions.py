"""Signing in, and the sessions that come of it.

What a browser holds is a random text; only its hash is kept here, so a copy of the database lets
nobody in. A session ends when it was idle or is old, when its person signs out, and when password,
roles or state of the account change: the next request finds no session any more.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from kb.accounts import login_throttle
from kb.accounts.users import (
    find_account,
    insert_account,
    join_roles,
    user_from_row,
    verify_password,
)
from kb.errors import AccountError, NotFoundError
from kb.model.permissions import DEFAULT_PERMISSIONS, PermissionTable, User, normalise_user_name
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.database import Database
from kb.storage.schema import oidc_states, sessions, users_table

OIDC_STATE_LIFETIME = timedelta(minutes=10)  # to type a password and a code at the directory
SEEN_EVERY = timedelta(minutes=1)  # a page is not worth a write each time


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: `key` is what only it holds, `csrf` what its forms send along."""

    person: User
    csrf: str
    number: str  # names the session to its person; lets nobody in
    began_at: datetime
    seen_at: datetime
    origin: str
    key: str = ""
    issuer: str = ""  # of the directory that vouches for the person


@dataclass(frozen=True, slots=True)
class OidcState:
    """A sign-in through a directory that is under way: what must come back, and where it leads."""

    state: str
    nonce: str
    verifier: str
    wanted: str


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """Somebody for whom a directory vouches: `issuer` and `subject` say who, for good."""

    issuer: str
    subject: str
    person: User


class SessionStore:
    """The sessions of one knowledge base. A method is one transaction, signing in a few."""

    def __init__(
        self,
        database: Database,
        *,
        idle: timedelta = timedelta(minutes=30),
        longest: timedelta = timedelta(hours=12),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        rights: PermissionTable = DEFAULT_PERMISSIONS,
    ) -> None:
        self._database, self._idle, self._longest = database, idle, longest
        self._clock, self._rights = clock, rights

    def sign_in(self, name: str, password: str, *, origin: str) -> Session:
        """Begin a session; raises `AccountError`, the same for whatever is wrong, or `WaitError`.

        `origin` is the address that it comes from.
        """
        return self._begin(self.confirm(name, password, origin=origin), origin, "password")

    def confirm(self, name: str, password: str, *, origin: str) -> User:
        """Return whose name and password these are; raises as `sign_in` does."""
        name = name.strip().lower()
        with self._database.reading() as connection:
            login_throttle.check(connection, name, origin, self._clock())
            row = find_account(connection, name)
        is_right = verify_password(password, row.password if row is not None else "")
        if row is None or not is_right or row.disabled:
            self._failed(name, origin, known=row is not None)
            raise AccountError(
                "Name or password is wrong, or the account is not in use.", code="sign-in-failed"
            )
        return user_from_row(row, self._rights)

    def admit(self, vouched: ExternalIdentity, *, origin: str) -> Session:
        """Begin a session for whom a directory vouches.

        An account is made at the first time, and given the roles of the directory each time. A
        name that belongs to another account is not taken over: that raises `AccountError`.
        """
        person = replace(vouched.person, name=normalise_user_name(vouched.person.name))
        now = self._clock()
        known = (
            users_table.c.issuer == vouched.issuer,
            users_table.c.subject == vouched.subject,
        )
        with self._database.writing() as connection:
            row = connection.execute(select(users_table).where(*known)).one_or_none()
            if row is None:
                insert_account(
                    connection, person, Actor(person.name, origin), now,
                    issuer=vouched.issuer, subject=vouched.subject,
                )  # fmt: skip
            elif row.disabled:
                raise AccountError("This account is not in use.", code="disabled")
            else:
                person = replace(person, name=row.name)
                self._follow_directory(connection, row, person, Actor(row.name, origin))
        return self._begin(person, origin, vouched.issuer)

    def begin_handshake(self, wanted: str) -> tuple[str, OidcState]:
        """Begin a sign-in through a directory; return what the browser holds, and what it is."""
        key = secrets.token_urlsafe(32)
        made = OidcState(
            secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), wanted
        )
        now = self._clock()
        with self._database.writing() as connection:
            connection.execute(
                delete(oidc_states).where(oidc_states.c.at < now - OIDC_STATE_LIFETIME)
            )
            connection.execute(
                insert(oidc_states).values(
                    hash=hash_key(key), state=made.state, nonce=made.nonce,
                    verifier=made.verifier, wanted=made.wanted, at=now,
                )
            )  # fmt: skip
        return key, made

    def finish_handshake(self, key: str) -> OidcState | None:
        """Return what was begun, once: a second answer finds nothing."""
        with self._database.writing() as connection:
            mine = oidc_states.c.hash == hash_key(key)
            row = connection.execute(select(oidc_states).where(mine)).one_or_none()
            connection.execute(delete(oidc_states).where(mine))
        if row is None or self._clock() - row.at > OIDC_STATE_LIFETIME:
            return None
        return OidcState(row.state, row.nonce, row.verifier, row.wanted)

    def session(self, key: str) -> Session | None:
        """Return the session of what a browser holds, unless it has ended."""
        now = self._clock()
        with self._database.reading() as connection:
            row = connection.execute(
                select(sessions, users_table)
                .join(users_table, users_table.c.name == sessions.c.name)
                .where(sessions.c.hash == hash_key(key))
            ).one_or_none()
        if row is None or row.disabled or self._is_over(row, now):
            return None
        if now - row.seen_at > SEEN_EVERY:
            seen = update(sessions).where(sessions.c.hash == row.hash).values(seen_at=now)
            with self._database.writing() as connection:
                connection.execute(seen)
        return self._session(row)

    def of(self, name: str) -> list[Session]:
        """Return the open sessions of an account, the newest first."""
        now = self._clock()
        with self._database.reading() as connection:
            rows = connection.execute(
                select(sessions, users_table)
                .join(users_table, users_table.c.name == sessions.c.name)
                .where(sessions.c.name == name)
                .order_by(sessions.c.began_at.desc())
            )
            return [self._session(row) for row in rows if not self._is_over(row, now)]

    def end(self, name: str, number: str, *, by: Actor) -> None:
        """End one session of an account; raises `NotFoundError` where it has no such."""
        with self._database.writing() as connection:
            mine = (sessions.c.name == name, sessions.c.number == number)
            if connection.execute(delete(sessions).where(*mine)).rowcount == 0:
                raise NotFoundError("session", number)
            audit_log.append(connection, [AuditEvent(by, "signed-out", name)], self._clock())

    def _begin(self, person: User, origin: str, means: str) -> Session:
        key, now = secrets.token_urlsafe(32), self._clock()
        session = Session(
            person, secrets.token_urlsafe(24), secrets.token_hex(8), now, now, origin, key
        )
        with self._database.writing() as connection:
            self._sweep(connection, now)
            login_throttle.reset(connection, person.name, origin)
            connection.execute(
                insert(sessions).values(
                    hash=hash_key(key),
                    name=person.name,
                    csrf=session.csrf,
                    number=session.number,
                    began_at=now,
                    seen_at=now,
                    origin=origin,
                )
            )
            deed = AuditEvent(Actor(person.name, origin), "signed-in", person.name, means)
            audit_log.append(connection, [deed], now)
        return session

    def _failed(self, name: str, origin: str, *, known: bool) -> None:
        now = self._clock()
        # A name that is none may be a password typed into the wrong field.
        who = name if known else "unknown name"
        with self._database.writing() as connection:
            self._sweep(connection, now)
            login_throttle.record_failure(connection, name, origin, now)
            audit_log.append(
                connection, [AuditEvent(Actor(who, origin), "sign-in.failed", who)], now
            )

    def _follow_directory(
        self, connection: Connection, row: Row[Any], person: User, by: Actor
    ) -> None:
        roles = join_roles(person.roles)
        if roles != row.roles:
            connection.execute(delete(sessions).where(sessions.c.name == row.name))
            deed = AuditEvent(by, "account.roles", row.name, f"{roles}, by the directory")
            audit_log.append(connection, [deed], self._clock())
        values = {"roles": roles, "shown": person.shown, "email": person.email}
        connection.execute(update(users_table).where(users_table.c.name == row.name).values(values))

    def _session(self, row: Row[Any]) -> Session:
        person = user_from_row(row, self._rights)
        return Session(
            person, row.csrf, row.number, row.began_at, row.seen_at, row.origin, issuer=row.issuer
        )

    def _is_over(self, row: Row[Any], now: datetime) -> bool:
        return bool(now - row.seen_at > self._idle or now - row.began_at > self._longest)

    def _sweep(self, connection: Connection, now: datetime) -> None:
        """Forget sessions that are over, and failures of long ago."""
        idle, old = sessions.c.seen_at < now - self._idle, sessions.c.began_at < now - self._longest
        connection.execute(delete(sessions).where(or_(idle, old)))
        login_throttle.purge(connection, now)


def hash_key(key: str) -> str:
    """Return what is kept of a text that only a browser or a script holds."""
    # Of a random text of 256 bits a plain hash is enough: there is nothing to guess.
    return hashlib.sha256(key.encode()).hexdigest()
