"""API tokens for scripts, limited by scope and expiry date.

Only the hash of a token is stored. A token grants its scopes within the permissions of its owner,
until it expires or is revoked. Tokens of disabled accounts are rejected.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from kb.accounts.sessions import hash_key
from kb.accounts.users import join_names, map_user
from kb.errors import AccountError, NotFoundError
from kb.model.permissions import TokenScope, User
from kb.storage import audit_log
from kb.storage.audit_log import Actor, AuditEvent
from kb.storage.database import Database
from kb.storage.mappers import map_row
from kb.storage.schema import api_tokens_table, users_table

TOKEN_PREFIX = "kb_"  # prefix by which secret scanners can recognise a leaked token
MAX_VALID_DAYS = 365
MAX_LABEL_LENGTH = 80  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """An API token. `key` is the secret, set only on creation."""

    number: int
    label: str
    scopes: frozenset[TokenScope]
    made_at: datetime
    ends_on: date
    used_on: date | None
    key: str = ""


class ApiTokenStore:
    """API tokens of one knowledge base. Each method is one transaction."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database, self._clock = database, clock

    def create(
        self,
        name: str,
        label: str,
        scopes: Iterable[TokenScope],
        *,
        ends_on: date | None,
        actor: Actor,
    ) -> ApiToken:
        """Create a token and return it with its secret key, which cannot be retrieved later.

        Without `ends_on` it is valid for `MAX_VALID_DAYS`. Raises `AccountError` without a scope
        or with an invalid date.
        """
        key, now, requested = (
            f"{TOKEN_PREFIX}{secrets.token_urlsafe(32)}",
            self._clock(),
            frozenset(scopes),
        )
        if not requested:
            raise AccountError("The token has no scope. Choose at least one.", code="no-scope")
        last = ends_on or now.date() + timedelta(days=MAX_VALID_DAYS)
        if not now.date() < last <= now.date() + timedelta(days=MAX_VALID_DAYS):
            raise AccountError(
                f"The expiry date is not valid. Choose a date within the next {MAX_VALID_DAYS} "
                "days.",
                code="end-date",
            )
        with self._database.writing() as connection:
            number = connection.execute(
                insert(api_tokens_table).values(
                    hash=hash_key(key),
                    name=name,
                    label=label.strip()[:MAX_LABEL_LENGTH] or "script",
                    scopes=join_names(requested),
                    made_at=now,
                    ends_on=last,
                )
            ).inserted_primary_key
            event = AuditEvent(actor, "token.made", name, f"{label}: {join_names(requested)}")
            audit_log.append_events(connection, [event], now)
        assert number is not None  # a single-row insert returns its key
        return ApiToken(
            number=number[0], label=label, scopes=requested, made_at=now, ends_on=last,
            used_on=None, key=key,
        )  # fmt: skip

    def list_tokens(self, name: str) -> list[ApiToken]:
        """Return the tokens of a user, latest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(api_tokens_table)
                .where(api_tokens_table.c.name == name)
                .order_by(api_tokens_table.c.number.desc())
            )
            return [_map_token(row) for row in rows]

    def revoke(self, name: str, number: int, *, actor: Actor) -> None:
        """Revoke a token. Raises `NotFoundError`."""
        with self._database.writing() as connection:
            ended = connection.execute(
                delete(api_tokens_table).where(
                    api_tokens_table.c.name == name, api_tokens_table.c.number == number
                )
            )
            if ended.rowcount == 0:
                raise NotFoundError("token", str(number))
            audit_log.append_events(
                connection, [AuditEvent(actor, "token.ended", name, str(number))], self._clock()
            )

    def authenticate(self, key: str) -> tuple[User, ApiToken] | None:
        """Return the owner and the token for a secret key, or None if the key is not valid."""
        today = self._clock().date()
        with self._database.reading() as connection:
            row = connection.execute(
                select(api_tokens_table, users_table)
                .join(users_table, users_table.c.name == api_tokens_table.c.name)
                .where(api_tokens_table.c.hash == hash_key(key))
            ).one_or_none()
        if row is None or row.disabled or row.ends_on < today:
            return None
        if row.used_on != today:
            with self._database.writing() as connection:
                connection.execute(
                    update(api_tokens_table)
                    .where(api_tokens_table.c.hash == row.hash)
                    .values(used_on=today)
                )
        return map_user(row), _map_token(row)


def _map_token(row: Row[Any]) -> ApiToken:
    scopes = frozenset(TokenScope(scope) for scope in row.scopes.split(","))
    return map_row(ApiToken, row, scopes=scopes)
