from datetime import date, datetime

import pytest

from ingest.metadata import parse_date, parse_key_value, parse_metadata, resolve_field

DATES = [
    ("2026-03-14", date(2026, 3, 14)),
    ("2026-03-14T10:00:00Z", date(2026, 3, 14)),
    ("2026-03", date(2026, 3, 1)),
    ("14 March 2026", date(2026, 3, 14)),
    ("14th Mar. 2026", date(2026, 3, 14)),
    ("March 14, 2026", date(2026, 3, 14)),
    ("March 2026", date(2026, 3, 1)),
    ("14/03/2026", date(2026, 3, 14)),
    ("03/04/2026", date(2026, 4, 3)),
    ("14.3.2026", date(2026, 3, 14)),
    ("31 February 2026", None),
    ("14 Marble 2026", None),
    ("2 Sept 2026", date(2026, 9, 2)),
    ("14 Xyz 2026", None),
    ("03/14/2026", None),
    ("2026", None),
    ("soon", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_parse_date_reads_known_formats(text, expected):
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("Also called", "also_called"),
        ("also_called", "also_called"),
        ("ALSO-CALLED", "also_called"),
        ("Page last reviewed", "reviewed"),
        ("Next review due", "review_due"),
        ("License", "licence"),
        ("Symptoms", ""),
    ],
)
def test_resolve_field_accepts_aliases(key, field):
    assert resolve_field(key) == field


def test_values_are_parsed_by_field():
    described = parse_metadata(
        [
            ("id", 12),
            ("title", "A  title"),
            ("topics", ["Skin; Burns", "Skin"]),
            ("synonyms", "one; two;"),
            ("reviewed", date(2026, 3, 14)),
            ("published", datetime(2026, 3, 14, 9, 30)),
            ("owner", None),
            ("colour", "red"),
        ]
    )
    metadata = described.metadata
    assert (metadata.id, described.title, metadata.owner) == ("12", "A title", "")
    assert (metadata.topics, metadata.also_called) == (("Skin", "Burns"), ("one", "two"))
    assert metadata.reviewed == metadata.published == date(2026, 3, 14)
    assert described.unknown_keys == ("colour",)


@pytest.mark.parametrize(
    ("pairs", "owner", "said"),
    [
        ([("reviewed", "soon")], "", ("reviewed", "soon")),
        ([("owner", {"name": "x"})], "", ("owner",)),
        ([("owner", "A"), ("author", "Ward B")], "A", ("author", "Ward B")),
    ],
)
def test_invalid_value_is_reported(pairs, owner, said):
    described = parse_metadata(pairs)
    (warning,) = described.warnings
    assert not [part for part in said if part not in warning]
    assert described.metadata.owner == owner


def test_repeated_value_is_not_reported():
    assert parse_metadata([("owner", "A"), ("author", "A")]).warnings == ()


def test_parse_key_value_accepts_known_keys():
    assert parse_key_value("Last reviewed: 2026-01-01") == ("Last reviewed", "2026-01-01")
    assert parse_key_value("Symptoms: pain") is None
    assert parse_key_value("It is known that the owner: he") is None
