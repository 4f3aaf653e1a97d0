"""`kb backup` and `kb restore`."""

from __future__ import annotations

from pathlib import Path

import click

from kb.exchange.backup import create_backup, restore_backup
from kb.settings import load_settings
from kb.storage.database import Database
from web.bootstrap import open_base
from web.cli.common import warn
from web.presentation.formatting import count_phrase


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write everything except the index to one file while the site keeps running.

    \b
    Examples:
      kb backup /backups/kb-$(date +%F).zip
    """
    base = open_base(load_settings())
    summary = create_backup(base.store.database, base.settings.home, file)
    warn(f"{name} is damaged in KB_HOME: its checksum does not match." for name in summary.damaged)
    click.echo(
        f"{file}: {count_phrase(summary.articles, 'article')}, "
        f"{count_phrase(summary.sources, 'source')}, "
        f"{', '.join(summary.files) or 'no local configuration'}."
    )


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--replace", is_flag=True, help="Replace the existing articles.")
def restore_(file: Path, *, replace: bool) -> None:
    """Restore a backup to KB_HOME and build the index.

    The whole backup is verified before anything is written. Stop the site first.

    \b
    Examples:
      KB_HOME=/srv/kb kb restore /backups/kb-2026-03-01.zip
    """
    settings = load_settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    try:
        summary = restore_backup(file, database, settings.home, replace=replace)
    finally:
        database.close()
    click.echo(
        f"{count_phrase(summary.articles, 'article')} restored as of {summary.made_at}. "
        "Building the index."
    )
    base = open_base(load_settings())
    base.indexer.rebuild()
    click.echo(f"The index contains {count_phrase(base.engine.state().documents, 'passage')}.")
