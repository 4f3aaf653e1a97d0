"""Export and import as a person and a script meet them: the commands over real knowledge bases."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.database import Database
from kb.exporting import Selection, export
from tests.web.test_cli import gout, home, objects, run

__all__ = ["gout", "home"]  # fixtures


@pytest.fixture
def elsewhere(gout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export of the knowledge base with gout, while KB_HOME is another, empty one."""
    run("add", str(gout), "--publish")
    (gout.parent / "kb" / "synonyms.txt").write_text("gout = podagra\n")
    result = run("export", "kb.zip")
    assert result.stdout == "kb.zip: 1 article, 1 version, 1 source, synonyms.txt.\n"
    monkeypatch.setenv("KB_HOME", str(gout.parent / "other"))
    run("init")
    return gout.parent / "kb.zip"


def test_what_was_imported_is_found_there(elsewhere: Path) -> None:
    tried = run("import", str(elsewhere), "--dry-run")
    assert tried.stdout.endswith("1 added (tried only)\n")
    assert run("list").stdout == ""

    (done,) = objects(run("import", str(elsewhere), "--json"))
    assert done["added"] == 1
    assert done["vocabulary"] == {"synonyms.txt": "added"}
    (found,) = objects(run("search", "podagra", "--json"))
    assert found["hits"][0]["article"]["id"] == "gout"  # type: ignore[index]

    assert run("import", str(elsewhere)).stdout == "synonyms.txt: unchanged\n1 unchanged\n"
    run("add", str(elsewhere.parent / "gout.txt"))
    assert objects(run("show", "gout", "--json"))[0]["version"] == 1


def test_a_vocabulary_that_differs_is_put_beside(elsewhere: Path) -> None:
    own = elsewhere.parent / "other" / "synonyms.txt"
    own.write_text("gout = gicht\n")
    result = run("import", str(elsewhere))
    assert "synonyms.txt differs from yours, which stays" in result.stderr
    assert own.read_text() == "gout = gicht\n"


def test_a_taxonomy_that_comes_is_built_into_the_index(
    gout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("add", str(gout), "--publish")
    own = '[[tag]]\nkey = "harms"\nlabel = "Harms"\nheadings = ["side effects"]\n'
    (gout.parent / "kb" / "taxonomy.toml").write_text(own)
    run("export", "kb.zip", "gout", "--status", "published", "--json")
    monkeypatch.setenv("KB_HOME", str(gout.parent / "other"))
    run("init")
    run("import", "kb.zip")
    assert objects(run("search", "urate", "--json"))[0]["total"] == 1


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("synonyms.txt", "gout podagra\n", "synonyms.txt, line 1: has no “=”"),
        ("taxonomy.toml", "[[tag]]\n", "taxonomy.toml, tag 1"),
    ],
)
def test_a_vocabulary_that_cannot_be_used_is_refused(
    elsewhere: Path, name: str, content: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = elsewhere.parent / "kb"
    monkeypatch.setenv("KB_HOME", str(full))
    (full / name).write_text(content)
    database = Database(f"sqlite:///{full / 'kb.sqlite'}")
    export(database, full, elsewhere, Selection())
    database.close()
    monkeypatch.setenv("KB_HOME", str(elsewhere.parent / "other"))
    result = run("import", str(elsewhere), code=1)
    assert f"kb.zip, vocabulary/{name} cannot be used: {why}" in result.stderr
    assert run("list").stdout == ""


def test_a_file_that_is_no_export_is_refused(elsewhere: Path) -> None:
    run("backup", "backup.zip")
    result = run("import", "backup.zip", code=1)
    assert "is not of the format clinical-kb-export" in result.stderr
    assert "Name a file that `kb export` wrote." in result.stderr
