"""Export and import: lossless, idempotent and with conflicts reported."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from kb.editorial.workflow import ReviewWorkflow
from kb.errors import ExportError, NotFoundError, WorkflowStateError
from kb.exchange.archive_reader import MANIFEST
from kb.exchange.exporter import ExportFilter, load_exported_article
from kb.exchange.importer import Conflict, ImportReport
from kb.model.article import (
    Article,
    Block,
    BlockKind,
    Cell,
    ListItem,
    Mark,
    MarkKind,
    Metadata,
    Section,
)
from kb.model.corrections import Correction, CorrectionKind
from kb.model.passage import Evidence, Passage, Tag
from kb.model.records import ArticleStatus, WorkflowState
from kb.storage.article_store import ArticleStore, SaveRequest
from kb.storage.audit_log import Actor
from kb.storage.curation_store import MAX_PINS, CurationStore
from kb.storage.database import Database
from kb.storage.schema import articles, passages, versions
from tests.kb.builders import article_of, empty, passage, save
from tests.kb.exchange.builders import dumped, everything, exported, imported, news
from tests.raises import raises

BY = Actor("editor")
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)
WORDS = st.sampled_from(["gout", "heart failure", "µg “quoted”", "émigré", "5 < 6 & 7"])
DAYS = st.none() | st.dates(date(1990, 1, 1), date(2060, 1, 1))
LINKS = st.sampled_from([(), (Mark(MarkKind.LINK, 0, 4, "https://nhs.example/a"),)])
CELLS = st.one_of(st.builds(Cell, TEXTS), st.builds(Cell, WORDS, st.integers(1, 3), marks=LINKS))
BLOCKS = st.one_of(
    st.builds(
        Block,
        kind=st.sampled_from([BlockKind.PARAGRAPH, BlockKind.CALLOUT, BlockKind.CAPTION]),
        text=TEXTS,
        page=st.none() | st.integers(1, 999),
    ),
    st.builds(
        Block,
        kind=st.just(BlockKind.LIST),
        items=st.lists(st.builds(ListItem, TEXTS, st.integers(0, 4)), max_size=2).map(tuple),
        ordered=st.booleans(),
    ),
    st.builds(
        Block,
        kind=st.just(BlockKind.TABLE),
        rows=st.lists(st.tuples(CELLS, CELLS), max_size=2).map(tuple),
        header_rows=st.integers(0, 1),
    ),
)
TAGS = st.builds(
    Tag,
    st.sampled_from(["safety", "mechanism"]),
    st.floats(0, 1),
    st.sampled_from(list(Evidence)),
    TEXTS,
)
PASSAGES = st.builds(
    Passage,
    heading_path=st.lists(WORDS, max_size=2).map(tuple),
    blocks=st.lists(BLOCKS, min_size=1, max_size=2).map(tuple),
    codes=st.lists(WORDS, max_size=1).map(tuple),
    tags=st.lists(TAGS, max_size=1).map(tuple),
)
METADATA = st.builds(
    Metadata,
    source=TEXTS,
    url=TEXTS,
    owner=TEXTS,
    reviewed=DAYS,
    review_due=DAYS,
    topics=st.lists(WORDS, max_size=2).map(tuple),
    codes=st.lists(WORDS, max_size=1).map(tuple),
)
SECTIONS = st.builds(
    Section,
    WORDS,
    st.lists(BLOCKS, max_size=1).map(tuple),
    st.lists(st.builds(Section, WORDS), max_size=1).map(tuple),
)
VERSION = st.tuples(
    st.builds(Article, WORDS, st.lists(SECTIONS, max_size=2).map(tuple), METADATA),
    st.lists(PASSAGES, max_size=3).map(tuple),
    st.booleans(),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.integers(0, 3), VERSION),
        st.tuples(st.just("retire"), st.integers(0, 3), TEXTS),
        st.tuples(st.just("publish"), st.integers(0, 3), st.none()),
        st.tuples(st.just("tag"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("correct"), st.integers(0, 3), WORDS),
    ),
    max_size=10,
)


class Bases:
    """Hands out empty knowledge bases, and reuses them: opening one takes longer than a test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: list[tuple[Path, Database, Database]] = []
        self._used = 0

    def make(self) -> tuple[Path, ArticleStore, Database]:
        """Return a KB_HOME with its store and database."""
        if self._used == len(self._opened):
            home = Path(tempfile.mkdtemp(dir=self._folder))
            url = f"sqlite:///{home / 'kb.sqlite'}"
            self._opened.append((home, ArticleStore.create(url).database, Database(url)))
        home, first, second = self._opened[self._used]
        self._used += 1
        empty(first)
        for path in home.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif not path.name.startswith("kb.sqlite"):
                path.unlink()
        return home, ArticleStore(first), second

    def take_back(self) -> None:
        """Reuse the knowledge bases that were handed out."""
        self._used = 0

    def close(self) -> None:
        """Close all connections."""
        for _, *databases in self._opened:
            for database in databases:
                database.close()


@pytest.fixture(scope="module")
def opened_bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bases]:
    opened = Bases(tmp_path_factory.mktemp("bases"))
    yield opened
    opened.close()


@pytest.fixture
def bases(opened_bases: Bases) -> Bases:
    opened_bases.take_back()
    return opened_bases


@dataclass(frozen=True)
class Side:
    """One knowledge base of a pair."""

    home: Path
    store: ArticleStore
    database: Database

    def into(self, other: Side, **options: Any) -> ImportReport:
        """Export everything and import it into the other knowledge base."""
        exported(self.database, self.home, self.home / "kb.zip")
        return imported(other.database, other.home, self.home / "kb.zip", **options)


def take(store: ArticleStore, steps: Sequence[tuple[str, int, Any]]) -> None:
    """Apply random actions to a knowledge base, skipping those that its state does not allow."""
    for what, number, value in steps:
        key, known = f"file:{number}", [summary.id for summary in store.summaries()]
        if what == "save":
            save_as(store, key, *value)
        elif known:
            article_id = known[number % len(known)]
            with suppress(WorkflowStateError):
                _change(store, what, article_id, value, known)


def _change(store: ArticleStore, what: str, article_id: str, value: Any, known: list[str]) -> None:
    record = store.article(article_id)
    if what == "retire":
        other = next((name for name in known if name != article_id), "")
        ReviewWorkflow(store.database).retire(article_id, reason=value, replaced_by=other, actor=BY)
    elif what == "publish":
        ReviewWorkflow(store.database).publish_unreviewed(article_id, actor=BY)
    elif what == "correct":
        new = [
            Correction(CorrectionKind.OWNER, new=value),
            Correction(CorrectionKind.TITLE, new=value),
        ]
        store.correct(article_id, newest(store, article_id), new, actor=BY)
    elif record.passages:
        store.set_tag(record.passages[0].id, "safety", present=value, actor=BY)


def newest(store: ArticleStore, article_id: str) -> int:
    """Return the number of the latest version of an article."""
    number = store.article(article_id).version
    with suppress(NotFoundError):
        while True:
            number = store.article(article_id, number + 1).version
    return number


def save_as(
    store: ArticleStore, key: str, article: Article, passages: Sequence[Passage], publish: bool
) -> None:
    store.save(
        article,
        passages,
        source_key=key,
        source_sha256="0" * 64,
        coverage=0.5,
        warnings=("One “sentence”.",),
        differences=("2501 mg is not in the source.",),
        publish=publish,
        actor=BY,
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_round_trip_is_lossless_and_idempotent(bases: Bases, steps: Any) -> None:
    bases.take_back()
    home, store, database = bases.make()
    take(store, steps)
    done = exported(database, home, home / "kb.zip")

    there, other_store, other = bases.make()
    first = imported(other, there, home / "kb.zip")

    assert dumped(other) == dumped(database)
    assert first.counts["added"] == done.articles == len(store.summaries())
    for summary in store.summaries():
        assert other_store.article(summary.id) == store.article(summary.id)
        with database.reading() as ours, other.reading() as theirs:
            assert load_exported_article(theirs, summary.id) == load_exported_article(
                ours, summary.id
            )

    after = everything(other)
    second = imported(other, there, home / "kb.zip")
    assert second.counts == {"added": 0, "updated": 0, "unchanged": done.articles}
    assert everything(other) == after

    exported(other, there, there / "kb.zip")
    assert members(there / "kb.zip") == members(home / "kb.zip")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, STEPS, STEPS)
def test_diverged_knowledge_bases_lose_nothing(
    bases: Bases, common: Any, here_only: Any, there_only: Any
) -> None:
    """After changes on both sides, local versions stay and incoming ones arrive once."""
    bases.take_back()
    home, store, database = bases.make()
    take(store, common)
    exported(database, home, home / "common.zip")
    there, other_store, other = bases.make()
    imported(other, there, home / "common.zip")
    take(store, here_only)
    take(other_store, there_only)
    before = dumped(database, versions, passages)
    found = {summary.id for summary in store.summaries(ArticleStatus.PUBLISHED)}

    exported(other, there, there / "kb.zip")
    imported(database, home, there / "kb.zip")

    after = dumped(database, versions, passages)
    assert all(set(before[name]) <= set(after[name]) for name in before)
    with other.reading() as theirs, database.reading() as ours:
        keys = {
            row.source_key: row.id for row in ours.execute(select(articles.c.source_key, articles))
        }
        for row in theirs.execute(select(articles)):
            wanted = [version.content for version in load_exported_article(theirs, row.id).versions]
            mine = load_exported_article(ours, keys[row.source_key])
            kept = [version.content for version in mine.versions]
            assert wanted[-1] in kept
            assert mine.state.published_version in {None, *range(1, len(kept) + 1)}
    retired = {row.id for row in store.summaries(ArticleStatus.RETIRED)}
    assert found <= {summary.id for summary in store.summaries(ArticleStatus.PUBLISHED)} | retired

    state = everything(database)
    again = imported(database, home, there / "kb.zip")
    assert again.counts["added"] == again.counts["updated"] == 0
    assert everything(database) == state


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}


# Reports by case


@pytest.fixture
def pair(bases: Bases) -> tuple[Side, Side]:
    """Two knowledge bases; the second has imported gout from the first."""
    one, two = Side(*bases.make()), Side(*bases.make())
    save(one.store, "Gout", ("Care", "Rest the joint.", "safety"))
    one.into(two)
    return one, two


Told = tuple[str, str, tuple[int, ...], Conflict | None]


def told(done: ImportReport) -> list[Told]:
    return [
        (arrival.article_id, arrival.status, arrival.added, arrival.conflict)
        for arrival in done.articles
    ]


def test_continuing_versions_are_added_and_published(pair: tuple[Side, Side]) -> None:
    one, two = pair
    save(one.store, "Gout", ("Care", "Rest the joint and cool it.", "safety"))
    save(one.store, "Gout", ("Care", "Rest the joint, cool it.", "safety"), publish=False)
    assert told(one.into(two)) == [("gout", "updated", (2, 3), None)]
    assert two.store.article("gout").published_version == 2
    for number in (1, 2, 3):
        ours, theirs = two.store.article("gout", number), one.store.article("gout", number)
        assert (ours.article, ours.passages) == (theirs.article, theirs.passages)
    assert news(two.database)[-3:] == [("gout", "saved"), ("gout", "published"), ("gout", "saved")]
    steps = two.store.list_audit_entries(limit=4)
    assert [step.event.action for step in steps] == [
        "base.imported", "article.saved", "article.published", "article.saved",
    ]  # fmt: skip
    assert all("kb.zip" in step.event.detail for step in steps[1:])


def test_new_versions_on_both_sides_are_a_conflict(pair: tuple[Side, Side]) -> None:
    one, two = pair
    save(one.store, "Gout", ("Care", "Rest the joint and cool it.", "safety"))
    save(two.store, "Gout", ("Care", "Rest the joint and drink.", "safety"))
    done = one.into(two)
    assert told(done) == [("gout", "updated", (3,), Conflict.DIVERGED)]
    assert done.conflicts == done.articles
    assert two.store.article("gout").passages[0].text == "Rest the joint and drink."
    assert two.store.article("gout", 3).passages[0].text == "Rest the joint and cool it."
    assert news(two.database)[-1] == ("gout", "saved")
    assert ReviewWorkflow(two.database).get_status("gout").state is WorkflowState.DRAFT

    before = everything(two.database)
    assert told(one.into(two)) == [("gout", "unchanged", (), None)]
    assert everything(two.database) == before
    save(one.store, "Gout", ("Care", "Rest the joint for a week.", "safety"))
    assert told(one.into(two)) == [("gout", "updated", (4,), Conflict.DIVERGED)]
    assert two.store.article("gout").published_version == 2


def test_newer_local_versions_are_kept(pair: tuple[Side, Side]) -> None:
    one, two = pair
    save(two.store, "Gout", ("Care", "Rest the joint and drink.", "safety"))
    before = everything(two.database)
    assert told(one.into(two)) == [("gout", "unchanged", (), None)]
    assert everything(two.database) == before


def test_article_that_is_retired_here_stays_retired(pair: tuple[Side, Side]) -> None:
    one, two = pair
    ReviewWorkflow(two.database).retire("gout", reason="wrong", replaced_by="", actor=BY)
    save(one.store, "Gout", ("Care", "Rest the joint and cool it.", "safety"))
    assert told(one.into(two)) == [("gout", "updated", (2,), Conflict.RETIRED_HERE)]
    assert two.store.published_ids() == []
    assert two.store.article("gout").retired_reason == "wrong"


def test_article_that_is_retired_in_the_export_stays_and_is_listed(
    pair: tuple[Side, Side],
) -> None:
    one, two = pair
    ReviewWorkflow(one.database).retire("gout", reason="outdated", replaced_by="", actor=BY)
    before = everything(two.database)
    assert told(one.into(two)) == [("gout", "unchanged", (), Conflict.RETIRED_THERE)]
    assert everything(two.database) == before


def test_published_version_of_an_import_cancels_an_earlier_schedule(
    pair: tuple[Side, Side],
) -> None:
    one, two = pair
    save(one.store, "Gout", ("Care", "Rest the joint and cool it.", "safety"), publish=False)
    one.into(two)
    way = ReviewWorkflow(two.database, independent_approval=False)
    way.publish("gout", 2, at=datetime(2999, 1, 1, tzinfo=UTC), actor=BY)
    save(one.store, "Gout", ("Care", "Rest the joint for a week.", "safety"))
    assert told(one.into(two)) == [("gout", "updated", (3,), None)]
    assert two.store.article("gout").published_version == 3
    assert way.get_status("gout").schedules == ()


def test_corrections_are_imported_with_continuing_versions(pair: tuple[Side, Side]) -> None:
    one, two = pair
    new = [
        Correction(
            CorrectionKind.TEXT, ("Care",), "Rest the joint.", "Rest the joint and cool it."
        ),
        Correction(CorrectionKind.OWNER, new="Ann"),
    ]
    one.store.correct("gout", 1, new, actor=BY)
    assert told(one.into(two)) == [("gout", "updated", (2,), None)]
    assert [made for _, made in two.store.corrections("gout")] == new
    save(two.store, "Gout", ("Care", "Rest the joint.", "safety"))
    assert two.store.article("gout").passages[0].text == "Rest the joint and cool it."
    assert one.into(two).counts["unchanged"] == 1

    save(two.store, "Gout", ("Care", "Drink.", "safety"))
    one.store.correct("gout", 2, [Correction(CorrectionKind.OWNER, new="Bob")], actor=BY)
    assert told(one.into(two))[0][3] is Conflict.DIVERGED
    assert [made.new for _, made in two.store.corrections("gout")][-1] == "Ann"


def test_same_text_with_another_history_is_unchanged(bases: Bases) -> None:
    one, two = Side(*bases.make()), Side(*bases.make())
    save(one.store, "Gout", ("Care", "Rest."))
    save(one.store, "Gout", ("Care", "Rest the joint."))
    save(two.store, "Gout", ("Care", "Rest the joint."))
    before = everything(two.database)
    assert told(one.into(two)) == [("gout", "unchanged", (), None)]
    assert everything(two.database) == before


def test_article_of_another_source_with_the_same_id_gets_a_new_id(bases: Bases) -> None:
    one, two = Side(*bases.make()), Side(*bases.make())
    save(one.store, "Gout", ("Care", "Rest the joint."), key="theirs")
    save(one.store, "Old", ("Care", "Gone."))
    ReviewWorkflow(one.store.database).retire("old", reason="", replaced_by="gout", actor=BY)
    save(two.store, "Gout", ("Care", "Rest the joint."), key="ours")
    done = one.into(two)
    assert told(done)[0] == ("gout-2", "added", (1,), None)
    name, fresh = done.articles[0].notes
    assert re.search(r"\bgout\b", name)
    assert re.findall(r"\d+", fresh) == ["1"]
    assert two.store.article("old").replaced_by == "gout-2"
    ids = [two.store.article(name).passages[0].id for name in ("gout", "gout-2")]
    assert len(set(ids)) == 2
    assert one.into(two).counts == {"added": 0, "updated": 0, "unchanged": 2}


def test_tags_are_imported_where_none_are_set_locally(pair: tuple[Side, Side]) -> None:
    one, two = pair
    passage = one.store.article("gout").passages[0].id
    one.store.set_tag(passage, "mechanism", present=True, actor=BY)
    one.store.set_tag(passage, "safety", present=False, actor=BY)
    two.store.set_tag(passage, "safety", present=True, actor=BY)
    assert told(one.into(two)) == [("gout", "updated", (), None)]
    tags = {tag.tag for tag in two.store.article("gout").passages[0].tags}
    assert tags == {"safety", "mechanism"}
    assert news(two.database)[-1] == ("gout", "tagged")
    assert one.into(two).counts["unchanged"] == 1


def test_filtered_export_reports_missing_replacements(bases: Bases) -> None:
    one, two = Side(*bases.make()), Side(*bases.make())
    save(one.store, "Gout", ("", "Rest."), topics=("Joints",))
    save(one.store, "Old", ("", "Gone."))
    ReviewWorkflow(one.store.database).retire(
        "old", reason="outdated", replaced_by="gout", actor=BY
    )
    done = exported(one.database, one.home, one.home / "kb.zip", ExportFilter(("old",)))
    assert len(done.notes) == 2
    (missing,) = [note for note in done.notes if not re.search(r"\bgout\b", note)]
    assert re.findall(r"\d+", missing) == ["1"]
    (note,) = imported(two.database, two.home, one.home / "kb.zip").notes
    assert re.search(r"\bgout\b", note)
    one.into(two)
    assert two.store.article("old").replaced_by == "gout"

    for selection, wanted in (
        (ExportFilter(topic="Joints"), ["gout"]),
        (ExportFilter(status=ArticleStatus.RETIRED), ["old"]),
        (ExportFilter(("gout", "old"), "Joints", ArticleStatus.PUBLISHED), ["gout"]),
    ):
        exported(one.database, one.home, one.home / "part.zip", selection)
        held = [name for name in members(one.home / "part.zip") if name.startswith("articles/")]
        assert held == [f"articles/{name}.json" for name in wanted]
    with raises(ExportError, "nothing-selected") as raised:
        exported(one.database, one.home, one.home / "none.zip", ExportFilter(topic="Hearts"))
    assert "Hearts" in str(raised.value)
    with pytest.raises(NotFoundError):
        exported(one.database, one.home, one.home / "none.zip", ExportFilter(("nothing",)))
    assert not list(one.home.glob("none*"))


def test_sources_and_vocabulary_are_imported_without_overwriting(bases: Bases) -> None:
    one, two = Side(*bases.make()), Side(*bases.make())
    name = hashlib.sha256(b"original").hexdigest()
    source = Path("sources") / name[:2] / name
    (one.home / source).parent.mkdir(parents=True)
    (one.home / source).write_bytes(b"original")
    (one.home / "synonyms.txt").write_text("gout = podagra\n")
    (one.home / "taxonomy.toml").write_text("[[tag]]\n")
    (two.home / "taxonomy.toml").write_text("# ours\n")
    submission = replace(submit("Gout"), source_sha256=name)
    one.store.save_all([submission])

    tried = one.into(two, dry_run=True)
    assert tried.counts["added"] == 1
    assert two.store.summaries() == []
    assert sorted(path.name for path in two.home.iterdir() if path.suffix != ".sqlite") == [
        "kb.sqlite-shm", "kb.sqlite-wal", "taxonomy.toml",
    ]  # fmt: skip

    done = one.into(two)
    assert dict(done.vocabulary) == {"synonyms.txt": "added", "taxonomy.toml": "beside"}
    assert done.sources == 1
    assert (two.home / source).read_bytes() == b"original"
    assert (two.home / "synonyms.txt").read_text() == "gout = podagra\n"
    assert (two.home / "taxonomy.toml").read_text() == "# ours\n"
    assert (two.home / "taxonomy.toml.imported").read_text() == "[[tag]]\n"

    with raises(ExportError, "vocabulary") as raised:
        one.into(two, check=lambda name, _: "line 1" if name == "synonyms.txt" else "")
    assert raised.value.member == "vocabulary/synonyms.txt"
    assert "line 1" in str(raised.value)
    (one.home / source).write_bytes(b"rotten")
    with raises(ExportError, "source-changed") as raised:
        exported(one.database, one.home, one.home / "bad.zip")
    assert raised.value.path == one.home / source


def test_curation_is_imported_once(bases: Bases) -> None:
    one, two = Side(*bases.make()), Side(*bases.make())
    save(one.store, "Gout", ("Care", "Rest the joint."), key="theirs")
    save(two.store, "Gout", ("Care", "Rest the joint."), key="ours")
    there, here = CurationStore(one.database), CurationStore(two.database)
    passage_id = one.store.article("gout").passages[0].id
    there.add_synonym("gout = podagra", actor=BY)
    there.add_synonym("fit = seizure", actor=BY)
    there.add_pin("sore toe", passage_id, note="asked often", actor=BY)
    here.add_synonym("fit = seizure", actor=BY)

    done = one.into(two)
    assert dict(done.vocabulary) == {"desk.json": "added"}
    assert [line.line for line in here.load().synonyms] == ["fit = seizure", "gout = podagra"]
    (pin,) = here.load().pins
    moved = two.store.article("gout-2").passages[0].id
    assert (pin.query, pin.passage_id, pin.note, pin.name) == (
        "sore toe", moved, "asked often", "editor",
    )  # fmt: skip
    assert moved != passage_id  # which another article has here
    state = everything(two.database)
    assert dict(one.into(two).vocabulary) == {"desk.json": "unchanged"}
    assert everything(two.database) == state

    for number in range(3):
        save(one.store, f"Toe {number}", ("", f"Toe {number}."))
        there.add_pin("big toe", one.store.article(f"toe-{number}").passages[0].id, actor=BY)
        save(two.store, f"Own {number}", ("", f"Own {number}."))
        here.add_pin("Big toe", two.store.article(f"own-{number}").passages[0].id, actor=BY)
    full = rf"^(?=.*\b{MAX_PINS}\b).*big toe"
    assert len([note for note in one.into(two).notes if re.search(full, note)]) == 3
    exported(one.database, one.home, one.home / "part.zip", ExportFilter(("toe-0",)))
    assert len(json.loads(members(one.home / "part.zip")["vocabulary/desk.json"])["pins"]) == 1


def test_failed_import_leaves_nothing(bases: Bases, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Side(*bases.make()), Side(*bases.make())
    name = hashlib.sha256(b"original").hexdigest()
    (one.home / "sources" / name[:2]).mkdir(parents=True)
    (one.home / "sources" / name[:2] / name).write_bytes(b"original")
    one.store.save_all([replace(submit("Gout"), source_sha256=name), submit("Migraine")])
    before = everything(two.database)

    def failing(*_: object) -> None:
        raise ConnectionAbortedError

    monkeypatch.setattr("kb.exchange.importer.change_feed.append_changes", failing)
    with pytest.raises(ConnectionAbortedError):
        one.into(two)
    assert everything(two.database) == before
    assert [path for path in two.home.glob("sources/*/*") if path.is_file()] == []


def test_import_from_another_kind_of_database(bases: Bases, database_url: str) -> None:
    one = Side(*bases.make())
    save(one.store, "Gout", ("Care", "Rest the “joint” – 5 µg.", "safety"), topics=("Joints",))
    save(one.store, "Gout", ("Care", "Rest the joint and cool it.", "safety"), topics=("Joints",))
    save(one.store, "Draft", ("", "Not yet."), publish=False)
    one.store.set_tag(one.store.article("gout").passages[0].id, "mechanism", present=True, actor=BY)
    exported(one.database, one.home, one.home / "kb.zip")
    other = Database(database_url)
    imported(other, one.home, one.home / "kb.zip")
    assert dumped(other) == dumped(one.database)
    assert imported(other, one.home, one.home / "kb.zip").counts["unchanged"] == 2
    store = ArticleStore.open(database_url)
    save(store, "Gout", ("Care", "Next.", "safety"))
    assert store.article("gout").version == 3
    store.close()
    exported(other, one.home, one.home / "back.zip")
    other.close()
    assert told(imported(one.database, one.home, one.home / "back.zip"))[1][:3] == (
        "gout", "updated", (3,),
    )  # fmt: skip


def submit(title: str) -> SaveRequest:
    return SaveRequest(
        article=article_of(title, [("Care", f"Rest from {title}.")]),
        passages=(passage("Care", f"Rest from {title}."),),
        source_key=f"test:{title}",
        source_sha256="0" * 64,
        coverage=1.0,
        warnings=(),
        publish=True,
        actor=BY,
    )
