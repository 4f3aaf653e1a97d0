"""`kb asked`: what readers told the content team."""

from __future__ import annotations

from dataclasses import asdict

import click

from kb.settings import load_settings
from web.bootstrap import open_base
from web.cli.common import print_json
from web.presentation.formatting import full_date, timestamp


@click.command()
@click.option("--done", type=int, metavar="ID", help="Mark one as seen to.")
@click.option("--json", "as_json", is_flag=True, help="Print one object for each.")
def asked(done: int | None, as_json: bool) -> None:
    """List what readers looked for and told the content team of, the oldest first.

    With --done the note leaves the list, and how to reach whoever wrote it is deleted.

    \b
    Examples:
      kb asked
      kb asked --done 12
    """
    store = open_base(load_settings()).store
    if done is not None:
        store.finish_question(done)
        click.echo(f"{done} is done.")
        return
    questions = store.open_questions()
    for question in questions:
        if as_json:
            print_json(asdict(question) | {"at": timestamp(question.at)})
            continue
        click.echo(f"{question.id}  {full_date(question.at.date())}  {question.query}".rstrip())
        for line in (question.sentence, question.reach and f"Reach: {question.reach}"):
            if line:
                click.echo("    " + " ".join(line.split()))
    if not (questions or as_json):
        click.echo("Nobody has asked for anything that is not done.")
