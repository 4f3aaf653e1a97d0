"""Passwords: kept as Argon2id hashes, in the parameters that RFC 9106 recommends."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from kb.errors import AccountError

LEAST, MOST = 12, 200  # characters; NIST SP 800-63B asks for 8 at least, and for no rules beyond
HASHER = PasswordHasher()
# What an unknown name is compared with, so that it takes as long as a known one: a hash that was
# made with the parameters of `HASHER`.
NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$khA8Ja1K/u2EsQO8hXfy+A$"
    "/ouohUZ/REoSs//4/dgBw4qnDU3LK8s27JTFlXUtqas"
)


def hash_password(password: str, name: str) -> str:
    """Return what is kept of a password; raises `AccountError` where it is too weak."""
    if not LEAST <= len(password) <= MOST:
        raise AccountError(
            f"A password has {LEAST} to {MOST} characters; a few words are easiest.",
            code="password-length",
        )
    if name in password.lower() or len(set(password)) < LEAST // 2:
        raise AccountError(
            "This password is easy to guess. Use a few words that are not names.",
            code="password-weak",
        )
    return HASHER.hash(password)


def verify_password(password: str, kept: str) -> bool:
    """Whether it is the password; with nothing kept the answer takes as long, and is no."""
    try:
        return HASHER.verify(kept or NOBODY, password[:MOST]) and bool(kept)
    except (VerifyMismatchError, InvalidHashError):
        return False
