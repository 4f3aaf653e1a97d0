from datetime import date

import pytest

from ingest.prose_metadata import add_prose_metadata
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

REVIEWED, DUE = date(2026, 10, 1), date(2028, 10, 1)


def stated(*blocks, metadata=Metadata()):  # noqa: B008 - frozen
    article, warnings = add_prose_metadata(Article("T", (Section("", blocks),), metadata))
    return article.metadata, warnings


@pytest.mark.parametrize(
    "block",
    [
        paragraph(
            "Last reviewed: 1 October 2026. Next review: October 2028. Owner: Anticoagulation team."
        ),
        paragraph(
            "Reviewed on 01/10/2026\nNext review due October 2028\nOwner: Anticoagulation team"
        ),
        paragraph(
            "Page last reviewed: 2026-10-01 | Review due: 2028-10 | Owner: Anticoagulation team"
        ),
        Block(
            kind=BlockKind.LIST,
            items=(
                ListItem("Last reviewed: 1 October 2026"),
                ListItem("Next review date: October 2028"),
                ListItem("Document owner: Anticoagulation team"),
            ),
        ),
        table(
            [
                ["Last reviewed", "1 October 2026"],
                ["Next review", "October 2028"],
                ["Owner", "Anticoagulation team"],
            ]
        ),
    ],
)
def test_statements_fill_empty_fields(block):
    metadata, warnings = stated(block)
    assert (metadata.reviewed, metadata.review_due) == (REVIEWED, DUE)
    assert metadata.owner == "Anticoagulation team"
    assert warnings == []


@pytest.mark.parametrize(
    "text",
    [
        "The dose was reviewed in 2019 by the team.",
        "Patients are reviewed every 6 months.",
        "Next review the potassium after 2 days.",
        "The owner of the pump is the ward.",
        "Reviewed: see below",
    ],
)
def test_other_sentences_state_no_metadata(text):
    assert stated(paragraph(text)) == (Metadata(), [])


def test_the_metadata_of_the_format_wins_and_a_conflict_is_reported():
    own = Metadata(reviewed=date(2025, 1, 1), owner="Ward")
    metadata, warnings = stated(
        paragraph("Last reviewed: 1 October 2026. Owner: Eye team."), metadata=own
    )
    assert metadata == own
    assert len(warnings) == 1


def test_an_equal_date_is_no_conflict():
    own = Metadata(reviewed=REVIEWED)
    assert stated(paragraph("Last reviewed: 1 October 2026."), metadata=own) == (own, [])
