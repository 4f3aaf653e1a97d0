"""`kb mcp`: the knowledge base as tools of an assistant."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import click

from kb.errors import InstallationError
from kb.settings import load_settings
from web.bootstrap import open_base
from web.presentation.urls import LOCAL

WANTED = "mcp>=2.3,<3"  # as in pyproject.toml, whose extra `mcp` brings it


@click.command()
@click.option(
    "--site", default=LOCAL, show_default=True, metavar="URL", help="The site that links lead to."
)
def mcp(site: str) -> None:
    """Let an assistant search and quote passages (Model Context Protocol).

    It speaks over stdin and stdout with the program that starts it, and ends with it. Tools:
    search and passage. Drafts and retired articles are never shown.

    \b
    Examples:
      kb mcp
      kb mcp --site https://kb.hospital.example
    """
    if urlsplit(site).scheme not in ("http", "https") or not urlsplit(site).netloc:
        raise click.BadParameter("must begin with http:// or https://", param_hint="--site")
    # Imported here: no other command needs it, and it is an extra.
    try:
        from web.integrations.mcp.assistant import Assistant  # noqa: PLC0415
        from web.integrations.mcp.server import make_server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("mcp"):
            raise
        raise InstallationError(
            f"`kb mcp` needs the package mcp: run `{sys.executable} -m pip install '{WANTED}'`."
        ) from error
    if sys.stdin.isatty():
        click.echo("Waiting for an assistant's program on stdin; Ctrl-C ends it.", err=True)
    make_server(Assistant(open_base(load_settings()), site.rstrip("/"))).run("stdio")
