"""What the commands print: objects for scripts, lines for people.

What every command that changes articles does: it says who acts, and brings the index up.
"""

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
    """Print one object on a line of its own."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_rows(rows: Sequence[Sequence[str]]) -> None:
    """Print rows as columns, each as wide as its widest cell but the last."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join((*cells, row[-1])).rstrip())


def styled(snippet: Snippet) -> str:
    """Return a snippet on one line, its matching words in bold where the terminal can."""
    text = "".join(click.style(text, bold=True) if matched else text for text, matched in snippet)
    return " ".join(text.split())


def warn(sentences: Iterable[str]) -> None:
    """Print sentences on stderr, one a line."""
    for sentence in sentences:
        click.echo(sentence, err=True)


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
