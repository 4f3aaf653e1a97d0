"""Text of PDF pages whose loss changes a meaning: deleted text, watermarks, symbols."""

from __future__ import annotations

import pytest

from ingest.readers.common.result import ReaderResult
from ingest.readers.html.inline_marks import DELETED
from ingest.readers.pdf.reader import RIGHT_TO_LEFT, read_pdf
from ingest.readers.pdf.watermarks import SLANTED, WATERMARK
from kb.errors import SourceError, SourceProblem
from kb.model.article import MarkKind
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


def marks(result: ReaderResult) -> list[tuple[MarkKind, str]]:
    (block,) = result.article.sections[0].blocks
    return [(mark.kind, block.text[mark.start : mark.end]) for mark in block.marks]


@pytest.mark.parametrize(
    ("base", "raised", "rise", "after", "text"),
    [
        ("10", "9", 4, "/L", "Below 10^9/L"),
        ("10", "-6", 4, " M", "Below 10^-6 M"),
        ("250", "1", 4, " mg", "Below 250 1 mg"),
        ("250 mg", "1,2", 4, " daily", "Below 250 mg 1,2 daily"),
        ("0.98", "3", 4, " of it", "Below 0.98 3 of it"),
        ("25 kg/m", "2", 4, " of it", "Below 25 kg/m2 of it"),
        ("CO", "2", -2, " of it", "Below CO2 of it"),
    ],
)
def test_raised_and_lowered_text_is_marked(
    base: str, raised: str, rise: float, after: str, text: str
) -> None:
    page = Page().text(50, 60, "Blood", 16)
    # Courier: each character is 0.6 of the size wide.
    x = 50 + 6 * len("Below " + base)
    page.text(50, 90, "Below " + base, font="c").text(x, 90 - rise, raised, 6, "c")
    after_x = x + 3.6 * len(raised) + 6 * (len(after) - len(after.lstrip()))
    result = read(page.text(after_x, 90, after.lstrip(), font="c"))
    (block,) = result.article.sections[0].blocks
    kind = MarkKind.SUPERSCRIPT if rise > 0 else MarkKind.SUBSCRIPT
    assert block.text == text
    ((found, marked),) = marks(result)
    assert (found, marked.lstrip("^")) == (kind, raised)
    assert text in result.visible_text


def test_bold_and_italic_words_are_marked() -> None:
    page = Page().text(50, 60, "Warfarin in adults", 16)
    page.text(50, 90, "Do", font="c").text(68, 90, "not give", font="b")
    page.text(112, 90, "Candida", font="i").text(155, 90, "drugs.", font="c")
    result = read(page)
    assert result.article.sections[0].blocks[0].text == "Do not give Candida drugs."
    assert marks(result) == [(MarkKind.STRONG, "not give"), (MarkKind.EMPHASIS, "Candida")]


def test_hyphenated_bold_word_is_joined() -> None:
    page = Page().text(50, 60, "Warfarin in adults", 16)
    page.lines(
        50, 90, "The dose is adjusted to the response of the patient and to the results of it"
    )
    page.text(395, 90, "anticoag-", font="b").text(50, 102, "ulation", font="b")
    result = read(page.text(90, 102, "is checked."))
    (block,) = result.article.sections[0].blocks
    assert block.text.endswith("of it anticoagulation is checked.")
    assert marks(result) == [(MarkKind.STRONG, "anticoagulation")]


def test_note_mark_before_its_text_is_separated() -> None:
    page = Page().text(50, 60, "Warfarin in adults", 16)
    page.text(50, 86, "5", 6).text(53.6, 90, "At steady state.")
    assert read(page).article.plain.endswith("5 At steady state.")


@pytest.mark.parametrize(
    ("markers", "labels", "ordered"),
    [
        ("1. 2.", ["1.", "2."], True),
        ("a) b)", ["a)", "b)"], True),
        ("(iii) (iv)", ["(iii)", "(iv)"], True),
        ("5. 7.", ["5.", "7."], True),
        ("- -", ["", ""], False),
        ("o o", ["", ""], False),
        ("* *", ["*", "*"], False),
    ],
)
def test_list_labels_are_those_of_the_source(
    markers: str, labels: list[str], ordered: bool
) -> None:
    page = Page().text(50, 60, "Warfarin in adults", 16)
    for at, marker in enumerate(markers.split()):
        page.text(50, 90 + 14 * at, marker).text(75, 90 + 14 * at, f"Step {at} of it.")
    (block,) = read(page).article.sections[0].blocks
    assert [item.label for item in block.items] == labels
    assert block.ordered is ordered
