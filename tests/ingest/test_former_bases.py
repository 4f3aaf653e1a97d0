"""Export, backup and database of a former release in this one, and reading their originals again.

`former/README.md` describes the files.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner, Result

from kb.model.article import MarkKind
from kb.model.corrections import CorrectionKind
from kb.settings import Settings
from kb.storage.article_store import ArticleStore
from web.cli import main

FORMER = Path(__file__).parent / "former"
COUNTS = ["3ggmppd5ox4ki", "mwg42fiicvlny", "ff4325w3eyf7i"]  # ids of passages
REST = ["gnsri5a72eg52"]
CORRECTED = "Rest for two days after a fall, and walk a little every hour.\n- Drink water\n"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, catch_exceptions=False)


@pytest.fixture(params=["export", "backup", "database"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A knowledge base with the content of a former one, brought in each of the three ways."""
    home = tmp_path / "kb"
    monkeypatch.setenv("KB_HOME", str(home))
    if request.param == "database":
        home.mkdir()
        (home / "kb.sqlite").write_bytes(gzip.decompress((FORMER / "kb.sqlite.gz").read_bytes()))
        with ZipFile(FORMER / "backup.zip") as backup:
            names = [name for name in backup.namelist() if name.startswith("sources/")]
            backup.extractall(home, names)
    assert run("init").exit_code == 0
    if request.param == "export":
        assert run("import", str(FORMER / "export.zip")).exit_code == 0
    elif request.param == "backup":
        assert run("restore", str(FORMER / "backup.zip")).exit_code == 0
    return home


@pytest.fixture
def store(home: Path) -> ArticleStore:
    return ArticleStore.open(Settings(home=home).database_url)


def test_passages_links_tags_and_corrections_survive(store: ArticleStore) -> None:
    counts, rest = store.article("platelet-counts"), store.article("rest")
    assert [passage.id for passage in counts.passages] == COUNTS
    assert [passage.id for passage in rest.passages] == REST
    assert (counts.published_version, rest.published_version) == (1, 2)
    assert (counts.differences, rest.differences) == ((), ())
    assert [store.locate(id_).article_id for id_ in (*COUNTS, *REST)] == [
        *["platelet-counts"] * 3,
        "rest",
    ]
    assert "safety" in {tag.tag for tag in counts.passages[0].tags}
    assert rest.passages[0].text == CORRECTED + "- Sleep for 8 hours"
    assert rest.article.metadata.owner == "Physio team"
    assert [correction.what for _, correction in store.corrections("rest")] == [
        CorrectionKind.TEXT,
        CorrectionKind.OWNER,
    ]


def test_published_articles_are_found(home: Path) -> None:
    found = json.loads(run("search", "transfuse platelets", "--json").stdout)
    assert found["hits"][0]["id"] == COUNTS[0]


def test_reingest_reports_text_that_was_published_wrongly(store: ArticleStore) -> None:
    results = [
        json.loads(line) for line in run("reingest", "--changed", "--json").stdout.splitlines()
    ]
    counts, rest = results
    assert (counts["article_id"], counts["status"], counts["submitted"]) == (
        "platelet-counts",
        "changed",
        True,
    )
    assert ["under 109 per", "under 10^9 per"] in counts["differences"]
    draft = store.article("platelet-counts", counts["version"])
    assert [passage.id for passage in draft.passages] == COUNTS
    assert "safety" in {tag.tag for tag in draft.passages[0].tags}
    (mark,) = draft.passages[0].blocks[0].marks
    assert (mark.kind, draft.passages[0].text[mark.start : mark.end]) == (
        MarkKind.SUPERSCRIPT,
        "^9",
    )
    assert [item.label for item in draft.passages[1].blocks[1].items] == ["3.", "4."]
    assert draft.article.metadata.topics == ("Blood",)
    assert (rest["status"], rest["version"]) == ("formatting", None)


def test_corrections_are_applied_to_the_original_as_it_is_read_now(store: ArticleStore) -> None:
    run("reingest", "rest")
    draft = store.article("rest", 3)
    assert [passage.id for passage in draft.passages] == REST
    assert draft.passages[0].text == CORRECTED + "- Sleep for 8 hours"
    (mark,) = draft.passages[0].blocks[0].marks
    assert mark.kind is MarkKind.STRONG
