"""Model Context Protocol server with two tools, `search` and `passage`.

It communicates with the parent process over stdin and stdout and opens no port. Only protocol
messages are written to stdout; logs go to stderr and never contain queries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field, ValidationError

from index.query.parser import MAX_QUERY_LENGTH
from kb.errors import KnowledgeBaseError, NotFoundError
from web import program_version
from web.integrations.mcp.assistant import Assistant, AssistantResults, QuotedPassage
from web.params import MAX_FILTERS

Result = TypeVar("Result")

MAX_RESULTS = 10  # assistants read all results, and the best come first
DEFAULT_RESULTS = 5
READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

# Parameters of the tools. The server evaluates the signatures, so they must be module-level names.
Words = Annotated[
    str, Field(max_length=MAX_QUERY_LENGTH, pattern=r"\S", description="The search query.")
]
Tags = Annotated[
    tuple[str, ...],
    Field(max_length=MAX_FILTERS, description="Only passages with one of these tags."),
]
Most = Annotated[int, Field(ge=1, le=MAX_RESULTS, description="Maximum number of passages.")]
PassageId = Annotated[str, Field(description="A passage_id from `search`.")]

# What each argument must be, for arguments that the schemas above reject.
ARGUMENTS = {
    "query": f"query must be a text of words with at most {MAX_QUERY_LENGTH} characters.",
    "tags": f'tags must be a list of at most {MAX_FILTERS} keys of tags, such as ["safety"].',
    "limit": f"limit must be a whole number from 1 to {MAX_RESULTS}.",
    "passage_id": "passage_id must be the passage_id of a search result.",
}
INSTRUCTIONS = """\
Reviewed clinical passages of “{title}”. Search first, then read the full passage before you quote
it. Quote verbatim, put the citation with its link below each quotation, and add nothing. Include
the warning of a passage in the quotation. If there are no results, say that the knowledge base has
nothing on the topic. Never send the name or number of a patient."""
SEARCH = """\
Search the reviewed clinical articles of the hospital. Returns at most one passage per article, best
first, each with an excerpt and its citation. Use a few words; "quotation marks" search for a
phrase, and -word excludes a word. Synonyms and misspellings are handled automatically. The tags
are {keys}. Read the full passage before you quote it."""
PASSAGE_NOT_FOUND = "No published passage has this id; it may have been retired. Search again."
PASSAGE = """\
Return the full text of one passage with its citation: article, headings, version, review date,
whether the review is overdue, source and link."""


class AssistantServer(MCPServer):
    """MCP server that describes wrong arguments in sentences, without the library's wording."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; raises `ToolError` with what is wrong and what to send instead."""
        tools = {tool.name: tool.input_schema["properties"] for tool in await self.list_tools()}
        if name not in tools:
            raise ToolError(f"There is no tool “{name}”. Use {' or '.join(tools)}.")
        for argument in arguments:
            if argument not in tools[name]:
                known = ", ".join(tools[name])
                raise ToolError(f"{name} has no argument “{argument}”. Use only: {known}.")
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                wrong = dict.fromkeys(str(each["loc"][0]) for each in error.__cause__.errors())
                raise ToolError(" ".join(ARGUMENTS[argument] for argument in wrong)) from error
            raise ToolError(str(error.__cause__ or error)) from error


def make_server(assistant: Assistant) -> MCPServer:
    """Return the MCP server of one knowledge base."""
    title = assistant.base.settings.title
    server = AssistantServer(
        "clinical-kb",
        title=title,
        instructions=INSTRUCTIONS.format(title=title),
        version=program_version(),
        log_level="WARNING",
    )
    keys = ", ".join(tag.key for tag in assistant.base.taxonomy)

    def search(query: Words, tags: Tags = (), limit: Most = DEFAULT_RESULTS) -> AssistantResults:
        return _call(lambda: assistant.search(query, tags, limit))

    def passage(passage_id: PassageId) -> QuotedPassage:
        return _call(lambda: assistant.passage(passage_id))

    server.tool("search", "Search the articles", SEARCH.format(keys=keys), READ_ONLY)(search)
    server.tool("passage", "Read a passage", PASSAGE, READ_ONLY)(passage)
    return server


def _call(tool: Callable[[], Result]) -> Result:
    """Return the result of a tool; errors are translated to `ToolError` with their message."""
    try:
        return tool()
    except NotFoundError as error:
        raise ToolError(PASSAGE_NOT_FOUND) from error
    except KnowledgeBaseError as error:
        raise ToolError(str(error)) from error
