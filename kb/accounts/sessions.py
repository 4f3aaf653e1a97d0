"""Sign-in and server-side sessions.

The session cookie is a random string of which only the hash is stored, so a copy of the database
does not grant access. A session ends after inactivity, after its maximum lifetime, at sign-out, and
when the password, the roles or the status of the account changes.
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
    join_names,
    map_user,
    verify_password,
)
from kb.errors import AccountError, NotFoundError
from kb.model.permissions import User, normalise_user_name
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.database import Database
from kb.storage.schema import oidc_states, sessions, users_table

OIDC_STATE_LIFETIME = timedelta(minutes=10)  # time to sign in at the identity provider
SEEN_INTERVAL = timedelta(minutes=1)  # avoids a write for every request


@dataclass(frozen=True, slots=True)
class Session:
    """A session. `key` is the cookie value, set only on creation; `csrf` is the token of forms."""

    user: User
    csrf: str
    number: str  # public identifier, for the list of sessions
    began_at: datetime
    seen_at: datetime
    origin: str
    key: str = ""
    issuer: str = ""  # identity provider, for external accounts


@dataclass(frozen=True, slots=True)
class OidcState:
    """A pending OpenID Connect sign-in. `wanted` is the page to open afterwards."""

    state: str
    nonce: str
    verifier: str
    next_url: str


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """A user authenticated by an identity provider; `issuer` and `subject` are stable."""

    issuer: str
    subject: str
    user: User


class SessionStore:
    """Sessions of one knowledge base. Each method is one transaction, except those that sign in."""

    def __init__(
        self,
        database: Database,
        *,
        idle_timeout: timedelta = timedelta(minutes=30),
        max_lifetime: timedelta = timedelta(hours=12),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database, self._clock = database, clock
        self._idle, self._longest = idle_timeout, max_lifetime

    def sign_in(self, name: str, password: str, *, origin: str) -> Session:
        """Start a session with a name and password. `origin` is the client's IP address.

        Raises `AccountError`, with the same message for every cause, or `LoginThrottledError`.
        """
        return self._begin(self.authenticate(name, password, origin=origin), origin, "password")

    def authenticate(self, name: str, password: str, *, origin: str) -> User:
        """Return the user with this name and password. Raises the same errors as `sign_in`."""
        name = name.strip().lower()
        with self._database.reading() as connection:
            login_throttle.check_throttle(connection, name, origin, self._clock())
            row = find_account(connection, name)
        is_right = verify_password(password, row.password if row is not None else "")
        if row is None or not is_right or row.disabled:
            self._failed(name, origin, is_known=row is not None)
            raise AccountError(
                "The name or password is wrong, or the account is disabled. Check both and try "
                "again.",
                code="sign-in-failed",
            )
        return map_user(row)

    def sign_in_external(self, identity: ExternalIdentity, *, origin: str) -> Session:
        """Start a session for a user authenticated by an identity provider.

        The first sign-in creates the account; each sign-in updates its roles. Raises
        `AccountError` if the account is disabled or the name belongs to another account.
        """
        user = replace(identity.user, name=normalise_user_name(identity.user.name))
        now = self._clock()
        existing = (
            users_table.c.issuer == identity.issuer,
            users_table.c.subject == identity.subject,
        )
        with self._database.writing() as connection:
            row = connection.execute(select(users_table).where(*existing)).one_or_none()
            if row is None:
                insert_account(
                    connection, user, Actor(user.name, origin), now,
                    issuer=identity.issuer, subject=identity.subject,
                )  # fmt: skip
            elif row.disabled:
                raise AccountError(
                    "This account is disabled. Ask an administrator to enable it.", code="disabled"
                )
            else:
                user = replace(user, name=row.name)
                self._follow_directory(connection, row, user, Actor(row.name, origin))
        return self._begin(user, origin, identity.issuer)

    def begin_oidc(self, next_path: str) -> tuple[str, OidcState]:
        """Start an OpenID Connect sign-in. Returns the cookie value and the state."""
        key = secrets.token_urlsafe(32)
        state = OidcState(
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(48),
            next_path,
        )
        now = self._clock()
        with self._database.writing() as connection:
            connection.execute(
                delete(oidc_states).where(oidc_states.c.at < now - OIDC_STATE_LIFETIME)
            )
            connection.execute(
                insert(oidc_states).values(
                    hash=hash_key(key), state=state.state, nonce=state.nonce,
                    verifier=state.verifier, wanted=state.next_url, at=now,
                )
            )  # fmt: skip
        return key, state

    def finish_oidc(self, key: str) -> OidcState | None:
        """Return and delete the state for a cookie value; None if unknown, used or expired."""
        with self._database.writing() as connection:
            condition = oidc_states.c.hash == hash_key(key)
            row = connection.execute(select(oidc_states).where(condition)).one_or_none()
            connection.execute(delete(oidc_states).where(condition))
        if row is None or self._clock() - row.at > OIDC_STATE_LIFETIME:
            return None
        return OidcState(row.state, row.nonce, row.verifier, row.wanted)

    def find_session(self, key: str) -> Session | None:
        """Return the session for a cookie value, or None if it has ended."""
        now = self._clock()
        with self._database.reading() as connection:
            row = connection.execute(
                select(sessions, users_table)
                .join(users_table, users_table.c.name == sessions.c.name)
                .where(sessions.c.hash == hash_key(key))
            ).one_or_none()
        if row is None or row.disabled or self._is_over(row, now):
            return None
        if now - row.seen_at > SEEN_INTERVAL:
            statement = update(sessions).where(sessions.c.hash == row.hash).values(seen_at=now)
            with self._database.writing() as connection:
                connection.execute(statement)
        return self._session(row)

    def list_sessions(self, name: str) -> list[Session]:
        """Return the active sessions of an account, latest first."""
        now = self._clock()
        with self._database.reading() as connection:
            rows = connection.execute(
                select(sessions, users_table)
                .join(users_table, users_table.c.name == sessions.c.name)
                .where(sessions.c.name == name)
                .order_by(sessions.c.began_at.desc())
            )
            return [self._session(row) for row in rows if not self._is_over(row, now)]

    def end_session(self, name: str, number: str, *, actor: Actor) -> None:
        """End one session of an account. Raises `NotFoundError`."""
        with self._database.writing() as connection:
            condition = (sessions.c.name == name, sessions.c.number == number)
            if connection.execute(delete(sessions).where(*condition)).rowcount == 0:
                raise NotFoundError("session", number)
            audit_log.append_events(
                connection, [AuditEvent(actor, "signed-out", name)], self._clock()
            )

    def _begin(self, user: User, origin: str, method: str) -> Session:
        key, now = secrets.token_urlsafe(32), self._clock()
        session = Session(
            user, secrets.token_urlsafe(24), secrets.token_hex(8), now, now, origin, key
        )
        with self._database.writing() as connection:
            self._sweep(connection, now)
            login_throttle.reset_failures(connection, user.name, origin)
            connection.execute(
                insert(sessions).values(
                    hash=hash_key(key),
                    name=user.name,
                    csrf=session.csrf,
                    number=session.number,
                    began_at=now,
                    seen_at=now,
                    origin=origin,
                )
            )
            event = AuditEvent(Actor(user.name, origin), "signed-in", user.name, method)
            audit_log.append_events(connection, [event], now)
        return session

    def _failed(self, name: str, origin: str, *, is_known: bool) -> None:
        now = self._clock()
        # An unknown name may be a password entered in the wrong field, so do not log it.
        subject = name if is_known else "unknown name"
        with self._database.writing() as connection:
            self._sweep(connection, now)
            login_throttle.record_failure(connection, name, origin, now)
            audit_log.append_events(
                connection, [AuditEvent(Actor(subject, origin), "sign-in.failed", subject)], now
            )

    def _follow_directory(
        self, connection: Connection, row: Row[Any], user: User, actor: Actor
    ) -> None:
        roles = join_names(user.roles)
        if roles != row.roles:
            connection.execute(delete(sessions).where(sessions.c.name == row.name))
            event = AuditEvent(
                actor, "account.roles", row.name, f"{roles}, by the identity provider"
            )
            audit_log.append_events(connection, [event], self._clock())
        values = {"roles": roles, "shown": user.display_name, "email": user.email}
        connection.execute(update(users_table).where(users_table.c.name == row.name).values(values))

    def _session(self, row: Row[Any]) -> Session:
        user = map_user(row)
        return Session(
            user, row.csrf, row.number, row.began_at, row.seen_at, row.origin, issuer=row.issuer
        )

    def _is_over(self, row: Row[Any], now: datetime) -> bool:
        return bool(now - row.seen_at > self._idle or now - row.began_at > self._longest)

    def _sweep(self, connection: Connection, now: datetime) -> None:
        """Delete expired sessions and old login failures."""
        is_idle, is_old = (
            sessions.c.seen_at < now - self._idle,
            sessions.c.began_at < now - self._longest,
        )
        connection.execute(delete(sessions).where(or_(is_idle, is_old)))
        login_throttle.purge_failures(connection, now)


def hash_key(key: str) -> str:
    """Return the hash of a session cookie or API token, as stored."""
    # A plain hash is sufficient for a random value of 256 bits.
    return hashlib.sha256(key.encode()).hexdigest()
