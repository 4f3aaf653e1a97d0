"""`kb init`, `kb serve` and `kb demo`.

The web server and the readers are imported only by the commands that need them.
"""

from __future__ import annotations

import os
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click

from kb.errors import IndexMissingError, IndexVersionError, ServerError
from kb.settings import SETTINGS_FILE, Settings, get_home, load_settings
from kb.storage.audit_log import Actor
from kb.storage.source_files import SOURCES_FOLDER
from web.bootstrap import KnowledgeBase, create_base
from web.cli.common import warn

HOST, PORT = "127.0.0.1", 8000
MAX_PORT = 65_535


class _Port(click.ParamType[int]):
    """Click parameter type: a TCP port number."""

    name = "integer"

    def convert(self, value: Any, param: object, ctx: object) -> int:
        """Return the port number. Raises `ServerError` if it is out of range."""
        text = str(value)
        if not (text.isdecimal() and 1 <= int(text) <= MAX_PORT):
            raise ServerError(
                f"{text} is not a port number. Use one from 1 to {MAX_PORT}, "
                f"for example --port {PORT}."
            )
        return int(text)


@click.command()
def init() -> None:
    """Create the knowledge base at KB_HOME, or upgrade it to this version.

    \b
    Examples:
      kb init
      KB_HOME=/srv/kb kb init
    """
    settings = load_settings()
    _create(settings)
    click.echo(f"The knowledge base is in {settings.home}. Add articles: kb add FILE --publish")


@click.command()
@click.option("--host", default=HOST, show_default=True, help="Address to listen on.")
@click.option("--port", default=PORT, type=_Port(), show_default=True, help="Port to listen on.")
@click.option(
    "--workers",
    default=1,
    type=click.IntRange(min=1),
    show_default=True,
    help="Number of worker processes.",
)
def serve(host: str, port: int, workers: int) -> None:
    """Serve the site until Ctrl-C is pressed.

    \b
    Examples:
      kb serve
      kb serve --host 0.0.0.0 --port 80 --workers 4
    """
    _serve(load_settings(), host, port, workers)


@click.command()
@click.option("--host", default=HOST, show_default=True, help="Address to listen on.")
@click.option("--port", default=PORT, type=_Port(), show_default=True, help="Port to listen on.")
@click.option("--load-only", is_flag=True, help="Load the samples and exit.")
def demo(host: str, port: int, load_only: bool) -> None:
    """Create and serve a knowledge base of the sample articles.

    The knowledge base is created in KB_HOME, or in .kb in the current folder if KB_HOME is not set.

    \b
    Examples:
      kb demo
      KB_HOME=/tmp/demo kb demo --port 8080
    """
    from ingest.pipeline import ingest  # noqa: PLC0415

    os.environ.setdefault("KB_HOME", str(Path.cwd() / ".kb"))
    settings = load_settings()
    base = _create(settings)
    click.echo("Loading the sample articles", err=True)
    with as_file(files("kb") / "samples") as folder:
        outcomes = list(
            ingest(
                [str(folder)],
                base.store,
                base.taxonomy,
                publish=True,
                topics=(),
                jobs=1,
                actor=Actor("demo"),
                originals=settings.home / SOURCES_FOLDER,
            )
        )
    warn(outcome.error for outcome in outcomes if outcome.error)
    base.indexer.sync()
    click.echo(f"{len(outcomes)} sample articles are in {settings.home}.", err=True)
    base.store.close()
    if not load_only:
        _serve(settings, host, port, 1)


def _create(settings: Settings) -> KnowledgeBase:
    base = create_base(settings)
    base.settings.home.chmod(0o700)
    file = get_home() / SETTINGS_FILE
    if not file.exists():
        file.write_text("# Settings of this knowledge base; see docs/settings.md.\n")
    try:
        base.engine.state()
    except (IndexMissingError, IndexVersionError):
        base.indexer.rebuild()
    return base


def _serve(settings: Settings, host: str, port: int, workers: int) -> None:
    from web.server.gunicorn_app import serve as serve_forever  # noqa: PLC0415

    serve_forever(settings, host, port, workers)
