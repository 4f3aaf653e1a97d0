"""User accounts, and password hashing with Argon2id (parameters recommended by RFC 9106)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Connection, Row, delete, insert, select, update

from kb.errors import AccountError, NotFoundError
from kb.model.permissions import Role, User, normalise_user_name
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.database import Database
from kb.storage.schema import sessions, users_table

# Characters. NIST SP 800-63B requires at least 8 and advises against composition rules.
MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 12, 200
PASSWORD_HASHER = PasswordHasher()
# Verified for unknown names, so that response times do not reveal whether an account exists. Uses
# the parameters of `PASSWORD_HASHER`.
DUMMY_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$khA8Ja1K/u2EsQO8hXfy+A$"
    "/ouohUZ/REoSs//4/dgBw4qnDU3LK8s27JTFlXUtqas"
)


def hash_password(password: str, name: str) -> str:
    """Return the hash of a password. Raises `AccountError` if the password is too weak."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise AccountError(
            f"The password is too short or too long. Use {MIN_PASSWORD_LENGTH} to "
            f"{MAX_PASSWORD_LENGTH} characters, such as a few words.",
            code="password-length",
        )
    if name in password.lower() or len(set(password)) < MIN_PASSWORD_LENGTH // 2:
        raise AccountError(
            "The password is easy to guess. Use a few words that are not names.",
            code="password-weak",
        )
    return PASSWORD_HASHER.hash(password)


def verify_password(password: str, password_hash: str) -> bool:
    """Return whether the password matches the hash.

    An empty hash never matches, but takes the same time to check.
    """
    try:
        return PASSWORD_HASHER.verify(
            password_hash or DUMMY_HASH, password[:MAX_PASSWORD_LENGTH]
        ) and bool(password_hash)
    except (VerifyMismatchError, InvalidHashError):
        return False


class UserStore:
    """User accounts of one knowledge base. Each method is one transaction."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database, self._clock = database, clock

    def list_users(self) -> list[User]:
        """Return all users, sorted by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(users_table).order_by("name"))
            return [map_user(row) for row in rows]

    def get_user(self, name: str) -> User:
        """Return the user with this sign-in name. Raises `NotFoundError`."""
        with self._database.reading() as connection:
            return map_user(_get_account(connection, name))

    def add(self, user: User, password: str = "", *, actor: Actor) -> User:
        """Create an account. Without a password, only external sign-in is possible."""
        name = normalise_user_name(user.name)
        password_hash = hash_password(password, name) if password else ""
        with self._database.writing() as connection:
            insert_account(connection, user, actor, self._clock(), password=password_hash)
        return user

    def set_password(self, name: str, password: str, *, actor: Actor) -> None:
        """Change the password and end all sessions of the account."""
        password_hash = hash_password(password, name)
        self._change(name, {"password": password_hash}, AuditEvent(actor, "account.password", name))

    def set_roles(self, name: str, roles: Iterable[Role], *, actor: Actor) -> None:
        """Change the roles and end all sessions of the account."""
        together = join_names(roles)
        self._change(name, {"roles": together}, AuditEvent(actor, "account.roles", name, together))

    def set_disabled(self, name: str, disabled: bool, *, actor: Actor) -> None:
        """Disable or enable an account and end its sessions.

        API tokens of a disabled account are rejected until it is enabled again.
        """
        action = "account.disabled" if disabled else "account.enabled"
        self._change(name, {"disabled": disabled}, AuditEvent(actor, action, name))

    def _change(self, name: str, values: dict[str, Any], event: AuditEvent) -> None:
        with self._database.writing() as connection:
            row = _get_account(connection, name)
            if all(row._mapping[column] == value for column, value in values.items()):
                return  # no change, so sessions stay valid
            connection.execute(update(users_table).where(users_table.c.name == name).values(values))
            if "password" not in values and _is_administrator(row):
                _require_administrator(connection)
            connection.execute(delete(sessions).where(sessions.c.name == name))
            audit_log.append_events(connection, [event], self._clock())


def insert_account(
    connection: Connection,
    user: User,
    actor: Actor,
    now: datetime,
    *,
    password: str = "",
    issuer: str = "",
    subject: str | None = None,
) -> None:
    """Insert an account. Raises `AccountError` if the name is taken."""
    if find_account(connection, user.name) is not None:
        raise AccountError(
            f"The name {user.name!r} is already in use. Choose another name.", code="name-taken"
        )
    connection.execute(
        insert(users_table).values(
            name=user.name,
            shown=user.display_name,
            email=user.email,
            roles=join_names(user.roles),
            password=password,
            issuer=issuer,
            subject=subject,
            disabled=False,
        )
    )
    event = AuditEvent(actor, "account.added", user.name, join_names(user.roles))
    audit_log.append_events(connection, [event], now)


def find_account(connection: Connection, name: str) -> Row[Any] | None:
    """Return the row of an account, or None."""
    return connection.execute(select(users_table).where(users_table.c.name == name)).one_or_none()


def map_user(row: Row[Any]) -> User:
    """Return the user stored in a row of `users`."""
    return User(
        name=row.name,
        display_name=row.shown,
        roles=frozenset(Role(role) for role in row.roles.split(",") if role),
        email=row.email,
        disabled=row.disabled,
    )


def join_names(names: Iterable[str]) -> str:
    """Return role or scope names as stored in a column: sorted and comma-separated."""
    return ",".join(sorted(names))


def _get_account(connection: Connection, name: str) -> Row[Any]:
    row = find_account(connection, name)
    if row is None:
        raise NotFoundError("account", name)
    return row


def _is_administrator(row: Row[Any]) -> bool:
    return Role.ADMINISTRATOR in map_user(row).roles and not row.disabled


def _require_administrator(connection: Connection) -> None:
    if not any(map(_is_administrator, connection.execute(select(users_table)))):
        raise AccountError(
            "This is the last active administrator. Make another user an administrator first.",
            code="last-administrator",
        )
