"""`kb audit`: verification of the audit log."""

from __future__ import annotations

import sys

import click

from kb.settings import load_settings
from kb.storage.article_store import ArticleStore
from web.cli.common import print_json
from web.presentation.serializers import serialize_audit_entry


@click.group()
def audit() -> None:
    """Verify the audit log."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def verify(as_json: bool) -> None:
    """Verify the hash chain of the audit log.

    Exits with status 1 if an entry was altered or removed, and names the first one. Entries that
    were removed from the end cannot be detected: compare the last number with an older export.

    \b
    Examples:
      kb audit verify
      kb audit verify --json
    """
    store = ArticleStore.open(load_settings().database_url)
    altered = store.find_altered_entry()
    store.close()
    if as_json:
        step = serialize_audit_entry(altered) if altered else None
        print_json({"intact": altered is None, "first_altered": step})
    elif altered:
        event = altered.event
        click.echo(
            f"Entry {altered.number} ({event.action} by {event.actor.name}, "
            f"{altered.at:%Y-%m-%d %H:%M} UTC) was altered, or the entry before it "
            "was removed. Compare with an older export.",
            err=True,
        )
    else:
        click.echo("No entry was altered.")
    if altered:
        sys.exit(1)
