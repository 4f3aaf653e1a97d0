"""`kb asked`: list and close content requests."""

from __future__ import annotations

from dataclasses import asdict

import click

from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json
from web.presentation.formatting import full_date, timestamp


@click.command()
@click.option("--done", type=int, metavar="ID", help="Close a request.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per request.")
def asked(done: int | None, as_json: bool) -> None:
    """List the open content requests of readers, oldest first.

    --done closes a request and deletes its contact details.

    \b
    Examples:
      kb asked
      kb asked --done 12
    """
    store = open_base(load_settings()).store
    if done is not None:
        store.finish_question(done)
        click.echo(f"{done}: request closed.")
        return
    questions = store.open_questions()
    for question in questions:
        if as_json:
            print_json(asdict(question) | {"at": timestamp(question.at)})
            continue
        click.echo(f"{question.id}  {full_date(question.at.date())}  {question.query}".rstrip())
        for line in (question.sentence, question.reach and f"Contact: {question.reach}"):
            if line:
                click.echo("    " + " ".join(line.split()))
    if not (questions or as_json):
        click.echo("There are no open content requests.")
