"""Version diff: complete, and both texts can be reconstructed from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.editorial.workflow import ReviewWorkflow
from kb.errors import NotFoundError, WorkflowStateError
from kb.model.article import (
    Article,
    Block,
    BlockKind,
    CalloutLevel,
    Cell,
    ListItem,
    Mark,
    MarkKind,
    Metadata,
    paragraph,
    table,
)
from kb.model.passage import Passage
from kb.model.version_diff import DiffSpanKind, PassageChangeKind, compare_text, compare_versions
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.kb.builders import article_of, passage, save
from tests.kb.model.random_blocks import BLOCKS
from tests.raises import raises

BY = Actor("ann")
words = st.lists(
    st.sampled_from(["take", "it", "twice", "daily", ".", ",", "5", "mg\n", "for", "gout", "not"])
)
texts = words.map(" ".join)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("Take it.", "Take it.", "Take it."),
        ("", "Take it.", "+Take it.+"),
        ("Take it.", "", "-Take it.-"),
        ("Take 5 mg once.", "Take 10 mg once.", "Take -5-+10+ mg once."),
        ("Take it once daily.", "Take it twice a day.", "Take it -once daily-+twice a day+."),
        ("a b\nc", "a b\nc d", "a b\nc+ d+"),
    ],
)
def test_text_diff_marks_changed_words(old: str, new: str, shown: str) -> None:
    marks = {DiffSpanKind.BOTH: "", DiffSpanKind.OLD: "-", DiffSpanKind.NEW: "+"}
    pieces = compare_text(old, new)
    assert "".join(f"{marks[p.kind]}{p.text}{marks[p.kind]}" for p in pieces) == shown


@given(texts, texts)
def test_both_texts_can_be_reconstructed_from_the_spans(old: str, new: str) -> None:
    pieces = compare_text(old, new)
    assert "".join(p.text for p in pieces if p.kind is not DiffSpanKind.NEW) == old
    assert "".join(p.text for p in pieces if p.kind is not DiffSpanKind.OLD) == new


def test_long_texts_are_compared_by_lines() -> None:
    old = "\n".join(f"line {number} of a long table" for number in range(2_000))
    pieces = compare_text(old, old.replace("line 7 ", "row 7 "))
    assert [p.text for p in pieces if p.kind is DiffSpanKind.NEW] == ["row 7 of a long table\n"]


def test_passage_changes_by_kind() -> None:
    one, two, three, four = (
        passage(f"Part {name}", f"The text of {name}.", "dosage", id_=name) for name in "abcd"
    )
    changed = replace(two, heading_path=("Part B",), tags=())
    new = passage("Part e", "A new one.", id_="e")
    old = Article("Gout", (), Metadata(owner="ann", topics=("Joints",)))
    now = Article("Gout, acute", (), Metadata(owner="ben", review_due=date(2027, 1, 2)))
    found = compare_versions(old, [one, two, three, four], now, [one, new, four, changed])
    assert [(p.kind.value, p.current.id) for p in found.passages] == [
        ("same", "a"),
        ("added", "e"),
        ("moved", "d"),
        ("changed", "b"),
        ("removed", "c"),
    ]
    assert found.changed_passages == 4
    (edited,) = [p for p in found.passages if p.kind is PassageChangeKind.CHANGED]
    assert (edited.removed_tags, edited.added_tags) == (("dosage",), ())
    assert [(f.name, f.old, f.new) for f in found.metadata] == [
        ("owner", "ann", "ben"),
        ("review_due", "", "2027-01-02"),
        ("topics", "Joints", ""),
    ]


ids = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(ids, ids)
def test_diff_includes_every_passage(old: list[str], new: list[str]) -> None:
    article = article_of("Gout", [])
    found = compare_versions(
        article, [passage("P", id_, id_=id_) for id_ in old],
        article, [passage("P", id_, id_=id_) for id_ in new],
    )  # fmt: skip
    assert [p.new.id for p in found.passages if p.new] == new
    assert sorted(p.old.id for p in found.passages if p.old) == sorted(old)


def test_versions_are_listed_and_an_old_one_restored(store: ArticleStore) -> None:
    first = save(store, "Gout", ("Use", "Take it once."), ("Harm", "It may itch."))
    save(store, "Gout", ("Use", "Take it twice."))
    store.set_tag(first.passages[1].id, "safety", present=True, actor=BY)
    assert store.restore("gout", 1, actor=BY) == 3
    assert [(v.number, v.author, v.passage_count) for v in store.versions("gout")] == [
        (3, "ann", 2),
        (2, "editor", 1),
        (1, "editor", 2),
    ]
    again = store.article("gout", 3)
    assert [p.id for p in again.passages] == [p.id for p in first.passages]
    assert "safety" in {tag.tag for tag in again.passages[1].tags}
    assert store.article("gout").version == 2  # until somebody publishes
    ReviewWorkflow(store.database).publish_unreviewed("gout", actor=BY)
    assert [p.text for p in store.article("gout").passages] == ["Take it once.", "It may itch."]
    for wrong in (0, 3, 9):
        with raises(WorkflowStateError, "no-older-version") as raised:
            store.restore("gout", wrong, actor=BY)
        assert "3" in str(raised.value)
    with pytest.raises(NotFoundError):
        store.versions("no-such")


BARE = Block(kind=BlockKind.LIST, items=(ListItem("Wash"), ListItem("Open")), ordered=True)


def relabelled(*labels: str) -> Block:
    items = (replace(item, label=label) for item, label in zip(BARE.items, labels, strict=True))
    return replace(BARE, items=tuple(items))


@pytest.mark.parametrize(
    ("old", "new", "kind", "note"),
    [
        (paragraph("5 mg"), paragraph("5 mg", page=2), "same", ""),
        (
            paragraph("10^9"),
            paragraph("10^9", marks=(Mark(MarkKind.SUPERSCRIPT, 2, 4),)),
            "changed",
            "formatting",
        ),
        (BARE, relabelled("1.", "2."), "changed", "formatting"),
        (BARE, relabelled("3.", "4."), "changed", ""),
        (relabelled("1.", "2."), relabelled("3.", "4."), "changed", ""),
        (
            table([["A", "B"], ["1", "2"]]),
            table([[Cell("A", columns=2), "B"], ["1", "2"]]),
            "changed",
            "formatting",
        ),
        (
            Block(kind=BlockKind.CALLOUT, text="Stop"),
            Block(kind=BlockKind.CALLOUT, text="Stop", level=CalloutLevel.URGENT),
            "changed",
            "formatting",
        ),
        (paragraph("5 mg"), paragraph("6 mg"), "changed", ""),
    ],
)
def test_formatting_counts_as_a_change_with_a_note(
    old: Block, new: Block, kind: str, note: str
) -> None:
    article = article_of("Dose")
    before, after = (
        Passage(id="a", heading_path=("Use",), blocks=(block,)) for block in (old, new)
    )
    (change,) = compare_versions(article, [before], article, [after]).passages
    assert (change.kind, change.note) == (kind, note)


def test_numbers_displayed_for_a_list_are_not_shown_as_new() -> None:
    before = Passage(id="a", heading_path=(), blocks=(BARE,))
    after = replace(before, blocks=(relabelled("1.", "2."),))
    (change,) = compare_versions(article_of("Dose"), [before], article_of("Dose"), [after]).passages
    assert [(span.kind, span.text) for span in change.text] == [
        (DiffSpanKind.BOTH, "1. Wash\n2. Open")
    ]


@given(BLOCKS, BLOCKS)
def test_passages_are_the_same_only_if_their_blocks_are(old: Block, new: Block) -> None:
    article = article_of("Dose")
    before, after = (
        Passage(id="a", heading_path=("Use",), blocks=(block,)) for block in (old, new)
    )
    for left, right in ((before, after), (before, before)):
        (change,) = compare_versions(article, [left], article, [right]).passages
        is_same = replace(left.blocks[0], page=None) == replace(right.blocks[0], page=None)
        assert (change.kind is PassageChangeKind.SAME) == is_same
        if change.note == "formatting":
            assert not is_same
            words = [[text for _, text in _words(passage.blocks[0])] for passage in (left, right)]
            assert words[0] == words[1]


def _words(block: Block) -> list[tuple[str, str]]:
    """Return (label, text) of each item, or the text of another block."""
    if block.kind is BlockKind.LIST:
        return [(item.label, item.text) for item in block.items]
    return [("", block.plain)]
