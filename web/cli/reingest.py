"""`kb reingest`: read stored originals again with the current readers."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict

import click

from ingest.checks.config import load_rules
from ingest.reingest import ReingestResult, ReingestStatus
from ingest.reingest import reingest as read_again
from kb.settings import load_settings
from kb.storage.source_files import SOURCES_FOLDER
from web.bootstrap import open_base
from web.cli.common import current_actor, print_json, sync_index, warn

MAX_SHOWN_DIFFERENCES = 5


@click.command()
@click.argument("articles", nargs=-1, metavar="[ARTICLE]...")
@click.option("--changed", is_flag=True, help="Save only articles whose words have changed.")
@click.option("--jobs", default=1, show_default=True, help="Number of worker processes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per article.")
def reingest(*, articles: tuple[str, ...], changed: bool, jobs: int, as_json: bool) -> None:
    """Read the stored originals of ARTICLE, or of all articles, again into drafts.

    Each article that is read differently than before gets a draft, which is submitted for review;
    nothing is published. A draft that replaces the unfinished draft of an editor is not submitted.
    Corrections are applied again. Retired articles are skipped. Exits with status 1 if an original
    is missing or cannot be read.

    \b
    Examples:
      kb reingest gout
      kb reingest --changed
      kb reingest --changed --json > report.jsonl
    """
    base = open_base(load_settings())
    ids = articles or tuple(sorted(summary.id for summary in base.store.summaries()))
    results = read_again(
        dict.fromkeys(ids),
        base.store,
        base.taxonomy,
        changed_only=changed,
        originals=base.settings.home / SOURCES_FOLDER,
        actor=current_actor(),
        rules=load_rules(base.settings.home),
        limits=base.settings.reader_limits,
        jobs=jobs,
    )
    counts: Counter[str] = Counter()
    drafts = 0
    for result in results:
        counts[result.status] += 1
        drafts += result.version is not None
        if as_json:
            print_json(asdict(result))
        else:
            _print(result)
    if not as_json:
        totals = [f"{counts[status]} {status}" for status in ReingestStatus if counts[status]]
        click.echo(", ".join((*totals, f"{drafts} drafts created")))
    sync_index(base)
    if counts[ReingestStatus.FAILED]:
        sys.exit(1)


def _print(result: ReingestResult) -> None:
    if result.status is ReingestStatus.FAILED:
        warn([f"failed: {result.error}"])
        return
    number = result.changed_passages
    passages = f" ({number} passage{'s' if number != 1 else ''})" if number else ""
    draft = f", draft version {result.version}" if result.version else ""
    draft += ", submitted for review" if result.submitted else ""
    click.echo(f"{result.status}: {result.article_id}{passages}{draft}")
    for old, new in result.differences[:MAX_SHOWN_DIFFERENCES]:
        click.echo(f'  "{old}" -> "{new}"')
    if len(result.differences) > MAX_SHOWN_DIFFERENCES:
        click.echo(f"  and {len(result.differences) - MAX_SHOWN_DIFFERENCES} more differences")
    if result.version is not None:
        warn(f"  Error: {error}" for error in result.errors)
        warn(f"  {warning}" for warning in result.warnings)
