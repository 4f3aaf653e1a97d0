"""Articles and passages: immutability, equality and plain text."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from kb.model.article import (
    Article,
    Block,
    BlockKind,
    ListItem,
    Metadata,
    Section,
    paragraph,
    table,
)
from kb.model.passage import Evidence, Passage, Tag
from tests.kb.builders import passage

LIST = Block(
    kind=BlockKind.LIST, items=(ListItem("Aspirin"), ListItem("low dose", 1), ListItem("Warfarin"))
)
TABLE = table((("Drug", "Dose"), ("Aspirin", "75 mg")), 1)
CALLOUT = Block(kind=BlockKind.CALLOUT, text="Stop at once if you bleed.")
CAPTION = Block(kind=BlockKind.CAPTION, text="Figure 1: the knee")


@pytest.mark.parametrize(
    ("block", "plain"),
    [
        (paragraph("Take it with food."), "Take it with food."),
        (LIST, "- Aspirin\n  - low dose\n- Warfarin"),
        (replace(LIST, ordered=True), "- Aspirin\n  - low dose\n- Warfarin"),
        (TABLE, "Drug | Dose\nAspirin | 75 mg"),
        (CALLOUT, "Stop at once if you bleed."),
        (CAPTION, "Figure 1: the knee"),
        (Block(kind=BlockKind.LIST), ""),
        (Block(kind=BlockKind.TABLE), ""),
    ],
)
def test_each_kind_of_block_has_its_plain_text(block: Block, plain: str) -> None:
    assert block.plain == plain


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (ListItem("a"), "text"),
        (paragraph("a"), "text"),
        (Section("a"), "heading"),
        (Metadata(), "source"),
        (Article("a", ()), "title"),
        (passage("a", "b"), "id"),
        (Tag("safety", 1.0, Evidence.CUE, "why"), "tag"),
    ],
)
def test_values_cannot_be_changed(value: object, field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, field, "changed")


def test_values_are_equal_when_their_content_is() -> None:
    assert passage("Gout > Care", "Rest.", "safety") == passage("Gout > Care", "Rest.", "safety")
    assert passage("Gout", "Rest.") != passage("Gout", "Rest.", "safety")
    assert len({paragraph("a"), paragraph("a"), paragraph("b")}) == 2


def test_sections_are_walked_in_reading_order_with_their_headings() -> None:
    deep = Section("Doses", (paragraph("75 mg"),))
    article = Article(
        "Aspirin",
        (
            Section("", (paragraph("A lead."),), (Section("Uses", sections=(deep,)),)),
            Section("Harm"),
        ),
    )

    walked = [(path, section.heading) for path, section in article.walk()]

    assert walked == [
        ((), ""),
        (("Uses",), "Uses"),
        (("Uses", "Doses"), "Doses"),
        (("Harm",), "Harm"),
    ]
    assert article.plain == "A lead.\n\nUses\n\nDoses\n\n75 mg\n\nHarm"


@pytest.mark.parametrize(
    ("blocks", "kind"),
    [
        ((), BlockKind.PARAGRAPH),
        ((paragraph("a"),), BlockKind.PARAGRAPH),
        ((paragraph("a"), TABLE, LIST), BlockKind.TABLE),
        ((LIST, paragraph("a")), BlockKind.LIST),
        ((CALLOUT,), BlockKind.CALLOUT),
    ],
)
def test_passage_kind_is_that_of_the_first_block_that_is_not_a_paragraph(
    blocks: tuple[Block, ...], kind: BlockKind
) -> None:
    assert Passage(heading_path=(), blocks=blocks).kind is kind


def test_a_passage_is_found_by_its_text_and_its_place() -> None:
    found = Passage(
        id="abc",
        heading_path=("Gout", "Care"),
        blocks=(paragraph("Rest.", page=3), CALLOUT),
    )

    assert found.text == "Rest.\nStop at once if you bleed."
    assert (found.page, found.anchor, found.heading) == (3, "p-abc", "Care")


def test_introduction_has_no_heading_and_empty_passage_no_page() -> None:
    lead = Passage(heading_path=(), blocks=())

    assert (lead.heading, lead.page, lead.text) == ("", None, "")
