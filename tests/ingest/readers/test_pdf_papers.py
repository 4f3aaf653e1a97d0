"""PDF layouts of journals: narrow columns, numbered lines, alternating headers."""

from __future__ import annotations

import pytest

from ingest.readers.common.result import ReaderResult
from ingest.readers.pdf.headers_footers import FOOTER, HEADER, LINE_NUMBERS
from ingest.readers.pdf.reader import read_pdf
from tests.ingest.documents.pdf import HEIGHT, Page, pdf

DOSE = (
    "The dose is adjusted to the response of the patient and to the results of the tests "
    "that are done at every visit to the clinic. "
)
WORDS = ("Adults", "Bleeding", "Children", "Dialysis", "Elderly", "Fever", "Gout", "Heparin")


def read(*pages: Page) -> ReaderResult:
    return read_pdf(pdf(*pages), "/kb/warfarin-in-adults.pdf")


def test_space_is_kept_below_overlapping_letter() -> None:
    page = Page()
    page.operators.append(
        f"BT /F 10 Tf -2.4 Tw 1 0 0 1 50 {HEIGHT - 60} Tm (most of the doses) Tj ET"
    )
    assert read(page).article.plain.endswith("most of the doses")


def test_line_over_margin_does_not_change_columns() -> None:
    page = Page()
    page.text(50, 50, "Management of atrial fibrillation in the emergency department", 16, "b")
    y = page.lines(50, 90, "First. " + DOSE * 2, 48)
    page.text(50, y, "at https://example.org/a-very-long-address-that-runs-over.")
    page.lines(50, y + 12, "Then. " + DOSE, 48)
    page.text(318, 96, "2 Bleeding", 13, "b")
    page.lines(318, 116, "Second. " + DOSE * 3, 48)
    article = read(page).article
    texts = [block.text.split()[0] for _, section in article.walk() for block in section.blocks]
    assert texts == ["First.", "at", "Second."]


def test_table_across_columns_does_not_split_them() -> None:
    page = Page()
    for row in range(4):
        for x, text in ((180, f"Drug {row}"), (281, "Weekly"), (325, "Dose"), (400, "Unit")):
            page.text(x, 60 + 12 * row, text)
    page.lines(50, 130, "First. " + DOSE * 3, 48)
    page.lines(318, 130, "Second. " + DOSE * 3, 48)
    blocks = read(page).article.sections[0].blocks
    assert len(blocks[0].row_texts) == 4
    assert [block.text for block in blocks[1:]] == [
        ("First. " + DOSE * 3).strip(),
        ("Second. " + DOSE * 3).strip(),
    ]


def test_alternating_headers_and_moved_page_number_are_omitted() -> None:
    pages = []
    for number, word in enumerate(WORDS[:5], start=1):
        page = Page()
        page.lines(50, 70, f"{word}. {DOSE}")
        if number == 1:
            page.text(300, 780, "1", 8)
        elif number % 2:
            page.text(50, 30, "Warfarin in adults", 8).text(540, 30, str(number), 8)
        else:
            page.text(50, 30, str(number), 8).text(480, 30, "Meier and others", 8)
        pages.append(page)
    extra = [Page().text(50, 30, "6", 8).text(480, 30, "Meier and others", 8)]
    extra[0].lines(50, 70, f"{WORDS[6]}. {DOSE}")
    result = read(*pages, *extra)
    assert sorted((piece.reason, piece.text) for piece in result.omitted) == [
        (FOOTER, "1"),
        (HEADER, "2  Meier and others"),
        (HEADER, "4  Meier and others"),
        (HEADER, "6  Meier and others"),
        (HEADER, "Warfarin in adults  3"),
        (HEADER, "Warfarin in adults  5"),
    ]


@pytest.mark.parametrize(("step", "left"), [(1, 20), (5, 20), (5, 570)])
def test_line_numbers_are_omitted(step: int, left: float) -> None:
    page = Page()
    end = page.lines(50, 60, DOSE * 20)
    for row in range(1, int((end - 60) / 12) + 1):
        if row % step == 0:
            page.text(left, 48 + 12 * row, str(row), 7)
    result = read(page)
    assert [piece.reason for piece in result.omitted] == [LINE_NUMBERS]
    assert result.article.plain.endswith((DOSE * 20).strip())


def test_doses_in_the_margin_are_kept() -> None:
    page = Page()
    page.lines(80, 60, DOSE * 6)
    for row, word in enumerate(WORDS):
        page.text(50, 300 + 12 * row, str(5 * row + 5)).text(90, 300 + 12 * row, word)
    result = read(page)
    assert not result.omitted
    assert all(str(5 * row + 5) in result.article.plain for row in range(8))


def test_formula_in_capitals_is_not_a_heading() -> None:
    page = Page()
    page.lines(50, 60, DOSE)
    page.text(50, 100, "A + B = C + D")
    page.lines(50, 130, DOSE)
    assert [section.heading for section in read(page).article.sections] == [""]


def test_side_by_side_header_lines_are_all_omitted() -> None:
    pages = []
    for word in WORDS[:4]:
        page = Page()
        for y, x, text in (
            (10, 50, "Printed for the ward"),
            (34, 450, "Index of guidelines"),
            (39, 50, "Version 2 of the guideline"),
            (48, 450, "Table of contents"),
            (61, 50, "Warfarin in adults"),
            (65, 450, "Discussion"),
        ):
            page.text(x, y, text, 8)
        page.lines(50, 120, f"{word}. {DOSE}")
        pages.append(page)
    result = read(*pages)
    assert len(result.omitted) == 24
    assert "Warfarin" not in result.article.plain
