"""`kb eval` and `kb requests` as a content team uses them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kb.errors import WorkflowStateError
from kb.settings import load_settings
from kb.storage.article_store import ArticleStore
from tests.web.cli.test_commands import gout, home, objects, refused, run  # noqa: F401 - fixtures

QUERIES = """query,expected,within,group
urate crystals,Gout > How gout works,1,word
colchicine,gout > Side effects of treatment,1,word
zebra,Gout,,other
"""


@pytest.fixture
def judged(gout: Path) -> Path:  # noqa: F811
    run("add", str(gout), "--publish")
    path = gout.parent / "judged.csv"
    path.write_text(QUERIES, encoding="utf-8")
    return path


def test_each_query_is_printed_with_its_rank_and_figures_by_group(judged: Path) -> None:
    said = run("eval", str(judged)).stdout

    lines = [line.split() for line in said.splitlines()]
    assert ["1", "urate", "crystals", "Gout", ">", "How", "gout", "works"] in lines
    assert any(line[:3] == ["!", ">10", "zebra"] for line in lines)
    assert ["word", "2", "2", "2", "2", "0", "1.000"] in lines
    assert ["all", "3", "2", "2", "2", "1", "0.667"] in lines


def test_what_moved_since_a_saved_run_is_told_and_a_loss_ends_with_1(judged: Path) -> None:
    run("eval", str(judged), "--save", "before.json")
    same = run("eval", str(judged), "--against", "before.json").stdout
    assert [line for line in same.splitlines() if "→" in line] == ["MRR 0.667 → 0.667, first 2 → 2"]

    before = json.loads(Path("before.json").read_text())
    before["outcomes"][0]["rank"] = None  # it was not found
    before["outcomes"][2]["rank"] = 2  # and this one was
    Path("before.json").write_text(json.dumps(before))
    result = run("eval", str(judged), "--against", "before.json", code=1)

    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["!", "vanished", "2", "→", ">10", "zebra", "Gout"] in lines
    assert any(line[:4] == ["appeared", ">10", "→", "1"] for line in lines)
    assert re.findall(r"\d+", result.stderr) == ["1"]  # how many were lost


def test_a_gain_alone_ends_with_0(judged: Path) -> None:
    run("eval", str(judged), "--save", "before.json")
    before = json.loads(Path("before.json").read_text())
    before["outcomes"][0]["rank"] = 5
    Path("before.json").write_text(json.dumps(before))

    assert "up" in run("eval", str(judged), "--against", "before.json").stdout


def test_json_holds_outcomes_figures_and_moves(judged: Path) -> None:
    run("eval", str(judged), "--save", "before.json")
    (found,) = objects(run("eval", str(judged), "--against", "before.json", "--json"))

    assert [outcome["rank"] for outcome in found["outcomes"]] == [1, 1, None]
    assert found["figures"]["mrr"] == 0.6667
    assert found["groups"]["other"]["not_found"] == 1
    assert found["moves"] == []


def test_a_fault_in_the_file_is_told_with_its_line(judged: Path) -> None:
    judged.write_text(QUERIES + "flare,Gaut > Flare,,\n", encoding="utf-8")

    assert f"{judged}, line 5: " in run("eval", str(judged), code=1).stderr


# What readers asked for


def ask() -> None:
    store = ArticleStore.open(load_settings().database_url)
    store.add_content_request("gout diet", "May they\neat fish?", "ward 4")
    store.close()


def test_what_readers_asked_for_is_listed_until_it_is_done(gout: Path) -> None:  # noqa: F811
    (nothing,) = run("requests").stdout.splitlines()
    assert not re.search(r"\d", nothing)
    ask()
    head, sentence, reach = run("requests").stdout.splitlines()
    assert head.endswith("gout diet")
    assert sentence == "    May they eat fish?"
    assert reach.endswith(": ward 4")

    (question,) = objects(run("requests", "--json"))
    assert (question["query"], question["reach"]) == ("gout diet", "ward 4")
    assert run("requests", "--done", str(question["id"])).stdout.startswith(f"{question['id']}:")
    assert objects(run("requests", "--json")) == []
    assert isinstance(refused("requests", "--done", str(question["id"])), WorkflowStateError)
