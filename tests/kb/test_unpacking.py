"""What is no whole export of this format is refused, with the member, and nothing is written."""

from __future__ import annotations

import hashlib
import json
import stat
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from kb import unpacking
from kb.database import Database
from kb.errors import ExportError
from kb.store import Store
from kb.tables import feed, metadata
from kb.unpacking import MANIFEST, unpacked
from tests.kb.building import EDITOR, save
from tests.kb.moving import article_in, everything, exported, forged, imported

GOUT = "articles/gout.json"
LINK = stat.S_IFLNK << 16


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty base, into which nothing here comes."""
    url = f"sqlite:///{tmp_path / 'kb.sqlite'}"
    Store.create(url).close()
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """An export of two articles."""
    url = f"sqlite:///{tmp_path / 'full.sqlite'}"
    store = Store.create(url)
    save(store, "Gout", ("Care", "Rest the joint.", "safety"))
    save(store, "Migraine", ("Care", "Rest in the dark."))
    store.set_tag(store.article("gout").passages[0].id, "safety", present=True, by=EDITOR)
    store.close()
    database = Database(url)
    exported(database, tmp_path, tmp_path / "good.zip")
    database.close()
    return tmp_path / "good.zip"


def wipe(database: Database) -> None:
    """Empty the tables, for the next example."""
    with database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not feed:
                connection.execute(delete(table))


def refuse(database: Database, path: Path, why: str) -> None:
    before = everything(database)
    home = path.parent / "home"
    with pytest.raises(ExportError, match=why):
        imported(database, home, path)
    assert everything(database) == before
    assert not home.exists()


def correction(**changes: str) -> dict[str, str]:
    made = {"what": "title", "new": "Gout", "actor": "ann", "at": "2026-01-01T00:00:00Z"}
    return made | changes


# Values of an article's JSON that are changed, and the place that the refusal names.
WRONG: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda a: a.update(id="../gout"), "id is not letters of a to z"),
    (lambda a: a.update(id="migraine"), "id is 'migraine', not the file's name"),
    (lambda a: a.update(extra=1), r"gout\.json, extra Unexpected"),
    (lambda a: a.update(source_key=7), "source_key Input should be a valid string"),
    (lambda a: a.update(source_key="a\0b"), "source_key has a NUL"),
    (lambda a: a.update(source_key="test:Migraine"), "is of the same source as gout"),
    (lambda a: a.update(versions=[]), "versions are not 1 to"),
    (lambda a: a["versions"][0].update(number=2), r"versions\.0\.number is not 1"),
    (lambda a: a["versions"][0].update(coverage=float("nan")), r"versions\.0\.coverage"),
    (lambda a: a["versions"][0].update(coverage=1.5), "is not between 0 and 1"),
    (lambda a: a["versions"][0].update(created_at="2026-01-01T00:00:00"), "timezone"),
    (lambda a: a["versions"][0].update(source_sha256="../../x"), "source_sha256 is not 64"),
    (lambda a: a["versions"][0]["sections"][0].update(script="x"), r"sections\.0\.script"),
    (lambda a: a["versions"][0]["passages"][0].update(id="A-B"), r"passages\.0\.id is not"),
    (lambda a: a["versions"][0]["passages"][0].update(kind="?"), "Unexpected keyword"),
    (lambda a: a["versions"][0]["passages"].append(a["versions"][0]["passages"][0]), "twice"),
    (
        lambda a: a["versions"][0]["passages"][0]["blocks"].append(
            {"kind": "list", "items": [{"text": "x", "depth": 10**9}]}
        ),
        r"blocks\.1\.items have a depth",
    ),
    (lambda a: a["state"].update(updated_at="0001-01-01T00:00:00+14:00"), "the year is not 1900"),
    (lambda a: a["state"].update(status="secret"), r"state\.status"),
    (lambda a: a["state"].update(status="draft"), r"state\.published_version goes with"),
    (lambda a: a["state"].update(published_version=9), "is not among the versions"),
    (lambda a: a["state"].update(replaced_by="migraine"), "is not retired"),
    (lambda a: a["editor_tags"][0].update(passage_id="abc"), "is not the id of a passage of"),
    (lambda a: a["editor_tags"].append(a["editor_tags"][0]), r"editor_tags\.1 is said twice"),
    (lambda a: a["editor_tags"][0].update(tag="a" * 61), "is empty, has spaces or is too long"),
    (lambda a: a.update(corrections=[correction(what="spell")]), r"corrections\.0\.what"),
    (
        lambda a: a.update(corrections=[correction(new="")]),
        r"corrections\.0 cannot be made: A title",
    ),
    (lambda a: a.update(corrections=[correction(actor="a\0")]), r"corrections\.0 has a NUL"),
]


@pytest.mark.parametrize(("change", "why"), WRONG, ids=range(len(WRONG)))
def test_an_article_with_a_wrong_value_is_refused_with_its_place(
    good: Path,
    database: Database,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], Any],
    why: str,
) -> None:
    article = article_in(good, "gout")
    change(article)
    content = json.dumps(article).encode()
    refuse(database, forged(good, tmp_path / "bad.zip", {GOUT: content}), why)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the whole file"),
        (b"{", "the whole file"),
        (b"[]", "the whole file"),
        (b'{"a":' * 100_000, "recursion limit"),
        (b'{"id": "\\ud800"}', "the whole file"),
        (b"\xff\xfe", "the whole file"),
    ],
)
def test_what_is_no_article_is_refused(
    good: Path, database: Database, tmp_path: Path, content: bytes, why: str
) -> None:
    refuse(database, forged(good, tmp_path / "bad.zip", {GOUT: content}), why)


def test_a_passage_that_stands_in_two_articles_is_refused(
    good: Path, database: Database, tmp_path: Path
) -> None:
    article = article_in(good, "migraine")
    article["versions"][0]["passages"] = article_in(good, "gout")["versions"][0]["passages"]
    content = json.dumps(article).encode()
    bad = forged(good, tmp_path / "bad.zip", {"articles/migraine.json": content})
    refuse(database, bad, r"migraine\.json has a passage of gout")


@pytest.mark.parametrize(
    "name",
    [
        "../../evil", "/etc/cron.d/evil", "articles/../../evil.json", "articles/Gout.json",
        "articles/gout.json/", "C:\\evil", "vocabulary/kb.toml", "sources/ab/cdef",
        f"sources/00/{'ab' * 32}", "articles/",
    ],
)  # fmt: skip
def test_a_member_of_another_name_is_refused(
    good: Path, database: Database, tmp_path: Path, name: str
) -> None:
    bad = forged(good, tmp_path / "bad.zip", {name: b"x"})
    refuse(database, bad, "does not belong there|is not what its checksum says")


def test_a_source_that_is_not_what_its_name_says_is_refused(
    good: Path, database: Database, tmp_path: Path
) -> None:
    name = hashlib.sha256(b"one").hexdigest()
    bad = forged(good, tmp_path / "bad.zip", {f"sources/{name[:2]}/{name}": b"other"})
    refuse(database, bad, "is not what its checksum says")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"format": "other"}, "is not of the format"),
        ({"version": 2}, "is of version 2 of the format, this program reads 1"),
        ({"version": [1]}, "is of version"),
        ({"articles": 7}, "says another number of articles"),
        ({"sha256": {}}, "does not belong there"),
        ({"sha256": []}, "is wrong at sha256"),
        ({"sha256": {"articles/none.json": "0"}}, "is missing"),
        ({"made_at": 5}, "is wrong at made_at"),
        ({"more": 5}, "is wrong at more"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(
    good: Path, database: Database, tmp_path: Path, said: dict[str, Any], why: str
) -> None:
    refuse(database, forged(good, tmp_path / "bad.zip", {}, **said), why)


def rewritten(good: Path, to: Path, change: Callable[[zipfile.ZipFile, str, bytes], None]) -> Path:
    """Write an export anew, each member as `change` writes it."""
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change(new, name, old.read(name))
    return to


def test_an_archive_that_plays_tricks_is_refused(
    good: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(new: zipfile.ZipFile, name: str, content: bytes) -> None:
        new.writestr(name, content.replace(b"Rest the", b"Cut the ") if name == GOUT else content)

    def linked(new: zipfile.ZipFile, name: str, content: bytes) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr = LINK if name == GOUT else 0
        new.writestr(info, content)

    def doubled(new: zipfile.ZipFile, name: str, content: bytes) -> None:
        new.writestr(name, content)
        if name == GOUT:
            with warnings.catch_warnings(action="ignore"):
                new.writestr(name, content)

    def without(new: zipfile.ZipFile, name: str, content: bytes) -> None:
        if name != GOUT:
            new.writestr(name, content)

    def bare(new: zipfile.ZipFile, name: str, content: bytes) -> None:
        if name != MANIFEST:
            new.writestr(name, content)

    for number, (change, why) in enumerate(
        [
            (changed, f"{GOUT} is not what its checksum says"),
            (linked, f"{GOUT} is a link"),
            (doubled, f"{GOUT} is there twice"),
            (without, f"{GOUT} is missing"),
            (bare, f"has no {MANIFEST}"),
        ]
    ):
        refuse(database, rewritten(good, tmp_path / f"bad-{number}.zip", change), why)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(good.read_bytes()[:-100])
    refuse(database, cut, "cannot be read as a ZIP")
    torn = tmp_path / "torn.zip"
    content = bytearray(good.read_bytes())
    content[60:90] = b"\xff" * 30
    torn.write_bytes(content)
    refuse(database, torn, "cannot be read as a ZIP")


def test_what_is_larger_than_it_may_be_is_refused(
    good: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bomb: what a member unpacks to counts, not what it takes in the file."""
    bomb = forged(good, tmp_path / "bomb.zip", {GOUT: b" " * (2 << 20)})
    monkeypatch.setattr(unpacking, "ARTICLE_MOST", 1 << 20)
    refuse(database, bomb, f"{GOUT} is larger than 1 MB")
    monkeypatch.setattr(unpacking, "ALL_MOST", 100)
    refuse(database, good, "brings it above")
    monkeypatch.setattr(unpacking, "MEMBERS_MOST", 1)
    refuse(database, good, "has more than 1 members")
    monkeypatch.setattr(unpacking, "LISTED_MOST", 100)
    refuse(database, good, "its list of members takes more than")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_bytes_are_changed_it_is_refused_or_reads_the_same(
    good: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content) - 1))
        content[where] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, 3))
    changed = tmp_path / "changed.zip"
    changed.write_bytes(content[: len(content) - end])
    with unpacked(good, "good.zip") as found:
        wanted = list(found.articles())
    with suppress(ExportError), unpacked(changed, "changed.zip") as found:
        assert list(found.articles()) == wanted


ODD = st.sampled_from(
    [
        None, True, -1, 10**30, 1.5, "", "\0", "x" * 300, "\u202e", [], {}, [1], {"a": 1}, ["\0"],
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31",
    ]
)  # fmt: skip


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value within a value."""
    if above:
        yield above
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(below, (*above, key))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_value_is_changed_it_is_refused_or_taken_whole(
    good: Path, database: Database, tmp_path: Path, data: st.DataObject
) -> None:
    article = article_in(good, "gout")
    article["corrections"] = [correction()]
    path = data.draw(st.sampled_from(list(places(article))))
    holder = article
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(ODD)
    content = json.dumps(article).encode()
    changed = forged(good, tmp_path / "changed.zip", {GOUT: content})
    before = everything(database)
    try:
        imported(database, tmp_path / "home", changed)
    except ExportError:
        assert everything(database) == before
        return
    assert imported(database, tmp_path / "home", changed).counts["unchanged"] == 2
    wipe(database)
