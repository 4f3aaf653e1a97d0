"""`kb check`: run the editorial checks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

import click

from index.query.intents import check_intents
from ingest.checks.config import load_rules
from ingest.checks.finding import Finding, Level
from ingest.checks.service import CheckService
from kb.model.records import ArticleRecord
from kb.settings import load_settings
from web.bootstrap import KnowledgeBase, open_base
from web.cli.common import print_json, warn

MIN_REPORTED_CHANGES = 1_000  # processing this many changes takes seconds
COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.INFO: "blue"}


@click.command()
@click.argument("article", required=False)
@click.option("--links", is_flag=True, help="Also request the links of each article.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per finding.")
def check(article: str | None, links: bool, as_json: bool) -> None:
    """Run the editorial checks on ARTICLE, or on all published articles.

    Exits with status 1 if any finding is an error, or if taxonomy.toml, intents.toml or checks.toml
    in KB_HOME is invalid. KB_HOME/checks.toml configures the rules.

    \b
    Examples:
      kb check gout
      kb check gout --links
      kb check --json > findings.jsonl
    """
    base = open_base(load_settings())
    check_intents(base.settings.home, [tag.key for tag in base.taxonomy])
    has_errors = False
    for record, findings in _checked(base, article, links):
        if not as_json and findings:
            click.echo(click.style(f"{record.article.title} ({record.id})", bold=True))
        for finding in findings:
            has_errors = has_errors or finding.level is Level.ERROR
            if as_json:
                print_json({"article_id": record.id, **asdict(finding)})
            else:
                _print(finding)
    if has_errors:
        sys.exit(1)


def _checked(
    base: KnowledgeBase, article: str | None, links: bool
) -> Iterator[tuple[ArticleRecord, tuple[Finding, ...]]]:
    """Yield each article with its findings, one at a time to bound memory."""
    checks = CheckService(base.settings, base.store, load_rules(base.settings.home))
    behind = checks.count_pending_changes()
    if behind >= MIN_REPORTED_CHANGES:
        warn([f"Processing {behind} changed articles first. The next check will be faster."])
    checks.sync()
    records = (
        [base.store.article(article)]
        if article
        else base.store.published(base.store.published_ids())
    )
    for record in records:
        yield record, checks.check(record, date.today(), links=links)


def _print(finding: Finding) -> None:
    level = click.style(finding.level, fg=COLOURS[finding.level])
    location = str(finding.place)
    if finding.place.passage_id:
        location += f" (/passages/{finding.place.passage_id})"
    click.echo(f"  {level} {finding.rule}, {location}: {finding.message}")
    click.echo(f"    {finding.suggestion} " + click.style(f"[{finding.source}]", dim=True))
