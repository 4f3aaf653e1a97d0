"""Links between the Markdown pages, and the files that they name."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`((?:bench|index|ingest|kb|tests|web)/[\w./-]+)`")
RUN = re.compile(r"python -m ((?:bench|tests)[\w.]*)")


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of `page`, as GitHub derives them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower() for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_page_exist(page: Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if ":" in link:
            continue
        name, _, anchor = unquote(link).partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_modules_named_on_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = [ROOT / name for name in CODE.findall(text)]
    modules = [ROOT / name.replace(".", "/") for name in RUN.findall(text)]
    missing = [path for path in paths if not path.exists()]
    missing += [path for path in modules if not (path.is_dir() or path.with_suffix(".py").exists())]
    assert not missing
