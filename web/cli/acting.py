"""What every command that changes articles does: it says who acts, and brings the index up."""

from __future__ import annotations

import getpass

from kb.errors import SearchIndexError
from kb.storage.audit_log import Actor
from web.bootstrap import KnowledgeBase
from web.cli.common import warn


def caller() -> Actor:
    """Return who runs the command."""
    return Actor(getpass.getuser())


def sync(base: KnowledgeBase) -> None:
    """Bring the index up; the articles are safe even when it cannot be."""
    try:
        synced = base.indexer.sync()
    except SearchIndexError as error:
        warn([f"The articles are saved, but not found yet. {error}"])
        return
    warn(f"{name} could not be indexed: {why}" for name, why in synced.refused.items())
