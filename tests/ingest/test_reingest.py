"""Reading stored originals again: statuses, drafts, corrections and errors."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from ingest.checks.config import load_rules
from ingest.drafts import DraftReader, to_save_request
from ingest.http_fetch import FetchedPage
from kb.editorial.workflow import ReviewWorkflow
from kb.model.article import Block, BlockKind, ListItem, Section
from kb.model.corrections import Correction, CorrectionKind
from kb.model.passage import Passage
from kb.model.records import WorkflowState
from kb.model.taxonomy import load_taxonomy
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.source_files import SourceFileBatch
from tests.ingest.documents.docx import docx, para
from tests.ingest.documents.pdf import Page, pdf
from tests.ingest.readers.test_jats import FRONT, HEAD
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


def test_topics_of_the_source_and_of_editors_are_kept_with_a_warning(home: Path) -> None:
    store = open_store(home)
    rewrite(store, misread)
    (result,) = report()
    (warning,) = [text for text in result["warnings"] if "Pain" in text]
    assert warning in store.article("dose", 3).warnings


def test_topics_set_by_an_editor_replace_those_of_the_source(home: Path) -> None:
    store = open_store(home)
    rewrite(store, misread)
    store.correct("dose", 2, [Correction(CorrectionKind.TOPICS, new="Kidney")], actor=BY)
    (result,) = report()
    assert store.article("dose", result["version"]).article.metadata.topics == ("Kidney",)
    assert not any("Pain" in text or "Kidney" in text for text in result["warnings"])


def test_draft_is_submitted_for_review_unless_it_replaces_unfinished_work(home: Path) -> None:
    store = open_store(home)
    workflow = ReviewWorkflow(store.database)
    rewrite(store, misread)  # published
    (result,) = report()
    assert result["submitted"]
    assert workflow.get_status("dose").state is WorkflowState.IN_REVIEW
    rewrite(store, misread)
    store.correct("dose", 4, [Correction(CorrectionKind.OWNER, new="Pain team")], actor=BY)
    (result,) = report()
    assert (result["version"], result["submitted"]) == (6, False)
    assert workflow.get_status("dose").state is WorkflowState.DRAFT


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


DOCUMENTS: dict[str, bytes] = {
    # Only the name determines the title of these, and the format of the first.
    "Dose i.v. (mg), list.md": b"Some words\n\n* Take 10^9 cells.\n* Rest _well_ today.\n",
    "plain name - of a text, which is longer than sixty characters.txt": (
        b"Some words about care.\n\nDrink water every day.\n"
    ),
    "front.md": b"---\nid: own-id\ntopics: [Pain]\n---\n\n# Own and/or id\n\nTake **one** daily.\n",
    "page.html": DOSE.replace("Dose", "Dosage").encode(),
    "canonical.html": (
        b"<html><head><link rel=canonical href='https://example.org/a/b'></head><body>"
        b"<h1>Overview</h1><p>Rest a lot, and drink water.</p></body></html>"
    ),
    "lines.jsonl": (
        b'{"title": "First", "sections": [{"heading": "", "text": "Rest well."}]}\n'
        b'{"title": "Second", "id": "second", "sections": [{"heading": "", "text": "Eat well."}]}\n'
        b'{"title": "Third", "url": "https://example.org/3", "sections": '
        b'[{"heading": "", "text": "Sleep well."}]}\n'
    ),
    "word.docx": docx(para("How to rest", "Title") + para("Rest for 2 hours every day.")),
    "printed.pdf": pdf(Page().text(50, 100, "Rest for 3 hours every day.")),
    "jats.xml": (
        HEAD.format(kind="review-article")
        + f"{FRONT}<body><sec><title>Use</title><p>Under 10<sup>9</sup>/L.</p></sec></body>"
        + "</article>"
    ).encode(),
    "label.xml": (
        b'<document xmlns="urn:hl7-org:v3"><code code="34391-3"/><title>Zylox</title>'
        b'<setId root="ABC-1"/><component><structuredBody><component><section>'
        b'<code code="34067-9" codeSystem="2.16.840.1.113883.6.1"/><title>Uses</title>'
        b"<text><paragraph>For pain.</paragraph></text></section></component></structuredBody>"
        b"</component></document>"
    ),
}
ARTICLES = len(DOCUMENTS) + 2  # the lines


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty knowledge base."""
    monkeypatch.setenv("KB_HOME", str(tmp_path / "kb"))
    assert run("init").exit_code == 0
    return tmp_path


def archive(folder: str = "") -> bytes:
    content = io.BytesIO()
    with ZipFile(content, "w") as made:
        for name, data in DOCUMENTS.items():
            made.writestr(folder + name, data)
    return content.getvalue()


def assert_unchanged(number: int = ARTICLES) -> None:
    results = report()
    assert len(results) == number
    changed = {r["article_id"]: r["differences"] for r in results if r["status"] != "unchanged"}
    assert not changed


def test_files_are_read_as_when_they_were_added(base: Path) -> None:
    for name, data in DOCUMENTS.items():
        (base / name).write_bytes(data)
        assert run("add", str(base / name)).exit_code == 0
    assert_unchanged()


@pytest.mark.parametrize("folder", ["", "folder/"])
def test_archive_members_are_read_as_when_they_were_added(base: Path, folder: str) -> None:
    (base / "all.zip").write_bytes(archive(folder))
    assert run("add", str(base / "all.zip")).exit_code == 0
    assert_unchanged()


def test_uploads_are_read_as_when_they_were_added(base: Path) -> None:
    (base / "sent").write_bytes(archive())
    (base / "other").write_bytes(DOCUMENTS["Dose i.v. (mg), list.md"])
    store = open_store(base / "kb")
    reader = DraftReader(load_taxonomy(), load_rules(), fetch_private_networks=False)
    for name, sent in (("Leaflets.zip", "sent"), ("leaflet.md", "other")):
        for result in reader.read_file(base / sent, name):
            assert result.draft is not None
            store.save_all([to_save_request(result.draft, (), actor=BY)])
            with SourceFileBatch(base / "kb" / "sources") as files:
                files.write(result.draft.source_sha256, result.content)
                files.commit([result.draft.source_sha256])
    assert store.article("leaflet").article.sections[0].blocks[1].kind is BlockKind.LIST
    assert_unchanged(ARTICLES + 1)


def test_fetched_pages_are_read_as_when_they_were_added(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {
        f"https://example.org/pages/{quote(name)}?v=1": data for name, data in DOCUMENTS.items()
    }
    pages["https://example.net/all.zip"] = archive()
    monkeypatch.setattr(
        "ingest.sources.fetch", lambda address, private: FetchedPage(address, pages[address])
    )
    for address in pages:
        assert run("add", address).exit_code == 0
    # An id and a URL of a source identify an article wherever it is; the others are twice here.
    ids = open_store(base / "kb").summaries()
    assert len(ids) > ARTICLES
    assert_unchanged(len(ids))
