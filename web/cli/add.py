"""`kb add`: articles from sources. Apart from the other commands, which need no reader."""

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
from kb.storage.source_files import FOLDER as ORIGINALS
from web.bootstrap import open_base
from web.cli.common import caller, print_json, sync, warn

STOPPED = "Stopped. What was added is kept; the same command goes on from there."
FEWEST_SHARING = 3  # articles with the same finding, from which it is printed once
CLOSE = 0.75  # likeness of two topics: one or two letters in ten differ


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--publish", is_flag=True, help="Let the articles be found at once.")
@click.option("--topic", "topics", multiple=True, metavar="T", help="Put them under this topic.")
@click.option("--jobs", default=1, show_default=True, help="Processes that read sources.")
@click.option("--json", "as_json", is_flag=True, help="Print one object for each article.")
def add(
    sources: tuple[str, ...], publish: bool, topics: tuple[str, ...], jobs: int, as_json: bool
) -> None:
    """Add articles from files, folders, ZIP archives, and addresses of pages or sitemaps.

    Each is told by what it holds: HTML, Markdown, plain text, article JSON Lines, PDF, DOCX, JATS,
    SPL.

    What was added before and has not changed is left as it is; what has changed becomes a new
    version. Ends with 1 when any source was rejected.

    \b
    Examples:
      kb add gout.html --publish
      kb add articles/ --publish --topic "Joint pain" --jobs 2
      kb add export.jsonl --json > report.jsonl
      kb add https://www.example.org/sitemap.xml
    """
    base = open_base(load_settings())
    warn(_new_topics(topics, base.store.summaries()))
    outcomes = ingest(
        list(sources),
        base.store,
        base.taxonomy,
        publish=publish,
        topics=topics,
        jobs=jobs,
        by=caller(),
        originals=base.settings.home / ORIGINALS,
        fetch_private=base.settings.fetch_private,
        rules=load_rules(base.settings.home),
    )
    counts = dict.fromkeys(("added", "updated", "unchanged", "rejected"), 0)
    stopped = False
    findings: dict[str, tuple[str, ...]] = {}
    try:
        with _counting(outcomes, sources) as shown:
            for outcome in shown:
                counts[outcome.status] += 1
                _print(outcome, as_json)
                if outcome.editorial:
                    findings[outcome.article_id] = outcome.editorial
    except KeyboardInterrupt:
        stopped = True
        warn([STOPPED])
    if not as_json:
        warn(_editorial_lines(findings, sum(counts.values()) - counts["rejected"]))
        click.echo(", ".join(f"{count} {status}" for status, count in counts.items() if count))
    sync(base)
    if counts["rejected"] or stopped:
        sys.exit(1)


@contextmanager
def _counting(
    outcomes: Iterable[IngestResult], sources: Sequence[str]
) -> Iterator[Iterable[IngestResult]]:
    """Show progress, time left and rate on stderr where a person looks."""
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
        yield (_above_the_bar(outcome) for outcome in bar)


def _above_the_bar(outcome: IngestResult) -> IngestResult:
    """Take the bar off its line, where what is said of the outcome goes; it comes back below."""
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
                "error": outcome.error,
            }
        )
        return
    if outcome.error:
        warn([f"rejected: {outcome.error}"])
        return
    click.echo(f"{outcome.status}: {outcome.article_id} — {outcome.title} ({outcome.passages})")
    later = format_editorial_findings(outcome.editorial)
    warn(f"  {warning}" for warning in outcome.warnings if warning != later)


def _editorial_lines(findings: Mapping[str, tuple[str, ...]], articles: int) -> Iterator[str]:
    """Yield the findings that most of several articles share once, the others by article."""
    counts = Counter(chain.from_iterable(findings.values()))
    shared = {
        message: count
        for message, count in counts.items()
        if count >= FEWEST_SHARING and count > articles / 2
    }
    for message, count in shared.items():
        yield f"{format_editorial_findings([message])} ({count} of {articles} articles)"
    for article, messages in findings.items():
        if own := [message for message in messages if message not in shared]:
            yield f"{article}: {format_editorial_findings(own)}"


def _new_topics(topics: Iterable[str], articles: Iterable[ArticleSummary]) -> Iterator[str]:
    """Yield a sentence for each topic that no article has and that is close to one in use."""
    if not topics:
        return
    used = {topic for article in articles for topic in article.metadata.topics}
    by_folded = {topic.casefold(): topic for topic in used}
    for topic in topics:
        nearest = get_close_matches(topic.casefold(), by_folded, n=1, cutoff=CLOSE)
        if topic not in used and nearest:
            yield f"There is no topic {topic!r} yet. Did you mean {by_folded[nearest[0]]!r}?"
