"""Markdown reader: rejected files and ambiguous markup. Other cases are golden files."""

from __future__ import annotations

import pytest

from ingest.coverage import measure_coverage
from ingest.readers.common.result import ReaderResult
from ingest.readers.markdown.reader import ABBREVIATIONS, FOOTNOTES, read_markdown
from ingest.readers.media_type import MediaType
from kb.errors import SourceError, SourceProblem


def read(text: str) -> ReaderResult:
    result = read_markdown(text, "/kb/gout.md")
    assert measure_coverage(result, MediaType.MARKDOWN).share == 1.0
    return result


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("+++\ntitle = Gout\n+++\n\nText.", SourceProblem.MALFORMED, "TOML"),
        ("---\ntitle: [\n---\n\nText.", SourceProblem.MALFORMED, "YAML"),
        ("<div>" * 300 + "text", SourceProblem.TOO_DEEP, ""),
    ],
)
def test_invalid_file_is_rejected(text: str, code: str, named: str) -> None:
    with pytest.raises(SourceError) as refusal:
        read_markdown(text, "/kb/gout.md")
    assert refusal.value.code == code
    assert named in refusal.value.problem
    assert bool(refusal.value.location) == bool(named)


@pytest.mark.parametrize("after", ["# Diet", "- Diet", "> Diet", "\nDiet", "| Diet |"])
def test_footnote_ends_at_next_block(after: str) -> None:
    sections = read(f"# Gout\n\nRest.[^a]\n\n[^a]: A note\n{after}\n").article.sections
    assert sections[-1].heading == FOOTNOTES
    assert sections[-1].blocks[-1].text == "[a] A note"
    assert "Diet" in read(f"# Gout\n\nRest.[^a]\n\n[^a]: A note\n{after}\n").article.plain


def test_footnotes_heading_does_not_become_title() -> None:
    result = read("Rest.[^a]\n\n[^a]: A note\n\n*[BMI]: Body mass index")
    assert result.article.title == "Gout"
    assert [section.heading for section in result.article.sections] == [
        "",
        FOOTNOTES,
        ABBREVIATIONS,
    ]


def test_script_is_omitted() -> None:
    result = read("Rest.\n\n<script>steal()</script>\n\n<p onclick='steal()'>Ice.</p>")
    assert result.article.plain == "Rest.\n\nIce."
    assert [piece.text for piece in result.omitted] == ["steal()"]


def test_other_brackets_than_alerts_and_tasks_are_kept() -> None:
    result = read("> See [!DANGER] below.\n\n- dose [x] per day\n")
    assert "See [!DANGER] below." in result.article.plain
    assert "dose [x] per day" in result.article.plain
