"""Third-party scripts of the pack: unchanged, and with their licences."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

from web.integrations.offline_pack.builder import PACK_FILES

VENDORED = tomllib.loads((PACK_FILES / "vendored.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", VENDORED)
def test_script_is_the_recorded_version(name: str, sample_pack: Path) -> None:
    content = (PACK_FILES / f"{name}.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == VENDORED[name]["sha256"]
    licence = PACK_FILES / f"{name}.LICENSE.txt"
    for path in (PACK_FILES / f"{name}.js", licence):
        assert (sample_pack / "files" / path.name).read_bytes() == path.read_bytes()


def test_every_script_but_our_own_is_recorded() -> None:
    own = {"pack", "queries", "spelling"}
    assert {path.stem for path in PACK_FILES.glob("*.js")} - own == set(VENDORED)
