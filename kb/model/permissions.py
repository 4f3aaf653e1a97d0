"""People of the content team: their roles, and what a role may do.

Readers need no account unless the settings say so. What a role may do stands in one table; whether
somebody may approve their own work is no right but a rule (`kb.editorial.workflow`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kb.errors import AccountError

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")  # also an e-mail address, as directories give it


class Role(StrEnum):
    """What somebody is to the content."""

    READER = "reader"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What somebody may do."""

    READ = "read"
    WRITE = "write"
    REVIEW = "review"
    PUBLISH = "publish"
    ADMINISTER = "administer"


PermissionTable = Mapping[Role, frozenset[Permission]]

DEFAULT_PERMISSIONS: PermissionTable = {
    Role.READER: frozenset((Permission.READ,)),
    Role.AUTHOR: frozenset((Permission.READ, Permission.WRITE)),
    Role.REVIEWER: frozenset((Permission.READ, Permission.WRITE, Permission.REVIEW)),
    Role.PUBLISHER: frozenset(
        (Permission.READ, Permission.WRITE, Permission.REVIEW, Permission.PUBLISH)
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
}


class TokenScope(StrEnum):
    """What a token of a script may be used for, within the rights of its person."""

    SEARCH = "search"
    CREATE = "create"
    UPLOAD = "upload"
    PUBLISH = "publish"
    READ_LOG = "read-log"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with an account. `name` is what they sign in with, `shown` what others see."""

    name: str
    shown: str
    roles: frozenset[Role]
    email: str = ""
    disabled: bool = False
    # What the roles grant in this house; the usual, where nobody has said.
    granted: frozenset[Permission] | None = field(default=None, compare=False)

    def may(self, right: Permission) -> bool:
        """Whether one of the roles has the right."""
        return right in (
            grant(self.roles, DEFAULT_PERMISSIONS) if self.granted is None else self.granted
        )


def grant(roles: Iterable[Role], table: PermissionTable) -> frozenset[Permission]:
    """Return what these roles may do together."""
    return frozenset(right for role in roles for right in table[role])


def normalise_user_name(text: str) -> str:
    """Return a name as it is kept: in lower case. Raises `AccountError`."""
    name = text.strip().lower()
    if not NAME.fullmatch(name):
        raise AccountError(
            f"{text!r} cannot be a sign-in name. Use up to 80 letters a to z, digits and . _ @ + "
            "and -, beginning with a letter or a digit.",
            code="name-invalid",
        )
    return name


def read_roles(texts: list[str]) -> frozenset[Role]:
    """Return the roles of these names; raises `AccountError` that lists those there are."""
    try:
        return frozenset(Role(text.strip().lower()) for text in texts if text.strip())
    except ValueError as error:
        roles = ", ".join(Role)
        raise AccountError(
            f"There is no such role ({error}). The roles are {roles}.", code="unknown-role"
        ) from error
