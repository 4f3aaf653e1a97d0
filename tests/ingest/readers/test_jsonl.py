"""JSON Lines: what a line without a title is called."""

from __future__ import annotations

import json

import pytest

from ingest.readers.jsonl import read_json_line
from kb.errors import SourceError, SourceProblem


def line(**entry: object) -> str:
    return json.dumps(entry)


def test_without_a_title_the_first_heading_that_says_something_is_taken_and_said() -> None:
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


def test_without_a_heading_either_the_id_is_taken() -> None:
    entry = line(id="g1", sections=[{"heading": "", "text": "Uric acid."}])
    assert read_json_line(entry, "x.jsonl", "line 1").article.title == "g1"


def test_without_any_name_the_line_is_refused() -> None:
    entry = line(sections=[{"heading": "", "text": "Uric acid."}])
    with pytest.raises(SourceError) as refusal:
        read_json_line(entry, "x.jsonl", "line 3")
    assert (refusal.value.code, refusal.value.place) == (SourceProblem.NO_TITLE, "line 3")
