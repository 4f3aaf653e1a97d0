"""Corrections: application, re-application on ingest, and lost corrections."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import CorrectionError, EditConflictError
from kb.model.article import Article, Block, BlockKind, ListItem, Section, paragraph, table
from kb.model.corrections import Correction, CorrectionKind, apply_corrections, validate_correction
from kb.model.passage import Evidence, Passage, Tag
from kb.storage.article_store import ArticleStore
from kb.storage.audit_log import Actor
from tests.raises import raises

ANN, BEN = Actor("ann"), Actor("ben")
USE = (paragraph("Take it once."), paragraph("Swallow it whole."))
LIST = Block(kind=BlockKind.LIST, items=(ListItem("Rash"), ListItem("Itch", 1)))
TABLE = table((("Age", "Dose"), ("Adult", "5 mg")), 1)
HARM = (LIST, TABLE)
ARTICLE = Article("Gout", (Section("Use", USE), Section("Harm", (), (Section("Skin", HARM),))))


def tag(name: str) -> Tag:
    return Tag(name, 0.9, Evidence.CUE, "a cue")


PASSAGES = (
    Passage(heading_path=("Use",), blocks=USE, tags=(tag("dosage"),)),
    Passage(heading_path=("Harm", "Skin"), blocks=HARM, tags=(tag("safety"),)),
)


def made(*corrections: Correction, passages: tuple[Passage, ...] = PASSAGES):
    return apply_corrections(ARTICLE, passages, [validate_correction(one) for one in corrections])


def shown(passages: tuple[Passage, ...]) -> list[tuple[str, str]]:
    return [(" > ".join(p.heading_path), p.text) for p in passages]


def test_metadata_corrections_take_precedence_over_the_source() -> None:
    found = made(
        Correction(CorrectionKind.TITLE, new="Gout, acute"),
        Correction(CorrectionKind.TOPICS, new=" Joints \n\nJoints\nPain"),
        Correction(CorrectionKind.CODES, new="icd-10-cm:M10"),
        Correction(CorrectionKind.REVIEW_DUE, new="2027-03-31"),
        Correction(CorrectionKind.AUDIENCE, new="patients"),
    )
    metadata = found.article.metadata
    assert found.article.title == "Gout, acute"
    assert metadata.topics == ("Joints", "Pain")
    assert metadata.codes == ("icd-10-cm:M10",)
    assert (str(metadata.review_due), metadata.audience) == ("2027-03-31", "patients")
    assert made(Correction(CorrectionKind.REVIEW_DUE, new="")).article.metadata.review_due is None


def test_a_heading_changes_in_the_tree_and_below_it() -> None:
    found = made(Correction(CorrectionKind.HEADING, ("Harm",), new="Side effects"))
    assert [p.heading_path for p in found.passages] == [("Use",), ("Side effects", "Skin")]
    assert [path for path, _ in found.article.walk()] == [
        ("Use",), ("Side effects",), ("Side effects", "Skin"),
    ]  # fmt: skip


def test_text_correction_of_every_block_kind() -> None:
    found = made(
        Correction(CorrectionKind.TEXT, ("Use",), "Take it once.", "Take it twice.\n\nNot more."),
        Correction(
            CorrectionKind.TEXT, ("Harm", "Skin"), LIST.plain, "- Rash\n  - Itch, rarely\n- Hives"
        ),
        Correction(CorrectionKind.TEXT, ("Harm", "Skin"), TABLE.plain, "Age | Dose\nAdult | 10 mg"),
    )
    assert not found.lost
    assert shown(found.passages) == [
        ("Use", "Take it twice.\nNot more.\nSwallow it whole."),
        ("Harm > Skin", "- Rash\n  - Itch, rarely\n- Hives\nAge | Dose\nAdult | 10 mg"),
    ]
    assert "10 mg" in found.article.plain
    assert "Not more." in found.article.plain


def test_splitting_and_joining() -> None:
    cut = made(Correction(CorrectionKind.SPLIT, ("Use",), "Swallow it whole."))
    assert shown(cut.passages)[:2] == [("Use", "Take it once."), ("Use", "Swallow it whole.")]
    again = apply_corrections(
        cut.article, cut.passages, [Correction(CorrectionKind.JOIN, ("Use",), "Swallow it whole.")]
    )
    assert shown(again.passages) == shown(PASSAGES)


def test_tag_corrections() -> None:
    found = made(
        Correction(CorrectionKind.UNTAG, ("Use",), "Take it once.", "dosage"),
        Correction(CorrectionKind.TAG, ("Use",), "Take it once.", "safety"),
    )
    (own,) = found.passages[0].tags
    assert (own.tag, own.evidence) == ("safety", Evidence.EDITOR)


@pytest.mark.parametrize(
    ("correction", "code", "named"),
    [
        (Correction(CorrectionKind.TITLE, new=" "), "one-line", "title"),
        (Correction(CorrectionKind.HEADING, ("Use",), new="a\nb"), "one-line", "heading"),
        (Correction(CorrectionKind.CODES, new="M10"), "medical-code", "'M10'"),
        (Correction(CorrectionKind.AUDIENCE, new="doctors"), "audience", "patients, professionals"),
        (Correction(CorrectionKind.REVIEW_DUE, new="31.3.2027"), "date", "'31.3.2027'"),
        (Correction(CorrectionKind.TEXT, ("Use",), "Take it once.", ""), "text-empty", ""),
        (Correction(CorrectionKind.TEXT, ("Use",), "x", "y" * 50_001), "length", "50,000"),
    ],
)
def test_invalid_correction_is_rejected(correction: Correction, code: str, named: str) -> None:
    with raises(CorrectionError, code) as raised:
        validate_correction(correction)
    assert named in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "code", "named"),
    [
        (LIST.plain, "Rash", "list-item", "Rash"),
        (TABLE.plain, "Age | Dose\nAdult", "table-row", "Adult"),
    ],
)
def test_lists_and_tables_keep_their_form(old: str, new: str, code: str, named: str) -> None:
    with raises(CorrectionError, code) as raised:
        made(Correction(CorrectionKind.TEXT, ("Harm", "Skin"), old, new))
    assert named in str(raised.value)


ALL = (
    Correction(CorrectionKind.HEADING, ("Harm",), new="Side effects"),
    Correction(CorrectionKind.TEXT, ("Use",), "Take it once.", "Take it twice."),
    Correction(CorrectionKind.SPLIT, ("Use",), "Swallow it whole."),
    Correction(CorrectionKind.OWNER, new="Ann"),
)


def test_unmatched_correction_is_lost_and_adopted_one_is_not() -> None:
    empty = apply_corrections(Article("Gout", ()), (), ALL)
    assert empty.lost == ALL[:3]
    once = apply_corrections(ARTICLE, PASSAGES, ALL)
    twice = apply_corrections(once.article, once.passages, ALL)
    assert not once.lost
    assert not twice.lost  # the source has taken all of them over
    assert twice.passages == once.passages


@pytest.mark.parametrize(
    ("whole", "old", "new", "after"),
    [
        (
            paragraph("Take it. Rest. Eat well."),
            paragraph("Rest."),
            "Rest a lot.",
            "Take it. Rest a lot. Eat well.",
        ),
        (
            Block(kind=BlockKind.LIST, items=(ListItem("Rest"), ListItem("Eat"))),
            Block(kind=BlockKind.LIST, items=(ListItem("Eat"),)),
            "- Eat well",
            "- Rest\n- Eat well",
        ),
    ],
)
def test_correction_of_a_part_of_a_block_changes_the_article_too(
    whole: Block, old: Block, new: str, after: str
) -> None:
    article = Article("A", (Section("S", (whole,)),))
    passages = (Passage(heading_path=("S",), blocks=(old,)),)
    correction = Correction(CorrectionKind.TEXT, ("S",), old.plain, new)
    found = apply_corrections(article, passages, [correction])
    assert found.passages[0].text == new
    assert found.article.sections[0].blocks[0].plain == after


texts = st.text(alphabet="abc \n", min_size=1, max_size=12).filter(str.strip)


@given(st.lists(texts, min_size=1, max_size=4, unique=True), texts, texts)
def test_no_correction_loses_other_text(blocks: list[str], old: str, new: str) -> None:
    kept = tuple(paragraph(text) for text in blocks)
    article = Article("A", (Section("S", kept),))
    passages = (Passage(heading_path=("S",), blocks=kept),)
    found = apply_corrections(
        article, passages, [Correction(CorrectionKind.TEXT, ("S",), old, new)]
    )
    after = [block.plain for passage in found.passages for block in passage.blocks]
    assert all(text in after for text in blocks if text != old)
    assert bool(found.lost) == (old not in blocks and new not in passages[0].text)


def save(
    store: ArticleStore,
    article: Article = ARTICLE,
    passages: tuple[Passage, ...] = PASSAGES,
    **more,
):
    return store.save(
        article, passages, source_key="file:gout", source_sha256="0" * 64, coverage=1.0,
        warnings=(), publish=True, actor=ANN, **more,
    )  # fmt: skip


def test_corrections_are_reapplied_on_ingest(store: ArticleStore) -> None:
    save(store)
    tagged = Correction(CorrectionKind.TAG, ("Use",), "Take it twice.", "interactions")
    saved = store.correct("gout", 1, [*ALL, tagged], actor=BEN)
    assert (saved.version, saved.status) == (2, "updated")
    assert store.article("gout").version == 1  # a correction is a draft until it is published
    assert save(store).version == 2  # the same source again is nothing new
    more = replace(PASSAGES[0], blocks=(*USE, paragraph("With water.")))
    tree = replace(ARTICLE.sections[0], blocks=more.blocks)
    article = replace(ARTICLE, sections=(tree, ARTICLE.sections[1]))
    again = save(store, article, (more, PASSAGES[1]))
    record = store.article("gout", again.version)
    assert shown(record.passages)[:2] == [
        ("Use", "Take it twice."),
        ("Use", "Swallow it whole.\nWith water."),
    ]
    assert record.article.metadata.owner == "Ann"
    assert "interactions" in {tag.tag for tag in record.passages[0].tags}
    assert again.notes == ()


def test_lost_correction_is_reported_in_notes_and_warnings(store: ArticleStore) -> None:
    save(store)
    store.correct("gout", 1, ALL, actor=BEN)
    use = (paragraph("Drink it."),)
    article = replace(ARTICLE, sections=(Section("Use", use), ARTICLE.sections[1]))
    again = save(store, article, (replace(PASSAGES[0], blocks=use), PASSAGES[1]))
    assert len(again.notes) == 2
    assert "Take it twice." in again.notes[0]
    assert "Swallow it whole." in again.notes[1]
    assert set(again.notes) <= set(store.article("gout", again.version).warnings)
    number = next(n for n, one in store.corrections("gout") if one.what is CorrectionKind.SPLIT)
    store.delete_correction("gout", number, actor=BEN)
    assert CorrectionKind.SPLIT not in {one.what for _, one in store.corrections("gout")}


def test_concurrent_edit_raises_a_conflict(store: ArticleStore) -> None:
    save(store)
    store.correct("gout", 1, [Correction(CorrectionKind.OWNER, new="Ann")], actor=ANN)
    with pytest.raises(EditConflictError) as raised:
        store.correct("gout", 1, [Correction(CorrectionKind.OWNER, new="Ben")], actor=BEN)
    error = raised.value
    assert (error.article_id, error.made_from, error.newest) == ("gout", 1, 2)
    assert store.article("gout", 2).article.metadata.owner == "Ann"
    assert (
        store.correct("gout", 2, [Correction(CorrectionKind.OWNER, new="Ben")], actor=BEN).version
        == 3
    )
    assert [one.new for _, one in store.corrections("gout")] == ["Ben"]
