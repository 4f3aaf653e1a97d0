"""`kb show`, `list`, `publish`, `retire` and `tag`.

The JSON serializers are imported only with `--json`, because they import the index.
"""

from __future__ import annotations

from datetime import date

import click

from kb.editorial.workflow import ReviewWorkflow
from kb.errors import KnowledgeBaseError
from kb.model.records import ArticleRecord, ArticleStatus
from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import current_actor, print_json, print_rows, sync_index, warn


@click.command()
@click.argument("article")
@click.option("--version", type=int, help="Version to show (default: the published one).")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def show(article: str, version: int | None, as_json: bool) -> None:
    """Show an article with its passages and their tags.

    \b
    Examples:
      kb show gout
      kb show gout --version 1 --json
    """
    record = open_base(load_settings()).store.article(article, version)
    if as_json:
        from web.presentation.serializers import serialize_article  # noqa: PLC0415

        print_json(serialize_article(record, date.today()))
    else:
        _print_record(record)


@click.command("list")
@click.option("--status", type=click.Choice([status.value for status in ArticleStatus]))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per article.")
def list_articles(status: str | None, as_json: bool) -> None:
    """List the articles by title.

    \b
    Examples:
      kb list --status draft
    """
    base = open_base(load_settings())
    summaries = base.store.summaries(ArticleStatus(status) if status else None)
    if as_json:
        from web.presentation.serializers import serialize_summary  # noqa: PLC0415

        for summary in summaries:
            print_json(serialize_summary(summary, date.today()))
        return
    print_rows([(s.id, s.status, f"v{s.version}", s.title) for s in summaries])


@click.command()
@click.argument("article")
def publish(article: str) -> None:
    """Publish the latest version of ARTICLE.

    \b
    Examples:
      kb publish gout
    """
    base = open_base(load_settings())
    ReviewWorkflow(base.store.database).publish_unreviewed(article, actor=current_actor())
    click.echo(f"{article} is published.")
    sync_index(base)


@click.command()
@click.argument("article")
@click.option("--reason", default="", help="Reason, shown to readers who follow an old link.")
@click.option(
    "--replaced-by", default="", metavar="ARTICLE", help="Replacement, linked from old links."
)
def retire(article: str, reason: str, replaced_by: str) -> None:
    """Retire ARTICLE: remove it from search but keep it and its links.

    \b
    Examples:
      kb retire gout-2019 --reason "Out of date" --replaced-by gout
    """
    base = open_base(load_settings())
    workflow = ReviewWorkflow(base.store.database)
    workflow.retire(article, reason=reason, replaced_by=replaced_by, actor=current_actor())
    click.echo(f"{article} is retired.")
    sync_index(base)


@click.command()
@click.argument("passage")
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@click.option("--remove", is_flag=True, help="Remove the tags instead.")
def tag(passage: str, tags: tuple[str, ...], remove: bool) -> None:
    """Set tags on a passage by hand; later ingests keep them.

    \b
    Examples:
      kb tag gtgbgkgp2cqge safety interactions
      kb tag gtgbgkgp2cqge mechanism --remove
    """
    base = open_base(load_settings())
    for key in tags:
        if key not in base.taxonomy:
            known = ", ".join(definition.key for definition in base.taxonomy)
            raise KnowledgeBaseError(f"There is no tag {key!r}. Use one of: {known}.")
    for key in tags:
        article = base.store.set_tag(passage, key, present=not remove, actor=current_actor())
    click.echo(f"{passage} in {article}: {', '.join(tags)} {'removed' if remove else 'set'}.")
    sync_index(base)


def _print_record(record: ArticleRecord) -> None:
    click.echo(click.style(record.article.title, bold=True))
    click.echo(f"{record.id} · {record.status} · version {record.version}")
    warn(f"Error: {difference}" for difference in record.differences)
    warn(record.warnings)
    path: tuple[str, ...] = ()
    for passage in record.passages:
        if passage.heading_path != path:
            path = passage.heading_path
            click.echo("\n" + click.style(" › ".join(path), fg="blue", bold=True))
        tags = ", ".join(f"{tag.tag} {tag.confidence:.2f} ({tag.reason})" for tag in passage.tags)
        click.echo(f"\n{click.style(passage.id, dim=True)} {tags}\n{passage.text}")
