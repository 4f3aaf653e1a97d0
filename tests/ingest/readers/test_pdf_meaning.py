"""Text of PDF pages whose loss changes a meaning: deleted text, watermarks, symbols."""

from __future__ import annotations

import pytest

from ingest.readers.common.result import ReaderResult
from ingest.readers.html.inline_marks import DELETED
from ingest.readers.pdf.reader import RIGHT_TO_LEFT, read_pdf
from ingest.readers.pdf.watermarks import SLANTED, WATERMARK
from kb.errors import SourceError, SourceProblem
from tests.ingest.documents.pdf import Page, pdf

GIVE = "Give 20 mg daily with food."  # "0" is from 78.9 to 84.5 at x = 50 and 10 points


def read(*pages: Page) -> ReaderResult:
    return read_pdf(pdf(*pages), "/kb/warfarin.pdf")


def omitted(result: ReaderResult) -> list[tuple[str, str]]:
    return [(piece.reason, piece.text) for piece in result.omitted]


def test_struck_character_is_left_out_and_reported() -> None:
    for page in (
        Page().text(50, 90, GIVE).line(79, 86.5, 84.4, 86.5),
        Page().text(50, 90, GIVE).box(79, 86.2, 84.4, 86.9, "f"),
        Page().text(50, 90, GIVE).strike_out(79, 81, 84.4, 92),
    ):
        result = read(page)
        assert result.article.plain.endswith("Give 2 mg daily with food.")
        assert omitted(result) == [(DELETED, "0")]


def test_struck_words_are_left_out_and_reported() -> None:
    page = Page().text(50, 90, "Stop it.").text(50, 102, "Give it twice.").line(50, 99, 115, 99)
    result = read(page)
    assert "twice" not in result.article.plain
    assert omitted(result) == [(DELETED, "Give it twice.")]
    assert "Give it twice." in result.visible_text


def test_rule_behind_a_heading_does_not_delete() -> None:
    page = Page().text(250, 60, "INDICATIONS AND USAGE").line(50, 57, 550, 57)
    result = read(page.text(50, 90, GIVE))
    assert not result.omitted
    assert result.article.title == "INDICATIONS AND USAGE"


@pytest.mark.parametrize("y", [91.5, 92, 80.5])
def test_underline_and_cell_border_do_not_delete(y: float) -> None:
    assert not read(Page().text(50, 90, GIVE).line(50, y, 170, y)).omitted


def test_hidden_strike_out_annotation_does_not_delete() -> None:
    assert not read(Page().text(50, 90, GIVE).strike_out(50, 81, 170, 92, flags=2)).omitted


@pytest.mark.parametrize("text", ["WITHDRAWN", "DRAFT", "DO NOT USE"])
def test_slanted_watermark_is_a_warning(text: str) -> None:
    pages = [Page().slanted(150, 500, text, 60).text(50, 90, GIVE) for _ in range(2)]
    result = read(*pages)
    assert result.article.plain.count("Give 20 mg daily with food.") == 2
    assert "WITH" not in result.article.plain
    assert omitted(result) == [(WATERMARK, text)] * 2
    assert sum(text in warning for warning in result.warnings) == 1
    assert text in result.visible_text


def test_pale_watermark_is_a_warning() -> None:
    pages = [Page().pale(100, 400, "SUPERSEDED", 50).text(50, 90, GIVE) for _ in range(3)]
    result = read(*pages)
    assert omitted(result) == [(WATERMARK, "SUPERSEDED")] * 3
    assert any("SUPERSEDED" in warning for warning in result.warnings)


def test_pale_heading_on_one_page_is_kept() -> None:
    result = read(
        Page().pale(50, 60, "Warfarin", 20).text(50, 90, GIVE), Page().text(50, 90, "No.")
    )
    assert not result.omitted
    assert result.article.title == "Warfarin"


def test_small_slanted_text_is_reported() -> None:
    assert omitted(read(Page().slanted(150, 300, "Adults", 10).text(50, 90, GIVE))) == [
        (SLANTED, "Adults")
    ]


def test_right_to_left_line_is_reported_and_the_rest_read() -> None:
    page = Page().text(50, 90, GIVE).text(300, 120, "abc def", font="h")
    result = read(page.text(50, 150, "Then stop."))
    assert omitted(result) == [(RIGHT_TO_LEFT, result.omitted[0].text)]
    assert set(result.omitted[0].text) == {*"אבגדהו", " "}
    assert "Then stop." in result.article.plain
    assert any("Pages: 1." in warning for warning in result.warnings)


def test_right_to_left_document_is_rejected() -> None:
    with pytest.raises(SourceError) as caught:
        read(Page().text(300, 120, "abc def", font="h"))
    assert caught.value.code == SourceProblem.FORMAT


def test_symbol_font_is_read_as_displayed() -> None:
    page = Page().text(50, 90, "Give 5").text(82, 90, "m", font="s").text(88, 90, "g if K is")
    page.text(130, 90, "\xb3", font="s").text(140, 90, "6.")
    assert read(page).article.plain.endswith("5 µg if K is ≥ 6.")


def test_wingdings_bullets_are_list_markers() -> None:
    page = Page()
    for at, text in enumerate(("Stop.", "Wait.")):
        page.text(50, 90 + 14 * at, "\xa7", font="w").text(65, 90 + 14 * at, text)
    (block,) = read(page).article.sections[0].blocks
    assert [item.text for item in block.items] == ["Stop.", "Wait."]
