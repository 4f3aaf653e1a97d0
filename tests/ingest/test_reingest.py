"""Reading stored originals again: statuses, drafts, corrections and errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kb.editorial.workflow import ReviewWorkflow
from kb.model.article import Block, BlockKind, ListItem, Section
from kb.model.corrections import Correction, CorrectionKind
from kb.model.passage import Passage
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from web.cli import main

BY = Actor("ann")
DOSE = (
    "<html><head><title>Dose</title></head><body><h1>Dose</h1><h2>How much</h2>"
    "<p>Take 250<sup>1</sup> mg <b>twice</b> daily with food and water.</p>"
    "<h2>Steps</h2><ol><li>Wash your hands</li><li>Open the bottle</li></ol></body></html>"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_HOME", str(tmp_path / "kb"))
    (tmp_path / "dose.html").write_text(DOSE)
    assert run("init").exit_code == 0
    assert run("add", str(tmp_path / "dose.html"), "--publish", "--topic", "Pain").exit_code == 0
    return tmp_path / "kb"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


def report(*words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("reingest", "--json", *words).stdout.splitlines()]


def open_store(home: Path) -> ArticleStore:
    return ArticleStore.open(Settings(home=home).database_url)


def rewrite(store: ArticleStore, change: Callable[[Block], Block]) -> tuple[Passage, ...]:
    """Publish a version whose blocks are those of a former reader; return its passages."""
    latest = store.latest("dose", actor=BY).request
    article = replace(
        latest.article,
        sections=tuple(_change_section(section, change) for section in latest.article.sections),
    )
    passages = tuple(
        replace(passage, id="", blocks=tuple(map(change, passage.blocks)))
        for passage in latest.passages
    )
    request = replace(latest, article=article, passages=passages, publish=True)
    (saved,) = store.save_all([request])
    return saved.passages  # type: ignore[union-attr]


def _change_section(section: Section, change: Callable[[Block], Block]) -> Section:
    return replace(
        section,
        blocks=tuple(map(change, section.blocks)),
        sections=tuple(_change_section(child, change) for child in section.sections),
    )


def misread(block: Block) -> Block:
    """Return a block as read before raised text and list numbers were kept."""
    items = tuple(ListItem(item.text, item.depth) for item in block.items)
    return replace(block, text=block.text.replace("250 1", "2501"), marks=(), items=items)


def unformatted(block: Block) -> Block:
    """Return a block without marks and list numbers."""
    return replace(
        block, marks=(), items=tuple(ListItem(item.text, item.depth) for item in block.items)
    )


def test_unchanged_article_gets_no_draft(home: Path) -> None:
    (result,) = report()
    assert (result["status"], result["version"]) == ("unchanged", None)
    assert len(open_store(home).versions("dose")) == 1


def test_changed_words_become_a_draft_and_passages_keep_their_ids(home: Path) -> None:
    store = open_store(home)
    before = rewrite(store, misread)
    (result,) = report("--changed")
    assert (result["status"], result["version"]) == ("changed", 3)
    assert result["differences"] == [["Take 2501 mg", "Take 250 1 mg"]]
    record = store.article("dose")
    assert record.published_version == 2  # the draft is not published
    draft = store.article("dose", 3)
    assert [passage.id for passage in draft.passages] == [passage.id for passage in before]
    assert draft.article.metadata.topics == ("Pain",)


def test_second_run_creates_no_further_draft(home: Path) -> None:
    store = open_store(home)
    rewrite(store, misread)
    report()
    (result,) = report()
    assert (result["status"], result["version"]) == ("unchanged", None)
    assert len(store.versions("dose")) == 3


def test_formatting_is_reported_and_saved_only_without_changed(home: Path) -> None:
    store = open_store(home)
    rewrite(store, unformatted)
    (result,) = report("--changed")
    assert (result["status"], result["version"]) == ("formatting", None)
    assert result["changed_passages"] == 2
    (result,) = report()
    assert (result["status"], result["version"]) == ("formatting", 3)
    lists = [
        block
        for passage in store.article("dose", 3).passages
        for block in passage.blocks
        if block.kind is BlockKind.LIST
    ]
    assert [item.label for block in lists for item in block.items] == ["1.", "2."]


def test_corrections_and_editor_tags_survive(home: Path) -> None:
    store = open_store(home)
    passages = rewrite(store, misread)
    corrections = (
        Correction(
            CorrectionKind.TEXT,
            ("Steps",),
            "- Wash your hands\n- Open the bottle",
            "- Wash your hands well\n- Open the bottle",
        ),
        Correction(CorrectionKind.OWNER, new="Pain team"),
    )
    store.correct("dose", 2, corrections, actor=BY)
    store.set_tag(passages[0].id, "safety", present=True, actor=BY)
    (result,) = report("--changed", "dose")
    assert result["status"] == "changed"
    draft = store.article("dose", result["version"])
    assert draft.article.metadata.owner == "Pain team"
    assert "Wash your hands well" in draft.passages[1].text
    assert draft.passages[0].id == passages[0].id
    assert "safety" in {tag.tag for tag in draft.passages[0].tags}


def test_retired_article_is_skipped(home: Path) -> None:
    store = open_store(home)
    rewrite(store, misread)
    ReviewWorkflow(store.database).retire("dose", reason="old", replaced_by="", actor=BY)
    (result,) = report()
    assert (result["status"], result["version"]) == ("retired", None)
    assert len(store.versions("dose")) == 2


def test_missing_original_fails_and_the_run_goes_on(home: Path, tmp_path: Path) -> None:
    (tmp_path / "zinc.md").write_text("# Zinc\n\n## Use\n\nTake zinc with food every day.\n")
    run("add", str(tmp_path / "zinc.md"))
    sha256 = open_store(home).latest("dose", actor=BY).request.source_sha256
    (home / "sources" / sha256[:2] / sha256).unlink()
    output = run("reingest", "--json")
    assert output.exit_code == 1
    dose, zinc = (json.loads(line) for line in output.stdout.splitlines())
    assert (dose["status"], dose["code"]) == ("failed", "not-found")
    assert zinc["status"] == "unchanged"


def test_damaged_original_and_unknown_article_fail(home: Path) -> None:
    sha256 = open_store(home).latest("dose", actor=BY).request.source_sha256
    (home / "sources" / sha256[:2] / sha256).write_text(DOSE.replace("250", "260"))
    dose, other = report("dose", "no-such")
    assert (dose["status"], dose["code"]) == ("failed", "changed")
    assert (other["status"], other["code"]) == ("failed", "not-found")


def test_limit_of_the_settings_applies_to_adding_and_to_reading_again(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "kb.toml").write_text("article_max_characters = 20\n")
    added = run("add", "--json", str(tmp_path / "dose.html"))
    assert added.exit_code == 1
    assert "article_max_characters" in json.loads(added.stdout)["error"]
    (result,) = report("dose")
    assert (result["status"], result["code"]) == ("failed", "too-long")
    monkeypatch.setenv("KB_ARTICLE_MAX_CHARACTERS", "1000")
    assert [each["status"] for each in report("dose")] == ["unchanged"]


def test_every_format_is_read_as_when_it_was_added(home: Path, tmp_path: Path) -> None:
    (tmp_path / "plain name.txt").write_text("Some words about care.\n\nDrink water every day.\n")
    (tmp_path / "two.jsonl").write_text(
        '{"title": "First", "sections": [{"heading": "", "text": "Rest well."}]}\n'
        '{"title": "Second", "sections": [{"heading": "", "text": "Eat well."}]}\n'
    )
    (tmp_path / "named.md").write_text("---\nid: own-id\n---\n\n# Own id\n\nTake **one** daily.\n")
    for name in ("plain name.txt", "two.jsonl", "named.md"):
        run("add", str(tmp_path / name))
    results = report()
    assert len(results) == 5
    assert {result["status"] for result in results} == {"unchanged"}
