"""Article store: versions, states, change feed and links, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event, select

from kb.editorial.workflow import ReviewWorkflow
from kb.errors import NotFoundError, WorkflowStateError
from kb.model.article import Article, Block, BlockKind, ListItem, Section, paragraph, table
from kb.model.passage import Evidence, Passage, Tag
from kb.model.records import ArticleStatus
from kb.storage import change_feed as feed_module
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from kb.storage.database import Database
from kb.storage.schema import metadata
from tests.kb.builders import article_of, passage, save

USE = ("Use", "Take one tablet of aspirin every morning with food.", "long-term-care")
HARM = ("Harm", "Stomach bleeding is the most serious harm of it.", "safety")
HARM_REWORDED = ("Harm", "Stomach bleeding is the most frequent harm of it.", "safety")


def kinds(store: ArticleStore, after: int = 0) -> list[tuple[str, str]]:
    return [(change.article_id, change.kind) for change in store.changes(after, 1_000)]


def everything(store: ArticleStore) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table."""
    with store._database.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in metadata.tables.values()
        }


# Saving


def test_new_source_is_added_as_an_unpublished_draft(store: ArticleStore) -> None:
    saved = save(store, "Aspirin", USE, HARM, publish=False)

    assert (saved.article_id, saved.version, saved.status) == ("aspirin", 1, "added")
    record = store.article("aspirin")
    assert record.status is ArticleStatus.DRAFT
    assert record.passages == saved.passages
    assert all(found.id for found in saved.passages)
    assert store.published_ids() == []
    assert kinds(store) == [("aspirin", "saved")]


def test_unchanged_text_adds_no_version_and_no_change(store: ArticleStore) -> None:
    first = save(store, "Aspirin", USE, HARM)
    before = everything(store)

    again = save(store, "Aspirin", USE, HARM)

    assert (again.status, again.version, again.passages) == ("unchanged", 1, first.passages)
    assert everything(store) == before


@pytest.mark.parametrize(
    ("parts", "changed"),
    [
        pytest.param((USE, HARM_REWORDED), {}, id="a text"),
        pytest.param((USE, (*HARM, "interactions")), {}, id="a tag"),
        pytest.param((HARM, USE), {}, id="the order"),
        pytest.param((USE, HARM), {"review_due": date(2027, 1, 1)}, id="the review date"),
        pytest.param((USE, HARM), {"topics": ("Pain",)}, id="a topic"),
    ],
)
def test_changed_text_adds_a_version_and_keeps_the_old_one(
    store: ArticleStore, parts: tuple[tuple[str, ...], ...], changed: dict[str, Any]
) -> None:
    save(store, "Aspirin", USE, HARM)
    first = store.article("aspirin", 1)

    saved = save(store, "Aspirin", *parts, **changed)

    assert (saved.status, saved.version) == ("updated", 2)
    old = store.article("aspirin", 1)
    assert (old.article, old.passages, old.created_at) == (
        first.article,
        first.passages,
        first.created_at,
    )
    assert store.article("aspirin").version == 2


def test_stored_version_is_read_back_unchanged(store: ArticleStore) -> None:
    blocks = (
        paragraph("β-blocker — 5 µg, “quoted”, 中文, \u00ad, 😀", page=2),
        Block(kind=BlockKind.LIST, items=(ListItem("a"), ListItem("b", 1)), ordered=True),
        table((("Drug", ""), ("x", "y")), 1),
        Block(kind=BlockKind.CALLOUT, text="Stop."),
    )
    article = replace(
        article_of(
            "Ærø",
            source="Ward",
            url="https://hospital.example/a",
            licence="MIT",
            language="en-GB",
            owner="Dr A",
            published=date(2024, 2, 29),
            reviewed=date(2025, 1, 1),
            review_due=date(2027, 1, 1),
            topics=("Pain",),
            also_called=("ASA",),
        ),
        sections=(Section("Top", blocks, (Section("Under", (paragraph("x"),)),)),),
    )
    tags = (Tag("safety", 0.123456789, Evidence.CODE, "LOINC 34084-4"),)
    found = Passage(heading_path=("Top",), blocks=blocks, tags=tags)

    saved = store.save(
        article,
        [found],
        source_key="k",
        source_sha256="a" * 64,
        coverage=0.75,
        warnings=["An image was left out."],
        publish=False,
        actor=Actor("x"),
    )

    record = store.article(saved.article_id)
    assert record.article == article
    assert replace(record.passages[0], id="") == found
    assert (record.coverage, record.warnings) == (0.75, ("An image was left out.",))


def test_an_article_without_passages_is_kept(store: ArticleStore) -> None:
    saved = save(store, "Empty", publish=True)

    assert store.article(saved.article_id).passages == ()
    assert store.summaries()[0].passage_count == 0


def test_a_passage_keeps_its_id_from_version_to_version(store: ArticleStore) -> None:
    first = save(store, "Aspirin", USE, HARM)

    second = save(store, "Aspirin", ("Pregnancy", "Ask first."), HARM_REWORDED, USE)

    new, harm, use = (found.id for found in second.passages)
    assert (use, harm) == tuple(found.id for found in first.passages)
    assert new not in (use, harm)


def test_an_id_that_was_dropped_is_not_given_to_another_passage(store: ArticleStore) -> None:
    first = save(store, "Aspirin", USE, HARM)
    save(store, "Aspirin", HARM)
    back = save(store, "Aspirin", HARM, USE)

    assert back.passages[0].id == first.passages[1].id
    assert back.passages[1].id not in {found.id for found in first.passages}


@pytest.mark.parametrize(
    ("title", "named", "expected"),
    [
        ("Type 2 diabetes", "", "type-2-diabetes"),
        ("Crohn’s disease: café", "", "crohn-s-disease-cafe"),
        ("  --  ", "", "article"),
        ("糖尿病", "", "article"),
        ("a" * 200, "", "a" * 80),
        ("Any title", "MG_1234.v2", "mg-1234-v2"),
        ("100% safe_", "", "100-safe"),
    ],
)
def test_the_id_of_an_article_is_readable(
    store: ArticleStore, title: str, named: str, expected: str
) -> None:
    assert save(store, title, USE, id=named).article_id == expected


def test_article_ids_are_unique(store: ArticleStore) -> None:
    titles = ["Knee", "Knee 2", "Knee", "Knee", "Knee 3", "knee!"]

    ids = [save(store, title, USE, key=f"k{n}").article_id for n, title in enumerate(titles)]

    assert ids == ["knee", "knee-2", "knee-3", "knee-4", "knee-3-2", "knee-5"]


@pytest.mark.parametrize("title", ["Knee pain", "Épilepsie", "KNEE PAIN"])
def test_a_second_article_of_the_same_title_is_noted(store: ArticleStore, title: str) -> None:
    save(store, "Knee pain", USE, key="one")
    save(store, "Épilepsie", USE, key="three")

    saved = save(store, title, USE, key="two")

    assert len(saved.notes) == 1
    assert "Retire one" in saved.notes[0]
    assert save(store, "Another", USE, key="four").notes == ()


def test_concurrent_saves_of_a_new_source_create_one_article(store: ArticleStore) -> None:
    start = threading.Barrier(2)

    def adds(text: str) -> str:
        start.wait()
        return save(store, "Aspirin", ("Use", text), key="same").status

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(adds, ["Take one tablet daily.", "Take two tablets daily."]))

    assert sorted(statuses) == ["added", "updated"]
    assert [summary.id for summary in store.summaries()] == ["aspirin"]
    assert store.article("aspirin").version == 2


# States


def test_publishing_retiring_and_publishing_again(store: ArticleStore) -> None:
    save(store, "Aspirin", USE, publish=False)

    ReviewWorkflow(store.database).publish_unreviewed("aspirin", actor=Actor("a"))
    assert store.article("aspirin").status is ArticleStatus.PUBLISHED
    assert store.published_ids() == ["aspirin"]

    ReviewWorkflow(store.database).retire(
        "aspirin", reason="Outdated.", replaced_by="", actor=Actor("b")
    )
    retired = store.article("aspirin")
    assert (retired.status, retired.retired_reason) == (ArticleStatus.RETIRED, "Outdated.")
    assert store.published_ids() == []
    assert list(store.published(["aspirin"])) == []

    ReviewWorkflow(store.database).publish_unreviewed("aspirin", actor=Actor("c"))
    back = store.article("aspirin")
    assert (back.status, back.retired_reason, back.replaced_by) == (ArticleStatus.PUBLISHED, "", "")
    assert [kind for _, kind in kinds(store)] == ["saved", "published", "retired", "published"]


def test_draft_does_not_replace_the_published_version(store: ArticleStore) -> None:
    save(store, "Aspirin", USE)

    save(store, "Aspirin", HARM, publish=False)

    record = store.article("aspirin")
    assert (record.version, record.published_version) == (1, 1)
    assert [found.version for found in store.published(["aspirin"])] == [1]
    assert store.article("aspirin", 2).passages[0].heading == "Harm"

    ReviewWorkflow(store.database).publish_unreviewed("aspirin", actor=Actor("x"))
    assert [found.version for found in store.published(["aspirin"])] == [2]


def test_saving_an_unchanged_draft_with_publish_publishes_it(store: ArticleStore) -> None:
    save(store, "Aspirin", USE, publish=False)

    saved = save(store, "Aspirin", USE, publish=True)

    assert (saved.status, saved.version) == ("updated", 1)
    assert store.published_ids() == ["aspirin"]


def test_saving_does_not_publish_a_retired_article(store: ArticleStore) -> None:
    save(store, "Aspirin", USE)
    ReviewWorkflow(store.database).retire(
        "aspirin", reason="Wrong.", replaced_by="", actor=Actor("x")
    )

    same = save(store, "Aspirin", USE, publish=True)
    changed = save(store, "Aspirin", HARM, publish=True)

    for saved in (same, changed):
        (note,) = saved.notes
        assert "`kb publish aspirin`" in note
    assert changed.version == 2
    assert store.published_ids() == []
    assert store.article("aspirin").status is ArticleStatus.RETIRED
    assert [kind for _, kind in kinds(store)] == ["saved", "published", "retired", "saved"]


def test_retired_article_refers_to_its_replacement(store: ArticleStore) -> None:
    save(store, "Aspirin", USE)
    save(store, "Clopidogrel", HARM)

    ReviewWorkflow(store.database).retire(
        "aspirin", reason="", replaced_by="clopidogrel", actor=Actor("x")
    )

    assert store.article("aspirin").replaced_by == "clopidogrel"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            lambda s: ReviewWorkflow(s.database).publish_unreviewed("gout", actor=Actor("x")),
            NotFoundError,
        ),
        (
            lambda s: ReviewWorkflow(s.database).publish_unreviewed("published", actor=Actor("x")),
            WorkflowStateError,
        ),
        (
            lambda s: ReviewWorkflow(s.database).retire(
                "retired", reason="", replaced_by="", actor=Actor("x")
            ),
            WorkflowStateError,
        ),
        (
            lambda s: ReviewWorkflow(s.database).retire(
                "published", reason="", replaced_by="gout", actor=Actor("x")
            ),
            NotFoundError,
        ),
        (
            lambda s: ReviewWorkflow(s.database).retire(
                "published", reason="", replaced_by="published", actor=Actor("x")
            ),
            WorkflowStateError,
        ),
        (lambda s: s.set_tag("nothing", "safety", present=True, actor=Actor("x")), NotFoundError),
        (lambda s: s.article("gout"), NotFoundError),
        (lambda s: s.article("published", 2), NotFoundError),
        (lambda s: s.article("published", -1), NotFoundError),
        (lambda s: s.article("nul\0"), NotFoundError),
        (lambda s: s.locate("nothing"), NotFoundError),
        (lambda s: s.locate("nul\0"), NotFoundError),
    ],
)
def test_invalid_change_is_rejected_and_changes_nothing(store: ArticleStore, change, error) -> None:
    save(store, "Published", USE)
    save(store, "Retired", USE)
    ReviewWorkflow(store.database).retire("retired", reason="", replaced_by="", actor=Actor("x"))
    before = everything(store)

    with pytest.raises(error):
        change(store)

    assert everything(store) == before


# Editor tags


def test_editor_tags_take_precedence(store: ArticleStore) -> None:
    saved = save(store, "Aspirin", USE, HARM)
    use, harm = (found.id for found in saved.passages)

    assert store.set_tag(harm, "safety", present=False, actor=Actor("Dr A")) == "aspirin"
    store.set_tag(use, "dosage", present=True, actor=Actor("Dr A"))

    first, second = store.article("aspirin").passages
    assert second.tags == ()
    assert [(tag.tag, tag.evidence) for tag in first.tags] == [
        ("long-term-care", Evidence.HEADING),
        ("dosage", Evidence.EDITOR),
    ]
    assert "Dr A" in first.tags[1].reason
    assert kinds(store)[-2:] == [("aspirin", "tagged")] * 2


def test_editor_tags_survive_a_new_version(store: ArticleStore) -> None:
    saved = save(store, "Aspirin", USE, HARM)
    harm = saved.passages[1].id
    store.set_tag(harm, "safety", present=False, actor=Actor("Dr A"))
    store.set_tag(harm, "complications", present=True, actor=Actor("Dr A"))

    save(store, "Aspirin", USE, (*HARM_REWORDED, "interactions"))

    (found,) = (p for p in store.article("aspirin").passages if p.id == harm)
    assert {tag.tag for tag in found.tags} == {"interactions", "complications"}
    assert [found for _, found in store.published_passages([harm]).values()] == [found]


def test_latest_editor_tag_wins(store: ArticleStore) -> None:
    (found,) = save(store, "Aspirin", HARM).passages
    store.set_tag(found.id, "safety", present=False, actor=Actor("Dr A"))

    store.set_tag(found.id, "safety", present=True, actor=Actor("Dr B"))

    (tag,) = store.article("aspirin").passages[0].tags
    assert (tag.tag, tag.evidence) == ("safety", Evidence.EDITOR)
    assert "Dr B" in tag.reason


def test_editors_tags_do_not_make_the_same_text_a_new_version(store: ArticleStore) -> None:
    (found,) = save(store, "Aspirin", HARM).passages
    store.set_tag(found.id, "dosage", present=True, actor=Actor("Dr A"))

    assert save(store, "Aspirin", HARM).status == "unchanged"


# One transaction


CHANGES = {
    "a new article": lambda s: save(s, "Gout", USE, HARM),
    "a new version": lambda s: save(s, "Aspirin", USE, HARM_REWORDED),
    "publishing": lambda s: ReviewWorkflow(s.database).publish_unreviewed(
        "draft", actor=Actor("x")
    ),
    "retiring": lambda s: ReviewWorkflow(s.database).retire(
        "aspirin", reason="", replaced_by="", actor=Actor("x")
    ),
    "a tag": lambda s: s.set_tag(
        s.article("aspirin").passages[0].id, "dosage", present=True, actor=Actor("x")
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_change_and_feed_entry_are_atomic(store: ArticleStore, change) -> None:
    """Fails the transaction at each statement in turn, and at the commit."""
    save(store, "Aspirin", USE, HARM)
    save(store, "Draft", USE, publish=False)
    engine = store._database._engine
    before = everything(store)
    steps_left = 0

    def failing(*_: object) -> None:
        nonlocal steps_left
        if steps_left == 0:
            raise ConnectionAbortedError
        steps_left -= 1

    failed = 0
    while True:
        steps_left = failed
        for name in ("before_cursor_execute", "commit"):
            event.listen(engine, name, failing)
        try:
            change(store)
        except ConnectionAbortedError:
            failed += 1
        else:
            break
        finally:
            for name in ("before_cursor_execute", "commit"):
                event.remove(engine, name, failing)
        assert everything(store) == before

    assert failed >= 5
    after = everything(store)
    assert after["change_feed"] != before["change_feed"]
    assert after["change_feed_position"] == [(1, max(row[0] for row in after["change_feed"]))]


def test_the_feed_grows_one_by_one_and_is_read_in_pieces(store: ArticleStore) -> None:
    for number in range(3):
        save(store, f"Article {number}", USE)

    whole = store.changes(0, 100)

    assert [change.seq for change in whole] == list(range(1, 7))
    assert store.last_seq() == 6
    assert store.changes(0, 2) + store.changes(2, 100) == whole
    assert store.changes(6, 100) == []
    assert all(change.at.tzinfo is not None for change in whole)


def test_the_feed_of_an_empty_store_is_empty(store: ArticleStore) -> None:
    assert (store.last_seq(), store.changes(0, 10)) == (0, [])


def test_a_change_that_is_numbered_first_is_committed_first(
    store: ArticleStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer with a number that has not committed blocks the next writer."""
    numbered, go_on, second_done = threading.Event(), threading.Event(), threading.Event()
    original = feed_module.reserve_numbers

    def slow(connection: Any, count: int) -> int:
        seq = original(connection, count)
        if not numbered.is_set():
            numbered.set()
            assert go_on.wait(20)
        return seq

    monkeypatch.setattr(feed_module, "reserve_numbers", slow)

    def second() -> None:
        other = ArticleStore.open(database_url)
        save(other, "Second", USE)
        other.close()
        second_done.set()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(save, store, "First", USE)
        assert numbered.wait(20)
        two = pool.submit(second)
        overtook = second_done.wait(0.3)
        seen_meanwhile = store.changes(0, 10)
        go_on.set()
        one.result()
        two.result()

    assert not overtook
    assert seen_meanwhile == []
    assert kinds(store) == [
        ("first", "saved"),
        ("first", "published"),
        ("second", "saved"),
        ("second", "published"),
    ]


def test_feed_reader_misses_nothing_from_two_writers(
    store: ArticleStore, database_url: str
) -> None:
    def writes(name: str) -> None:
        mine = ArticleStore.open(database_url)
        for number in range(8):
            save(mine, f"{name} {number}", USE)
        mine.close()

    followed: list[int] = []
    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(writes, name) for name in ("One", "Two")]
        while not all(writer.done() for writer in writers):
            followed += [c.seq for c in store.changes(followed[-1] if followed else 0, 7)]
        for writer in writers:
            writer.result()
    followed += [c.seq for c in store.changes(followed[-1] if followed else 0, 100)]

    assert followed == list(range(1, 33))


# Reading


def test_published_passages_exclude_drafts_and_retired_articles(
    store: ArticleStore,
) -> None:
    draft = save(store, "Draft", USE, publish=False).passages
    old = save(store, "Changed", USE, HARM).passages
    new = save(store, "Changed", HARM).passages
    retired = save(store, "Retired", USE).passages
    ReviewWorkflow(store.database).retire("retired", reason="", replaced_by="", actor=Actor("x"))
    waiting = save(store, "Changed", HARM, ("New", "A draft over it."), publish=False).passages
    ids = [found.id for found in (*draft, *old, *new, *retired, *waiting)]

    present = store.published_passages([*ids, "nothing"])

    assert set(present) == {new[0].id}
    summary, found = present[new[0].id]
    assert (summary.id, summary.version, found) == ("changed", 2, new[0])
    assert store.published_passages([]) == {}


def test_more_passages_than_one_batch_are_returned(store: ArticleStore) -> None:
    parts = [("Care", f"Advice number {number} is this.") for number in range(450)]
    saved = save(store, "Long", *parts)

    assert len(store.published_passages([found.id for found in saved.passages])) == 450


def test_summaries_are_by_title_and_of_the_version_that_counts(store: ArticleStore) -> None:
    save(store, "zinc", USE)
    save(store, "Asthma", USE, HARM, owner="Dr A")
    save(store, "Asthma", USE, publish=False)
    save(store, "Gout", USE, publish=False)
    save(store, "Migraine", USE)
    ReviewWorkflow(store.database).retire("migraine", reason="", replaced_by="", actor=Actor("x"))

    found = store.summaries()

    assert [(s.title, s.status, s.version, s.passage_count) for s in found] == [
        ("Asthma", ArticleStatus.PUBLISHED, 1, 2),
        ("Gout", ArticleStatus.DRAFT, 1, 1),
        ("Migraine", ArticleStatus.RETIRED, 1, 1),
        ("zinc", ArticleStatus.PUBLISHED, 1, 1),
    ]
    assert found[0].metadata.owner == "Dr A"
    assert [s.title for s in store.summaries(ArticleStatus.DRAFT)] == ["Gout"]
    assert found[1].published_at is None


def test_moments_are_kept_in_utc(store: ArticleStore) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    save(store, "Gout", USE)

    record = store.article("gout")

    assert record.published_at is not None
    assert before <= record.created_at <= record.published_at <= datetime.now(UTC)
    assert record.created_at.utcoffset() is not None


# Links


def test_a_link_to_the_same_text_stays(store: ArticleStore) -> None:
    use, _ = save(store, "Aspirin", USE, HARM).passages

    place = store.locate(use.id, 1)

    assert (place.article_id, place.passage_id) == ("aspirin", use.id)
    assert (place.moved, place.changed) == (False, False)


def test_a_link_to_reworded_text_says_so_when_it_knows_its_version(store: ArticleStore) -> None:
    _, harm = save(store, "Aspirin", USE, HARM).passages
    save(store, "Aspirin", USE, HARM_REWORDED)

    assert store.locate(harm.id, 1).changed
    assert not store.locate(harm.id, 2).changed
    assert not store.locate(harm.id).changed
    assert store.locate(harm.id, 1).passage_id == harm.id


def test_link_to_removed_text_resolves_to_its_successor(store: ArticleStore) -> None:
    _, old, _ = save(store, "Aspirin", USE, HARM, ("Harm", "Rash and itching.")).passages
    # Two passages were merged; the result keeps the id of the more similar one.
    merged = ("Harm", "Rash and itching. Stomach bleeding is a harm.")
    now = save(store, "Aspirin", USE, merged).passages[1]
    assert now.id != old.id

    place = store.locate(old.id, 1)

    assert (place.passage_id, place.moved, place.changed) == (now.id, True, True)


def test_link_without_a_successor_resolves_to_the_article(store: ArticleStore) -> None:
    _, harm = save(store, "Aspirin", USE, HARM).passages
    save(store, "Aspirin", USE)

    place = store.locate(harm.id, 1)

    assert (place.article_id, place.passage_id, place.moved) == ("aspirin", None, True)


def test_a_link_is_judged_by_the_published_version_not_by_a_draft(store: ArticleStore) -> None:
    _, harm = save(store, "Aspirin", USE, HARM).passages
    save(store, "Aspirin", USE, publish=False)

    assert store.locate(harm.id, 1).passage_id == harm.id


def test_a_closed_store_can_be_opened_again_with_all_that_it_held(
    store: ArticleStore, database_url: str
) -> None:
    save(store, "Aspirin", USE, HARM)
    before = everything(store)
    store.close()

    again = ArticleStore(Database(database_url))

    assert everything(again) == before
    again.close()


def test_store_does_not_modify_articles(store: ArticleStore) -> None:
    article, given = Article("Aspirin", ()), passage("Use", "Take it.")

    saved = store.save(
        article,
        [given],
        source_key="k",
        source_sha256="",
        coverage=1.0,
        warnings=(),
        publish=True,
        actor=Actor("x"),
    )

    assert given.id == ""
    assert saved.passages[0].id != ""
