"""`kb mcp`: search tools for AI assistants."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import click

from kb.errors import InstallationError
from kb.settings import load_settings
from web.bootstrap import open_base
from web.presentation.urls import DEFAULT_SITE_URL

REQUIREMENT = "mcp>=2.3,<3"  # as in the extra `mcp` of pyproject.toml


@click.command()
@click.option(
    "--site",
    default=DEFAULT_SITE_URL,
    show_default=True,
    metavar="URL",
    help="Base URL of the links.",
)
def mcp(site: str) -> None:
    """Serve search to an AI assistant over the Model Context Protocol.

    Communicates over stdin and stdout with the program that starts it, and exits with it. The
    tools are search and passage. Drafts and retired articles are never returned.

    \b
    Examples:
      kb mcp
      kb mcp --site https://kb.hospital.example
    """
    if urlsplit(site).scheme not in ("http", "https") or not urlsplit(site).netloc:
        raise click.BadParameter("must start with http:// or https://", param_hint="--site")
    # Imported here because the package mcp is an optional dependency.
    try:
        from web.integrations.mcp.assistant import Assistant  # noqa: PLC0415
        from web.integrations.mcp.server import make_server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("mcp"):
            raise
        raise InstallationError(
            "The package mcp is not installed. "
            f"Run `{sys.executable} -m pip install '{REQUIREMENT}'`."
        ) from error
    if sys.stdin.isatty():
        click.echo("Waiting for an assistant on stdin. Press Ctrl-C to stop.", err=True)
    make_server(Assistant(open_base(load_settings()), site.rstrip("/"))).run("stdio")
