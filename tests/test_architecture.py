"""Paths and names in ARCHITECTURE.md and CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATH = re.compile(r"`([\w.-]+/[\w./-]*)`")
NAME = re.compile(r"`([A-Z]\w+)`")  # classes and constants
TREE_LINE = re.compile(r"^( *)([a-z_]+)/ ", re.MULTILINE)


PACKAGES = ("kb", "ingest", "index", "web")


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_paths_in_page_exist(page: str) -> None:
    named = PATH.findall((ROOT / page).read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_names_in_page_exist(page: str) -> None:
    named = set(NAME.findall((ROOT / page).read_text(encoding="utf-8")))
    code = "\n".join(
        path.read_text(encoding="utf-8") for top in PACKAGES for path in ROOT.glob(f"{top}/**/*.py")
    )
    assert named - set(re.findall(r"\w+", code)) == set()


def test_package_tree_lists_every_package() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    tree = text.split("## Packages")[1].split("```")[1]
    listed: set[str] = set()
    parent = ""
    for indent, name in TREE_LINE.findall(tree):
        parent = parent if indent else name
        listed.add(f"{parent}/{name}" if indent else name)
    packages = {
        path.parent.relative_to(ROOT).as_posix()
        for top in PACKAGES
        for path in [*ROOT.glob(f"{top}/__init__.py"), *ROOT.glob(f"{top}/*/__init__.py")]
    }
    assert packages - listed == set()
    assert [path for path in listed if not (ROOT / path).is_dir()] == []
