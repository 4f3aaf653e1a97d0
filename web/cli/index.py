"""`kb index`: the derived index. Nothing here can harm an article."""

from __future__ import annotations

import click

from index.engine import IndexState
from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json, warn
from web.presentation.formatting import timestamp


@click.group()
def index() -> None:
    """Look after the search index, which is derived from the articles.

    \b
    Examples:
      kb index status
      kb index rebuild
    """


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def status(as_json: bool) -> None:
    """Show what the index holds and how far it is behind the articles."""
    base = open_base(load_settings())
    _print(base.engine.state(), base.indexer.behind(), as_json)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def rebuild(as_json: bool) -> None:
    """Build the index anew from the articles; searches go on meanwhile."""
    base = open_base(load_settings())
    _print(base.indexer.rebuild(), 0, as_json)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def check(as_json: bool) -> None:
    """Read every file of the index and compare it with what was committed."""
    base = open_base(load_settings())
    _print(base.engine.verify(), base.indexer.behind(), as_json)


def _print(state: IndexState, behind: int, as_json: bool) -> None:
    values = {
        "engine": state.engine,
        "generation": state.generation,
        "as_of": timestamp(state.as_of),
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
        click.echo(f"{behind} changes are waiting to be indexed.")
    warn(f"{article} could not be indexed: {why}" for article, why in state.refused.items())
