"""The command line, `kb`: one module for each group of commands; this one only joins them.

Exit codes: 0 done, 1 something was refused (the reason is on stderr), 2 the command was misused.
"""

from __future__ import annotations

import sys

import click

from kb.errors import KnowledgeBaseError
from web.cli.articles import add, list_articles, publish, retire, show, tag
from web.cli.asked import asked
from web.cli.assistant import mcp
from web.cli.backing_up import backup, restore_
from web.cli.checking import check
from web.cli.education import export_education
from web.cli.evaluating import evaluate
from web.cli.indexing import index
from web.cli.moving import export_, import_
from web.cli.packing import pack
from web.cli.people import user
from web.cli.reminding import remind
from web.cli.searching import search
from web.cli.site import demo, init, serve


class _Commands(click.Group):
    """Prints our own errors as one sentence; anything else is a bug and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KnowledgeBaseError as error:
            click.echo(str(error), err=True)
            sys.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clinical-kb", prog_name="kb")
def main() -> None:
    """Clinical knowledge base: articles in, passages found.

    KB_HOME names the folder of the knowledge base; without it, ~/.clinical-kb is used.

    \b
    Examples:
      kb init
      kb add articles/ --publish
      kb search "side effects" --tag safety
      kb serve
    """


for command in (
    init,
    add,
    show,
    list_articles,
    publish,
    retire,
    tag,
    check,
    search,
    evaluate,
    export_education,
    backup,
    restore_,
    export_,
    import_,
    pack,
    asked,
    user,
    remind,
    index,
    serve,
    demo,
    mcp,
):
    main.add_command(command)
