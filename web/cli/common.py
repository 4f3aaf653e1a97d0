"""Helpers shared by the commands: output, the current actor and index updates."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from kb.errors import SearchIndexError
from kb.storage.audit_log import Actor
from web.bootstrap import KnowledgeBase

if TYPE_CHECKING:
    from index.search.results import Snippet


def print_json(value: Any) -> None:
    """Print a value as one line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_rows(rows: Sequence[Sequence[str]]) -> None:
    """Print rows as aligned columns; the last column is not padded."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join((*cells, row[-1])).rstrip())


def format_snippet(snippet: Snippet) -> str:
    """Return a snippet on one line, with matches in bold if the terminal supports it."""
    text = "".join(click.style(text, bold=True) if matched else text for text, matched in snippet)
    return " ".join(text.split())


def warn(messages: Iterable[str]) -> None:
    """Print messages to stderr, one per line."""
    for message in messages:
        click.echo(message, err=True)


def current_actor() -> Actor:
    """Return the operating system user as the actor."""
    return Actor(getpass.getuser())


def sync_index(base: KnowledgeBase) -> None:
    """Update the index; if that fails, print a warning, because the articles are saved."""
    try:
        synced = base.indexer.sync()
    except SearchIndexError as error:
        warn([f"The articles are saved but not searchable yet. {error}"])
        return
    warn(f"{name} could not be indexed: {reason}" for name, reason in synced.refused.items())
