"""`kb export` and `kb import`: exchange articles with other knowledge bases."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from kb.exchange.exporter import ExportFilter, ExportReport, export_archive
from kb.exchange.importer import Conflict, ImportReport, import_archive
from kb.model.records import ArticleStatus
from kb.settings import load_settings
from web.bootstrap import KnowledgeBase, open_base
from web.cli.common import current_actor, print_json, sync_index, warn
from web.presentation.formatting import count_phrase
from web.services.exchange import import_report_json, validate_vocabulary

CONFLICTS = {
    Conflict.DIVERGED: "has new versions on both sides. The incoming one is a draft: compare them.",
    Conflict.RETIRED_HERE: "is retired here and stays retired. The incoming versions are drafts.",
    Conflict.RETIRED_THERE: "is retired in the export but not here. Retire it if appropriate.",
}


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("articles", nargs=-1, metavar="[ARTICLE]...")
@click.option("--topic", default="", metavar="T", help="Export only articles with this topic.")
@click.option(
    "--status",
    type=click.Choice([status.value for status in ArticleStatus]),
    help="Export only articles with this status.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def export_(
    file: Path, articles: tuple[str, ...], topic: str, status: str | None, *, as_json: bool
) -> None:
    """Export articles to a ZIP for another knowledge base.

    Exports all articles, or those named, with a topic or with a status. The ZIP contains every
    version, passage and tag, the source files and the vocabulary; docs/moving.md describes each
    file and field. The site can keep running.

    \b
    Examples:
      kb export kb.zip
      kb export joints.zip --topic Joints --status published
      kb export two.zip gout migraine
    """
    settings = load_settings()
    selection = ExportFilter(articles, topic, ArticleStatus(status) if status else None)
    database = open_base(settings).store.database
    done = export_archive(
        database, settings.home, file, selection, actor=current_actor(), title=settings.title
    )
    warn(done.notes)
    if as_json:
        print_json(asdict(done))
    else:
        click.echo(f"{file}: {_summarize(done)}.")


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, without writing.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def import_(file: Path, *, dry_run: bool, as_json: bool) -> None:
    """Import the articles of an export without overwriting anything.

    The file is verified first and imported in one transaction. New articles keep their status.
    Existing articles get the versions that continue their own. If both sides have new versions,
    the latest incoming one is added as a draft and listed as a conflict. Importing the same file
    again changes nothing.

    \b
    Examples:
      kb import kb.zip --dry-run
      kb import kb.zip
    """
    base = open_base(load_settings())
    done = import_archive(
        base.store.database,
        base.settings.home,
        file,
        current_actor(),
        check=validate_vocabulary,
        dry_run=dry_run,
    )
    if as_json:
        print_json(import_report_json(done))
    else:
        _print(done, dry_run=dry_run)
    if not dry_run:
        _update_index(base, done)


def _summarize(done: ExportReport) -> str:
    return ", ".join(
        (
            count_phrase(done.articles, "article"),
            count_phrase(done.versions, "version"),
            count_phrase(done.sources, "source"),
            *done.vocabulary,
        )
    )


def _print(done: ImportReport, *, dry_run: bool) -> None:
    for article in done.articles:
        if article.status != "unchanged":
            click.echo(f"{article.status}: {article.article_id} — {article.title}")
        warn(f"  {article.article_id} {note}." for note in article.notes)
        if article.conflict:
            warn([f"  conflict: {article.article_id} {CONFLICTS[article.conflict]}"])
    for name, state in done.vocabulary.items():
        if state == "beside":
            warn(
                [
                    f"{name} differs from the local file, which is kept. "
                    f"The incoming one is {name}.imported."
                ]
            )
        else:
            click.echo(f"{name}: {state}")
    warn(f"{note}." for note in done.notes)
    counts = [f"{count} {status}" for status, count in done.counts.items() if count]
    if done.conflicts:
        counts.append(count_phrase(len(done.conflicts), "conflict"))
    total = ", ".join(counts)
    click.echo((total or "The export contains no articles.") + (" (dry run)" if dry_run else ""))


def _update_index(base: KnowledgeBase, done: ImportReport) -> None:
    if done.vocabulary.get("taxonomy.toml") == "added":
        base.indexer.rebuild()  # the index depends on the taxonomy
    else:
        sync_index(base)
