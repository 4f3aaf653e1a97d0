"""JSON Lines reader: titles of lines without one."""

from __future__ import annotations

import json

import pytest

from ingest.readers.jsonl import read_json_line
from kb.errors import SourceError, SourceProblem


def line(**entry: object) -> str:
    return json.dumps(entry)


def test_missing_title_is_replaced_by_first_specific_heading() -> None:
    sections = [
        {"heading": "Overview", "text": "It is a disease."},
        {"heading": "What causes gout", "text": "Uric acid."},
    ]
    result = read_json_line(line(id="g1", title="", sections=sections), "x.jsonl", "line 1")
    assert result.article.title == "What causes gout"
    assert [section.heading for section in result.article.sections] == [
        "Overview",
        "What causes gout",
    ]
    assert "What causes gout" in result.warnings[0]


def test_missing_title_and_heading_are_replaced_by_id() -> None:
    entry = line(id="g1", sections=[{"heading": "", "text": "Uric acid."}])
    assert read_json_line(entry, "x.jsonl", "line 1").article.title == "g1"


def test_line_without_title_heading_or_id_is_rejected() -> None:
    entry = line(sections=[{"heading": "", "text": "Uric acid."}])
    with pytest.raises(SourceError) as refusal:
        read_json_line(entry, "x.jsonl", "line 3")
    assert (refusal.value.code, refusal.value.location) == (SourceProblem.NO_TITLE, "line 3")
