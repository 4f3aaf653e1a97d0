"""`kb index`: status, rebuild and verification of the search index."""

from __future__ import annotations

import click

from index.engine import IndexState
from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json, warn
from web.presentation.formatting import count_phrase, format_timestamp


@click.group()
def index() -> None:
    """Inspect and rebuild the search index.

    The index is derived from the articles; these commands never change an article.

    \b
    Examples:
      kb index status
      kb index rebuild
    """


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def status(as_json: bool) -> None:
    """Show what the index contains and how many changes it is behind."""
    base = open_base(load_settings())
    _print(base.engine.state(), base.indexer.pending_changes(), as_json)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def rebuild(as_json: bool) -> None:
    """Rebuild the index from the articles while searches continue."""
    base = open_base(load_settings())
    _print(base.indexer.rebuild(), 0, as_json)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def check(as_json: bool) -> None:
    """Verify the checksum of every index file."""
    base = open_base(load_settings())
    _print(base.engine.verify(), base.indexer.pending_changes(), as_json)


def _print(state: IndexState, behind: int, as_json: bool) -> None:
    values = {
        "engine": state.engine,
        "generation": state.generation,
        "as_of": format_timestamp(state.as_of),
        "passages": state.documents,
        "checkpoint": state.checkpoint,
        "behind": behind,
        "refused": dict(state.refused),
    }
    if as_json:
        print_json(values)
        return
    click.echo(f"{state.documents} passages, generation {state.generation}, {values['as_of']}")
    if behind:
        click.echo(f"{count_phrase(behind, 'change is', 'changes are')} not indexed yet.")
    warn(f"{article} could not be indexed: {reason}" for article, reason in state.refused.items())
