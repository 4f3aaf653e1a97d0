"""`kb requests`: list and close content requests."""

from __future__ import annotations

from dataclasses import asdict

import click

from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json
from web.presentation.formatting import format_date, format_timestamp


@click.command()
@click.option("--done", type=int, metavar="ID", help="Close a request.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per request.")
def requests(done: int | None, as_json: bool) -> None:
    """List the open content requests of readers, oldest first.

    --done closes a request and deletes its contact details.

    \b
    Examples:
      kb requests
      kb requests --done 12
    """
    store = open_base(load_settings()).store
    if done is not None:
        store.close_content_request(done)
        click.echo(f"{done}: request closed.")
        return
    open_requests = store.list_content_requests()
    for content_request in open_requests:
        if as_json:
            print_json(asdict(content_request) | {"at": format_timestamp(content_request.at)})
            continue
        day = format_date(content_request.at.date())
        click.echo(f"{content_request.id}  {day}  {content_request.query}".rstrip())
        for line in (
            content_request.sentence,
            content_request.reach and f"Contact: {content_request.reach}",
        ):
            if line:
                click.echo("    " + " ".join(line.split()))
    if not (open_requests or as_json):
        click.echo("There are no open content requests.")
