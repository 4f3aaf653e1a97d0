"""`kb add`, `show`, `list`, `publish`, `retire`, `tag`: the articles themselves."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import click

from ingest.checking import load_rules
from ingest.pipeline import Outcome, ingest
from ingest.sources import count_pieces
from kb.errors import KnowledgeBaseError
from kb.originals import FOLDER as ORIGINALS
from kb.record import ArticleRecord, Status
from kb.settings import load_settings
from web.base import open_base
from web.cli.acting import caller, sync
from web.cli.printing import print_json, print_rows, warn
from web.contract import article_json, summary_json

STOPPED = "Stopped. What was added is kept; the same command goes on from there."


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
    try:
        with _counting(outcomes, sources) as shown:
            for outcome in shown:
                counts[outcome.status] += 1
                _print(outcome, as_json)
    except KeyboardInterrupt:
        stopped = True
        warn([STOPPED])
    if not as_json:
        click.echo(", ".join(f"{count} {status}" for status, count in counts.items() if count))
    sync(base)
    if counts["rejected"] or stopped:
        sys.exit(1)


@click.command()
@click.argument("article")
@click.option("--version", type=int, help="Another version than the one that is found.")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def show(article: str, version: int | None, as_json: bool) -> None:
    """Show an article with its passages and their tags.

    \b
    Examples:
      kb show gout
      kb show gout --version 1 --json
    """
    record = open_base(load_settings()).store.article(article, version)
    if as_json:
        print_json(article_json(record, date.today()))
    else:
        _print_record(record)


@click.command("list")
@click.option("--status", type=click.Choice([status.value for status in Status]))
@click.option("--json", "as_json", is_flag=True, help="Print one object for each article.")
def list_articles(status: str | None, as_json: bool) -> None:
    """List the articles by title.

    \b
    Examples:
      kb list --status draft
    """
    base = open_base(load_settings())
    summaries = base.store.summaries(Status(status) if status else None)
    if as_json:
        for summary in summaries:
            print_json(summary_json(summary, date.today()))
        return
    print_rows([(s.id, s.status, f"v{s.version}", s.title) for s in summaries])


@click.command()
@click.argument("article")
def publish(article: str) -> None:
    """Let the newest version of ARTICLE be found.

    \b
    Examples:
      kb publish gout
    """
    base = open_base(load_settings())
    base.store.publish(article, by=caller())
    click.echo(f"{article} is published.")
    sync(base)


@click.command()
@click.argument("article")
@click.option("--reason", default="", help="Why; readers who follow an old link are told.")
@click.option("--replaced-by", default="", metavar="ARTICLE", help="The article to point on to.")
def retire(article: str, reason: str, replaced_by: str) -> None:
    """Let ARTICLE be found no more; it is kept, and so are old links to it.

    \b
    Examples:
      kb retire gout-2019 --reason "Out of date" --replaced-by gout
    """
    base = open_base(load_settings())
    base.store.retire(article, reason=reason, replaced_by=replaced_by, by=caller())
    click.echo(f"{article} is retired.")
    sync(base)


@click.command()
@click.argument("passage")
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@click.option("--remove", is_flag=True, help="Take the tags off instead.")
def tag(passage: str, tags: tuple[str, ...], remove: bool) -> None:
    """Set tags on a passage by hand; they outlive the next ingest.

    \b
    Examples:
      kb tag gtgbgkgp2cqge safety interactions
      kb tag gtgbgkgp2cqge mechanism --remove
    """
    base = open_base(load_settings())
    for key in tags:
        if key not in base.taxonomy:
            known = ", ".join(definition.key for definition in base.taxonomy)
            raise KnowledgeBaseError(f"There is no tag {key!r}. The tags are {known}.")
    for key in tags:
        article = base.store.set_tag(passage, key, present=not remove, by=caller())
    click.echo(f"{passage} in {article}: {', '.join(tags)} {'removed' if remove else 'set'}.")
    sync(base)


@contextmanager
def _counting(outcomes: Iterable[Outcome], sources: Sequence[str]) -> Iterator[Iterable[Outcome]]:
    """Show progress, time left and rate on stderr where a person looks."""
    if not sys.stderr.isatty():
        yield outcomes
        return
    started = time.monotonic()

    def rate(_: Outcome | None) -> str:
        return f"{bar.pos / max(time.monotonic() - started, 0.001):.1f} articles/s"

    bar = click.progressbar(
        outcomes,
        length=count_pieces(sources),
        label="Adding",
        show_pos=True,
        item_show_func=rate,
        file=sys.stderr,
    )
    with bar:
        yield (_above_the_bar(outcome) for outcome in bar)


def _above_the_bar(outcome: Outcome) -> Outcome:
    """Take the bar off its line, where what is said of the outcome goes; it comes back below."""
    click.echo("\r\x1b[K", nl=False, err=True)
    return outcome


def _print(outcome: Outcome, as_json: bool) -> None:
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
    warn(f"  {warning}" for warning in outcome.warnings)


def _print_record(record: ArticleRecord) -> None:
    click.echo(click.style(record.article.title, bold=True))
    click.echo(f"{record.id} · {record.status} · version {record.version}")
    warn(record.warnings)
    above: tuple[str, ...] = ()
    for passage in record.passages:
        if passage.heading_path != above:
            above = passage.heading_path
            click.echo("\n" + click.style(" › ".join(above), fg="blue", bold=True))
        tags = ", ".join(f"{tag.tag} {tag.confidence:.2f} ({tag.reason})" for tag in passage.tags)
        click.echo(f"\n{click.style(passage.id, dim=True)} {tags}\n{passage.text}")
