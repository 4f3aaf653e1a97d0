"""Invalid and malicious archives are rejected with the member name, and nothing is written."""

from __future__ import annotations

import hashlib
import json
import shutil
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

from kb.errors import WHOLE_FILE, ExportError
from kb.exchange import archive_reader
from kb.exchange.archive_reader import CURATION, MANIFEST, open_archive
from kb.storage.article_store import ArticleStore
from kb.storage.database import Database
from tests.kb.builders import EDITOR, empty, save
from tests.kb.exchange.builders import article_in, everything, exported, forged, imported
from tests.raises import raises

GOUT = "articles/gout.json"
AT = "2026-01-01T00:00:00Z"
LINK = stat.S_IFLNK << 16


@pytest.fixture
def database(sqlite_kb: str, open_database: Callable[[str], Database]) -> Database:
    """An empty knowledge base."""
    database = open_database(sqlite_kb)
    empty(database)
    return database


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of two articles."""
    folder = tmp_path_factory.mktemp("export")
    url = f"sqlite:///{folder / 'full.sqlite'}"
    store = ArticleStore.create(url)
    save(store, "Gout", ("Care", "Rest the joint.", "safety"))
    save(store, "Migraine", ("Care", "Rest in the dark."))
    store.set_tag(store.article("gout").passages[0].id, "safety", present=True, actor=EDITOR)
    store.close()
    database = Database(url)
    exported(database, folder, folder / "good.zip")
    database.close()
    return folder / "good.zip"


@pytest.fixture
def good(export: Path, tmp_path: Path) -> Path:
    """A copy of the export, alone in its folder."""
    return Path(shutil.copy(export, tmp_path))


def refuse(database: Database, path: Path, code: str, member: str = "", place: str = "") -> None:
    before = everything(database)
    home = path.parent / "home"
    with raises(ExportError, code) as raised:
        imported(database, home, path)
    error = raised.value
    assert (error.path, error.member, error.location) == (path, member, place)
    assert everything(database) == before
    assert not home.exists()


def correction(**changes: str) -> dict[str, str]:
    made = {"what": "title", "new": "Gout", "actor": "ann", "at": "2026-01-01T00:00:00Z"}
    return made | changes


# Changed values in an article's JSON, and the location that the error names.
WRONG: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda a: a.update(id="../gout"), "id"),
    (lambda a: a.update(extra=1), "extra"),
    (lambda a: a.update(source_key=7), "source_key"),
    (lambda a: a.update(source_key="a\0b"), "source_key"),
    (lambda a: a.update(versions=[]), "versions"),
    (lambda a: a["versions"][0].update(number=2), "versions.0.number"),
    (lambda a: a["versions"][0].update(coverage=float("nan")), "versions.0.coverage"),
    (lambda a: a["versions"][0].update(coverage=1.5), "versions.0.coverage"),
    (lambda a: a["versions"][0].update(created_at="2026-01-01T00:00:00"), "versions.0.created_at"),
    (lambda a: a["versions"][0].update(source_sha256="../../x"), "versions.0.source_sha256"),
    (lambda a: a["versions"][0]["sections"][0].update(script="x"), "versions.0.sections.0.script"),
    (lambda a: a["versions"][0]["passages"][0].update(id="A-B"), "versions.0.passages.0.id"),
    (lambda a: a["versions"][0]["passages"][0].update(kind="?"), "versions.0.passages.0.kind"),
    (
        lambda a: a["versions"][0]["passages"].append(a["versions"][0]["passages"][0]),
        "versions.0.passages",
    ),
    (
        lambda a: a["versions"][0]["passages"][0]["blocks"].append(
            {"kind": "list", "items": [{"text": "x", "depth": 10**9}]}
        ),
        "versions.0.passages.0.blocks.1.items",
    ),
    (lambda a: a["state"].update(updated_at="0001-01-01T00:00:00+14:00"), "state.updated_at"),
    (lambda a: a["state"].update(status="secret"), "state.status"),
    (lambda a: a["state"].update(status="draft"), "state.published_version"),
    (lambda a: a["state"].update(published_version=9), "state.published_version"),
    (lambda a: a["state"].update(replaced_by="migraine"), "state"),
    (lambda a: a["editor_tags"][0].update(passage_id="abc"), "editor_tags.0.passage_id"),
    (lambda a: a["editor_tags"].append(a["editor_tags"][0]), "editor_tags.1"),
    (lambda a: a["editor_tags"][0].update(tag="a" * 61), "editor_tags.0.tag"),
    (lambda a: a.update(corrections=[correction(what="spell")]), "corrections.0.what"),
    (lambda a: a.update(corrections=[correction(new="")]), "corrections.0"),
    (lambda a: a.update(corrections=[correction(actor="a\0")]), "corrections.0"),
]


@pytest.mark.parametrize(("change", "place"), WRONG, ids=range(len(WRONG)))
def test_invalid_article_value_is_rejected_with_its_location(
    good: Path,
    database: Database,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], Any],
    place: str,
) -> None:
    article = article_in(good, "gout")
    change(article)
    content = json.dumps(article).encode()
    refuse(database, forged(good, tmp_path / "bad.zip", {GOUT: content}), "value", GOUT, place)


@pytest.mark.parametrize(
    ("change", "code", "member", "place"),
    [
        ({"id": "migraine"}, "name", GOUT, "id"),
        ({"source_key": "test:Migraine"}, "source-shared", "articles/migraine.json", ""),
    ],
)
def test_article_under_another_name_is_rejected(
    good: Path,
    database: Database,
    tmp_path: Path,
    change: dict[str, str],
    code: str,
    member: str,
    place: str,
) -> None:
    content = json.dumps(article_in(good, "gout") | change).encode()
    refuse(database, forged(good, tmp_path / "bad.zip", {GOUT: content}), code, member, place)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"a":' * 100_000, b'{"id": "\\ud800"}', b"\xff\xfe"],
    ids=range(6),
)
def test_invalid_article_file_is_rejected(
    good: Path, database: Database, tmp_path: Path, content: bytes
) -> None:
    bad = forged(good, tmp_path / "bad.zip", {GOUT: content})
    refuse(database, bad, "value", GOUT, WHOLE_FILE)


@pytest.mark.parametrize(
    ("desk", "place"),
    [
        ([], WHOLE_FILE),
        ({"pins": [{"query": "x"}]}, "pins.0.passage_id"),
        ({"synonyms": [{"line": "a = b\nc = d", "name": "", "at": AT}]}, "synonyms.0.line"),
        ({"synonyms": [{"line": "a = b", "name": "\0", "at": AT}]}, "synonyms.0"),
        (
            {"pins": [{"query": "x", "passage_id": "../x", "name": "", "at": AT}]},
            "pins.0.passage_id",
        ),
        (
            {"pins": [{"query": "x" * 201, "passage_id": "x", "name": "", "at": AT}]},
            "pins.0.query",
        ),
    ],
)
def test_invalid_curation_file_is_rejected(
    good: Path, database: Database, tmp_path: Path, desk: object, place: str
) -> None:
    content = json.dumps(desk).encode()
    refuse(
        database, forged(good, tmp_path / "bad.zip", {CURATION: content}), "value", CURATION, place
    )


def test_invalid_synonym_rule_is_rejected(good: Path, database: Database, tmp_path: Path) -> None:
    desk = {"synonyms": [{"line": "gout podagra", "name": "", "at": AT}]}
    bad = forged(good, tmp_path / "bad.zip", {CURATION: json.dumps(desk).encode()})
    with raises(ExportError, "vocabulary") as raised:
        imported(
            database, tmp_path, bad, check=lambda _, content: "" if b"=" in content else "no “=”"
        )
    assert raised.value.member == CURATION
    assert "no “=”" in str(raised.value)


def test_passage_in_two_articles_is_rejected(
    good: Path, database: Database, tmp_path: Path
) -> None:
    article = article_in(good, "migraine")
    article["versions"][0]["passages"] = article_in(good, "gout")["versions"][0]["passages"]
    content = json.dumps(article).encode()
    bad = forged(good, tmp_path / "bad.zip", {"articles/migraine.json": content})
    refuse(database, bad, "passage-shared", "articles/migraine.json")


@pytest.mark.parametrize(
    "name",
    [
        "../../evil", "/etc/cron.d/evil", "articles/../../evil.json", "articles/Gout.json",
        "articles/gout.json/", "C:\\evil", "vocabulary/kb.toml", "sources/ab/cdef",
        f"sources/00/{'ab' * 32}", "articles/",
    ],
)  # fmt: skip
def test_unknown_member_is_rejected(
    good: Path, database: Database, tmp_path: Path, name: str
) -> None:
    bad = forged(good, tmp_path / "bad.zip", {name: b"x"})
    refuse(database, bad, "member-unknown", name)


def test_source_with_wrong_checksum_is_rejected(
    good: Path, database: Database, tmp_path: Path
) -> None:
    name = hashlib.sha256(b"one").hexdigest()
    member = f"sources/{name[:2]}/{name}"
    bad = forged(good, tmp_path / "bad.zip", {member: b"other"})
    refuse(database, bad, "checksum", member)


@pytest.mark.parametrize(
    ("said", "code", "member", "place"),
    [
        ({"format": "other"}, "format", MANIFEST, ""),
        ({"version": 2}, "version", MANIFEST, ""),
        ({"version": [1]}, "version", MANIFEST, ""),
        ({"articles": 7}, "article-count", MANIFEST, ""),
        ({"sha256": {}}, "member-unknown", GOUT, ""),
        ({"sha256": []}, "value", MANIFEST, "sha256"),
        ({"sha256": {"articles/none.json": "0"}}, "member-missing", "articles/none.json", ""),
        ({"made_at": 5}, "value", MANIFEST, "made_at"),
        ({"more": 5}, "value", MANIFEST, "more"),
    ],
)
def test_invalid_manifest_is_rejected(
    good: Path,
    database: Database,
    tmp_path: Path,
    said: dict[str, Any],
    code: str,
    member: str,
    place: str,
) -> None:
    refuse(database, forged(good, tmp_path / "bad.zip", {}, **said), code, member, place)


def rewritten(good: Path, to: Path, change: Callable[[zipfile.ZipFile, str, bytes], None]) -> Path:
    """Rewrite an export, passing each member through `change`."""
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change(new, name, old.read(name))
    return to


def test_malicious_archive_is_rejected(
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

    for number, (change, code, member) in enumerate(
        [
            (changed, "checksum", GOUT),
            (linked, "link", GOUT),
            (doubled, "duplicate", GOUT),
            (without, "member-missing", GOUT),
            (bare, "no-manifest", ""),
        ]
    ):
        refuse(database, rewritten(good, tmp_path / f"bad-{number}.zip", change), code, member)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(good.read_bytes()[:-100])
    refuse(database, cut, "not-a-zip")
    torn = tmp_path / "torn.zip"
    content = bytearray(good.read_bytes())
    content[60:90] = b"\xff" * 30
    torn.write_bytes(content)
    refuse(database, torn, "not-a-zip")


def test_oversized_member_is_rejected(
    good: Path, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ZIP bomb: the limits apply to the uncompressed size."""
    bomb = forged(good, tmp_path / "bomb.zip", {GOUT: b" " * (2 << 20)})
    monkeypatch.setattr(archive_reader, "MAX_ARTICLE_BYTES", 1 << 20)
    refuse(database, bomb, "size", GOUT)
    monkeypatch.setattr(archive_reader, "MAX_TOTAL_BYTES", 100)
    refuse(database, good, "total-size", GOUT)
    monkeypatch.setattr(archive_reader, "MAX_MEMBERS", 1)
    refuse(database, good, "too-many-members")
    monkeypatch.setattr(archive_reader, "MAX_DIRECTORY_BYTES", 100)
    refuse(database, good, "not-a-zip")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_changed_bytes_are_rejected_or_harmless(
    good: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(content) - 1))
        content[where] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, 3))
    changed = tmp_path / "changed.zip"
    changed.write_bytes(content[: len(content) - end])
    with open_archive(good, "good.zip") as found:
        wanted = list(found.articles())
    with suppress(ExportError), open_archive(changed, "changed.zip") as found:
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
def test_changed_value_is_rejected_or_imported_completely(
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
    empty(database)
