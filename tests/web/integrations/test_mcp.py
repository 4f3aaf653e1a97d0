"""MCP tools: passages with citations, empty results and excluded drafts."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters
from syrupy.assertion import SnapshotAssertion

from index.engines import open_engine
from index.indexer import Indexer
from index.search.service import SearchService
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from tests.web.builders import TODAY, WARFARIN, WARFARIN_PASSAGES, fill, save, simple
from web.bootstrap import KnowledgeBase
from web.cli import main
from web.cli.mcp import REQUIREMENT
from web.integrations.mcp.assistant import CORRECTED, NOTHING, OVERDUE, RELAXED, Assistant
from web.integrations.mcp.server import ARGUMENTS, PASSAGE_NOT_FOUND, make_server

SITE = "https://kb.example"
PROGRAM = "from web.cli import main; main()"
PROJECT = Path(__file__).parents[3] / "pyproject.toml"


@pytest.fixture(scope="module")
def server(tmp_path_factory, taxonomy):
    settings = Settings(home=tmp_path_factory.mktemp("assisted"), title="Ward library")
    store = ArticleStore.create(settings.database_url)
    fill(store)
    engine = open_engine(settings.engine_url, taxonomy)
    indexer = Indexer(store, engine, taxonomy)
    indexer.rebuild()
    search = SearchService(store, engine, taxonomy, today=lambda: TODAY)
    base = KnowledgeBase(settings, store)
    base.search = search
    yield make_server(Assistant(base, SITE, lambda: TODAY))
    store.close()


def in_a_loop(conversation):
    """Run a coroutine in a thread, because Playwright runs an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, conversation).result()


def call(server, tool: str, **arguments: object):
    async def ask():
        async with Client(server) as client:
            return await client.call_tool(tool, arguments)

    return in_a_loop(ask())


def found(server, tool: str, **arguments: object) -> dict:
    answer = call(server, tool, **arguments)
    assert not answer.is_error, answer.content
    assert json.loads(answer.content[0].text) == answer.structured_content
    return answer.structured_content


def refused(server, tool: str, **arguments: object) -> str:
    answer = call(server, tool, **arguments)
    assert answer.is_error
    return answer.content[0].text


def test_server_describes_citation_rules_and_tool_parameters(server, snapshot: SnapshotAssertion):
    async def look():
        async with Client(server) as client:
            return client.instructions, (await client.list_tools()).tools

    instructions, tools = in_a_loop(look())
    assert "Ward library" in instructions
    assert instructions == snapshot(name="instructions")
    assert [tool.name for tool in tools] == ["search", "passage"]
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert not tool.annotations.open_world_hint
    assert "citation" in tools[1].output_schema["required"]
    assert "long-term-care" in tools[0].description
    assert tools[0].input_schema["required"] == ["query"]
    assert tools[0].input_schema["properties"]["limit"]["maximum"] == 10


def test_result_has_citation_and_overdue_warning(server):
    findings = found(server, "search", query="gut bleeding", tags=["safety"])
    assert findings["articles"] == 1
    assert "gut bleeding" in findings["summary"]
    assert RELAXED not in findings["summary"]
    (passage,) = findings["passages"]
    assert passage["title"] == "Warfarin"
    assert passage["heading_path"]
    assert passage["version"] == 1
    assert passage["reviewed"] == "2025-06-09"
    assert passage["review_state"] == "overdue"
    assert passage["overdue"] is True
    assert passage["warning"] == OVERDUE
    assert "gut" in passage["excerpt"]
    id_ = passage["passage_id"]
    assert passage["link"] == f"{SITE}/articles/warfarin/{id_}#p-{id_}"
    assert passage["citation"].startswith("Warfarin, ")
    assert "January 2026" in passage["citation"]
    assert passage["citation"].endswith(passage["link"])

    whole = found(server, "passage", passage_id=id_)
    shared = {key: value for key, value in whole.items() if key != "text"}
    assert shared == {key: value for key, value in passage.items() if key != "excerpt"}
    assert "from the gut" in whole["text"]


def test_current_review_has_no_warning(server):
    findings = found(server, "search", query="operation", limit=2)
    assert findings["articles"] == 24
    assert len(findings["passages"]) == 2
    for passage in findings["passages"]:
        assert (passage["overdue"], passage["warning"]) == (False, "")


def test_empty_result_instructs_assistant_to_report_it(server):
    findings = found(server, "search", query="zebra")
    assert findings["summary"] == NOTHING.format(q="zebra")
    assert (findings["articles"], findings["passages"]) == (0, [])


def test_result_reports_query_changes(server):
    relaxed = found(server, "search", query="gut bleeding zebra")
    assert relaxed["summary"].endswith(RELAXED)
    assert relaxed["searched"]["relaxed"] == "any"
    assert relaxed["searched"]["query"] == "gut bleeding zebra"
    synonyms = found(server, "search", query="haemorrhage")
    assert any("bleeding" in note for note in synonyms["notes"])
    assert {"word": "haemorrhage", "synonym": "bleeding"} in synonyms["searched"]["synonyms"]


def test_result_reports_corrected_query(server):
    corrected = found(server, "search", query="bleedign")
    searched = {"query": "bleeding", "is_corrected": True, "relaxed": "fuzzy", "synonyms": [],
                "subject": "bleeding", "intents": []}  # fmt: skip
    assert corrected["searched"] | {"synonyms": []} == searched
    assert corrected["summary"].endswith(CORRECTED.format(q="bleedign", corrected="bleeding"))
    assert RELAXED not in corrected["summary"]


def test_result_reports_subject_intents_and_what_is_missing(server):
    answered = found(server, "search", query="warfarin side effects")
    assert answered["searched"]["subject"] == "warfarin"
    assert answered["searched"]["intents"] == ["side effects"]
    assert answered["summary"].startswith("1 ")
    missing = found(server, "search", query="warfarin storage")
    assert missing["searched"]["intents"] == ["storage"]
    assert missing["summary"].startswith("Nothing on storage under Warfarin. ")


def test_search_excludes_drafts(server):
    assert found(server, "search", query="unpublished")["passages"] == []


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("passage", {"passage_id": "nothing"}, PASSAGE_NOT_FOUND),
        ("search", {"query": "x", "tags": ["nothing"]}, "overview, mechanism, "),
        ("search", {"query": "x", "limit": 11}, ARGUMENTS["limit"]),
        ("search", {"query": "x", "limit": "many"}, ARGUMENTS["limit"]),
        ("search", {"query": "x", "tags": "safety"}, ARGUMENTS["tags"]),
        ("search", {"query": "x" * 2_001}, ARGUMENTS["query"]),
        ("search", {"query": " "}, ARGUMENTS["query"]),
        ("search", {}, ARGUMENTS["query"]),
        ("search", {"query": "x", "tag": "safety"}, "query, tags, limit"),
        ("passage", {"passage_id": 3}, ARGUMENTS["passage_id"]),
        ("article", {}, "search or passage"),
    ],
)
def test_invalid_arguments_return_readable_error(server, tool, arguments, words):
    message = refused(server, tool, **arguments)
    assert words in message
    assert "Error executing" not in message
    assert "pydantic" not in message


def test_stdio_process_follows_store(tmp_path, taxonomy):
    settings = Settings(home=tmp_path)
    store = ArticleStore.create(settings.database_url)
    save(store, WARFARIN, WARFARIN_PASSAGES)
    save(store, *simple("Draft", "Hidden pangolin."), publish=False)
    Indexer(store, open_engine(settings.engine_url, taxonomy), taxonomy).rebuild()
    draft = store.article("draft").passages[0].id

    async def converse():
        program = StdioServerParameters(
            command=sys.executable,
            args=["-c", PROGRAM, "mcp", "--site", f"{SITE}/"],
            env={**os.environ, "KB_HOME": str(tmp_path)},
        )
        async with Client(program) as client:
            before = await client.call_tool("search", {"query": "pangolin"})
            hidden = await client.call_tool("passage", {"passage_id": draft})
            save(store, *simple("Later", "Added meanwhile: pangolin."))
            after = await client.call_tool("search", {"query": "pangolin"})
            return before, hidden, after

    before, hidden, after = in_a_loop(converse())
    store.close()
    assert before.structured_content["passages"] == []
    assert hidden.is_error
    (passage,) = after.structured_content["passages"]
    assert passage["link"].startswith(f"{SITE}/articles/later/")


def test_stdout_contains_only_protocol_messages(tmp_path):
    ArticleStore.create(
        Settings(home=tmp_path).database_url
    ).close()  # and no index: a search is refused
    lines = [
        {"id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}}},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call",
         "params": {"name": "search", "arguments": {"query": "pangolin"}}},
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "mcp"],
        env={**os.environ, "KB_HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in lines:
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **line}) + "\n")
    process.stdin.flush()
    answers = [json.loads(process.stdout.readline()) for _ in range(2)]
    rest, said = process.communicate(timeout=20)
    assert [answer["id"] for answer in answers] == [1, 2]
    assert "kb index rebuild" in answers[1]["result"]["content"][0]["text"]
    assert (process.returncode, rest) == (0, "")
    assert "pangolin" not in said


def test_missing_package_error_names_install_command(monkeypatch, tmp_path):
    ArticleStore.create(Settings(home=tmp_path).database_url).close()
    monkeypatch.setenv("KB_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    monkeypatch.delitem(sys.modules, "web.integrations.mcp.server")
    result = CliRunner().invoke(main, ["mcp"])
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert f"-m pip install '{REQUIREMENT}'" in result.output
    extras = tomllib.loads(PROJECT.read_text())["project"]["optional-dependencies"]
    assert extras["mcp"] == [REQUIREMENT]


@pytest.mark.parametrize("site", ["kb.example", "ftp://kb.example", "/kb", "https://"])
def test_invalid_site_url_is_rejected(site):
    result = CliRunner().invoke(main, ["mcp", "--site", site])
    assert result.exit_code == 2
    assert "http://" in result.output
