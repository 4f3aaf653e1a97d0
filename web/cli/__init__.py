"""The command line, `kb`: one module for each group of commands, imported when it is called.

Exit codes: 0 done, 1 something was refused (the reason is on stderr), 2 the command was misused.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module

import click

from kb.errors import KnowledgeBaseError

# Each command: its module and function, and the first sentence of its help. Click lists commands
# with that sentence, and importing all of them to read it takes over a second.
COMMANDS = {
    "add": (
        "web.cli.add:add",
        "Add articles from files, folders, ZIP archives, and addresses of pages or sitemaps.",
    ),
    "asked": (
        "web.cli.content_requests:asked",
        "List what readers looked for and told the content team of, the oldest first.",
    ),
    "audit": ("web.cli.auditing:audit", "Check the audit log."),
    "backup": (
        "web.cli.backup:backup",
        "Write everything but the index into one file; the site may go on meanwhile.",
    ),
    "check": (
        "web.cli.check:check",
        "Run the editorial checks on ARTICLE, or on all published articles.",
    ),
    "demo": (
        "web.cli.server:demo",
        "Serve a knowledge base of the shipped sample articles.",
    ),
    "eval": (
        "web.cli.evaluate:evaluate",
        "Run the judged queries of FILE and say at which rank each finds what it should.",
    ),
    "export": (
        "web.cli.exchange:export_",
        "Write articles into a ZIP for another knowledge base; the site may go on meanwhile.",
    ),
    "export-education": (
        "web.cli.leaflets:export_education",
        "Write the published articles that have codes as PDF files into a folder.",
    ),
    "import": (
        "web.cli.exchange:import_",
        "Bring in the articles of an export; nothing that is here is overwritten.",
    ),
    "index": (
        "web.cli.index:index",
        "Look after the search index, which is derived from the articles.",
    ),
    "init": (
        "web.cli.server:init",
        "Create the knowledge base at KB_HOME, or bring an older one up to date.",
    ),
    "list": ("web.cli.articles:list_articles", "List the articles by title."),
    "mcp": (
        "web.cli.mcp:mcp",
        "Let an assistant search and quote passages (Model Context Protocol).",
    ),
    "pack": (
        "web.cli.offline_pack:pack",
        "Write the published articles as plain pages with a search, for when the site is away.",
    ),
    "publish": ("web.cli.articles:publish", "Let the newest version of ARTICLE be found."),
    "remind": (
        "web.cli.remind:remind",
        "Send one mail to each who answers for articles that are due or overdue for review.",
    ),
    "restore": (
        "web.cli.backup:restore_",
        "Bring the knowledge base of KB_HOME to what a backup holds, and build its index.",
    ),
    "retire": (
        "web.cli.articles:retire",
        "Let ARTICLE be found no more; it is kept, and so are old links to it.",
    ),
    "search": ("web.cli.search:search", "Search the published passages."),
    "serve": ("web.cli.server:serve", "Serve the site until Ctrl-C."),
    "show": ("web.cli.articles:show", "Show an article with its passages and their tags."),
    "tag": (
        "web.cli.articles:tag",
        "Set tags on a passage by hand; they outlive the next ingest.",
    ),
    "user": (
        "web.cli.users:user",
        "Accounts of the content team: who may sign in, and as what.",
    ),
}


class _Commands(click.Group):
    """Imports a command when it is called, and prints our own errors as one sentence.

    Any other error is a bug and keeps its traceback.
    """

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, imported."""
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        if module not in sys.modules:
            _import(module)
        command: click.Command = getattr(sys.modules[module], function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by the table."""
        click.Group(commands=self.commands).format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; ends with 1 when it raises one of our errors."""
        try:
            return super().invoke(ctx)
        except KnowledgeBaseError as error:
            click.echo(str(error), err=True)
            sys.exit(1)


def _import(module: str) -> None:
    """Import a module without the garbage collector, a fifth of the time of a short command.

    What is imported stays for good: neither while it is imported nor at the end of the process need
    the collector go through it.
    """
    gc.disable()
    try:
        import_module(module)
    finally:
        gc.enable()
    gc.freeze()


@click.group(
    cls=_Commands,
    commands={name: click.Command(name, help=help_) for name, (_, help_) in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
