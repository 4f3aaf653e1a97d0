"""Roles, permissions and API token scopes of users.

Readers need no account unless the setting `require_sign_in` is on. The rule that authors do not
approve their own work is not a permission; see `kb.editorial.workflow`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kb.errors import AccountError

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,79}")  # identity providers use email addresses


class Role(StrEnum):
    """Role of a user."""

    READER = "reader"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    PUBLISHER = "publisher"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """Permission that a role grants."""

    READ = "read"
    WRITE = "write"
    REVIEW = "review"
    PUBLISH = "publish"
    ADMINISTER = "administer"


ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.READER: frozenset((Permission.READ,)),
    Role.AUTHOR: frozenset((Permission.READ, Permission.WRITE)),
    Role.REVIEWER: frozenset((Permission.READ, Permission.WRITE, Permission.REVIEW)),
    Role.PUBLISHER: frozenset(
        (Permission.READ, Permission.WRITE, Permission.REVIEW, Permission.PUBLISH)
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
}


class TokenScope(StrEnum):
    """Scope of an API token, within the permissions of its owner."""

    SEARCH = "search"
    CREATE = "create"
    UPLOAD = "upload"
    PUBLISH = "publish"
    READ_LOG = "read-log"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user account. `name` is the sign-in name, `shown` the display name."""

    name: str
    display_name: str
    roles: frozenset[Role]
    email: str = ""
    disabled: bool = False

    def has_permission(self, permission: Permission) -> bool:
        """Return whether one of the user's roles grants the permission."""
        return any(permission in ROLE_PERMISSIONS[role] for role in self.roles)


def normalise_user_name(text: str) -> str:
    """Return the name trimmed and in lower case. Raises `AccountError` if it is not valid."""
    name = text.strip().lower()
    if not USER_NAME.fullmatch(name):
        raise AccountError(
            f"{text!r} is not a valid sign-in name. Use up to 80 letters a to z, digits and "
            "the characters . _ @ + -, beginning with a letter or a digit.",
            code="name-invalid",
        )
    return name


def parse_roles(texts: list[str]) -> frozenset[Role]:
    """Parse role names. Raises `AccountError` for an unknown role."""
    try:
        return frozenset(Role(text.strip().lower()) for text in texts if text.strip())
    except ValueError as error:
        roles = ", ".join(Role)
        raise AccountError(
            f"Unknown role ({error}). The roles are {roles}.", code="unknown-role"
        ) from error
