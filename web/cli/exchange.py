"""`kb export` and `kb import`: articles to and from other knowledge bases."""

from __future__ import annotations

from pathlib import Path

import click

from kb.exchange.exporter import ExportFilter, ExportReport, export
from kb.exchange.importer import Conflict, ImportReport, import_archive
from kb.model.records import ArticleStatus
from kb.settings import load_settings
from kb.storage.database import Database
from web.api.exchange import check_words, exported_json, imported_json
from web.bootstrap import open_base
from web.cli.common import caller, print_json, sync, warn
from web.presentation.formatting import count_phrase

CONFLICTS = {
    Conflict.DIVERGED: "has new versions on both sides. The incoming one is a draft: compare them.",
    Conflict.RETIRED_HERE: "is retired here and stays so. The incoming versions are drafts.",
    Conflict.RETIRED_THERE: "is retired in the export. Retire it here, too, if that is right.",
}


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("articles", nargs=-1, metavar="[ARTICLE]...")
@click.option("--topic", default="", metavar="T", help="Only those of this topic.")
@click.option(
    "--status", type=click.Choice([status.value for status in ArticleStatus]), help="Only those so."
)
@click.option("--json", "as_json", is_flag=True, help="Print one object on what was written.")
def export_(
    file: Path, articles: tuple[str, ...], topic: str, status: str | None, *, as_json: bool
) -> None:
    """Write articles into a ZIP for another knowledge base; the site may go on meanwhile.

    All of them, or those named, of a topic, of a status: with every version, passage and tag, their
    original sources and the vocabulary. docs/moving.md describes each file and field.

    \b
    Examples:
      kb export kb.zip
      kb export joints.zip --topic Joints --status published
      kb export two.zip gout migraine
    """
    settings = load_settings()
    selection = ExportFilter(articles, topic, ArticleStatus(status) if status else None)
    database = Database(settings.database_url)
    try:
        database.check()
        done = export(database, settings.home, file, selection, by=caller(), title=settings.title)
    finally:
        database.close()
    warn(done.notes)
    if as_json:
        print_json(exported_json(done))
    else:
        click.echo(f"{file}: {_told(done)}.")


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one object on what was done.")
def import_(file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Bring in the articles of an export; nothing that is here is overwritten.

    The file is verified first, and all of it comes in or nothing. New articles keep their states.
    An article that is here gets the versions that continue its own. If both sides have new
    versions, the newest incoming one is added as a draft and listed as a conflict. Importing the
    same file again changes nothing.

    \b
    Examples:
      kb import kb.zip --dry-run
      kb import kb.zip
    """
    settings = load_settings()
    database = Database(settings.database_url)
    try:
        database.check()
        done = import_archive(
            database,
            settings.home,
            file,
            caller(),
            check=check_words,
            only_try=dry_run,
        )
    finally:
        database.close()
    if as_json:
        print_json(imported_json(done))
    else:
        _print(done, dry_run=dry_run)
    if not dry_run:
        _bring_up(done)


def _told(done: ExportReport) -> str:
    return ", ".join(
        (
            count_phrase(done.articles, "article"),
            count_phrase(done.versions, "version"),
            count_phrase(done.sources, "source"),
            *done.vocabulary,
        )
    )


def _print(done: ImportReport, *, dry_run: bool) -> None:
    for arrival in done.arrivals:
        if arrival.status != "unchanged":
            click.echo(f"{arrival.status}: {arrival.article_id} — {arrival.title}")
        warn(f"  {arrival.article_id} {note}." for note in arrival.notes)
        if arrival.conflict:
            warn([f"  conflict: {arrival.article_id} {CONFLICTS[arrival.conflict]}"])
    for name, state in done.vocabulary.items():
        if state == "beside":
            warn([f"{name} differs from yours, which stays; the other one is {name}.imported."])
        else:
            click.echo(f"{name}: {state}")
    warn(f"{note}." for note in done.notes)
    counts = [f"{count} {status}" for status, count in done.counts.items() if count]
    if done.conflicts:
        counts.append(count_phrase(len(done.conflicts), "conflict"))
    told = ", ".join(counts)
    click.echo((told or "The export holds no article.") + (" (tried only)" if dry_run else ""))


def _bring_up(done: ImportReport) -> None:
    base = open_base(load_settings())
    if done.vocabulary.get("taxonomy.toml") == "added":
        base.indexer.rebuild()  # an index carries the stamp of its taxonomy
    else:
        sync(base)
