"""`kb add`: ingest articles. A separate module, because only this command imports the readers."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import chain

import click

from ingest.checks.config import load_rules
from ingest.pipeline import IngestResult, ingest
from ingest.processing import format_editorial_findings
from ingest.sources import estimate_count
from kb.model.records import ArticleSummary
from kb.settings import load_settings
from kb.storage.source_files import SOURCES_FOLDER
from web.bootstrap import open_base
from web.cli.common import current_actor, print_json, sync_index, warn

STOPPED = "Stopped. The articles added so far are kept; run the same command to continue."
MIN_SHARED_ARTICLES = 3  # a finding in at least this many articles is printed once
MIN_TOPIC_SIMILARITY = 0.75  # difflib ratio: one or two letters in ten differ


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--publish", is_flag=True, help="Publish the articles immediately.")
@click.option(
    "--accept-differences",
    is_flag=True,
    help="Publish articles even if numbers, signs or negations differ from the source.",
)
@click.option("--topic", "topics", multiple=True, metavar="T", help="Topic to add to the articles.")
@click.option("--jobs", default=1, show_default=True, help="Number of worker processes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per article.")
def add(
    *,
    sources: tuple[str, ...],
    publish: bool,
    accept_differences: bool,
    topics: tuple[str, ...],
    jobs: int,
    as_json: bool,
) -> None:
    """Add articles from files, folders, ZIP archives, and URLs of pages or sitemaps.

    The format is detected from the content: HTML, Markdown, plain text, article JSON Lines, PDF,
    DOCX, JATS or SPL.

    Unchanged articles are skipped; changed articles get a new version. An article whose numbers,
    signs or negations differ from its source is saved as a draft and not published, unless
    --accept-differences is given. Exits with status 1 if a source was rejected or an article
    differs from its source.

    \b
    Examples:
      kb add gout.html --publish
      kb add articles/ --publish --topic "Joint pain" --jobs 2
      kb add export.jsonl --json > report.jsonl
      kb add https://www.example.org/sitemap.xml
    """
    base = open_base(load_settings())
    if topics:
        warn(_similar_topics(topics, base.store.summaries()))
    outcomes = ingest(
        list(sources),
        base.store,
        base.taxonomy,
        publish=publish,
        accept_differences=accept_differences,
        topics=topics,
        jobs=jobs,
        actor=current_actor(),
        originals=base.settings.home / SOURCES_FOLDER,
        fetch_private_networks=base.settings.fetch_private_networks,
        rules=load_rules(base.settings.home),
        reader_limits=base.settings.reader_limits,
    )
    counts = dict.fromkeys(("added", "updated", "unchanged", "rejected"), 0)
    stopped = differs = False
    findings: dict[str, tuple[str, ...]] = {}
    try:
        with _show_progress(outcomes, sources) as progress:
            for outcome in progress:
                counts[outcome.status] += 1
                differs |= bool(outcome.errors)
                _print(outcome, as_json)
                if outcome.editorial:
                    findings[outcome.article_id] = outcome.editorial
    except KeyboardInterrupt:
        stopped = True
        warn([STOPPED])
    if not as_json:
        warn(_summarize_findings(findings, sum(counts.values()) - counts["rejected"]))
        click.echo(", ".join(f"{count} {status}" for status, count in counts.items() if count))
    sync_index(base)
    if counts["rejected"] or stopped or (differs and not accept_differences):
        sys.exit(1)


@contextmanager
def _show_progress(
    outcomes: Iterable[IngestResult], sources: Sequence[str]
) -> Iterator[Iterable[IngestResult]]:
    """Show a progress bar with the remaining time and the rate if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield outcomes
        return
    started = time.monotonic()

    def rate(_: IngestResult | None) -> str:
        return f"{bar.pos / max(time.monotonic() - started, 0.001):.1f} articles/s"

    bar = click.progressbar(
        outcomes,
        length=estimate_count(sources),
        label="Adding",
        show_pos=True,
        item_show_func=rate,
        file=sys.stderr,
    )
    with bar:
        yield (_clear_bar(outcome) for outcome in bar)


def _clear_bar(outcome: IngestResult) -> IngestResult:
    """Clear the progress bar's line before output; click redraws the bar below."""
    click.echo("\r\x1b[K", nl=False, err=True)
    return outcome


def _print(outcome: IngestResult, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "source": outcome.source,
                "status": outcome.status,
                "article_id": outcome.article_id,
                "title": outcome.title,
                "passages": outcome.passages,
                "tags": outcome.tags,
                "coverage": outcome.coverage,
                "warnings": list(outcome.warnings),
                "errors": list(outcome.errors),
                "error": outcome.error,
            }
        )
        return
    if outcome.error:
        warn([f"rejected: {outcome.error}"])
        return
    click.echo(f"{outcome.status}: {outcome.article_id} — {outcome.title} ({outcome.passages})")
    warn(f"  Error: {error}" for error in outcome.errors)
    findings = format_editorial_findings(outcome.editorial)
    warn(f"  {warning}" for warning in outcome.warnings if warning != findings)


def _summarize_findings(findings: Mapping[str, tuple[str, ...]], articles: int) -> Iterator[str]:
    """Yield findings shared by most articles once, and all others per article."""
    counts = Counter(chain.from_iterable(findings.values()))
    shared = {
        message: count
        for message, count in counts.items()
        if count >= MIN_SHARED_ARTICLES and count > articles / 2
    }
    for message, count in shared.items():
        yield f"{format_editorial_findings([message])} ({count} of {articles} articles)"
    for article, messages in findings.items():
        if remaining := [message for message in messages if message not in shared]:
            yield f"{article}: {format_editorial_findings(remaining)}"


def _similar_topics(topics: Iterable[str], articles: Iterable[ArticleSummary]) -> Iterator[str]:
    """Yield a warning for each new topic that is similar to an existing one."""
    new_topics = {topic for article in articles for topic in article.metadata.topics}
    by_folded = {topic.casefold(): topic for topic in new_topics}
    for topic in topics:
        nearest = get_close_matches(topic.casefold(), by_folded, n=1, cutoff=MIN_TOPIC_SIMILARITY)
        if topic not in new_topics and nearest:
            yield f"The topic {topic!r} is new. Did you mean {by_folded[nearest[0]]!r}?"
