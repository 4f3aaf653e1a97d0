"""The Model Context Protocol over `web.integrations.mcp.assistant`: two tools, for an assistant that quotes us.

It speaks over stdin and stdout to the program that started it, and to nobody else: no port is
opened. Nothing but the protocol may go to stdout; what there is to say goes to stderr, and never
with the words of a query.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from index.query.parser import MAX_QUERY_LENGTH
from kb.errors import KnowledgeBaseError, NotFoundError
from web import program_version
from web.integrations.mcp.assistant import Assistant, AssistantResults, QuotedPassage
from web.params import MAX_FILTERS

Answer = TypeVar("Answer")

MAX_RESULTS = 10  # passages at once: an assistant reads all of them, and the best come first
FOUND = 5
READING = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

# What the tools take. Their functions are read by their signatures, so these stand here.
Words = Annotated[str, Field(max_length=MAX_QUERY_LENGTH, description="What to look for.")]
Tags = Annotated[
    tuple[str, ...],
    Field(max_length=MAX_FILTERS, description="Only passages with one of these tags."),
]
Most = Annotated[int, Field(ge=1, le=MAX_RESULTS, description="How many passages at most.")]
PassageId = Annotated[str, Field(description="The passage_id that `search` gave.")]

INSTRUCTIONS = """\
Reviewed clinical passages of “{title}”. Search first, then read the whole passage before you quote
it. Quote word for word, put the citation with its link under each quotation, and add nothing of
your own. When a passage carries a warning, say it with the quotation. When nothing is found, say
that the knowledge base has nothing on it. Never send the name or the number of a patient."""
SEARCH = """\
Find passages of the hospital's reviewed clinical articles, at most one for each article, best
first, each with an excerpt and its citation. A few words find most; "quotation marks" hold a phrase
together, -word excludes. Other names and spellings are found by themselves. The tags are
{keys}. Read a passage whole before you quote it."""
UNKNOWN = "No published passage has this id: it may have been withdrawn. Search again."
PASSAGE = """\
Read one passage, word for word, with its citation: article, headings, version, when it was
reviewed, whether that is overdue, source and link."""


def make_server(assistant: Assistant) -> MCPServer:
    """Return the server of one knowledge base."""
    title = assistant.base.settings.title
    server = MCPServer(
        "clinical-kb",
        title=title,
        instructions=INSTRUCTIONS.format(title=title),
        version=program_version(),
        log_level="WARNING",
    )
    keys = ", ".join(tag.key for tag in assistant.base.taxonomy)

    def search(query: Words, tags: Tags = (), limit: Most = FOUND) -> AssistantResults:
        return _said(lambda: assistant.search(query, tags, limit))

    def passage(passage_id: PassageId) -> QuotedPassage:
        return _said(lambda: assistant.passage(passage_id))

    server.tool("search", "Search the articles", SEARCH.format(keys=keys), READING)(search)
    server.tool("passage", "Read a passage", PASSAGE, READING)(passage)
    return server


def _said(answer: Callable[[], Answer]) -> Answer:
    """Return the answer, or tell the assistant in words why there is none."""
    try:
        return answer()
    except NotFoundError as error:
        raise ToolError(UNKNOWN) from error
    except KnowledgeBaseError as error:
        raise ToolError(str(error)) from error
