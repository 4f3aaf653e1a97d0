"""The `kb` command line: one module per group of commands, imported on first use.

Exit codes: 0 success, 1 error (the reason is on stderr), 2 wrong usage.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module

import click

from kb.errors import KnowledgeBaseError

# Name -> (module and function in this package, first sentence of the help). Click lists commands
# with this sentence; importing every command to read it would take over a second.
COMMANDS = {
    "add": (
        "add:add",
        "Add articles from files, folders, ZIP archives, and URLs of pages or sitemaps.",
    ),
    "requests": (
        "content_requests:requests",
        "List the open content requests of readers, oldest first.",
    ),
    "audit": ("audit:audit", "Verify the audit log."),
    "backup": (
        "backup:backup",
        "Write everything except the index to one file while the site keeps running.",
    ),
    "check": ("check:check", "Run the editorial checks on ARTICLE, or on all published articles."),
    "demo": ("server:demo", "Create and serve a knowledge base of the sample articles."),
    "eval": (
        "evaluate:evaluate",
        "Run the judged queries in FILE and show the rank of each expected result.",
    ),
    "export": ("exchange:export_", "Export articles to a ZIP for another knowledge base."),
    "export-leaflets": (
        "leaflets:leaflets",
        "Write patient leaflets (PDF) for the published articles that have codes.",
    ),
    "import": (
        "exchange:import_",
        "Import the articles of an export without overwriting anything.",
    ),
    "index": ("index:index", "Inspect and rebuild the search index."),
    "init": ("server:init", "Create the knowledge base at KB_HOME, or upgrade it to this version."),
    "list": ("articles:list_articles", "List the articles by title."),
    "mcp": ("mcp:mcp", "Serve search to an AI assistant over the Model Context Protocol."),
    "pack": (
        "offline_pack:pack",
        "Write the published articles as static pages for when the site is unavailable.",
    ),
    "publish": ("articles:publish", "Publish the latest version of ARTICLE."),
    "reingest": (
        "reingest:reingest",
        "Read the stored originals of ARTICLE, or of all articles, again into drafts.",
    ),
    "remind": ("remind:remind", "Email the owners of articles that are due or overdue for review."),
    "restore": ("backup:restore_", "Restore a backup to KB_HOME and build the index."),
    "retire": (
        "articles:retire",
        "Retire ARTICLE: remove it from search but keep it and its links.",
    ),
    "search": ("search:search", "Search the published passages."),
    "serve": ("server:serve", "Serve the site until Ctrl-C is pressed."),
    "show": ("articles:show", "Show an article with its passages and their tags."),
    "tag": ("articles:tag", "Set tags on a passage by hand; later ingests keep them."),
    "user": ("users:user", "Manage the accounts of the content team."),
}


# Former names of commands, which scripts still use; docs/renames.md lists them.
DEPRECATED_COMMANDS = {"asked": "requests", "export-education": "export-leaflets"}


class _Commands(click.Group):
    """Command group that imports commands on use and prints our errors without a traceback.

    Any other exception is a bug, so its traceback is shown.
    """

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with this name, importing its module."""
        if cmd_name in DEPRECATED_COMMANDS:
            replacement = DEPRECATED_COMMANDS[cmd_name]
            click.echo(f"`kb {cmd_name}` is deprecated. Use `kb {replacement}`.", err=True)
            cmd_name = replacement
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        module = f"{__name__}.{module}"
        if module not in sys.modules:
            _import(module)
        command: click.Command = getattr(sys.modules[module], function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the sentences of `COMMANDS`."""
        click.Group(commands=self.commands).format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; exit with status 1 if it raises a `KnowledgeBaseError`."""
        try:
            return super().invoke(ctx)
        except KnowledgeBaseError as error:
            click.echo(str(error), err=True)
            sys.exit(1)


def _import(module: str) -> None:
    """Import a module with the garbage collector off: a fifth of a short command's time.

    Modules are never collected, so the collector need not scan them now or at exit.
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
    """Clinical knowledge base: ingest, search and publish clinical articles.

    KB_HOME is the folder of the knowledge base (default: ~/.clinical-kb).

    \b
    Examples:
      kb init
      kb add articles/ --publish
      kb search "side effects" --tag safety
      kb serve
    """
