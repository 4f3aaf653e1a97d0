"""The indexed fields of an article."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from index.document import ALL, FIELD_BOOSTS, POSITIONAL_FIELDS, build_documents, name_key
from index.engines.whoosh.schema import schema
from kb.model.passage import Passage
from kb.model.records import ArticleRecord, ArticleStatus
from kb.model.taxonomy import TagDefinition, Taxonomy
from tests.kb.builders import article_of, passage

TAXONOMY = Taxonomy(
    [
        TagDefinition(key="safety", label="Safety and side effects"),
        TagDefinition(key="interactions", label="Interactions", parent="safety"),
    ]
)


def record(*passages: Passage, **metadata: object) -> ArticleRecord:
    return ArticleRecord(
        id="aspirin",
        status=ArticleStatus.PUBLISHED,
        version=2,
        article=article_of("Aspirin", (), **metadata),
        passages=passages,
        warnings=(),
        coverage=1.0,
        created_at=datetime(2024, 1, 1, tzinfo=UTC),
        published_at=datetime(2024, 2, 2, tzinfo=UTC),
        published_version=2,
    )


def test_each_passage_becomes_a_document_with_all_fields() -> None:
    found = build_documents(
        record(
            passage("Harm > With food", "Avoid alcohol.", "interactions", id_="one"),
            passage("", "A lead.", id_="two"),
            topics=("Pain", "Heart"),
            also_called=("ASA",),
            reviewed=date(2025, 5, 5),
        ),
        TAXONOMY,
    )

    assert [each.passage_id for each in found] == ["one", "two"]
    assert found[0].texts == {
        "title": "Aspirin",
        "heading": "Harm\nWith food",
        "body": "Avoid alcohol.",
        "topics": "Pain\nHeart\nASA",
        "tags": "Interactions\nSafety and side effects",
    }
    assert found[0].tags == ("interactions", "safety")
    assert (found[0].topics, found[0].article_id) == (("Pain", "Heart"), "aspirin")
    assert found[0].reviewed == date(2025, 5, 5)
    assert (found[1].texts["heading"], found[1].tags) == ("", ())
    assert all(set(each.texts) == set(FIELD_BOOSTS) for each in found)


def test_document_without_review_has_no_date() -> None:
    assert build_documents(record(passage("", "x", id_="one")), TAXONOMY)[0].reviewed is None


def test_document_has_the_stems_of_all_names() -> None:
    named = record(passage("", "x", id_="one"))
    metadata = replace(named.article.metadata, also_called=("Adrenaline injections", "Gout"))
    named = replace(named, article=replace(named.article, title="Gout", metadata=metadata))

    assert build_documents(named, TAXONOMY)[0].names == ("gout", name_key("adrenaline injection"))


def test_schema_has_a_field_for_each_boost() -> None:
    assert {*POSITIONAL_FIELDS, ALL} < set(schema().names())
