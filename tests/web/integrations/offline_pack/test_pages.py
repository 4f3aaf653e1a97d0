"""Pages of a pack: content, links and no external resources."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from syrupy.assertion import SnapshotAssertion

from tests.web.builders import HOSTILE
from tests.web.page_text import visible_text
from web.integrations.offline_pack.output import verify_pack
from web.integrations.offline_pack.pages import POLICY, topic_file


def pages(pack: Path) -> dict[Path, BeautifulSoup]:
    return {
        path: BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in sorted(pack.rglob("*.html"))
    }


@pytest.fixture(scope="session", params=["sample_pack", "hostile_pack"])
def pack(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def test_pages_identify_themselves_and_load_no_external_resource(pack: Path) -> None:
    found = pages(pack)
    assert {"index.html", "a-z.html", "topics.html", "about.html"} <= {p.name for p in found}
    assert verify_pack(pack)[1] == ()
    for path, page in found.items():
        assert page.find("meta", {"http-equiv": "Content-Security-Policy"})["content"] == POLICY
        assert page.body["data-made"] == "2026-03-15"
        assert "15 March 2026, 09:30 UTC" in " ".join(page.select_one(".copy").text.split())
        assert page.title.text.endswith("15 March 2026"), path
        assert len(page.find_all("h1")) == 1
        assert not page.find_all("style")
        assert not [one for one in page.find_all("script") if not one.get("src")]
        assert not page.select("[style], [onclick], [onerror], iframe, img, object, base")
        for one in page.select("link[href], script[src], form[action]"):
            address = one.get("href") or one.get("src") or one["action"]
            assert not urlsplit(address).scheme
            assert (path.parent / address).is_file()


def test_page_links_have_targets(pack: Path) -> None:
    found = pages(pack)
    anchors = {
        path.resolve(): {one["id"] for one in page.select("[id]")} for path, page in found.items()
    }
    for path, page in found.items():
        for link in page.select("a[href]"):
            parts = urlsplit(link["href"])
            if link.find_parent(class_="passage-text"):  # a link of the source
                assert parts.scheme in ("http", "https", "mailto", "tel")
                continue
            assert not parts.scheme
            assert not parts.netloc
            target = (path.parent / parts.path).resolve() if parts.path else path.resolve()
            assert target in anchors, (path, link["href"])
            assert not parts.fragment or parts.fragment in anchors[target], (path, link["href"])


def test_hostile_content_is_escaped(hostile_pack: Path) -> None:
    page = pages(hostile_pack)[
        next(p for p in hostile_pack.glob("articles/*.html") if "alert" in p.name)
    ]
    assert page.h1.text == HOSTILE
    assert not page.select("main script, main img")
    assert page.article["lang"] == 'en" onclick="alert(4)'
    assert not page.select("a[href^=javascript]")


def test_pack_excludes_drafts_and_retired_articles(hostile_pack: Path) -> None:
    everything = b"".join(path.read_bytes() for path in hostile_pack.rglob("*") if path.is_file())
    assert b"Unpublished bleeding" not in everything
    assert b"Draft article" not in everything


def test_pages_show_review_status_and_safety_bands(hostile_pack: Path) -> None:
    found = pages(hostile_pack)
    warfarin = found[hostile_pack / "articles" / "warfarin.html"]
    assert "31 January 2026" in warfarin.select_one(".review-overdue").text
    assert len(warfarin.select(".passage.safety .tag-safety")) >= 2
    assert "9 June 2025" in warfarin.select_one(".print-line").text
    leaflet = found[hostile_pack / "articles" / "leaflet-00.html"]
    assert leaflet.select_one("[data-due]")["data-due"] == "2027-01-01"
    topic = found[hostile_pack / "topics" / topic_file("Medicines")]
    assert "January 2026" in topic.select_one(".review-overdue").text
    safety = found[hostile_pack / "tags" / "safety.html"]
    assert safety.select_one('a[href^="../articles/warfarin.html#p-"]').text == "Bleeding"


def test_topic_has_separate_file() -> None:
    names = ["Gout", "gout", "Gout!", "Ödem", "心", "x" * 300, "../../etc", ""]
    files = [topic_file(name) for name in names]
    assert files[0] == files[1]
    assert len(set(files)) == len(names) - 1
    assert all(len(file) < 80 and "/" not in file for file in files)
    assert files[0].startswith("gout-")


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        "a-z.html",
        "topics.html",
        "about.html",
        f"topics/{topic_file('Medicines')}",
        "tags/safety.html",
        "articles/warfarin.html",
    ],
)
def test_page_text_matches_snapshot(
    hostile_pack: Path, name: str, snapshot: SnapshotAssertion
) -> None:
    text = visible_text((hostile_pack / name).read_text("utf-8"))
    assert re.sub(r"published \d+ \w+ \d+", "published DAY", text) == snapshot
