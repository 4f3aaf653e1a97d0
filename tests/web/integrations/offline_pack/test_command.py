"""`kb pack`: output, messages and rejected folders."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.web.cli.test_commands import gout, home, objects, run
from tests.web.integrations.offline_pack.conftest import FewNames

__all__ = ["gout", "home"]  # fixtures


@pytest.fixture
def packed(gout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a pack of one article."""
    monkeypatch.setattr("web.cli.offline_pack.build_synonyms", lambda *_: FewNames())
    run("add", str(gout), "--publish")
    result = run("pack", "stick/pack")
    assert hashlib.sha256(Path("stick/pack/SHA256SUMS").read_bytes()).hexdigest() in result.stdout
    return gout.parent / "stick" / "pack"


def test_pack_is_verified_by_reported_checksum(packed: Path) -> None:
    (again,) = objects(run("pack", str(packed), "--json"))
    assert (again["articles"], again["passages"]) == (1, 3)
    (found,) = objects(run("pack", "--verify", str(packed), "--json"))
    assert found == {
        "folder": str(packed),
        "files": again["files"],
        "bytes": again["bytes"],
        "sha256": again["sha256"],
        "faults": [],
    }
    (packed / "articles" / "gout.html").write_text("<p>Take twice the dose.</p>")
    result = run("pack", "--verify", str(packed), code=1)
    assert result.stderr.split()[0] == "articles/gout.html"


def test_next_pack_excludes_retired_article(packed: Path) -> None:
    assert (packed / "articles" / "gout.html").exists()
    run("retire", "gout")
    run("pack", str(packed))
    assert not (packed / "articles").exists()
    (made,) = objects(run("pack", "--verify", str(packed), "--json"))
    assert made["faults"] == []


def test_pack_rejects_folder_with_other_files(packed: Path) -> None:
    (packed.parent / "letter.txt").write_text("keep")
    run("pack", str(packed.parent), code=1)
    assert (packed.parent / "letter.txt").read_text() == "keep"
