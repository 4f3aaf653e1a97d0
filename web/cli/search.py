"""`kb search`: the same search as on the site and in the API.

The JSON serializers are imported only with `--json`, because the import takes as long as a search.
"""

from __future__ import annotations

import click

from index.search.results import SearchHit, SearchRequest, SearchResponse
from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import format_snippet, print_json, warn
from web.presentation.formatting import format_review


@click.command()
@click.argument("query")
@click.option("--tag", "tags", multiple=True, metavar="T", help="Only passages with this tag.")
@click.option("--topic", "topics", multiple=True, metavar="T", help="Only articles on this topic.")
@click.option("--limit", default=10, show_default=True, help="Number of results, at most 50.")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON response of the API.")
def search(
    query: str, tags: tuple[str, ...], topics: tuple[str, ...], limit: int, as_json: bool
) -> None:
    """Search the published passages.

    The query may contain words, "phrases", -word, OR, title:word, heading:word, tag:safety and a
    trailing *.

    \b
    Examples:
      kb search anaphylaxis
      kb search "follow-up appointments" --tag long-term-care
      kb search '"adrenaline auto-injector" -children' --json
    """
    base = open_base(load_settings())
    if base.indexer.sync().busy:  # index the latest changes, in case no server is running
        warn(["Another process is indexing. The latest changes may not be searchable yet."])
    request = SearchRequest(q=query, tags=tags, topics=topics, limit=limit)
    response = base.search.search(request)
    if as_json:
        from web.presentation.serializers import serialize_search  # noqa: PLC0415

        print_json(serialize_search(response))
    else:
        _print(response)


def _print(response: SearchResponse) -> None:
    warn(response.query.notes)
    if not response.total:
        click.echo(f"No results for “{response.query.q}”.")
        return
    if response.query.relaxed:
        click.echo("No passage contains all of these words. These contain some of them.")
    articles = "1 article" if response.total == 1 else f"{response.total} articles"
    click.echo(f"{articles}, {response.total_passages} passages, {response.took_ms:.0f} ms")
    for hit in response.hits:
        click.echo()
        _print_hit(hit)


def _print_hit(hit: SearchHit) -> None:
    title = " › ".join((hit.article.title, *hit.passage.heading_path))
    click.echo(click.style(title, fg="blue", bold=True))
    click.echo(format_snippet(hit.snippet))
    tags = ", ".join(tag.tag for tag in hit.passage.tags) or "no tags"
    state = format_review(hit.article.metadata, hit.review_state).words
    more = f" · {hit.more_in_article} more in this article" if hit.more_in_article else ""
    click.echo(click.style(f"{hit.passage.id} · {tags} · {state}{more}", dim=True))
