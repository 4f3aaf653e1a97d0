"""`kb check`: what an editor should look at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

import click

from ingest.checking import Finding, Level, Neighbourhood, check_article, load_rules
from kb.record import ArticleRecord
from kb.settings import load_settings
from web.base import Base, open_base
from web.cli.printing import print_json

COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.INFO: "blue"}


@click.command()
@click.argument("article", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one object for each finding.")
def check(article: str | None, as_json: bool) -> None:
    """Run the editorial checks on ARTICLE, or on all published articles.

    Ends with 1 when any finding is an error. Rules are switched and tuned in KB_HOME/checks.toml.

    \b
    Examples:
      kb check gout
      kb check --json > findings.jsonl
    """
    base = open_base(load_settings())
    wrong = False
    for record, findings in _checked(base, article):
        if not as_json and findings:
            click.echo(click.style(f"{record.article.title} ({record.id})", bold=True))
        for finding in findings:
            wrong = wrong or finding.level is Level.ERROR
            if as_json:
                print_json({"article_id": record.id, **asdict(finding)})
            else:
                _print(finding)
    if wrong:
        sys.exit(1)


def _checked(
    base: Base, article: str | None
) -> Iterator[tuple[ArticleRecord, tuple[Finding, ...]]]:
    """Yield each article with its findings; all published ones are each other's neighbours."""
    rules = load_rules(base.settings.home)
    published = list(base.store.published(base.store.published_ids()))
    records = [base.store.article(article)] if article else published
    neighbourhood = Neighbourhood(rules)
    for record in published:
        neighbourhood.add(record.id, record.article, record.passages)
    for record in records:
        neighbours = neighbourhood.of(record.id, record.article, record.passages)
        yield (
            record,
            check_article(record.article, record.passages, rules, date.today(), neighbours),
        )


def _print(finding: Finding) -> None:
    level = click.style(finding.level, fg=COLOURS[finding.level])
    click.echo(f"  {level} {finding.rule}, {finding.place}: {finding.message}")
    if finding.suggestion:
        click.echo(f"    {finding.suggestion}")
